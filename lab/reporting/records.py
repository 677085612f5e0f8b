"""RunRecord: what the files of a run say, with a note for each thing that cannot be read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lab.errors import RunDirectoryError, UsageError
from lab.files.links import list_folder
from lab.files.reading.rows import each_line, read_lines
from lab.reporting.curves.columns import MOST_NAMES, Columns, is_metric
from lab.reporting.html.formats import number
from lab.runs import checkpoints, lock
from lab.runs.directory import RunDirectory
from lab.runs.opening.sessions import Session, sessions_of

CHECKPOINT = re.compile(r"(step|best)-([0-9]{1,15})")

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class CheckpointRecord:
    """One checkpoint, as its manifest describes it."""

    kind: str
    step: int
    digest: str
    size: float | None
    score: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """What is known of a run.

    Attributes:
        path: The run's directory.
        config: Its config.json.
        metrics: The numbers of metrics.jsonl.
        evaluations: Rows of evaluations.jsonl, as they were written.
        checkpoints: By step.
        notes: What could not be read, to show on the page.
        running: Whether a process is writing the run now.
    """

    path: Path
    config: Row
    metrics: Columns
    evaluations: list[Row]
    checkpoints: list[CheckpointRecord]
    notes: list[str]
    running: bool = False

    @property
    def learner(self) -> str:
        """The learner's name."""
        return str(self.config["learner"])

    @property
    def source(self) -> str:
        """The source's name, or what kind of object it was."""
        name = self.config["source"]
        return str(name) if name is not None else f"custom {self.task.get('source_kind', 'source')}"

    @property
    def seed(self) -> int:
        """The run's seed."""
        return int(self.config["seed"])

    @property
    def settings(self) -> Row:
        """The learner's settings."""
        return dict(self.config["settings"])

    @property
    def task(self) -> Row:
        """What the run's data is."""
        return dict(self.config["task"])

    @property
    def versions(self) -> Row:
        """The versions that decided the run's numbers."""
        return _mapping(self.config.get("versions"))

    @property
    def acts(self) -> bool:
        """Whether it is of an agent, in environments or on recorded episodes."""
        return "action_space" in self.task

    @property
    def unit(self) -> str:
        """What a step is."""
        named = self.config.get("unit")
        if isinstance(named, str):
            return named
        return "environment steps" if self.acts else "updates" if "data" in self.task else "steps"

    @cached_property
    def sessions(self) -> list[Session]:
        """The processes that trained the run, in their order; those of earlier versions are not known."""
        return sessions_of(self.config)

    @cached_property
    def step(self) -> int:
        """The last step that left a trace."""
        rows = [self.metrics.last.get("step", 0), *(row["step"] for row in self.evaluations)]
        return max([*rows, *(c.step for c in self.checkpoints)], default=0)

    @property
    def seconds(self) -> float | None:
        """The training's time by the clock."""
        return self.metrics.seconds

    @cached_property
    def steps_per_second(self) -> float | None:
        """The whole training's mean speed, evaluations and checkpoints included."""
        return self.metrics.last["step"] / self.seconds if self.metrics and self.seconds else None


def read_run(path: str | Path) -> RunRecord:
    """Read the files of a run.

    Raises:
        RunDirectoryError: When there is no run, or its config.json cannot be read.
    """
    directory = RunDirectory(path)
    try:
        config = directory.read_config()
    except RecursionError:
        raise RunDirectoryError(
            f"{directory.config_path} cannot be read: it is nested too deeply. Fix: restore the file."
        ) from None
    notes: list[str] = []
    if not isinstance(config.get("versions"), dict):
        notes.append("config.json: 'versions' is missing or no object.")
    # Whether somebody writes first: what is read after that is at least as new.
    running = lock.is_held(directory.path)
    metrics = _columns(directory.metrics, notes)
    return record_of(directory, config, metrics, notes, running)


def record_of(
    directory: RunDirectory, config: Row, metrics: Columns, notes: list[str], running: bool = False
) -> RunRecord:
    """Return the record of a run whose rows were read already.

    Args:
        directory: The run's.
        config: Its config.json.
        metrics: Its rows.
        notes: What could not be read so far; takes more.
        running: Whether a process is writing the run now.
    """
    if metrics.full:
        notes.append(f"metrics.jsonl: has more than {MOST_NAMES:,} names of metrics; the others are left out.")
    evaluations = _rows(directory.evaluations, notes)
    found = _checkpoints(directory.checkpoints, notes)
    return RunRecord(directory.path, config, metrics, evaluations, found, notes, running)


def metric_names(rows: list[Row]) -> list[str]:
    """Return the names under which any row has a number, in the order they first appear."""
    return list(dict.fromkeys(k for row in rows for k, v in row.items() if number(v) is not None and is_metric(k)))


def _mapping(value: object) -> Row:
    return value if isinstance(value, dict) else {}


def _rows(path: Path, notes: list[str]) -> list[Row]:
    try:
        lines = read_lines(path, path.parent)
    except UsageError as error:
        notes.append(f"{path.name}: cannot be read. {error}")
        return []
    note_damage(path.name, [line.number for line in lines if line.row is None], notes)
    return [line.row for line in lines if line.row is not None]


def _columns(path: Path, notes: list[str]) -> Columns:
    found, bad = Columns(), []
    try:
        for line in each_line(path, path.parent):
            if line.row is None:
                bad.append(line.number)
            else:
                found.add(line.row)
    except UsageError as error:
        notes.append(f"{path.name}: cannot be read. {error}")
        return Columns()
    note_damage(path.name, bad, notes)
    return found


def note_damage(name: str, bad: list[int], notes: list[str]) -> None:
    """Say which lines of a file could not be read, if any."""
    if bad:
        others = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
        notes.append(f"{name}: line {bad[0]}{others} could not be read as a row with a step and is left out.")


def _checkpoints(parent: Path, notes: list[str]) -> list[CheckpointRecord]:
    found = []
    try:
        entries = list_folder(parent, parent.parent)
    except (OSError, UsageError) as error:
        notes.append(f"checkpoints/: cannot be read. {error}")
        return []
    for entry in entries:
        match, directory = CHECKPOINT.fullmatch(entry.name), parent / entry.name
        if match is None or not entry.is_dir():
            continue
        try:
            manifest = checkpoints.manifest_of(directory)
            sizes = [number(about["bytes"]) for about in manifest["files"].values()]
            digest = checkpoints.digest(directory)
        except UsageError:
            notes.append(f"checkpoints/{directory.name}: the manifest is damaged; resuming would skip this checkpoint.")
            continue
        size = None if None in sizes else float(sum(size for size in sizes if size is not None))
        score = _mapping(_mapping(manifest.get("notes")).get("score"))
        found.append(CheckpointRecord(match[1], int(match[2]), digest, size, score))
    return sorted(found, key=lambda c: (c.step, c.kind))
