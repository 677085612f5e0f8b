"""Paired speed of this checkout and another: DQN in both lanes, generators, and the way from start to solved.

The sides take turns in fresh processes, and steps a second are of processor time, so that what else the machine does
counts for neither. `by default` is what a user gets who sets nothing but the network: a row of the log every 500 steps.
A Nature CNN acts on one picture at a time, untrained.
`solved` is CartPole-v1 from process start (imports, building, compiling, training, evaluating every 5,000 steps) to a
mean return of 475, as 1 / seconds: of processor time in the table, and wall seconds beside it.

    git worktree add ../other COMMIT
    python benchmarks/against_checkout.py ../other [--pairs 2] [--jobs "dqn, compiled by default" "solved, compiled"]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import machine

HERE = Path(__file__).parents[1]
SPEED = """
import json, time
from agents import DQN, Random
from lab import Experiment

lengths = {{"learning_rate_steps": 50_000, "epsilon_steps": 8_000}}
small = {{"hidden_sizes": (120, 84), "batch_size": 128, "update_every": 10, "updates_per_round": 1}}
experiment = Experiment({learner}, "CartPole-v1", lane="{lane}", num_envs={envs}, seed=3, progress=False{more})
experiment.train(2_100)
began = time.process_time(), time.perf_counter()
experiment.train({steps})
print(json.dumps([{steps} / (time.process_time() - began[0]), time.perf_counter() - began[1]]))
"""
SOLVED = """
import json, time
began = {began}
from agents import DQN
from lab import Experiment
from lab.callbacks import StopAtReturn
experiment = Experiment(DQN(), "CartPole-v1", seed={seed}, evaluate_every=5_000, callbacks=[StopAtReturn(475)],
                        lane="{lane}", progress=False)
experiment.train({most})
print(json.dumps([1 / time.process_time(), time.time() - began]))
"""
ACTING = """
import json, time
import numpy as np
from gymnasium.spaces import Box, Discrete
from agents import DQN
from lab.seeding import Seeds

agent = DQN(architecture="nature_cnn", replay_capacity=100)
agent.setup(Box(0, 255, (84, 84, 4), np.uint8), Discrete(6), Seeds(0))
agent.begin_training()
observation = np.random.default_rng(0).integers(256, size=(1, 84, 84, 4)).astype(np.uint8)
for number in (10, {steps}):
    began = time.process_time(), time.perf_counter()
    for _ in range(number):
        agent.act_batch(observation)
print(json.dumps([{steps} / (time.process_time() - began[0]), time.perf_counter() - began[1]]))
"""
TOGETHER = """
import json, time
from agents import DQN
from lab import Experiment

def experiment():
    agent = DQN(hidden_sizes=(120, 84), batch_size=128, update_every=10, updates_per_round=1,
                learning_rate_steps=50_000, epsilon_steps=8_000)
    return Experiment(agent, "CartPole-v1", num_envs=10, lane="compiled", progress=False, log_every=100_000)

# Compiles it.
kept = experiment().train_many(range(8), steps=5_000)
pattern = experiment()
began = time.process_time(), time.perf_counter()
pattern.train_many(range(8), steps={steps})
print(json.dumps([8 * {steps} / (time.process_time() - began[0]), time.perf_counter() - began[1]]))
"""
GENERATING = """
import json, time
import numpy as np
from generative import DCGAN, VAE, Diffusion
from lab import Experiment

