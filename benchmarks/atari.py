"""An Atari game, headless, to the end: how memory grows until the replay is full and stays flat after, and a film.

    python benchmarks/atari.py [--game ALE/Pong-v5] [--steps 100000] [--capacity 10000] [--output FILE.json] [--run DIR]

Needs the extra `atari`. One thread, seed 1. It shows that the memory is flat, not that the game is learnt.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")

import machine  # noqa: E402

from agents import DQN  # noqa: E402
from lab import Callback, Experiment  # noqa: E402


def resident() -> float:
    """Return the process' resident memory in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Memory(Callback):
    """Takes down steps, memory and time at every row of the log."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, float, float]] = []
        self.began = time.perf_counter()

    def on_log(self, experiment, row) -> None:  # type: ignore[no-untyped-def]
        """Take down a row."""
        self.rows.append((experiment.step, round(resident(), 1), round(time.perf_counter() - self.began, 1)))


def main() -> None:
    """Train, film, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="ALE/Pong-v5")
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--capacity", type=int, default=10_000)
    parser.add_argument("--update-every", type=int, default=32)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--run", type=Path, default=Path("runs/atari"))
    options = parser.parse_args()
    machine.say()
    memory = Memory()
    agent = DQN(
        replay_capacity=options.capacity,
        learning_starts=1_000,
        update_every=options.update_every,
        updates_per_round=1,
        batch_size=16,
        filters=(8,),
        hidden_sizes=(32,),
        learning_rate=1e-4,
        target_update_every=1_000,
    )
    experiment = Experiment(
        agent, options.game, seed=1, run_dir=options.run, log_every=2_500, callbacks=[memory], progress=False
    )
    experiment.train(options.steps)
    result = {
        "game": options.game,
        "steps": experiment.step,
        "replay_bytes": agent.memory.storage.bytes,
        "rows": memory.rows,
        "film": str(experiment.render("episode.mp4")),
        "machine": machine.describe(),
    }
    print(json.dumps(result))
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
