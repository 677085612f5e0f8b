"""Student: a diffusion model that begins as another one, and learns from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import keras
import tensorflow as tf

from generative.data.dataset import Dataset
from generative.diffusion import Diffusion
from generative.diffusion.parametrisation import denoiser
from lab.config import Settings
from lab.errors import UsageError, bad_value
from lab.runs.directory import RunDirectory

# What a student must share with its teacher, so that the one's weights mean the same in the other.
INHERITED = (
    *("schedule", "schedule_steps", "prediction", "data_scale", "network", "channels", "blocks", "attention"),
    *("patch", "hidden_sizes", "token_size", "depth", "heads", "conditional"),
)


class Student(Diffusion):
    """A diffusion model whose network begins with the averaged weights of a trained one, its teacher.

    The teacher's weights are part of the checkpoints, so that a run can be resumed without the teacher's.

    Args:
        config: The settings; then nothing is taken over from the teacher's settings.
        teacher: A trained `Diffusion`, or the directory of its run.
        settings: Those in `INHERITED` are the teacher's where they are not given.

    Raises:
        UsageError: When the teacher is none, or settings given differ from its own.
    """

    training_state: ClassVar[tuple[str, ...]] = (*Diffusion.training_state, "teacher", "taught")
    not_state: tuple[str, ...] = ("given",)

    def __init__(self, config: Settings | None = None, /, *, teacher: Any = None, **settings: Any) -> None:
        owner = type(self).__name__
        if isinstance(teacher, Diffusion):
            if not teacher.built:
                raise bad_value(owner, "teacher", "one that is not built", "a trained Diffusion", "train it first.")
            settings = self._taken_over(teacher.config.to_dict(), settings)
        elif isinstance(teacher, (str, os.PathLike)) and teacher:
            settings["teacher"] = os.fspath(teacher)
            # A resumed run gives all of its settings.
            if any(name not in settings for name in INHERITED):
                settings = self._taken_over(RunDirectory(teacher).read_config()["settings"], settings)
        elif teacher:
            raise bad_value(owner, "teacher", teacher, "a trained Diffusion, or the directory of its run")
        super().__init__(config, **settings)
        self.given = teacher if isinstance(teacher, Diffusion) else None

    @property
    def begins_trained(self) -> bool:
        return self.built and self.taught

    def _taken_over(self, theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
        owner = type(self).__name__
        if any(name not in theirs for name in INHERITED):
            raise bad_value(owner, "teacher", "the run of another learner", "the run of a diffusion model")
        for name in INHERITED:
            same = ours.get(name, theirs[name])
            if (list(same) if isinstance(same, tuple) else same) != theirs[name]:
                raise bad_value(owner, name, same, f"the teacher's, {theirs[name]!r}", "leave it out.")
        return {**ours, **{name: _as_given(theirs[name]) for name in INHERITED}}

    def unread_settings(self) -> dict[str, str]:
        # Many are its teacher's, and not chosen here.
        return {}

    def build(self) -> None:
        super().build()
        self.teacher: keras.Model = self.make_network()
        self.taught = False
        source = self.given
        followed = self.follows and self.config.teacher
        if source is None and followed and (Path(self.config.teacher) / "config.json").exists():
            source = Diffusion.load(self.config.teacher)
        if source is None:
            return
        if not source.takes(self.spec) or source.classes != self.classes:
            raise bad_value(type(self).__name__, "teacher", f"one that was trained on {source.spec}", f"{self.spec}")
        for network in (self.teacher, self.network, self.average.network):
            copy_weights(source.average.network, network)
        self.taught = True

    def check_training(self) -> None:
        super().check_training()
        if not self.taught:
            raise UsageError(
                f"{type(self).__name__}: teacher received {self.config.teacher!r}, which is no run here; expected a "
                f"trained Diffusion, or the directory of its run. Fix: {type(self).__name__}(teacher=...)."
            )

    def teach(self, x: tf.Tensor, alpha: tf.Tensor, sigma: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        """Return the clean rows, float32 (B, ...), that the teacher sees in x (B, ...) at alpha and sigma (B,)."""
        plain = super().make_parametrisation()
        return denoiser(self.teacher, plain, self.config.data_scale, labels, limit=self.limit)(x, alpha, sigma)

    def frame_steps(self, most: int) -> int:
        return int(self.config.steps)

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return nothing: a student knows a few levels only, and the bits per dimension ask for a denoiser at all."""
        return {}


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give a network the weights of another one of its architecture, but not its streams of random numbers."""
    for theirs, mine in zip(source.weights, target.weights, strict=True):
        mine.assign(theirs)


def _as_given(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
