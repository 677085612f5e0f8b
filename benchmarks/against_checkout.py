"""Paired speed of this checkout and another: DQN in both lanes, its parts, and the way from start to solved.

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
# What is learnt, the lane, environments, further keywords of Experiment, steps.
JOBS: dict[str, tuple[Any, ...]] = {
    "dqn, host": ("DQN(**small, **lengths)", "host", 1, "", 12_000),
    "random, host": ("Random()", "host", 1, "", 40_000),
    "dqn, compiled": ("DQN(**lengths)", "compiled", 1, "", 40_000),
    "dqn, compiled by default": ("DQN(**small, **lengths)", "compiled", 10, "", 60_000),
    "dqn, compiled, rare rows": ("DQN(**small, **lengths)", "compiled", 10, ", log_every=20_000", 60_000),
    "a Nature CNN acts, host": (500,),
    "solved, host": ("host",),
    "solved, compiled": ("compiled",),
}


def side(checkout: Path, job: str, seed: int, shorter: int) -> list[float]:
    """Return the speed by processor time and the wall seconds of a job in a checkout."""
    parts = JOBS[job]
    if job == "a Nature CNN acts, host":
        code = ACTING.format(steps=parts[0] // shorter)
    elif len(parts) == 1:
        code = SOLVED.format(lane=parts[0], seed=seed, began=time.time(), most=50_000 // shorter)
    else:
        learner, lane, envs, more, steps = parts
        code = SPEED.format(learner=learner, lane=lane, envs=envs, more=more, steps=steps // shorter)
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
    options = parser.parse_args()
    machine.say()
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
            f"{job:26} {ratios[0]:.3f} to {ratios[-1]:.3f} times the other's speed ({speeds[0]:.4g} -> {speeds[1]:.4g})"
            f"; its wall time {walls[0]:.2f} to {walls[-1]:.2f} times the other's",
            flush=True,
        )


if __name__ == "__main__":
    main()
