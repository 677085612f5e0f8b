"""What the actor-critics learn with the settings of `agents/tuned_settings.toml`, seed by seed.

    python benchmarks/actor_critic.py [--rows ppo:CartPole-v1,sac:Pendulum-v1] [--seeds N] [--runs DIR] [--table]

Each run is what `lab train AGENT ENVIRONMENT --tuned --seed S` does, in a process with one thread, fresh for each seed
or, in the compiled lane, for a batch of seeds (`Experiment.train_many`). Judged are the weights that training ended
with, acting without chance, in episodes that neither training nor any choice has seen; nothing is selected. Settings
were chosen on seeds from 100 on; reported are seeds from 10 on. Intervals are those of rliable, over runs. `zoo` is
what rl-baselines3-zoo publishes for the same agent and environment (`benchmark.md`: one run each, of as many steps but
for Acrobot's million and BipedalWalker's five; LunarLander-v2, HalfCheetah-v3 and Hopper-v3 there).

A run that was killed goes on from its last checkpoint below --runs, and what the results file has is not run again, but
where the settings have changed: then the row begins anew. `benchmarks/CartPolePositions-v0` shows positions and no
speeds (`positions_only.py`), of which PPO without memory makes little. LunarLander and BipedalWalker take the extra
`box2d`, HalfCheetah and Hopper the extra `mujoco`; rows whose package is missing are left out, and that is said. Runs
that take long have fewer seeds. --table prints the table of what is there, and runs nothing.
"""

from __future__ import annotations

from pathlib import Path

import positions_only
from learnt_rows import Row, Table

from agents import Tuned

BOTH = dict.fromkeys(("normalise_observations", "normalise_rewards"), True)
POSITIONS = Tuned(
    steps=100_000,
    num_envs=8,
    settings={"rollout_steps": 1024, "minibatch_size": 256, "gae_lambda": 0.9, "learning_rate": 1e-3} | BOTH,
)
# They go to `tuned_settings.toml` when these rows have shown more of what they do.
LANDER = Tuned(
    steps=1_000_000,
    num_envs=16,
    settings={"rollout_steps": 4096, "minibatch_size": 128, "epochs": 8, "learning_rate": 5e-4, "discount": 0.999}
    | {"gae_lambda": 0.98, **BOTH},
)
# In the order of what a reader asks first and of time.
ROWS = (
    Row("ppo", "CartPole-v1", 500.0, 500.0, seeds=10, together=5),
    Row("a2c", "CartPole-v1", 500.0, 500.0, seeds=10, together=5),
    Row("reinforce", "CartPole-v1", 475.0, None, seeds=10, together=5),
    Row("ppo", "Acrobot-v1", -85.0, -73.5, seeds=10, together=5),
    Row("ppo", "Pendulum-v1", -172.2, -172.2, seeds=10, together=5),
    Row("ppo", "LunarLander-v3", 240.0, 242.1, needs="Box2D"),
    Row("td3", "Pendulum-v1", -150.0, -151.9, together=5),
    Row("sac", "Pendulum-v1", -150.0, -157.0, together=5),
    Row("recurrent_ppo", positions_only.NAME, 400.0, None, together=5, own=POSITIONS),
    Row("ppo", positions_only.NAME, None, None, together=5, own=POSITIONS),
    Row("ppo", "BipedalWalker-v3", 280.0, 213.3, seeds=3, needs="Box2D"),
    Row("ppo", "LunarLanderContinuous-v3", 250.0, 270.9, seeds=3, needs="Box2D", own=LANDER),
    Row("ppo", "HalfCheetah-v5", 5819.1, 5819.1, seeds=2, episodes=20, needs="mujoco"),
    Row("ppo", "Hopper-v5", 2410.4, 2410.4, seeds=2, episodes=20, needs="mujoco"),
)
TABLE = Table(
    rows=ROWS,
    heading="What the actor-critics learn",
    source="By `benchmarks/actor_critic.py`; settings in `agents/tuned_settings.toml`.",
    results=Path(__file__).parent / "results" / "actor_critic.json",
    runs=Path("runs/actor_critic"),
    first_seed=10,
    prepare="from benchmarks import positions_only; positions_only.register()",
)

if __name__ == "__main__":
    TABLE.main(__doc__)
