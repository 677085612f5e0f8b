"""DQN on CartPole-v1, compiled and host lane, against its peers: environment steps per second, paired.

Two jobs, each with one setting on all sides: `cleanrl` is MLP 120-84, batch 128, replay 10,000, 10 environments, one
update per 10 environment steps, squared error (the peers' DQNs have their own Huber loss); `every_step` is MLP 64-64,
batch 64, one environment, an update every step. `1 env` is the first job with one environment, as CleanRL itself has
it; all other sides have ten. The sides take turns in fresh processes, so that a machine whose speed drifts drifts for
all of them; ratios are taken pair by pair. Start-up, compilation and the first steps are left out, and the seconds to
build and compile are reported apart. `lab, compiled` and `lab, host` write a row of the log as often as a user gets by
default, which is every 500 steps; `lab, rare rows` has one every 20,000, which is nearer to the program alone. `return`
is the mean over a side's last episodes in training.

    python benchmarks/lanes.py [--pairs 5] [--threads 1] [--peer-python PYTHON] [--purejaxrl dqn.py]
        [--jax-python PYTHON] [--jobs cleanrl] [--sides "lab, compiled" "lab, rare rows"] [--shorter 10] [--output FILE]

Needs `pip install stable-baselines3 sbx-rl` (with torch and jax) in the peer's Python. `--purejaxrl` adds PureJaxRL to
the first job: the path of its `purejaxrl/dqn.py`, run unchanged. It needs gymnax 0.0.8, flashbax, chex and six, in a
Python of its own if `--jax-python` names one, since sbx and stable-baselines3 ask for other releases.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

import paired

OURS = """
import json, math, time
from agents import DQN
from lab import Experiment
agent = DQN(hidden_sizes={hidden}, batch_size={batch}, replay_capacity=10_000, learning_starts=1_000,
            update_every={every}, updates_per_round=1, target_update_every=500, learning_rate=2.5e-4,
            learning_rate_end=2.5e-4, epsilon_end=0.05, epsilon_steps=250_000, double=False, huber_delta=math.inf,
            adam_epsilon=1e-8, average_decay=0.0)
began = time.perf_counter()
experiment = Experiment(agent, "CartPole-v1", seed={seed}, num_envs={envs}, lane="{lane}", progress=False,
                        log_every={log_every})
