"""Every learner is copied, pickled, and its networks saved as Keras files and loaded again."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import contracts, test_copies
from tests.faults.jobs import small
from tests.faults.tally import Tally, chosen


def check(label: str, home: Path) -> Tally:
    """Copy, pickle and save one learner."""
    tally = Tally()
    home.mkdir(parents=True, exist_ok=True)
    for name, call in (
        ("copied and pickled", functools.partial(
            test_copies.test_a_built_learner_is_copied_and_pickled_with_what_it_has_learnt, label)),
        ("saved and loaded", functools.partial(test_copies.saved_and_loaded, [label], home)),
    ):  # fmt: skip
        try:
            call()
            tally.add(name, "survived")
        except AssertionError as error:
            tally.add(
                name, "silent", f"{label}: {str(error)[:300]}", f"python -m tests.faults copies --exactly {label}"
            )
        except Exception:
            told = traceback.format_exc().strip().splitlines()[-1][:300]
            tally.add(name, "tracebacks", f"{label}: {told}", f"python -m tests.faults copies --exactly {label}")
    return tally


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each learner."""
    from tests.faults.kills import tasks as of_kills

    of_kills(options, folder)
    cases = {case.label: case for case in contracts.cases()}
    # Those that are defined in scripts are known by no name to another process.
    names = [small(c).label for c in cases.values() if not c.label.startswith("example")]
    return [(name, functools.partial(check, name)) for name in chosen(options, names)]
