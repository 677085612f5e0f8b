"""`lab clean`: the checkpoints that a run could do without, and what killed processes left in it."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from lab.errors import RunDirectoryError, UsageError
from lab.files import leftovers
from lab.messages.terminal import complain, say
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory

UNITS = ("bytes", "kB", "MB", "GB", "TB")


def clean(options: argparse.Namespace) -> None:
    """Say what could be deleted of runs, and with --yes delete it."""
    given = options.runs or [Path("runs")]
    for folder in given:
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder. Fix: name a run, or a folder that holds runs.")
    total = count = 0
    for run in sorted({run for folder in given for run in runs_below(folder)}):
        directory = RunDirectory(run)
        try:
            with directory.lock.hold():
                bytes_here = _clean_run(directory, options.yes)
        except UsageError as error:
            # Also one that a living process writes: it is left as it is.
            complain(f"lab: left alone: {error}")
            continue
        total, count = total + bytes_here, count + bool(bytes_here)
    if not total:
        say("nothing to delete: each run has its newest whole checkpoint and its best one alone")
    elif options.yes:
        say(f"deleted {size(total)} of {count} runs")
    else:
        say(f"{size(total)} of {count} runs could be deleted; nothing was. Fix: add --yes")


def runs_below(folder: Path) -> Iterator[Path]:
    """Yield the runs in a folder, itself among them; links are not followed, and runs not searched for others."""
    for place, folders, files in os.walk(folder, followlinks=False):
        if "config.json" in files:
            folders.clear()
            yield Path(place)
        folders.sort()


def needless(directory: RunDirectory) -> list[Path]:
    """Return the checkpoints that a run can do without, oldest first.

    It keeps its newest whole one of each kind, and whatever is newer. Where none of a kind is whole, all are kept.

    Raises:
        ForeignFileError: When the folder of checkpoints is a link.
    """
    found: list[Path] = []
    for kind in ("step", "best"):
        there = checkpoints.listed(directory.checkpoints, kind)
        kept = _newest_whole(there)
        if kept is not None:
            found += [one for one in there if checkpoints.step_of(one) < checkpoints.step_of(kept)]
    return found


def size(number: int) -> str:
    """Return a number of bytes in words, with the exact number where that is another."""
    amount, unit = float(number), 0
    while amount >= 1000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{number:,} bytes" if not unit else f"{amount:.1f} {UNITS[unit]} ({number:,} bytes)"


def _clean_run(directory: RunDirectory, delete: bool) -> int:
    directory.check_links()
    total, spare = 0, needless(directory)
    for path in (*spare, *leftovers.removable(directory.path)):
        amount = _bytes(path)
        total += amount
        say(f"{'deleting' if delete else 'could go'} {path}  {size(amount)}")
    if delete:
        for path in spare:
            _delete(path)
        leftovers.clean(directory.path)
    return total


def _newest_whole(found: list[Path]) -> Path | None:
    for path in reversed(found):
        try:
            checkpoints.verify(path)
        except UsageError:
            continue
        return path
    return None


def _delete(path: Path) -> None:
    # Under a name that no reader takes for a checkpoint, so that none is ever found half deleted.
    gone = path.with_name(f".{path.name.lstrip('.')}.tmp-{os.getpid()}")
    try:
        os.rename(path, gone)
        shutil.rmtree(gone)
    except OSError as error:
        raise RunDirectoryError(f"{path} could not be deleted: {error.strerror}.") from error


def _bytes(path: Path) -> int:
    """Return what deleting it frees: pieces that other checkpoints have too stay."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    total = 0
    for place, _, files in os.walk(path, followlinks=False):
        stats = [(Path(place) / name).lstat() for name in files]
        total += sum(stat.st_size for stat in stats if stat.st_nlink == 1)
    return total
