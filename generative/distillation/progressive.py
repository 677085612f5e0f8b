"""ProgressiveDistillation: halves a diffusion model's steps, again and again."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.base import Batch
from generative.diffusion.parametrisation import along, noised
from generative.diffusion.schedules import Schedule, stratified
from generative.diffusion.settings import DiffusionSettings
from generative.distillation.levels import Nested
from generative.distillation.student import Student, copy_weights
from lab.config import Settings, setting
from lab.errors import bad_value

# What is left of the step size when a student is done, so that training on still does something.
LEAST_RATE = 0.02


def students(config: Any) -> int:
    """Return how many students there are, each with half the steps of the one before."""
    return int(np.log2(config.first_steps / config.steps)) + 1


@dataclasses.dataclass(frozen=True)
class ProgressiveDistillationSettings(DiffusionSettings):
    """The settings of `ProgressiveDistillation` beside those that its teacher decides."""

    teacher: str = setting("", "directory of the run of the diffusion model to begin with", path=True)
    first_steps: int = setting(
        32, "steps of the first student; its teacher takes twice as many", at_least=1, at_most=50_000
    )
    steps: int = setting(4, "steps of the last student, with which rows are drawn", at_least=1, at_most=50_000)
    updates_per_halving: int | None = setting(
        None, "updates of each student; none for equal parts of the run", at_least=1,
        of_run=lambda c: 1.0 / students(c),
    )  # fmt: skip
    sampler: str = setting("ddim", "how rows are drawn; students learn steps of ddim", choices=("ddim", "euler"))
    min_snr: float | None = setting(None, "cap on the SNR that weights the loss; none for equal weights", above=0)
    dropout: float = setting(0.0, "fraction of values left out in training (unet)", at_least=0, below=1)
    learning_rate: float = setting(
        1e-3, "Adam's first step size for each student, from which it falls to 0", above=0, search="1e-5:1e-2:log"
    )
    average_decay: float = setting(0.99, "decay of the averaged weights, each update", at_least=0, below=1)

    def check(self) -> None:
        super().check()
        owner, ratio = "ProgressiveDistillation", self.first_steps / self.steps
        if ratio < 1 or not np.log2(ratio).is_integer():
            raise bad_value(
                owner, "first_steps", self.first_steps, f"steps, {self.steps}, doubled some times",
                f"first_steps={8 * self.steps}.",
            )  # fmt: skip
        if self.schedule in ("linear", "cosine") and 2 * self.first_steps > self.schedule_steps:
            expected = f"at most half of schedule_steps, {self.schedule_steps}"
            raise bad_value(owner, "first_steps", self.first_steps, expected, "fewer steps.")
        if self.prediction == "eps":
            raise bad_value(
                owner, "prediction", "eps", "that of a teacher which predicts x0, v, velocity or edm: of few steps the "
                "first begins where nothing of a row follows from the noise", "another teacher.",
            )  # fmt: skip


class ProgressiveDistillation(Student):
    """Learns to make in one step what its teacher makes in two, then is the teacher itself (Salimans and Ho 2022).

    "Progressive Distillation for Fast Sampling of Diffusion Models", algorithm 2: each student begins with its
    teacher's weights and has half as many steps. Its step size falls to 0 before the next one begins. All have their
    levels from one list, so that each step of a student is two of its teacher's.
    """

    Settings: ClassVar[type[Settings]] = ProgressiveDistillationSettings
    default_steps: ClassVar[int] = 4_000
    not_state: tuple[str, ...] = ("alphas", "sigmas", "per_student")

    def build(self) -> None:
        finest = self.config.first_steps * 2
        levels = self.make_schedule().levels(finest)
        self.alphas, self.sigmas = (tf.constant(v, tf.float32) for v in (levels.alpha, levels.sigma))
        self.updates = tf.Variable(0, trainable=False)
        self.per_student = tf.Variable(self.scheduled("updates_per_halving"), trainable=False)
        super().build()

    def apply_schedules(self) -> None:
        super().apply_schedules()
        self.per_student.assign(self.scheduled("updates_per_halving"))

    def make_schedule(self) -> Schedule:
        return Nested(super().make_schedule(), 2 * self.config.first_steps)

    @property
    def halvings(self) -> int:
        """How many students there are."""
        return students(self.config)

    def stride(self) -> tf.Tensor:
        """Return how many of the finest levels the present student's steps span, int32 ()."""
        number = tf.minimum(self.updates // self.per_student, self.halvings - 1)
        return tf.bitwise.left_shift(2, number)

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        per = self.per_student
        begins = (self.updates > 0) & (self.updates % per == 0) & (self.updates < per * self.halvings)
        tf.cond(begins, self._become_teacher, tf.no_op)
        metrics = super().update(batch)
        student_steps = 2 * self.config.first_steps / self.stride()
        self.updates.assign_add(1)
        return {**metrics, "student_steps": student_steps}

    def _become_teacher(self) -> tf.Operation | None:
        for network in (self.teacher, self.network):
            copy_weights(self.average.network, network)
        self.optimizer.reset()
        self.average.updates.assign(0.0)
        return tf.no_op()

    def step_scale(self) -> tf.Tensor:
        per = self.per_student
        since = self.updates - tf.minimum(self.updates // per, self.halvings - 1) * per
        return tf.maximum(1.0 - tf.cast(since, tf.float32) / tf.cast(per, tf.float32), LEAST_RATE)

    def draws(self, data: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return which of the finest levels each row's step begins at, int32 (B,), and noise (B, ...)."""
        uniform = stratified(keras.random.uniform((), seed=self.random), tf.shape(data)[0])
        stride = self.stride()
        count = 2 * self.config.first_steps // stride
        step = tf.minimum(tf.cast(uniform * tf.cast(count, tf.float32), tf.int32), count - 1)
        return step * stride, keras.random.normal(tf.shape(data), seed=self.random)

    def loss(  # type: ignore[override]
        self, data: tf.Tensor, labels: tf.Tensor | None, first: tf.Tensor, noise: tf.Tensor, training: bool = True
    ) -> tf.Tensor:
        stride = self.stride()
        numbers = (first, first + stride // 2, first + stride)
        levels = [(tf.gather(self.alphas, n), tf.gather(self.sigmas, n)) for n in numbers]
        alpha, sigma = levels[0]
        x = noised(data, alpha, sigma, noise)
        target = tf.stop_gradient(self.two_steps(x, labels, *levels))
        seen = self.denoised(self.network, x, alpha, sigma, labels, training)
        return self.parametrisation.loss(seen, target, alpha, sigma, self.config.data_scale)

    def two_steps(
        self, x: tf.Tensor, labels: tf.Tensor | None, start: tuple[tf.Tensor, tf.Tensor],
        middle: tuple[tf.Tensor, tf.Tensor], end: tuple[tf.Tensor, tf.Tensor],
    ) -> tf.Tensor:  # fmt: skip
        """Return the clean rows with which one step of DDIM leads where two of the teacher's lead (appendix G).

        Args:
            x: Rows (B, ...) at the first level.
            labels: int32 (B,) or None.
            start, middle, end: alpha and sigma (B,) of each level.
        """
        first = self.teach(x, *start, labels)
        shaped = ([along(v, x) for v in level] for level in (start, middle, end))
        (alpha, sigma), (alpha_1, sigma_1), (alpha_2, sigma_2) = shaped
        second = self.teach(alpha_1 * first + sigma_1 * (x - alpha * first) / sigma, *middle, labels)
        # The noise drops out: what is left is a mean of both.
        weight = (alpha_2 - sigma_2 * alpha_1 / sigma_1) / (alpha_2 - sigma_2 * alpha / sigma)
        return weight * second + (1.0 - weight) * first
