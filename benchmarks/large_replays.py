"""What a checkpoint of a large replay costs: the first, one after some steps, and that one if all were written anew.

    python benchmarks/large_replays.py [--capacity 200000] [--steps 10000] [--pairs 3] [--output FILE.json]

The host replay of a DQN whose observations are four stacked frames of 84 x 84 bytes, as in Atari games, full of made-up
frames. Written anew is what file systems without hard links do. Seconds, bytes that a checkpoint does not share with
the one before, and memory beyond what the replay takes.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import paired


def main() -> None:
    """Write the checkpoints and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--capacity", type=int, default=200_000)
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    os.environ.update(paired.limits(options.threads))
    from lab.runs import checkpoints

    memory, play = _replay(options.capacity)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times: dict[str, list[float]] = {}
    written: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.pairs):
            root = Path(folder) / str(turn) / "checkpoints"
            root.parent.mkdir()
            for step, side in enumerate(("first", "after steps", "after steps, all anew")):
                if step:
                    play(options.steps)
                refused = mock.patch("os.link", side_effect=PermissionError) if "anew" in side else nullcontext()
                began = time.perf_counter()
                with refused:
                    packed = checkpoints.pack_of(lambda: {"learner": memory.get_state()})
                    path = checkpoints.write_packed(root / f"step-{step}", packed)
                times.setdefault(side, []).append(time.perf_counter() - began)
                stats = [file.stat() for file in path.iterdir()]
                written[side] = sum(stat.st_size for stat in stats if stat.st_nlink == 1)
            shutil.rmtree(root)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    table = {side: {"seconds": sorted(found), "written": written[side]} for side, found in times.items()}
    for side, row in table.items():
        print(f"{side:24} {np.median(row['seconds']):7.2f} s  {row['written'] / 1e6:10,.1f} MB written")
    print(f"the replay takes {memory.storage.bytes / 1e6:,.0f} MB; memory beyond: {peak / 1e6:,.0f} MB")
    paired.write({"table": table, "bytes": memory.storage.bytes, "beyond": peak}, options.output)


def _replay(capacity: int) -> tuple[Any, Any]:
    from gymnasium.spaces import Box, Discrete

    from agents import DQN
    from agents.transitions import Transition
    from lab.seeding import Seeds

    agent = DQN(replay_capacity=capacity, architecture="nature_cnn")
    agent.frame_stack = (4, 0)
    agent.setup(Box(0, 255, (4, 84, 84), np.uint8), Discrete(4), Seeds(0), 1)
    rng = np.random.default_rng(0)
    stack = np.zeros((1, 4, 84, 84), np.uint8)
    no = np.zeros(1, bool)

    def play(steps: int) -> None:
        nonlocal stack
        for _ in range(steps):
            frame = rng.integers(256, size=(1, 1, 84, 84), dtype=np.uint8)
            following = np.concatenate([stack[:, 1:], frame], axis=1)
            agent.memory.add(Transition(stack, np.zeros(1, np.int64), np.ones(1), no, no, following))
            stack = following

    play(capacity)
    return agent.memory, play


if __name__ == "__main__":
    main()
