"""Weights & Biases, online or offline."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.callbacks.loggers.logger import Logger
from lab.callbacks.loggers.wandb_offline import reached
from lab.errors import UsageError

if TYPE_CHECKING:
    import os

    from lab.callbacks.run import Run


class WandbLogger(Logger):
    """Sends the run to Weights & Biases; offline into the run's folder `wandb/`, from where `wandb sync` takes it.

    Project, entity, mode and folder are W&B's own settings where they are not given here (`WANDB_PROJECT`,
    `WANDB_MODE=offline`, `WANDB_DIR`). A resumed run goes on under the same id; offline in a further part of it.

    Args:
        every: Training steps between histograms of the weights; None for none.
        project: Of W&B.
        mode: `online`, `offline`, or None for W&B's own setting.
        folder: Where W&B writes; None for the run's directory.
    """

    service = "wandb"
    not_state: tuple[str, ...] = ("project", "mode", "place", "run")

    def __init__(
        self,
        every: int | None = None,
        project: str | None = None,
        mode: str | None = None,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(every)
        self.project = project
        self.mode = mode
        self.place = folder
        self.run: Any = None

    def open(self, run: Run) -> Mapping[str, int]:
        import wandb

        own = self.folder(run)
        place = self.place if self.place is not None or own is None else own.parent
        self.run_id = self.run_id or secrets.token_hex(4)
        chosen: Any = {"mode": self.mode, "reinit": "create_new", "resume": "allow"}
        try:
            self.run = wandb.init(
                project=self.project,
                name=None if run.directory is None else run.directory.path.name,
                id=self.run_id,
                dir=place,
                # Our output stays as it is, and is not copied.
                settings=wandb.Settings(console="off"),
                **chosen,
            )
        except Exception as error:
            # W&B's service raises kinds of its own, too.
            raise UsageError(
                f"WandbLogger: {error}. Fix: `wandb login`, or WANDB_MODE=offline, which takes no account."
            ) from error
        if self.run.offline:
            settings = self.run.settings
            return reached(Path(settings.wandb_dir), self.run_id, Path(settings.sync_file))
        # W&B takes no step again that it has.
        return {"": self.run.step - 1}

    def log_settings(self, settings: Mapping[str, Any]) -> None:
        self.run.config.update(dict(settings), allow_val_change=True)

    def log_scalars(self, step: int, values: Mapping[str, float]) -> None:
        self.run.log(dict(values), step=step)

    def log_picture(self, step: int, name: str, path: Path) -> None:
        import wandb

        self.run.log({name: wandb.Image(str(path))}, step=step)

    def log_film(self, step: int, name: str, path: Path) -> None:
        import wandb

        kind: Any = path.suffix[1:]
        self.run.log({name: wandb.Video(str(path), format=kind)}, step=step)

    def log_histogram(self, step: int, name: str, values: np.ndarray) -> None:
        import wandb

        self.run.log({name: wandb.Histogram(np_histogram=np.histogram(values, 64))}, step=step)

    def close(self, finished: bool) -> None:
        self.run.finish(exit_code=0 if finished else 1)
        self.run = None
