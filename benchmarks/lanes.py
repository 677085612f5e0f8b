"""DQN on CartPole-v1, compiled and host lane, against stable-baselines3: environment steps per second, paired.

Two jobs, each with one setting on all sides: `cleanrl` is MLP 120-84, batch 128, replay 10,000, 10 environments, one
update per 10 environment steps; `every_step` is MLP 64-64, batch 64, one environment, an update every step. The sides
take turns in fresh processes, so that a machine whose speed drifts drifts for all of them; ratios are taken pair by
pair. Start-up, compilation and the first 2,000 steps are left out, and compilation is reported apart.

    python benchmarks/lanes.py [--pairs 5] [--threads 1] [--peer-python PYTHON] [--output FILE]

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
agent = DQN(hidden_sizes={hidden}, batch_size={batch}, replay_capacity=10_000, learning_starts=1_000,
            update_every={every}, updates_per_round=1, target_update_every=500, learning_rate=2.5e-4,
            learning_rate_end=2.5e-4, epsilon_end=0.05, epsilon_steps=5_000, double=False)
began = time.perf_counter()
experiment = Experiment(agent, "CartPole-v1", seed={seed}, num_envs={envs}, lane="{lane}", progress=False,
                        log_every=5_000)
experiment.train(10)
compiled = time.perf_counter() - began
experiment.train(1_990)
began = time.perf_counter()
experiment.train({steps})
print({steps} / (time.perf_counter() - began), compiled)
"""

PEER = """
import time, torch
torch.set_num_threads({threads})
from stable_baselines3 import DQN
from stable_baselines3.common.env_util import make_vec_env
model = DQN("MlpPolicy", make_vec_env("CartPole-v1", {envs}), policy_kwargs=dict(net_arch=list({hidden})),
            batch_size={batch}, buffer_size=10_000, learning_starts=1_000, train_freq=max(1, {every} // {envs}),
            gradient_steps=1, target_update_interval=500, learning_rate=2.5e-4, exploration_fraction=0.5,
            exploration_final_eps=0.05, device="cpu", seed={seed})
model.learn(2_000)
began = time.perf_counter()
model.learn({steps}, reset_num_timesteps=False)
print({steps} / (time.perf_counter() - began), 0.0)
"""

JOBS = {
    "cleanrl": {"hidden": (120, 84), "batch": 128, "every": 10, "envs": 10},
    "every_step": {"hidden": (64, 64), "batch": 64, "every": 1, "envs": 1},
}
# Steps measured on each side, so that each takes seconds.
SIDES = {"stable-baselines3": 10_000, "host": 20_000, "compiled": 200_000}


def measure(job: str, side: str, python: str, seed: int, threads: int) -> tuple[float, float]:
    """Return environment steps per second, and seconds to build and compile, of one side in a fresh process."""
    steps = SIDES[side] if job == "cleanrl" else SIDES[side] // 4
    script = PEER if side == "stable-baselines3" else OURS
    code = script.format(**JOBS[job], steps=steps, seed=seed, threads=threads, lane=side)
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = {**os.environ, **dict.fromkeys(limits, str(threads))}
    done = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{job}, {side} failed:\n{done.stderr[-2000:]}")
    speed, compiled = done.stdout.split()[-2:]
    return float(speed), float(compiled)


def main() -> None:
    """Measure all sides in turn and print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    result: dict[str, object] = {"threads": options.threads, "pairs": options.pairs}
    for job, setting in JOBS.items():
        measured: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
        for pair in range(options.pairs):
            for side in SIDES:
                python = options.peer_python if side == "stable-baselines3" else sys.executable
                measured[side].append(measure(job, side, python, pair, options.threads))
        print(f"{job}: {setting}, {options.threads} thread(s)")
        print(f"{'':20}{'steps/s: min':>14}{'median':>10}{'max':>10}   times the peer: min, median, max   built in (s)")
        for side, values in measured.items():
            speeds = [speed for speed, _ in values]
            ratios = [v / p[0] for v, p in zip(speeds, measured["stable-baselines3"], strict=True)]
            spread = ", ".join(f"{r:.2f}" for r in (min(ratios), statistics.median(ratios), max(ratios)))
            built = statistics.median(seconds for _, seconds in values)
            numbers = (min(speeds), statistics.median(speeds), max(speeds))
            print(f"{side:20}{numbers[0]:14,.0f}{numbers[1]:10,.0f}{numbers[2]:10,.0f}   {spread:33}{built:12.1f}")
            result[f"{job}, {side}"] = {"steps_per_second": speeds, "ratios": ratios, "built_seconds": built}
    print(json.dumps(result))
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
