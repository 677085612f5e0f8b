"""Carries out `lab top`: a table of runs in the terminal, drawn anew each second."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import UsageError, printable
from lab.files.links import open_to_read
from lab.files.reading.rows import line_of
from lab.reporting.curves.columns import Columns
from lab.reporting.html.formats import duration, number, shown
from lab.reporting.live.found import check_given, runs_below
from lab.reporting.records import RunRecord
from lab.reporting.states import RUNNING, seconds_left, state_of
from lab.runs import lock
from lab.runs.directory import RunDirectory

EVERY = 1.0
# Of a file of rows: the newest stand at its end.
END = 1 << 16
COLUMNS = ("RUN", "LEARNER", "STATE", "STEP", "STEPS/S", "RETURN", "LOSS", "LEFT")
LEFT_FLUSH = 3
LONGEST_NAME = 32
# Of shorter windows the lines that fit.
NARROWEST = 40


class Line(NamedTuple):
    """A run in the table: its cells, and whether it is being trained."""

    cells: tuple[str, ...]
    running: bool


def top(given: Sequence[Path], once: bool, say: Callable[[str], None]) -> None:
    """Show a table of runs until Ctrl-C, those that are being trained first.

    Args:
        given: Runs, or directories of runs; none for `runs/`.
        once: Whether to print it once; so too where the output is no terminal.
        say: Called with each line.

    Raises:
        UsageError: For a path that is no directory.
    """
    paths = check_given("top", given)
    if once or not sys.stdout.isatty():
        for line in table_of(paths):
            say(line)
        return
    while True:
        # Home, and clear what stands there: nothing of a run is in these.
        sys.stdout.write("\x1b[H\x1b[2J")
        size = shutil.get_terminal_size()
        for line in table_of(paths, size.columns)[: max(2, size.lines - 1)]:
            say(line)
        time.sleep(EVERY)


def table_of(given: Sequence[Path], width: int | None = None) -> list[str]:
    """Return the lines of the table of the runs below some paths, each cut to a width."""
    lines = [line for line in map(line_for, runs_below(given)) if line is not None]
    lines.sort(key=lambda line: not line.running)
    if not lines:
        return [f"no run in {', '.join(map(str, given))}"]
    rows = [COLUMNS, *(line.cells for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    found = []
    for row in rows:
        cells = [c.ljust(w) if i < LEFT_FLUSH else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        found.append("  ".join(cells).rstrip()[: None if width is None else max(width, NARROWEST)])
    return found


def line_for(run: Path) -> Line | None:
    """Return a run's line; None for one that is being begun or deleted just now, or is damaged."""
    directory = RunDirectory(run)
    try:
        running = lock.is_held(directory.path)
        config = directory.read_config()
        last = newest(directory.metrics, directory.path)
    except (UsageError, OSError):
        return None
    metrics = Columns([last] if last else [])
    record = RunRecord(directory.path, config, metrics, [], [], [], running)
    state, _ = state_of(record)
    left = duration(seconds_left(record)) if state == RUNNING else ""
    step = f"{record.step:,} / {config['steps']:,}"
    numbers = (shown(_rounded(last.get("time_steps_per_second"))), shown(last.get("return")), shown(_loss(last)))
    name = printable(os.path.relpath(run))
    name = name if len(name) <= LONGEST_NAME else f"…{name[-LONGEST_NAME + 1 :]}"
    return Line((name, printable(f"{record.learner} on {record.source}")[:48], state, step, *numbers, left), running)


def newest(path: Path, run: Path) -> Mapping[str, Any]:
    """Return the last whole row of a run's file, of its end alone; an empty one where there is none."""
    try:
        with open_to_read(path, run) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - END))
            lines = file.read(END).split(b"\n")[:-1]
    except FileNotFoundError:
        return {}
    rows = (line_of(1, raw.strip()).row for raw in reversed(lines) if raw.strip())
    return next((row for row in rows if row is not None), {})


def _loss(row: Mapping[str, Any]) -> Any:
    return row.get("loss", row.get("generator_loss"))


def _rounded(value: object) -> float | None:
    found = number(value)
    return found if found is None or found < 100 else float(round(found))
