"""DQN on CartPole-v1, host lane, against stable-baselines3: environment steps per second, paired.

Both sides run the same setting: MLP 120-84, batch 128, replay 10,000, one update per 10 environment steps, one
environment, CleanRL's learning rate and exploration. Two ways of this project are measured: `updates 1` makes one
update every 10 steps, as the peer does; `updates 10` makes ten updates every 100 steps in one compiled call, which is
the same amount of learning. The sides take turns in fresh processes, so that a machine whose speed drifts drifts for
all of them; the ratio is taken pair by pair.

    python benchmarks/dqn_host.py [--pairs 5] [--steps 20000] [--threads 1] [--peer-python PYTHON]
        [--sides "lab, updates 1"]

Needs `pip install stable-baselines3` (with torch) in the peer's Python, by default this one.
"""

from __future__ import annotations

import sys
from typing import Any

import paired

OURS = """
import json, time
from agents import DQN
from lab import Experiment
agent = DQN(hidden_sizes=(120, 84), batch_size=128, replay_capacity=10_000, learning_starts=1_000, update_every={every},
            updates_per_round={updates}, target_update_every=500, learning_rate=2.5e-4, learning_rate_end=2.5e-4,
            epsilon_end=0.05, epsilon_steps=5_000, double=False, average_decay=0.0)
experiment = Experiment(agent, "CartPole-v1", seed={seed}, lane="host", progress=False)
experiment.train(2_000)
began = time.perf_counter()
experiment.train({steps})
print(json.dumps({steps} / (time.perf_counter() - began)))
"""

PEER_SCRIPT = """
import json, time, torch
torch.set_num_threads({threads} or torch.get_num_threads())
from stable_baselines3 import DQN
model = DQN("MlpPolicy", "CartPole-v1", policy_kwargs=dict(net_arch=[120, 84]), batch_size=128, buffer_size=10_000,
            learning_starts=1_000, train_freq=10, gradient_steps=1, target_update_interval=500, learning_rate=2.5e-4,
            exploration_fraction=0.5, exploration_final_eps=0.05, device="cpu", seed={seed})
model.learn(2_000)
began = time.perf_counter()
model.learn({steps}, reset_num_timesteps=False)
print(json.dumps({steps} / (time.perf_counter() - began)))
"""

PEER = "stable-baselines3"
SIDES = {PEER: (PEER_SCRIPT, 10, 1), "lab, updates 1": (OURS, 10, 1), "lab, updates 10": (OURS, 100, 10)}


def main() -> None:
    """Measure all sides in turn and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--sides", nargs="+", choices=tuple(SIDES), default=list(SIDES), help="ratios are to the first")
    options = parser.parse_args()
    speeds: dict[str, list[float]] = {side: [] for side in options.sides}
    for seed in range(options.pairs):
        for side in options.sides:
            script, every, updates = SIDES[side]
            python = options.peer_python if side == PEER else sys.executable
            names = {"every": every, "updates": updates, "steps": options.steps, "threads": options.threads}
            speed: Any = paired.run(side, python, script.format(**names, seed=seed), options.threads)
            speeds[side].append(speed)
    result: dict[str, Any] = {"threads": options.threads, "steps": options.steps, "pairs": options.pairs}
    result.update(paired.table(speeds, options.sides[0], "steps/s"))
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
