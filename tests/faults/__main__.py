"""Runs the faults: `python -m tests.faults PART ... [--seeds N] [--learner NAME] [--inputs N] [--jobs N]`."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.tally import Tally

PARTS = ("kills", "controls", "damage", "injection", "fuzz", "attacks", "signals", "threads", "copies")


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for, print the table, and return 1 where a try ended as none may."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; none for all")
    parser.add_argument("--seeds", type=int, default=20, help="kills of each job (default 20)")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--learner", action="append", default=[], help="only jobs whose label begins so; repeatable")
    parser.add_argument("--exactly", action="append", default=[], metavar="LABEL", help="only this job; repeatable")
    parser.add_argument("--kills", type=int, help="stop choosing kills after about so many, spread over the jobs")
    parser.add_argument("--inputs", type=int, default=100_000, help="damaged inputs (default 100,000)")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side (default 2)")
    parser.add_argument("--folder", type=Path, help="where to work, and to keep what failed (default: a new one)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}; expected one of {', '.join(PARTS)}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="lab-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    for part in options.parts or PARTS:
        began = time.monotonic()
        module = importlib.import_module(f"tests.faults.{part}")
        done = in_lanes(part, module.tasks(options, folder), options.jobs, folder)
        tally.merge(done)
        tries = sum(sum(counts.values()) for counts in done.counts.values())
        print(f"{part}: {tries} tries, {done.failed} failures, {time.monotonic() - began:.0f} s", flush=True)
        # At once, since a later part may be stopped.
        for failure in done.failures:
            print(failure, flush=True)
    print("\n" + tally.table())
    tally.save(folder / "tally.json")
    if tally.failed:
        print(f"\n{tally.failed} tries ended as none may; their runs are in {folder}")
        return 1
    if options.folder is None:
        shutil.rmtree(folder)
    return 0


def preload() -> None:
    """Import, without using it, what every child needs, so that forks share it."""
    import lab.cli  # noqa: F401
    from lab.runtime.quiet import load_tensorflow

    load_tensorflow()
    for name in ("agents.dqn", "agents.training.host", "agents.training.compiled", "agents.offline.task",
                 "generative.training.task",
                 "agents.decision_transformer", "generative.diffusion", "matplotlib.figure", "imageio",
                 "lab.reporting", "agents.cql", "generative.autoencoder", "generative.gan"):  # fmt: skip
        importlib.import_module(name)


def in_lanes(part: str, tasks: list[tuple[str, Callable[[Path], Tally]]], lanes: int, folder: Path) -> Tally:
    """Run tasks in processes side by side, each task in turn in the next free one.

    A process that dies takes only its task with it, and that is a failure.

    Args:
        part: For messages and folders.
        tasks: A label and a function of a folder each.
        lanes: How many at once.
        folder: For all.
    """
    from tests.faults import children

    preload()
    tally, waiting, running = Tally(), list(enumerate(tasks)), {}
    while waiting or running:
        while waiting and len(running) < lanes:
            number, (label, task) = waiting.pop(0)
            home = folder / part / f"{number:03d}"
            running[number] = (label, home, children.begin(_run, task, home, folder=home))
        for number in list(running):
            label, home, wait = running[number]
            ended = _poll(wait)
            if ended is None:
                continue
            del running[number]
            kept = home / "tally.json"
            if kept.exists():
                done = Tally.load(kept)
                tally.merge(done)
                if not done.failed:
                    shutil.rmtree(home, ignore_errors=True)
            else:
                tally.add(part, "tracebacks", f"{label}: {ended.last_line}", f"python -m tests.faults {part}")
            if sys.stdout.isatty() or os.environ.get("LAB_FAULTS_VERBOSE"):
                print(f"  {part} {label}: {len(waiting)} to go, {tally.failed} failures", flush=True)
        time.sleep(0.02)
    return tally


def _run(task: Callable[[Path], Tally], home: Path) -> int:
    tally = task(home / "work")
    partial = home / ".tally"
    tally.save(partial)
    os.replace(partial, home / "tally.json")
    return 0


def _poll(wait: Any) -> Any:
    try:
        return wait(poll=True)
    except BlockingIOError:
        return None


if __name__ == "__main__":
    raise SystemExit(main())
