"""trackio: a local dashboard without an account, or a Space of Hugging Face."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.callbacks.loggers import names
from lab.callbacks.loggers.logger import Logger

if TYPE_CHECKING:
    from lab.callbacks.run import Run


class TrackioLogger(Logger):
    """Sends the run to trackio; `trackio show` opens the dashboard.

    trackio writes into a folder of its own (`TRACKIO_DIR`), outside the run, so that it can show runs side by side.

    Args:
        every: Training steps between histograms of the weights; None for none.
        project: Of trackio.
    """

    service = "trackio"
    not_state: tuple[str, ...] = ("project", "run")

    def __init__(self, every: int | None = None, project: str = "lab") -> None:
        super().__init__(every)
        self.project = project
        self.run: Any = None

    def open(self, run: Run) -> Mapping[str, int]:
        import trackio
        from trackio import context_vars
        from trackio.sqlite_storage import SQLiteStorage

        if self.run_id is None:
            name = run.learner.name if run.directory is None else run.directory.path.name
            # trackio knows runs by their names.
            self.run_id = f"{re.sub('[^A-Za-z0-9_-]', '-', name)[:50]}-{secrets.token_hex(4)}"
        found: dict[str, int] = {}
        if self.run_id in SQLiteStorage.get_runs(self.project):
            for name in SQLiteStorage.get_all_metrics_for_run(self.project, self.run_id):
                values = SQLiteStorage.get_metric_values(self.project, self.run_id, name)
                found[name] = max(value["step"] for value in values)
        # It would end the run that is open, which may be another one trained beside this.
        token = context_vars.current_run.set(None)
        described = {name: names.plain(value) for name, value in names.settings(run).items()}
        try:
            self.run = trackio.init(
                self.project, name=self.run_id, resume="allow", config=described, embed=False, auto_log_cpu=False
            )
        finally:
            context_vars.current_run.reset(token)
        return found

    def log_settings(self, settings: Mapping[str, Any]) -> None:
        """Do nothing: trackio takes them as it opens a run."""

    def log_scalars(self, step: int, values: Mapping[str, float]) -> None:
        self.run.log(dict(values), step=step)

    def log_picture(self, step: int, name: str, path: Path) -> None:
        import trackio

        self.run.log({name: trackio.Image(path)}, step=step)

    def log_film(self, step: int, name: str, path: Path) -> None:
        import trackio

        self.run.log({name: trackio.Video(path)}, step=step)

    def log_histogram(self, step: int, name: str, values: np.ndarray) -> None:
        import trackio

        self.run.log({name: trackio.Histogram(np_histogram=np.histogram(values, 64))}, step=step)

    def close(self, finished: bool) -> None:
        self.run.finish()
        self.run = None
