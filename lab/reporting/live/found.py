"""Which runs lie below the paths that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lab.errors import bad_value
from lab.runs import population

DEFAULT = Path("runs")
# Of more, those that were written last.
MOST_RUNS = 60


def check_given(command: str, given: Sequence[Path]) -> list[Path]:
    """Return the paths to look below; `runs/` for none.

    Raises:
        UsageError: For one that is no directory.
    """
    for path in given or [DEFAULT]:
        if not path.is_dir():
            fix = "give the directory of a run, or one that holds runs" + ("" if given else "; `runs/` is the default")
            raise bad_value(command, "RUN", str(path), "a directory of a run or of runs", fix)
    return list(given) or [DEFAULT]


def runs_below(given: Sequence[Path], most: int | None = MOST_RUNS) -> list[Path]:
    """Return the runs that the paths are, or that lie right below them, among runs side by side there or in sweeps.

    Args:
        given: Directories; one that is gone holds none.
        most: How many to return, the latest ones, by name; None for all.
    """
    found: dict[Path, Path] = {}
    for path in given:
        for run in [path] if _is_run(path) else _below(path):
            found.setdefault(run.resolve(), run)
    runs = list(found.values())
    if most is not None and len(runs) > most:
        latest = sorted(runs, key=_written, reverse=True)[:most]
        runs = [run for run in runs if run in latest]
    return runs


def members(run: Path) -> list[Path]:
    """Return the runs that a directory stands for: those that it holds, or itself."""
    # Runs that were trained side by side are named by the directory around them; `RUNS/*` names its plan too.
    if population.is_population(run):
        return population.directories(run)
    return runs_below([run], most=None) or [run]


def _below(folder: Path, deeper: int = 2) -> list[Path]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink())
    except OSError:
        return []
    found: list[Path] = []
    for entry in entries:
        if _is_run(entry):
            found.append(entry)
        elif deeper and (population.is_population(entry) or population.is_sweep(entry) or population.is_sweep(folder)):
            found += _below(entry, deeper - 1)
    return found


def _is_run(path: Path) -> bool:
    return (path / "config.json").is_file()


def _written(run: Path) -> float:
    times = []
    for name in ("metrics.jsonl", "config.json"):
        try:
            times.append((run / name).lstat().st_mtime)
        except OSError:
            continue
    return max(times, default=0.0)
