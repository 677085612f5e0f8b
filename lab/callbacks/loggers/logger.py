"""Logger: the base of callbacks that send what a run logs to a service that people look at."""

from __future__ import annotations

import importlib.util
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lab.callbacks.base import Callback
from lab.callbacks.loggers import names
from lab.errors import CheckpointError, MissingPackageError
from lab.files.links import refuse_links

if TYPE_CHECKING:
    from lab.callbacks.run import Run
    from lab.results.evaluation import Evaluation

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Logger(Callback, ABC):
    """Sends settings, rows, evaluations, pictures and films of a run to a service, and histograms of its weights.

    It draws no random numbers and changes nothing of the run. Its state is the name of the service's run, with which a
    resumed run goes on there: what has arrived is not sent a second time, what a kill kept from arriving is sent again.

    A service is a subclass: `open`, `log_settings`, `log_scalars`, `log_picture`, `log_film`, `log_histogram`, `close`.

    Args:
        every: Training steps between histograms of the weights; None for none.

    Attributes:
        service: Its name: for messages, `lab train --log` and the extra to install.
        run_id: What the service calls the run; None until it has been opened.
        reached: The last step that has arrived there, by the name of what was logged; under "" that of all names.
    """

    service: ClassVar[str] = ""
    acts_on_rows: ClassVar[bool] = False
    not_state: tuple[str, ...] = ("is_open", "reached", "latest")

    def __init__(self, every: int | None = None) -> None:
        super().__init__(every)
        self.run_id: str | None = None
        self.is_open = False
        self.reached: Mapping[str, int] = {}
        self.latest: Mapping[str, float] = {}

    # ---------------------------------------------------------------- what a service does

    @abstractmethod
    def open(self, run: Run) -> Mapping[str, int]:
        """Open the service's run `run_id`, or a new one where that is None, and set it.

        Returns:
            As the attribute `reached`.
        """

    @abstractmethod
    def log_settings(self, settings: Mapping[str, Any]) -> None:
        """Log what the run was given: numbers, texts, flags and None by name."""

    @abstractmethod
    def log_scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log finite numbers by name."""

    @abstractmethod
    def log_picture(self, step: int, name: str, path: Path) -> None:
        """Log a .png."""

    @abstractmethod
    def log_film(self, step: int, name: str, path: Path) -> None:
        """Log a .gif or .mp4."""

    @abstractmethod
    def log_histogram(self, step: int, name: str, values: np.ndarray) -> None:
        """Log the distribution of finite numbers, float64 (n,)."""

    def flush(self) -> None:
        """Hand on what is held back (hook); a checkpoint is about to be written."""

    @abstractmethod
    def close(self, finished: bool) -> None:
        """End the service's run for now.

        Args:
            finished: Whether training has come to its end, and was not stopped by a signal or an error.
        """

    # ---------------------------------------------------------------- what calls it

    def check_training(self, experiment: Run) -> None:
        check_package(self.service)

    def on_train_begin(self, experiment: Run) -> None:
        self.leave(experiment)
        new = self.run_id is None
        self.reached = self.open(experiment)
        self.is_open = True
        if new:
            self.log_settings(names.settings(experiment))
        for step, values in names.recorded(experiment):
            self._send(step, values)
            self.latest = {n: v for n, v in values.items() if n.startswith(names.EVALUATION)} or self.latest

    def on_log(self, experiment: Run, row: Mapping[str, Any]) -> None:
        self._send(row["step"], names.of_row(row))

    def on_evaluation(self, experiment: Run, evaluation: Evaluation) -> None:
        self.latest = names.of_evaluation(evaluation)
        self._send(experiment.step, self.latest)

    def on_render(self, experiment: Run, path: Path, kind: str) -> None:
        if not self._has(experiment.step, kind):
            (self.log_picture if path.suffix == ".png" else self.log_film)(experiment.step, kind, path)

    def on_interval(self, experiment: Run) -> None:
        for name, values in names.weights(experiment.learner):
            if not self._has(experiment.step, name):
                self.log_histogram(experiment.step, name, values)

    def on_train_end(self, experiment: Run) -> None:
        final = self.latest or names.of_row(experiment.history.rows[-1])
        self._send(experiment.step, {f"final/{name.partition('/')[2]}": value for name, value in final.items()})
        self.is_open = False
        self.close(finished=True)

    def leave(self, experiment: Run) -> None:
        if self.is_open:
            self.is_open = False
            self.close(finished=False)

    def _send(self, step: int, values: Mapping[str, float]) -> None:
        if left := {name: value for name, value in values.items() if not self._has(step, name)}:
            self.log_scalars(step, left)

    def _has(self, step: int, name: str) -> bool:
        return step <= max(self.reached.get(name, -1), self.reached.get("", -1))

    # ---------------------------------------------------------------- state and folders

    def get_state(self) -> dict[str, Any]:
        # What a checkpoint counts as logged must have left this process, or a kill could lose it.
        if self.is_open:
            self.flush()
        return super().get_state()

    def set_state(self, state: Mapping[str, Any]) -> None:
        found = state.get("run_id")
        if found is not None and not (isinstance(found, str) and _ID.fullmatch(found)):
            raise CheckpointError(
                f"{type(self).__name__}.run_id: the checkpoint holds {found!r:.80}; expected up to 64 letters, digits, "
                "'-' and '_'. Fix: delete this checkpoint, and the one before it counts."
            )
        super().set_state(state)

    def folder(self, run: Run) -> Path | None:
        """Return the service's folder inside the run's directory; None where there is no directory.

        Raises:
            ForeignFileError: When it is a link.
        """
        if run.directory is None:
            return None
        path: Path = run.directory.path / self.service
        refuse_links(path, run.directory.path)
        return path


def check_package(service: str) -> None:
    """Check that a service's package, which has its name, is installed, without importing it.

    Raises:
        MissingPackageError: When it is not, with what installs it.
    """
    found = importlib.util.find_spec(service)
    # A folder of that name in the working directory, as services leave there, is no package.
    if found is None or found.origin is None:
        raise MissingPackageError(
            f'logging to {service} takes the package {service}, which is not installed. Fix: pip install "keras-lab'
            f'[{service}]".'
        )
