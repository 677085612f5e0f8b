"""MLflow: its tracking server, or a local folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.callbacks.loggers import names
from lab.callbacks.loggers.logger import Logger
from lab.errors import UsageError
from lab.messages.notes import warn

if TYPE_CHECKING:
    from lab.callbacks.run import Run

# A call takes as long for one number as for hundreds, so they are held back for so many, or for so many seconds.
MOST_HELD, SHORTEST, LONGEST = 500, 1.0, 5.0
SETTING = 6_000


class MLFlowLogger(Logger):
    """Sends the run to MLflow; it asks the store how far a resumed run has got there.

    Histograms, which MLflow has none of, are logged as five numbers: minimum, quartiles and maximum.

    Args:
        every: Training steps between histograms of the weights; None for none.
        uri: A local folder, which then holds an SQLite file and pictures, or any URI of MLflow's; None for
            `MLFLOW_TRACKING_URI`, or where that is not set, the run's own folder `mlflow/`.
        experiment: MLflow's experiment, which is made if there is none.
    """

    service = "mlflow"
    not_state: tuple[str, ...] = ("uri", "experiment", "client", "held", "sent")

    def __init__(
        self, every: int | None = None, uri: str | os.PathLike[str] | None = None, experiment: str = "lab"
    ) -> None:
        super().__init__(every)
        self.uri = uri
        self.experiment = experiment
        self.client: Any = None
        self.held: list[Any] = []
        self.sent = 0.0

    def check_training(self, experiment: Run) -> None:
        super().check_training(experiment)
        if self._store(experiment) is None:
            raise UsageError(
                "MLFlowLogger: the experiment has no run directory, and no store is named. "
                "Fix: MLFlowLogger(uri='FOLDER'), MLFLOW_TRACKING_URI, or Experiment(..., run_dir=...)."
            )

    def _store(self, run: Run) -> str | os.PathLike[str] | None:
        return self.uri or os.environ.get("MLFLOW_TRACKING_URI") or self.folder(run)

    def open(self, run: Run) -> Mapping[str, int]:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        place, files = str(self._store(run)), None
        if ":" not in place:
            folder = Path(place).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            place, files = f"sqlite:///{folder / 'mlflow.db'}", (folder / "files").as_uri()
        try:
            self.client = MlflowClient(tracking_uri=place)
            if self.run_id is None:
                found = self.client.get_experiment_by_name(self.experiment)
                parent = found.experiment_id if found else self.client.create_experiment(self.experiment, files)
                name = None if run.directory is None else run.directory.path.name
                self.run_id = self.client.create_run(parent, run_name=name).info.run_id
                return {}
            self.client.update_run(self.run_id, status="RUNNING")
            known = self.client.get_run(self.run_id).data.metrics
            return {n: max(m.step for m in self.client.get_metric_history(self.run_id, n)) for n in known}
        except MlflowException as error:
            raise UsageError(
                f"MLFlowLogger: {place} cannot be logged to: {error}. Fix: name the store the run was begun in."
            ) from error

    def log_settings(self, settings: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        plain = {name: str(names.plain(value))[:SETTING] for name, value in settings.items()}
        self.client.log_batch(self.run_id, params=[Param(name, value) for name, value in plain.items()])

    def log_scalars(self, step: int, values: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = time.time()
        self.held += [Metric(name, value, int(1000 * now), step) for name, value in values.items()]
        if (len(self.held) >= MOST_HELD and now - self.sent > SHORTEST) or now - self.sent > LONGEST:
            self.flush()

    def log_picture(self, step: int, name: str, path: Path) -> None:
        # Under a name with its step: logged again, it takes the same place.
        self._try(lambda: self.client.log_artifact(self.run_id, str(path), name))

    log_film = log_picture

    def log_histogram(self, step: int, name: str, values: np.ndarray) -> None:
        ends = ("min", "quartile_1", "median", "quartile_3", "max")
        found = np.quantile(values, (0.0, 0.25, 0.5, 0.75, 1.0))
        numbers = {f"{name}/{end}": float(value) for end, value in zip(ends, found, strict=True)}
        self.log_scalars(step, {n: value for n, value in numbers.items() if step > self.reached.get(n, -1)})

    def flush(self) -> None:
        while self.held:
            part = self.held[:MOST_HELD]
            if not self._try(lambda part=part: self.client.log_batch(self.run_id, metrics=part)):
                break
            self.held = self.held[MOST_HELD:]
        self.sent = time.time()

    def _try(self, call: Callable[..., Any]) -> bool:
        from mlflow.exceptions import MlflowException

        try:
            call()
        except MlflowException as error:
            # A server that is away for a while must not end a training of days; what is held back is tried again.
            warn(f"MLFlowLogger: MLflow did not take what was logged, and is asked again: {error}", stacklevel=2)
            return False
        return True

    def close(self, finished: bool) -> None:
        self.flush()
        if self.held:
            warn(f"MLFlowLogger: {len(self.held):,} numbers are not in MLflow; they are in metrics.jsonl", stacklevel=2)
            self.held = []
        self._try(lambda: self.client.set_terminated(self.run_id, status="FINISHED" if finished else "KILLED"))
        self.client = None