experiment.train(10)
built = time.perf_counter() - began
experiment.train(1_990)
began = time.perf_counter()
history = experiment.train({steps})
seconds = time.perf_counter() - began
print(json.dumps(dict(speed={steps} / seconds, built=built, ret=history.rows[-1].get("return", 0.0))))
"""

SB3 = """
import json, time, numpy, torch
torch.set_num_threads({threads} or torch.get_num_threads())
from {package} import DQN
from stable_baselines3.common.env_util import make_vec_env
began = time.perf_counter()
model = DQN("MlpPolicy", make_vec_env("CartPole-v1", {envs}), policy_kwargs=dict(net_arch=list({hidden})),
            batch_size={batch}, buffer_size=10_000, learning_starts=1_000, train_freq=max(1, {every} // {envs}),
            gradient_steps=1, target_update_interval=500, learning_rate=2.5e-4, exploration_fraction=0.5,
            exploration_final_eps=0.05, seed={seed})
model.learn(2_000)
built = time.perf_counter() - began
began = time.perf_counter()
model.learn({steps}, reset_num_timesteps=False)
seconds = time.perf_counter() - began
ret = float(numpy.mean([e["r"] for e in model.ep_info_buffer]))
print(json.dumps(dict(speed={steps} / seconds, built=built, ret=ret)))
"""

PUREJAXRL = """
import json, sys, time, types
sys.modules["wandb"] = types.ModuleType("wandb")
import jax
# The name that its file uses has gone from recent releases of JAX.
jax.tree_map = jax.tree.map
import importlib.util
spec = importlib.util.spec_from_file_location("purejaxrl_dqn", {path!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
config = dict(NUM_ENVS={envs}, BUFFER_SIZE=10_000, BUFFER_BATCH_SIZE={batch}, TOTAL_TIMESTEPS={steps},
              EPSILON_START=1.0, EPSILON_FINISH=0.05, EPSILON_ANNEAL_TIME=250_000, TARGET_UPDATE_INTERVAL=500,
              LR=2.5e-4, LEARNING_STARTS=1_000, TRAINING_INTERVAL={every}, LR_LINEAR_DECAY=False, GAMMA=0.99, TAU=1.0,
              ENV_NAME="CartPole-v1", SEED={seed}, NUM_SEEDS=1, WANDB_MODE="disabled")
keys = jax.random.split(jax.random.PRNGKey({seed}), 1)
began = time.perf_counter()
compiled = jax.jit(jax.vmap(module.make_train(config))).lower(keys).compile()
built = time.perf_counter() - began
began = time.perf_counter()
out = jax.block_until_ready(compiled(keys))
seconds = time.perf_counter() - began
print(json.dumps(dict(speed={steps} / seconds, built=built, ret=float(out["metrics"]["returns"][0, -1]))))
"""

JOBS: dict[str, dict[str, Any]] = {
    "cleanrl": {"hidden": (120, 84), "batch": 128, "every": 10, "envs": 10},
    "every_step": {"hidden": (64, 64), "batch": 64, "every": 1, "envs": 1},
}
PEER = "stable-baselines3"
# The script, its further names, and how many steps to measure, so that each side takes seconds.
SIDES: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {
    PEER: (SB3, {"package": "stable_baselines3"}, {"cleanrl": 10_000, "every_step": 3_000}),
    f"{PEER}, 1 env": (SB3, {"package": "stable_baselines3", "envs": 1}, {"cleanrl": 10_000}),
    "sbx": (SB3, {"package": "sbx"}, {"cleanrl": 10_000, "every_step": 3_000}),
    "purejaxrl": (PUREJAXRL, {}, {"cleanrl": 300_000}),
    "lab, host": (OURS, {"lane": "host", "log_every": None}, {"cleanrl": 20_000, "every_step": 5_000}),
    "lab, compiled": (OURS, {"lane": "compiled", "log_every": None}, {"cleanrl": 300_000, "every_step": 50_000}),
    "lab, rare rows": (OURS, {"lane": "compiled", "log_every": 20_000}, {"cleanrl": 300_000, "every_step": 50_000}),
}


def main() -> None:
    """Measure all sides in turn and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--purejaxrl", help="the path of PureJaxRL's dqn.py, to run it as a side")
    parser.add_argument("--jax-python", help="the Python that has what PureJaxRL needs, if not --peer-python")
    parser.add_argument("--jobs", nargs="+", choices=tuple(JOBS), default=list(JOBS))
    parser.add_argument("--sides", nargs="+", choices=tuple(SIDES), default=list(SIDES), help="ratios are to the first")
    parser.add_argument(
        "--shorter", type=int, default=1, help="divides the steps that are measured, to see that all works"
    )
    options = parser.parse_args()
    result: dict[str, Any] = {"threads": options.threads, "pairs": options.pairs}
    for job in options.jobs:
        setting = JOBS[job]
        sides = [s for s in options.sides if job in SIDES[s][2] and (s != "purejaxrl" or options.purejaxrl)]
        rows: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
        for seed in range(options.pairs):
            for side in sides:
                script, names, steps = SIDES[side]
                names = {**setting, **names, "path": options.purejaxrl, "threads": options.threads}
                python = sys.executable if side.startswith("lab") else options.peer_python
                if side == "purejaxrl":
                    python = options.jax_python or python
                code = script.format(**names, seed=seed, steps=steps[job] // options.shorter)
                rows[side].append(paired.run(f"{job}, {side}", python, code, options.threads))
        print(f"{job}: {setting}, {options.threads or 'no limit of'} thread(s)")
        measured = {side: [row["speed"] for row in found] for side, found in rows.items()}
        result[job] = paired.table(measured, sides[0], "steps/s")
        for side, found in rows.items():
            built, returns = ([row[name] for row in found] for name in ("built", "ret"))
            result[job][side].update(built_seconds=built, returns=returns)
            print(f"  {side}: built in {statistics.median(built):.1f} s, return {statistics.median(returns):.0f}")
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
