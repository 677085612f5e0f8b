"""Equal seeds give equal runs, with one thread an operation and with two."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import contracts
from tests.faults import children, outcomes
from tests.faults.jobs import Job, jobs
from tests.faults.tally import Tally, chosen


def act(job: Job, run: Path, threads: int) -> int:
    """Train in this process with so many threads."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    return job.train(run)


def check(label: str, home: Path) -> Tally:
    """Train a job twice with each number of threads."""
    job, tally, ends = jobs()[label], Tally(), {}
    for threads in (1, 2):
        for time in (1, 2):
            run = home / f"{threads}-{time}"
            ended = children.run(act, job, run, threads, folder=home)
            if ended.code:
                tally.add("equal seeds", "tracebacks", f"{label}, {threads} threads: {ended.last_line}")
                return tally
            ends[threads, time] = outcomes.outcome(run)
        differs = outcomes.differing(ends[threads, 1], ends[threads, 2])
        again = f"python -m tests.faults threads --exactly '{label}'"
        tally.add(f"equal seeds, {threads} threads", "silent" if differs else "survived", f"{label}: {differs}", again)
    # Other threads may change the last bits: that is measured here, and a run records its number.
    same = not outcomes.differing(ends[1, 1], ends[2, 1])
    tally.add(f"one thread {'as' if same else 'other than'} two", "survived")
    return tally


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each learner."""
    from tests.faults.kills import tasks as of_kills

    of_kills(options, folder)
    labels = [case.label for case in contracts.cases()]
    return [(n, functools.partial(check, n)) for n in chosen(options, labels)]
