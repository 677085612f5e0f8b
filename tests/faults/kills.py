"""kill -9 at a random moment, resume, perhaps be killed again, and end as the uninterrupted run."""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults import children, outcomes
from tests.faults.events import Events, killing
from tests.faults.jobs import TEACHER, Job, jobs, make_teacher
from tests.faults.tally import Tally, chosen

MOST_KILLS = 4


def act(job: Job, run: Path, mode: str, at: int) -> int:
    """Train or resume in this process; be killed at the `at`-th event; print how many there were."""
    events = Events(run, at, killing)
    code = job.train(run) if mode == "train" else job.resume(run)
    events.off = True
    print(f"\nEVENTS {events.count}", flush=True)
    return code


def reference(job: Job, folder: Path) -> tuple[Path, int, float]:
    """Return an uninterrupted run, how many events it had, and the seconds it took."""
    run = folder / "whole"
    began = time.monotonic()
    ended = children.run(act, job, run, "train", 0, folder=folder)
    if ended.code:
        raise RuntimeError(f"{job.label} does not even train: {ended.last_line}")
    return run, int(ended.out.rsplit("EVENTS ", 1)[1].split()[0]), time.monotonic() - began


def kill(job: Job, label: str, seed: int, folder: Path, whole: Path, events: int, seconds: float) -> Tally:
    """Kill and resume a run as a seed has it; return what became of each kill."""
    rng, tally = random.Random(f"{label} {seed}"), Tally()
    run, again = folder / f"killed-{seed}", f"python -m tests.faults kills --exactly '{label}' --seed {seed}"
    kills, mode = 0, "train"
    kind = f"kill -9, {'train_many' if job.many else 'command' if job.case is None else 'learner'}"
    while True:
        wants = kills == 0 or (kills < MOST_KILLS and rng.random() < 0.4)
        by_time = rng.random() < 0.3
        at = rng.randint(1, max(2, events if mode == "train" else events // 2)) if wants and not by_time else 0
        moment = rng.uniform(0.0, seconds if mode == "train" else seconds / 2) if wants and by_time else None
        wait = children.begin(act, job, run, mode, at, folder=folder)

        def strike(pid: int, moment: float | None = moment) -> None:
            if moment is not None:
                time.sleep(moment)
                os.kill(pid, signal.SIGKILL)

        ended = wait(meanwhile=strike)
        if ended.killed:
            kills += 1
            found = outcomes.broken(run) if run.exists() else []
            if found:
                tally.add(kind, "silent", f"{label}: after a kill {found[0]} is not whole", again)
            if mode == "train" and not outcomes.runs(run) and not (run / "config.json").exists():
                # Nothing had begun that could be resumed: it is begun anew, where something is left by hand.
                shutil.rmtree(run, ignore_errors=True)
                continue
            mode = "resume"
            continue
        break
    if kills == 0:
        return tally
    where = f"{label} seed {seed}, {kills} kills"
    if ended.code == children.HUNG:
        tally.add(kind, "hung", where, again, kills)
    elif ended.traceback:
        tally.add(kind, "tracebacks", f"{where}: {ended.last_line}", again, kills)
    elif ended.code:
        tally.add(kind, "lost", f"{where}: {ended.last_line}", again, kills)
    else:
        difference = outcomes.differing(outcomes.outcome(run), outcomes.outcome(whole))
        left = outcomes.unfinished(run)
        if difference:
            tally.add(kind, "lost" if "entries against" in difference else "silent", f"{where}: {difference}", again,
                      kills)  # fmt: skip
        else:
            tally.add(kind, "survived", number=kills)
            if left:
                tally.add("left over after a kill", "lost", f"{where}: {left[0]}", again)
    if not tally.failures:
        shutil.rmtree(run, ignore_errors=True)
    return tally


def check(label: str, seeds: list[int], folder: Path) -> Tally:
    """Kill a job once and more for each seed."""
    job, tally = jobs()[label], Tally()
    whole, events, seconds = reference(job, folder)
    for seed in seeds:
        tally.merge(kill(job, label, seed, folder, whole, events, seconds))
    return tally


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each job."""
    teacher = folder / "teacher"
    if not teacher.exists():
        children.run(make_teacher, teacher, folder=folder)
    os.environ[TEACHER] = str(teacher)
    labels = chosen(options, jobs())
    seeds = [options.seed] if options.seed is not None else list(range(options.seeds))
    if options.kills is not None and options.seed is None:
        # Evenly over the jobs, and over some of them where there are more jobs than kills.
        labels = labels[:: max(1, -(-len(labels) // options.kills))]
        seeds = list(range(max(1, options.kills // len(labels))))
    return [(label, functools.partial(check, label, seeds)) for label in labels]