rows = np.random.default_rng(0).integers(0, 256, (1_200, 28, 28, 1), dtype=np.uint8)
experiment = Experiment({learner}, rows, progress=False, log_every=1_000_000)
experiment.train(2)
began = time.process_time(), time.perf_counter()
experiment.train({steps})
print(json.dumps([{steps} / (time.process_time() - began[0]), time.perf_counter() - began[1]]))
"""


def training(learner: str, lane: str, num_envs: int, steps: int, more: str = "") -> tuple[str, dict[str, Any]]:
    """Return a job of training an agent: its script, and what is put into it."""
    return SPEED, {"learner": learner, "lane": lane, "envs": num_envs, "more": more, "steps": steps}


def generating(learner: str, steps: int) -> tuple[str, dict[str, Any]]:
    """Return a job of training a generator on 28 x 28 images, in batches of 64."""
    return GENERATING, {"learner": learner.replace("(", "(batch_size=64, ", 1), "steps": steps}


SMALL, ROUNDS = "DQN(**small, **lengths)", "DQN(**{**small, 'update_every': 100, 'updates_per_round': 10}, **lengths)"
WIDE = "DQN(**{**small, 'hidden_sizes': (512, 512)}, **lengths)"
# The script of each, and what is put into it.
JOBS: dict[str, tuple[str, dict[str, Any]]] = {
    "dqn, host": training(SMALL, "host", 1, 12_000),
    "dqn, host, ten updates a call": training(ROUNDS, "host", 1, 20_000),
    "random, host": training("Random()", "host", 1, 40_000),
    "dqn, compiled": training("DQN(**lengths)", "compiled", 1, 40_000),
    "dqn, compiled by default": training(SMALL, "compiled", 10, 60_000),
    "dqn, compiled, rare rows": training(SMALL, "compiled", 10, 60_000, ", log_every=20_000"),
    "dqn 512-512, compiled": training(WIDE, "compiled", 10, 10_000),
    "eight seeds, compiled": (TOGETHER, {"steps": 20_000}),
    "a U-Net": generating("Diffusion(channels=(32, 64), patch=1, dropout=0.0)", 6),
    "a DCGAN": generating("DCGAN(channels=(32, 64))", 60),
    "a dense VAE": generating("VAE(architecture='dense', warmup_updates=0)", 300),
    "a convolutional VAE": generating("VAE(architecture='conv', filters=(32, 64), warmup_updates=0)", 60),
    "a Nature CNN acts, host": (ACTING, {"steps": 500}),
    "solved, host": (SOLVED, {"lane": "host"}),
    "solved, compiled": (SOLVED, {"lane": "compiled"}),
}


def side(checkout: Path, job: str, seed: int, shorter: int) -> list[float]:
    """Return the speed by processor time and the wall seconds of a job in a checkout."""
    script, words = JOBS[job]
    steps = max(1, words.get("steps", 0) // shorter)
    code = script.format(**{**words, "steps": steps, "seed": seed, "began": time.time(), "most": 50_000 // shorter})
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{job} in {checkout} failed:\n{done.stderr[-2000:]}")
    return list(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    """Run both sides of each job in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--jobs", nargs="+", choices=tuple(JOBS), default=list(JOBS))
    parser.add_argument("--shorter", type=int, default=1, help="divides the steps, to see that all works")
    parser.add_argument("--output", type=Path, help="write the ratios as JSON here")
    options = parser.parse_args()
    result: dict[str, Any] = {"machine": machine.say(), "ratios of speed, by processor time and by wall time": {}}
    other = options.other.resolve()
    for job in options.jobs:
        pairs = [
            (side(other, job, 40 + pair, options.shorter), side(HERE, job, 40 + pair, options.shorter))
            for pair in range(options.pairs)
        ]
        ratios = sorted(mine[0] / theirs[0] for theirs, mine in pairs)
        walls = sorted(mine[1] / theirs[1] for theirs, mine in pairs)
        speeds = [statistics.median(each[i][0] for each in pairs) for i in (0, 1)]
        print(
            f"{job:30} {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}) times the other's speed "
            f"({speeds[0]:.4g} -> {speeds[1]:.4g})"
            f"; its wall time {walls[0]:.2f} to {walls[-1]:.2f} times the other's",
            flush=True,
        )
        found = [[mine[0] / theirs[0], theirs[1] / mine[1]] for theirs, mine in pairs]
        result["ratios of speed, by processor time and by wall time"][job] = found
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
