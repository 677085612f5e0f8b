"""TensorBoard: event files in the run's own folder, written as they come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.callbacks.loggers import names
from lab.callbacks.loggers.logger import Logger
from lab.errors import RunDirectoryError, UsageError
from lab.media.as_gif import as_gif

if TYPE_CHECKING:
    from lab.callbacks.run import Run

# Of a histogram; TensorBoard shows 30.
BINS = 30


class TensorBoardLogger(Logger):
    """Writes event files into the run's folder `tensorboard/`; `tensorboard --logdir runs` shows those of all runs.

    It writes them by TensorFlow's own record writer, row by row, so that a kill loses none; no operation is added to
    any program. A resumed run begins a further file, which says from which step on the earlier ones no longer count.

    Args:
        every: Training steps between histograms of the weights; None for none.
    """

    service = "tensorboard"
    not_state: tuple[str, ...] = ("writer", "name")

    def __init__(self, every: int | None = None) -> None:
        super().__init__(every)
        self.writer: Any = None
        self.name = ""

    def check_training(self, experiment: Run) -> None:
        super().check_training(experiment)
        if experiment.directory is None:
            raise UsageError(
                "TensorBoardLogger: the experiment has no run directory to write into. "
                "Fix: Experiment(..., run_dir='runs/NAME'), or leave it out."
            )

    def open(self, run: Run) -> Mapping[str, int]:
        import tensorflow as tf

        folder = self.folder(run)
        if folder is None or run.directory is None:
            raise UsageError("TensorBoardLogger: the experiment has no run directory. Fix: give it one.")
        folder.mkdir(exist_ok=True)
        number = len(list(folder.glob("events.out.tfevents.*")))
        path = folder / f"events.out.tfevents.{number:06d}"
        known = self.run_id is not None
        self.run_id, self.name = "events", run.directory.path.name
        # TensorBoard reads files in the order of their names; a time in them would make equal runs differ.
        self.writer = tf.io.TFRecordWriter(str(path))
        self._write(tf.compat.v1.Event(file_version="brain.Event:2"))
        if number:
            # One that was not attached to the run's earlier part writes all of it anew.
            started = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
            self._write(tf.compat.v1.Event(session_log=started, step=run.step + 1 if known else 0))
        return {n: step for step, values in names.recorded(run) for n in values} if known else {}

    def log_settings(self, settings: Mapping[str, Any]) -> None:
        from tensorboard.plugins.hparams import summary_v2

        plain = {name: names.plain(value) for name, value in settings.items()}
        found = summary_v2.hparams_pb(plain, trial_id=self.name)
        self._write_summary(0, serialized=found.SerializeToString())

    def log_scalars(self, step: int, values: Mapping[str, float]) -> None:
        import tensorflow as tf

        one = tf.compat.v1.Summary.Value
        self._write_summary(step, [one(tag=name, simple_value=value) for name, value in values.items()])

    def log_picture(self, step: int, name: str, path: Path) -> None:
        self._write_image(step, name, path.read_bytes())

    def log_film(self, step: int, name: str, path: Path) -> None:
        self._write_image(step, name, as_gif(path))

    def log_histogram(self, step: int, name: str, values: np.ndarray) -> None:
        import tensorflow as tf

        counts, edges = np.histogram(values, BINS)
        found = tf.compat.v1.HistogramProto(
            min=values.min(),
            max=values.max(),
            num=values.size,
            sum=values.sum(),
            sum_squares=np.square(values).sum(),
            # Each limit is the right end of a bucket, so that the first ends where the first bin begins.
            bucket_limit=edges,
            bucket=[0, *counts],
        )
        self._write_summary(step, [tf.compat.v1.Summary.Value(tag=name, histo=found)])

    def close(self, finished: bool) -> None:
        self.writer.close()
        self.writer = None

    def _write_image(self, step: int, name: str, encoded: bytes) -> None:
        import tensorflow as tf

        found = tf.compat.v1.Summary.Image(encoded_image_string=encoded, colorspace=3)
        self._write_summary(step, [tf.compat.v1.Summary.Value(tag=name, image=found)])

    def _write_summary(self, step: int, values: Any = (), serialized: bytes = b"") -> None:
        import tensorflow as tf

        found = tf.compat.v1.Summary.FromString(serialized)
        found.value.extend(values)
        self._write(tf.compat.v1.Event(step=step, summary=found))

    def _write(self, event: Any) -> None:
        import tensorflow as tf

        event.wall_time = time.time()
        try:
            self.writer.write(event.SerializeToString())
            self.writer.flush()
        except tf.errors.OpError as error:
            raise RunDirectoryError(
                f"TensorBoardLogger: the event file cannot be written: {error.message}. Fix: see that there is space."
            ) from error
