"""SIGINT and SIGTERM in every phase, also twice at once: exit 130 or 143, nothing half under a final name, no loss."""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults import children, outcomes
from tests.faults.damage import RUNS
from tests.faults.events import Events
from tests.faults.jobs import Job, jobs
from tests.faults.kills import reference
from tests.faults.tally import Tally, chosen

LABELS = ("train q_learning", "train dqn", "train dqn compiled", "train autoencoder", "train_many q_learning")
AFTER = ("evaluate", "render", "report", "record")
CODES = {signal.SIGINT: (130,), signal.SIGTERM: (143, -signal.SIGTERM)}


def sending(number: int, twice: bool) -> Callable[[], None]:
    """Return what sends this process a signal, or two."""

    def send() -> None:
        os.kill(os.getpid(), number)
        if twice:
            os.kill(os.getpid(), number)

    return send


def train(job: Job, run: Path, at: int, number: int, twice: bool) -> int:
    """Train in this process and get a signal at the `at`-th event."""
    Events(run, at, sending(number, twice))
    return job.train(run)


def after(which: str, run: Path, aside: Path, at: int, number: int, twice: bool) -> int:
    """Run a command on a finished run in this process and get a signal at the `at`-th event."""
    from lab.cli import main

    arguments = {
        "evaluate": ["evaluate", str(run), "--episodes", "20"],
        "render": ["render", str(run), "-o", str(aside / "film.mp4")],
        "report": ["report", str(run), "-o", str(aside / "page.html")],
        "record": ["record", str(run), "-o", str(aside / "episodes.npz"), "--episodes", "5"],
    }[which]
    events = Events(run.parent, at, sending(number, twice))
    code = main(arguments)
    events.off = True
    print(f"\nEVENTS {events.count}", flush=True)
    return code


def check(label: str, seeds: list[int], home: Path) -> Tally:
    """Interrupt training at random moments, resume, and compare."""
    job, tally = jobs()[label], Tally()
    whole, events, _ = reference(job, home)
    for seed in seeds:
        for number in (signal.SIGINT, signal.SIGTERM):
            rng = random.Random(f"{label} {number} {seed}")
            at, twice = rng.randint(1, events), rng.random() < 0.3
            run, again = (
                home / f"{int(number)}-{seed}",
                f"python -m tests.faults signals --exactly '{label}' --seed {seed}",
            )
            ended = children.run(train, job, run, at, number, twice, folder=home)
            name = f"signal, training{', twice' if twice else ''}"
            where = f"{label}, {signal.Signals(number).name} at event {at} of {events}"
            if _bad(tally, name, where, ended, number, run, again, at >= events):
                continue
            if not outcomes.runs(run):
                tally.add(name, "survived")
                continue
            resumed = children.run(job.resume, run, folder=home)
            differs = outcomes.differing(outcomes.outcome(run), outcomes.outcome(whole)) if not resumed.code else ""
            if resumed.traceback or resumed.code:
                tally.add(name, "lost", f"{where}; resumed: {resumed.last_line}", again)
            elif differs:
                tally.add(name, "lost" if "entries" in differs else "silent", f"{where}; resumed: {differs}", again)
            else:
                tally.add(name, "survived")
                shutil.rmtree(run, ignore_errors=True)
    return tally


def _bad(
    tally: Tally, name: str, where: str, ended: children.Ended, number: int, folder: Path, again: str, last: bool
) -> bool:
    # The very last event may come when nothing is left to be stopped.
    found = outcomes.broken(folder) if folder.exists() else []
    if ended.code == children.HUNG:
        tally.add(name, "hung", where, again)
    elif "Traceback (most recent call last)" in ended.err:
        tally.add(name, "tracebacks", f"{where}: {ended.last_line}", again)
    elif ended.code != 0 and ended.code not in CODES[signal.Signals(number)]:
        tally.add(name, "tracebacks", f"{where}: exit {ended.code}, {ended.last_line}", again)
    elif found:
        tally.add(name, "silent", f"{where}: {found[0]} is not whole", again)
    elif ended.code == 0 and not last:
        tally.add(name, "silent", f"{where}: the signal was ignored, exit 0", again)
    else:
        return False
    return True


def check_after(which: str, seeds: list[int], home: Path) -> Tally:
    """Interrupt a command that looks at a finished run at random moments."""
    tally, run = Tally(), home / "runs" / "run"
    children.run(_made, run, folder=home)
    aside = run.parent / "aside"

    def fresh() -> None:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()

    fresh()
    ended = children.run(after, which, run, aside, 0, signal.SIGINT, False, folder=home)
    if ended.code:
        tally.add(f"signal, {which}", "tracebacks", f"{which} does not work: {ended.last_line}")
        return tally
    events = int(ended.out.rsplit("EVENTS ", 1)[1].split()[0])
    for seed in seeds:
        for number in (signal.SIGINT, signal.SIGTERM):
            rng = random.Random(f"{which} {number} {seed}")
            at, twice = rng.randint(1, max(1, events)), rng.random() < 0.3
            fresh()
            ended = children.run(after, which, run, aside, at, number, twice, folder=home)
            where = f"{which}, {signal.Signals(number).name} at event {at} of {events}"
            again = f"python -m tests.faults signals --exactly {which}"
            if not _bad(tally, f"signal, {which}", where, ended, number, aside, again, at >= events):
                tally.add(f"signal, {which}", "survived")
    return tally


def _made(run: Path) -> int:
    from lab.cli import main

    return main([*RUNS["q_learning"], "--run", str(run)])


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each command."""
    seeds = [options.seed] if options.seed is not None else list(range(max(1, options.seeds // 2)))
    return [
        *((n, functools.partial(check, n, seeds)) for n in chosen(options, LABELS)),
        *((n, functools.partial(check_after, n, seeds)) for n in chosen(options, AFTER)),
    ]
