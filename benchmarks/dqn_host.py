"""DQN on CartPole-v1, host lane, against stable-baselines3: environment steps per second, paired.

Both sides run the same setting: MLP 120-84, batch 128, replay 10,000, one update per 10 environment steps, one
environment, CleanRL's learning rate and exploration. Two ways of this project are measured: `updates 1` makes one
update every 10 steps, as the peer does; `updates 10` makes ten updates every 100 steps in one compiled call, which is
the same amount of learning. The sides take turns in fresh processes, so that a machine whose speed drifts drifts for
all of them; the ratio is taken pair by pair.

    python benchmarks/dqn_host.py [--pairs 5] [--steps 20000] [--threads 1] [--peer-python PYTHON]

Needs `pip install stable-baselines3` (with torch) in the peer's Python, by default this one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

OURS = """
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from agents import DQN
from lab import Experiment
agent = DQN(hidden_sizes=(120, 84), batch_size=128, replay_capacity=10_000, learning_starts=1_000, update_every={every},
            updates_per_round={updates}, target_update_every=500, learning_rate=2.5e-4, learning_rate_end=2.5e-4,
            epsilon_end=0.05, epsilon_steps=5_000, double=False)
experiment = Experiment(agent, "CartPole-v1", seed={seed}, lane="host", progress=False)
experiment.train(2_000)
began = time.perf_counter()
experiment.train({steps})
print({steps} / (time.perf_counter() - began))
"""

PEER = """
import time, torch
torch.set_num_threads({threads})
from stable_baselines3 import DQN
model = DQN("MlpPolicy", "CartPole-v1", policy_kwargs=dict(net_arch=[120, 84]), batch_size=128, buffer_size=10_000,
            learning_starts=1_000, train_freq=10, gradient_steps=1, target_update_interval=500, learning_rate=2.5e-4,
            exploration_fraction=0.5, exploration_final_eps=0.05, device="cpu", seed={seed})
model.learn(2_000)
began = time.perf_counter()
model.learn({steps}, reset_num_timesteps=False)
print({steps} / (time.perf_counter() - began))
"""

SIDES = {
    "stable-baselines3": (PEER, 10, 1),
    "lab, updates 1": (OURS, 10, 1),
    "lab, updates 10": (OURS, 100, 10),
}


def measure(side: str, python: str, steps: int, seed: int, threads: int) -> float:
    """Return environment steps per second of one side in a fresh process, start-up and 2,000 steps left out."""
    script, every, updates = SIDES[side]
    code = script.format(every=every, updates=updates, steps=steps, seed=seed, threads=threads)
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = {**os.environ, **dict.fromkeys(limits, str(threads))}
    done = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure all sides in turn and print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    speeds: dict[str, list[float]] = {side: [] for side in SIDES}
    for pair in range(options.pairs):
        for side in SIDES:
            python = options.peer_python if side == "stable-baselines3" else sys.executable
            speeds[side].append(measure(side, python, options.steps, pair, options.threads))
    print(f"{'':20}{'steps/s: min':>14}{'median':>10}{'max':>10}   times stable-baselines3: min, median, max")
    result: dict[str, object] = {"threads": options.threads, "steps": options.steps, "pairs": options.pairs}
    for side, values in speeds.items():
        ratios = [v / p for v, p in zip(values, speeds["stable-baselines3"], strict=True)]
        spread = [min(ratios), statistics.median(ratios), max(ratios)]
        print(
            f"{side:20}{min(values):14,.0f}{statistics.median(values):10,.0f}{max(values):10,.0f}   "
            + ", ".join(f"{r:.2f}" for r in spread)
        )
        result[side] = {"steps_per_second": values, "ratios": ratios}
    print(json.dumps(result))
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
