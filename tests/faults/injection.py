"""Full disks, failing flushes and renames, files that may not grow, read-only folders: one line, and nothing lost."""

from __future__ import annotations

import functools
import random
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.runs import checkpoints
from tests.faults import children, outcomes
from tests.faults.events import BROKEN, DISK_FULL, READ_ONLY, Events, failing
from tests.faults.jobs import Job, jobs
from tests.faults.kills import reference
from tests.faults.tally import Tally, chosen

LABELS = ("train q_learning", "train dqn", "train autoencoder", "train_many q_learning")
KINDS = ("disk full", "disk full once", "flush fails", "read-only", "files may not grow")


def act(job: Job, run: Path, kind: str, at: int) -> int:
    """Train in this process with a fault from the `at`-th event on."""
    if kind == "files may not grow":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (at * 97, resource.RLIM_INFINITY))
        return job.train(run)
    number = {"read-only": READ_ONLY, "flush fails": BROKEN}.get(kind, DISK_FULL)
    raise_it = failing(number)

    def fail() -> None:
        # Deleting needs no room, and what begins or ends is no access to the disk.
        last = events.seen[-1]
        if last.startswith(("begin", "end")) or (last.startswith(("os.remove", "os.rmdir")) and kind != "read-only"):
            return
        if kind == "flush fails" and last != "fsync":
            return
        raise_it()

    events = Events(run, at, fail, lasting=kind != "disk full once")
    return job.train(run)


def check(label: str, seeds: list[int], home: Path) -> Tally:
    """Put each kind of fault at random moments of a command."""
    job, tally = jobs()[label], Tally()
    whole, events, _ = reference(job, home)
    for seed in seeds:
        for kind in KINDS:
            rng = random.Random(f"{label} {kind} {seed}")
            run, at = home / f"{kind}-{seed}", rng.randint(1, events)
            ended = children.run(act, job, run, kind, at, folder=home)
            name, where = f"injection, {kind}", f"{label} at event {at}: {ended.last_line}"
            again = f"python -m tests.faults injection --exactly '{label}' --seed {seed}"
            lines = [line for line in ended.err.splitlines() if line.startswith("lab: error")]
            if ended.code == children.HUNG:
                tally.add(name, "hung", where, again)
                continue
            if ended.traceback:
                tally.add(name, "tracebacks", where, again)
            elif ended.code and len(lines) != 1:
                tally.add(name, "tracebacks", f"{where} (exit {ended.code}, {len(lines)} lines of errors)", again)
            found = outcomes.broken(run) if run.exists() else []
            if found:
                tally.add(name, "silent", f"{where}: {found[0]} is not whole", again)
            kept = [checkpoints.step_of(p) for r in outcomes.runs(run) for p in
                    checkpoints.listed(r / "checkpoints", "step")]  # fmt: skip
            if not outcomes.runs(run):
                # Before there was a run: nothing to resume, but for the file that says so.
                tally.add(name, "refused" if ended.code else "survived")
                shutil.rmtree(run, ignore_errors=True)
                continue
            if ended.code == 0:
                # It has trained to its end in spite of it.
                same = outcomes.differing(outcomes.outcome(run), outcomes.outcome(whole))
                tally.add(name, "silent" if same else "survived", f"{where}: exit 0, but {same}", again)
                continue
            resumed = children.run(job.resume, run, folder=home)
            again_differs = outcomes.differing(outcomes.outcome(run), outcomes.outcome(whole))
            if resumed.traceback or resumed.code:
                tally.add(name, "lost", f"{where}; resumed: {resumed.last_line}, checkpoints {kept}", again)
            elif again_differs:
                tally.add(name, "lost" if "entries" in again_differs else "silent", f"{where}; resumed: "
                          f"{again_differs}", again)  # fmt: skip
            else:
                tally.add(name, "survived")
                shutil.rmtree(run, ignore_errors=True)
    return tally


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each command."""
    seeds = [options.seed] if options.seed is not None else list(range(max(1, options.seeds // 4)))
    return [(label, functools.partial(check, label, seeds)) for label in chosen(options, LABELS)]
