"""DQN in the host lane against stable-baselines3, equal settings: steps per second, and the replay's memory.

    python benchmarks/value_based_speed.py [--tasks cartpole lunarlander pong] [--pairs 5] [--threads 1]
        [--peer-python PYTHON] [--output FILE.json]

Settings are those of rl-baselines3-zoo (`hyperparams/dqn.yml`) for CartPole-v1 and LunarLander-v3, and Nature CNN,
batch 32, an update every 4 steps for ALE/Pong-v5, with the usual preprocessing on both sides and the peer's leanest
replay (`optimize_memory_usage`). Each side is warmed up past its learning_starts; the sides take turns in fresh
processes and ratios are taken pair by pair. The memory is that of the arrays which hold a replay's transitions.

The extra `box2d` is needed for LunarLander, `atari` for Pong; the peer's Python needs the same and stable-baselines3.
"""

from __future__ import annotations

import sys
from typing import Any

import paired

PEER, OURS = "stable-baselines3", "lab, host lane"

MINE = """
import json, time
from agents import DQN
from lab import Experiment
agent = DQN(**{mine})
experiment = Experiment(agent, "{environment}", seed={seed}, lane="host", progress=False)
experiment.train({warm})
began = time.perf_counter()
experiment.train({steps})
seconds = time.perf_counter() - began
print(json.dumps(dict(speed={steps} / seconds, bytes=agent.memory.storage.bytes)))
"""

THEIRS = """
import json, time, torch
torch.set_num_threads({threads} or torch.get_num_threads())
from stable_baselines3 import DQN
{make}
model = DQN("{policy}", env, device="cpu", seed={seed}, **{theirs})
model.learn({warm})
began = time.perf_counter()
model.learn({steps}, reset_num_timesteps=False)
seconds = time.perf_counter() - began
held = model.replay_buffer
names = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
found = [getattr(held, name, None) for name in names]
size = sum(array.nbytes for array in found if array is not None)
print(json.dumps(dict(speed={steps} / seconds, bytes=size)))
"""

GYM = """
import gymnasium
env = gymnasium.make("{environment}")
"""
ATARI = """
import ale_py, gymnasium
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack
gymnasium.register_envs(ale_py)
env = VecFrameStack(make_atari_env("{environment}", n_envs=1, env_kwargs=dict(frameskip=1)), n_stack=4)
"""

# What both sides call by the same names, and what one of them needs in its own words.
PLAIN: dict[str, Any] = {"double": False, "average_decay": 0.0}
TASKS: dict[str, dict[str, Any]] = {
    "cartpole": {
        "environment": "CartPole-v1",
        "policy": "MlpPolicy",
        "make": GYM,
        "mine": {
            **PLAIN,
            "hidden_sizes": (256, 256),
            "learning_rate": 2.3e-3,
            "learning_rate_end": 2.3e-3,
            "batch_size": 64,
            "replay_capacity": 100_000,
            "learning_starts": 1_000,
            "target_update_every": 10,
            "update_every": 256,
            "updates_per_round": 128,
            "epsilon_end": 0.04,
            "epsilon_steps": 8_000,
        },
        "theirs": {
            "policy_kwargs": {"net_arch": [256, 256]},
            "learning_rate": 2.3e-3,
            "batch_size": 64,
            "buffer_size": 100_000,
            "learning_starts": 1_000,
            "target_update_interval": 10,
            "train_freq": 256,
            "gradient_steps": 128,
            "exploration_final_eps": 0.04,
            "exploration_fraction": 0.16,
        },
        "warm": 2_560,
        "steps": 25_600,
    },
    "lunarlander": {
        "environment": "LunarLander-v3",
        "policy": "MlpPolicy",
        "make": GYM,
        "mine": {
            **PLAIN,
            "hidden_sizes": (256, 256),
            "learning_rate": 6.3e-4,
            "learning_rate_end": 6.3e-4,
            "batch_size": 128,
            "replay_capacity": 50_000,
            "learning_starts": 128,
            "target_update_every": 250,
            "update_every": 4,
            "updates_per_round": 4,
            "epsilon_end": 0.1,
            "epsilon_steps": 12_000,
        },
        "theirs": {
            "policy_kwargs": {"net_arch": [256, 256]},
            "learning_rate": 6.3e-4,
            "batch_size": 128,
            "buffer_size": 50_000,
            "learning_starts": 128,
            "target_update_interval": 250,
            "train_freq": 4,
            "gradient_steps": 4,
            "exploration_final_eps": 0.1,
            "exploration_fraction": 0.12,
        },
        "warm": 1_000,
        "steps": 8_000,
    },
    "pong": {
        "environment": "ALE/Pong-v5",
        "policy": "CnnPolicy",
        "make": ATARI,
        "mine": {
            **PLAIN,
            "architecture": "nature_cnn",
            "learning_rate": 1e-4,
            "learning_rate_end": 1e-4,
            "batch_size": 32,
            "replay_capacity": 10_000,
            "learning_starts": 500,
            "target_update_every": 1_000,
            "update_every": 4,
            "updates_per_round": 1,
            "epsilon_end": 0.01,
            "epsilon_steps": 10_000,
        },
        "theirs": {
            "learning_rate": 1e-4,
            "batch_size": 32,
            "buffer_size": 10_000,
            "learning_starts": 500,
            "target_update_interval": 1_000,
            "train_freq": 4,
            "gradient_steps": 1,
            "exploration_final_eps": 0.01,
            "exploration_fraction": 0.1,
            "optimize_memory_usage": True,
            "replay_buffer_kwargs": {"handle_timeout_termination": False},
        },
        "warm": 1_000,
        "steps": 4_000,
    },
}


def main() -> None:
    """Measure both sides of each task in turn and print a table for each and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--tasks", nargs="+", choices=tuple(TASKS), default=list(TASKS))
    options = parser.parse_args()
    result: dict[str, Any] = {**paired.saved(options.output), "threads": options.threads, "pairs": options.pairs}
    for name in options.tasks:
        task = TASKS[name]
        speeds: dict[str, list[float]] = {PEER: [], OURS: []}
        sizes: dict[str, int] = {}
        for seed in range(options.pairs):
            for side, python, script in ((PEER, options.peer_python, THEIRS), (OURS, sys.executable, MINE)):
                words = {**task, "make": task["make"].format(**task), "seed": seed, "threads": options.threads}
                found = paired.run(side, python, script.format(**words), options.threads)
                speeds[side].append(found["speed"])
                sizes[side] = found["bytes"]
        print(name)
        share = sizes[OURS] / sizes[PEER]
        result[name] = {**paired.table(speeds, PEER, "steps/s"), "replay_bytes": sizes, "replay_share": share}
        print(f"replay: {sizes[OURS]:,} bytes, {share:.3f} times {PEER}'s", flush=True)
        paired.write(result, options.output)


if __name__ == "__main__":
    main()
