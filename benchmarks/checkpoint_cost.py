"""What checkpoints cost of the training between them, at the default interval.

DQN on CartPole with a replay of 100,000 transitions, filled before the clock starts, in either lane, and a diffusion on
glyphs with its defaults. Each turn trains in a fresh process with a run directory. What a checkpoint costs is given in
two ways: the share of the training's time by the clock in which training waits for it (its last one, which is written
at once, included), and the share of the processor time of the process that all of it takes, the part that is written
beside training too.

    python benchmarks/checkpoint_cost.py [--pairs 3] [--threads 2] [--runs dqn_compiled,dqn_host] [--output FILE]

Files are written below --folder: a folder in memory would cost nothing to flush.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import paired

SCRIPT = """
import json, os, time
from agents import DQN
from generative import Diffusion
from lab import Experiment
from lab.files.beside import Beside
from lab.experiment.record import Record

waits, processor = [], []

def timed(function, *clocks):
    def call(*arguments, **keywords):
        began = [clock() for clock, _ in clocks]
        try:
            return function(*arguments, **keywords)
        finally:
            for (clock, found), start in zip(clocks, began):
                found.append(clock() - start)
    return call

Record.save = timed(Record.save, (time.perf_counter, waits), (time.thread_time, processor))
Beside._run = timed(Beside._run, (time.thread_time, processor))
experiment = Experiment({learner}, {source}, run_dir={folder!r}, progress=False, lane={lane!r})
experiment.train({warm})
waits.clear(), processor.clear()
began, used = time.perf_counter(), time.process_time()
experiment.train({steps})
seconds, used = time.perf_counter() - began, time.process_time() - used
size = sum(entry.stat().st_size for entry in os.scandir(experiment.last_checkpoint))
found = {{"seconds": seconds, "waits": waits, "processor_seconds": used, "processor": sum(processor), "bytes": size}}
print(json.dumps(found))
"""
# Learner, source, lane, steps before the clock starts, steps on the clock.
RUNS: dict[str, tuple[str, str, str, int, int]] = {
    "dqn_compiled": ("DQN(replay_capacity=100_000)", "'CartPole-v1'", "compiled", 100_000, 50_000),
    "dqn_host": ("DQN(replay_capacity=100_000)", "'CartPole-v1'", "host", 100_000, 25_000),
    "diffusion": ("Diffusion()", "'glyphs'", "auto", 500, 1_000),
}


def turn(name: str, threads: int, folder: Path | None) -> dict[str, Any]:
    """Return what one training measured."""
    learner, source, lane, warm, steps = RUNS[name]
    with tempfile.TemporaryDirectory(dir=folder) as parent:
        keys = {"learner": learner, "source": source, "lane": lane, "warm": warm, "steps": steps}
        found = paired.run(name, sys.executable, SCRIPT.format(**keys, folder=f"{parent}/run"), threads)
    waited, processor = sum(found["waits"]) / found["seconds"], found["processor"] / found["processor_seconds"]
    return {**found, "share": waited, "processor_share": processor}


def main() -> None:
    """Measure every run and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.set_defaults(pairs=3, threads=2)
    parser.add_argument("--runs", default=",".join(RUNS), help="which, with commas between")
    parser.add_argument("--folder", type=Path, help="where runs are written; temporary files' own if not named")
    options = parser.parse_args()
    result = paired.saved(options.output)
    print(f"{options.threads} threads, {options.pairs} turns each")
    print(f"{'run':14}{'waits: min':>12}{'median':>9}{'max':>9}{'processor':>11}{'ms each':>9}{'MB':>7}{'steps/s':>10}")
    for name in options.runs.split(","):
        turns = [turn(name, options.threads, options.folder) for _ in range(options.pairs)]
        low, middle, high = paired.spread([one["share"] for one in turns])
        processor = paired.spread([one["processor_share"] for one in turns])[1]
        each = paired.spread([1_000 * seconds for one in turns for seconds in one["waits"]])[1]
        speed = paired.spread([RUNS[name][-1] / one["seconds"] for one in turns])[1]
        row = f"{name:14}{low:12.2%}{middle:9.2%}{high:9.2%}{processor:11.2%}{each:9.1f}"
        print(f"{row}{turns[0]['bytes'] / 1e6:7.2f}{speed:10,.0f}", flush=True)
        result[name] = {"threads": options.threads, "steps": RUNS[name][-1], "turns": turns}
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
