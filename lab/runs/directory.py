"""The directory of one run: who may write it, and where its files are."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import CheckpointError, RunDirectoryError
from lab.files import leftovers
from lab.files.atomic import write_whole
from lab.files.links import refuse_links
from lab.messages.notes import warn
from lab.runs import checkpoints, lock, population, settings_file
from lab.runs.opening.config import read_config


class RunDirectory:
    """Names the files of a run and claims the directory for it.

    Args:
        path: The run's directory; it need not exist yet.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise RunDirectoryError(f"run directory received {path!r}; expected a path. Fix: give its name as a text.")
        self.path = Path(path).absolute()
        self.config_path = self.path / "config.json"
        self.settings = self.path / settings_file.NAME
        self.metrics = self.path / "metrics.jsonl"
        self.evaluations = self.path / "evaluations.jsonl"
        self.checkpoints = self.path / "checkpoints"
        self.videos = self.path / "videos"
        self.samples = self.path / "samples"
        self.exports = self.path / "exports"
        self.report = self.path / "report.html"
        self.lock = lock.RunLock(self.path)

    def check_free(self) -> None:
        """Check that a new run may be written here, without writing.

        Raises:
            RunDirectoryError: When the path holds files, is no directory or cannot be written.
        """
        if self.path.exists() and not self.path.is_dir():
            raise RunDirectoryError(f"run directory {self.path} is a file. Fix: choose another path.")
        if self.config_path.exists():
            raise RunDirectoryError(
                f"run directory {self.path} already holds a run. "
                f"Fix: choose another, or go on with it: `lab resume {self.path}` or Experiment.resume(...)."
            )
        if self.path.is_dir() and any(self._is_somebodys(entry) for entry in self.path.iterdir()):
            raise RunDirectoryError(f"run directory {self.path} is not empty. Fix: choose a new or empty one.")
        parent = next(p for p in (self.path, *self.path.parents) if p.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise RunDirectoryError(
                f"run directory {self.path} cannot be made: {parent} is not writable. Fix: choose another path."
            )

    def _is_somebodys(self, entry: Path) -> bool:
        # A process that was killed as it began here has left nothing that anybody misses.
        return entry.name != lock.NAME and not leftovers.is_leftover(entry)

    def tidy(self) -> None:
        """Remove what killed processes left behind, unless somebody writes the run or nobody may."""
        with contextlib.suppress(RunDirectoryError), self.lock.hold():
            leftovers.clean(self.path)

    def check_links(self) -> None:
        """Check that none of the run's own files and folders is a link, of which none is ever followed.

        Raises:
            ForeignFileError: Naming the link.
        """
        own = (self.metrics, self.evaluations, self.checkpoints, self.videos, self.samples, self.exports)
        for path in (self.config_path, self.settings, *own, self.report):
            refuse_links(path, self.path)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write the run's config.json, whole or not at all."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_whole(self.config_path, json.dumps(config, indent=2, sort_keys=True) + "\n")
        except OSError as error:
            raise RunDirectoryError(f"run directory {self.path} cannot be written: {error}.") from error

    def read_config(self) -> dict[str, Any]:
        """Return the run's configuration.

        Raises:
            RunDirectoryError: When there is no run here, or its config.json is damaged or beyond the limits of
                `lab.runs.opening.config`.
        """
        if not os.path.lexists(self.config_path):
            self._check_is_one()
        return read_config(self.config_path)

    def _check_is_one(self) -> None:
        if population.is_sweep(self.path):
            raise RunDirectoryError(
                f"{self.path} holds a sweep. Fix: name a run of it; `lab evaluate {self.path}` says which is best."
            )
        if population.is_population(self.path):
            first: Path | None = self.path / population.read(self.path).members[0].name
        else:
            first = next((config.parent for config in sorted(self.path.glob("*/config.json"))), None)
        if first is not None:
            raise RunDirectoryError(f"{self.path} holds several runs. Fix: name one of them, such as {first}.")

    def newest_step(self) -> int:
        """Return the step of the newest checkpoint, whole or not; -1 where there is none."""
        found = checkpoints.listed(self.checkpoints, "step")
        return checkpoints.step_of(found[-1]) if found else -1

    def find_checkpoint(self, which: str = "last") -> Path | None:
        """Return the newest whole checkpoint of a kind, or None where the run has none.

        Args:
            which: `last` for the newest, `best` for the best kept by evaluation, or the newest if none was kept or
                (with a warning) none is whole.

        Raises:
            CheckpointError: When there are checkpoints and none that would do is whole.
            ForeignFileError: When the folder of checkpoints is a link.
        """
        if which not in ("last", "best"):
            raise CheckpointError(f"which received {which!r}; expected 'best' or 'last'.")
        damage: CheckpointError | None = None
        if which == "best":
            try:
                best = checkpoints.newest(checkpoints.listed(self.checkpoints, "best"))
            except CheckpointError as error:
                best, damage = None, error
            if best is not None:
                return best
        last = checkpoints.newest(checkpoints.listed(self.checkpoints, "step"))
        if damage is not None:
            if last is None:
                raise damage
            warn(f"the best checkpoint is damaged; the newest one, {last}, stands in for it", stacklevel=2)
        return last
