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
from lab.files.reading.rows import read_lines
from lab.reporting.html.formats import number
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory

CHECKPOINT = re.compile(r"(step|best)-([0-9]{1,15})")
NOT_METRICS = frozenset({"step", "purpose", "learner", "returns", "lengths"})

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
        metrics: Rows of metrics.jsonl, by step.
        evaluations: Rows of evaluations.jsonl, as they were written.
        checkpoints: By step.
        notes: What could not be read, to show on the page.
    """

    path: Path
    config: Row
    metrics: list[Row]
    evaluations: list[Row]
    checkpoints: list[CheckpointRecord]
    notes: list[str]

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
    def step(self) -> int:
        """The last step that left a trace."""
        rows = [row["step"] for row in (*self.metrics, *self.evaluations)]
        return max([*rows, *(c.step for c in self.checkpoints)], default=0)

    @cached_property
    def seconds(self) -> float | None:
        """The training's time by the clock."""
        times = [number(row.get("time_elapsed")) for row in reversed(self.metrics)]
        return next((time for time in times if time is not None), None)

    @cached_property
    def steps_per_second(self) -> float | None:
        """The whole training's mean speed, evaluations and checkpoints included."""
        return self.metrics[-1]["step"] / self.seconds if self.metrics and self.seconds else None


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
    metrics = sorted(_rows(directory.metrics, notes), key=lambda row: row["step"])
    evaluations = _rows(directory.evaluations, notes)
    return RunRecord(directory.path, config, metrics, evaluations, _checkpoints(directory.checkpoints, notes), notes)


def metric_names(rows: list[Row]) -> list[str]:
    """Return the names under which any row has a number, in the order they first appear."""
    return list(dict.fromkeys(k for row in rows for k, v in row.items() if number(v) is not None and _is_metric(k)))


def _is_metric(name: str) -> bool:
    return name not in NOT_METRICS and not name.startswith("time_")


def _mapping(value: object) -> Row:
    return value if isinstance(value, dict) else {}


def _rows(path: Path, notes: list[str]) -> list[Row]:
    try:
        lines = read_lines(path, path.parent)
    except UsageError as error:
        notes.append(f"{path.name}: cannot be read. {error}")
        return []
    rows = [line.row for line in lines if line.row is not None]
    bad = [line.number for line in lines if line.row is None]
    if bad:
        others = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
        notes.append(f"{path.name}: line {bad[0]}{others} could not be read as a row with a step and is left out.")
    return rows


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
