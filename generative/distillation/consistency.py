"""ConsistencyDistillation: learns where a diffusion model's flow ends, from any of its points in one step."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.base import Batch
from generative.diffusion.parametrisation import Parametrisation, noised
from generative.diffusion.sampling.samplers import Sampler
from generative.diffusion.schedules import Schedule, stratified
from generative.diffusion.settings import DiffusionSettings
from generative.distillation.boundary import bounded, multistep
from generative.distillation.levels import Karras
from generative.distillation.solver import solver_step, step_table
from generative.distillation.student import Student
from lab.config import Settings, setting
from lab.errors import UsageError, bad_value
from lab.training.adam import WeightAverage

# The pseudo-Huber metric's c for one dimension (Song and Dhariwal 2023, section 3.3).
HUBER = 0.00054


def doublings(config: Any) -> int:
    """Return how often the number of intervals is doubled."""
    return round(math.log2(config.intervals / config.first_intervals))


@dataclasses.dataclass(frozen=True)
class ConsistencyDistillationSettings(DiffusionSettings):
    """The settings of `ConsistencyDistillation` beside those that its teacher decides."""

    teacher: str = setting("", "directory of the run of the diffusion model to begin with", path=True)
    solver: str = setting("heun", "the teacher's step along its flow; euler is ddim", choices=("euler", "heun"))
    first_intervals: int = setting(10, "steps in which the teacher's flow is cut at first", at_least=1, at_most=50_000)
    intervals: int = setting(40, "the same in the end: as at first, doubled some times", at_least=1, at_most=50_000)
    updates_per_doubling: int | None = setting(
        None, "updates before the number of intervals is doubled; none for an eighth of the run, or less where it is "
        "doubled more often than that", at_least=1, of_run=lambda c: 1.0 / max(8, doublings(c) + 1),
    )  # fmt: skip
    least_noise: float = setting(0.002, "sigma / alpha at which a row counts as clean", above=0)
    most_noise: float = setting(80.0, "sigma / alpha at which rows begin", above=0)
    metric: str = setting("pseudo_huber", "distance of rows", choices=("pseudo_huber", "squared"))
    weighting: str = setting(
        "inverse_step", "of the loss: by 1 / step of the noise, or none", choices=("inverse_step", "none")
    )
    target_decay: float = setting(
        0.95, "fraction of the old, each update, in the weights that give the target; 0 for the student's own",
        at_least=0, below=1,
    )  # fmt: skip
    steps: int = setting(1, "network calls with which rows are drawn", at_least=1, at_most=50_000)
    sampler: str = setting("multistep", "how rows are drawn", choices=("multistep",))
    dropout: float = setting(0.0, "fraction of values left out in training (unet)", at_least=0, below=1)
    learning_rate: float = setting(1e-3, "Adam's step size after warm-up", above=0, search="1e-5:1e-2:log")

    def check(self) -> None:
        super().check()
        owner, ratio = "ConsistencyDistillation", self.intervals / self.first_intervals
        if ratio < 1 or not np.log2(ratio).is_integer():
            raise bad_value(
                owner, "intervals", self.intervals, f"first_intervals, {self.first_intervals}, doubled some times",
                f"intervals={4 * self.first_intervals}.",
            )  # fmt: skip
        if self.least_noise >= self.most_noise:
            raise bad_value(owner, "least_noise", self.least_noise, f"less than most_noise, {self.most_noise}")
        if self.prediction in ("eps", "x0"):
            raise bad_value(
                owner, "prediction", self.prediction, "that of a teacher which predicts v, velocity or edm: only these "
                "give a row without noise back whatever the network says", "another teacher.",
            )  # fmt: skip


class ConsistencyDistillation(Student):
    """Learns to go from any point of its teacher's flow to the flow's end (Song et al. 2023, "Consistency Models").

    Algorithm 2: the student says the same of two neighbouring points, of which the teacher makes the second from the
    first; at the least noise it says the point itself. One network call draws a row, more make it better
    (algorithm 1). Metric, weights of the loss and growing number of intervals are by default those of Song and Dhariwal
    (2023), "Improved Techniques for Training Consistency Models".

    Example:
        student = ConsistencyDistillation(teacher="runs/edm")  # the run of a diffusion model, or the model itself
        Experiment(student, "digits").train(2_000)
        student.sample(16)  # one network call
    """

    Settings: ClassVar[type[Settings]] = ConsistencyDistillationSettings
    default_steps: ClassVar[int] = 4_000
    kinds: tuple[str, ...] = ("samples", "classes", "denoising", "inpainting")  # type: ignore[misc]
    frame_sampler: ClassVar[str] = "multistep"
    training_state: ClassVar[tuple[str, ...]] = (*Student.training_state, "target")
    not_state: tuple[str, ...] = ("steps_of", "weights", "per_doubling")
    schedule: Karras

    def build(self) -> None:
        super().build()
        self.target = WeightAverage(self.network, self.make_network(), self.config.target_decay)
        self.updates = tf.Variable(0, trainable=False)
        self.per_doubling = tf.Variable(self.scheduled("updates_per_doubling"), trainable=False)
        stages = [self.schedule.noisy(self.config.first_intervals << i) for i in range(self.doublings + 1)]
        # The steps of all stages, one after the other.
        table = np.concatenate([step_table(self.config.solver, levels) for levels in stages])
        self.steps_of = tf.constant(table, tf.float32)
        weights = [-1.0 / np.diff(levels.sigma / levels.alpha) for levels in stages]
        if self.config.weighting == "none":
            weights = [np.ones_like(each) for each in weights]
        self.weights = tf.constant(np.concatenate([each / each.mean() for each in weights]), tf.float32)

    def apply_schedules(self) -> None:
        super().apply_schedules()
        self.per_doubling.assign(self.scheduled("updates_per_doubling"))

    def make_schedule(self) -> Schedule:
        return Karras(super().make_schedule(), self.config.least_noise, self.config.most_noise)

    def make_parametrisation(self) -> Parametrisation:
        return bounded(super().make_parametrisation(), self.schedule.least)

    @property
    def doublings(self) -> int:
        """How often the number of intervals is doubled."""
        return doublings(self.config)

    def present_intervals(self) -> tf.Tensor:
        """Return into how many steps the flow is cut now, int32 ()."""
        number = tf.minimum(self.updates // self.per_doubling, self.doublings)
        return tf.bitwise.left_shift(self.config.first_intervals, number)

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        intervals = self.present_intervals()
        metrics = super().update(batch)
        self.target.update()
        self.updates.assign_add(1)
        return {**metrics, "intervals": tf.cast(intervals, tf.float32)}

    def draws(self, data: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return which of all stages' steps is each row's, int32 (B,), and noise (B, ...)."""
        uniform = stratified(keras.random.uniform((), seed=self.random), tf.shape(data)[0])
        count = self.present_intervals()
        step = tf.minimum(tf.cast(uniform * tf.cast(count, tf.float32), tf.int32), count - 1)
        # Earlier stages have first + 2 first + ... = count - first steps.
        return count - self.config.first_intervals + step, keras.random.normal(tf.shape(data), seed=self.random)

    def loss(  # type: ignore[override]
        self, data: tf.Tensor, labels: tf.Tensor | None, step: tf.Tensor, noise: tf.Tensor, training: bool = True
    ) -> tf.Tensor:
        table = tf.gather(self.steps_of, step)
        alpha, sigma = table[:, 0, 0], table[:, 0, 1]
        x = noised(data, alpha, sigma, noise)
        # The denoiser of a student is the consistency function: where the flow through x ends.
        following = solver_step(lambda x, alpha, sigma: self.teach(x, alpha, sigma, labels), x, table)
        target = self.denoised(self.target.network, following, table[:, -1, 2], table[:, -1, 3], labels, training)
        seen = self.denoised(self.network, x, alpha, sigma, labels, training)
        distances = row_distances(seen, tf.stop_gradient(target), self.config.metric)
        return tf.reduce_mean(tf.gather(self.weights, step) * distances)

    def interpolate(self, *rows: Any, **how: Any) -> np.ndarray:
        """Refuse, whatever rows (N, ...) it is given in whatever dtype: a student only knows the way from noise."""
        raise UsageError(
            "ConsistencyDistillation.interpolate received rows; expected none: a student knows no way from rows to "
            "their noise. Fix: interpolate with its teacher."
        )

    def _sampler(self, name: str | None) -> Sampler:
        if name not in (None, "multistep"):
            raise bad_value(type(self).__name__, "sampler", name, "'multistep'")
        return functools.partial(multistep, least=self.schedule.least)

    def _inpainting_sampler(self) -> Sampler:
        return self._sampler(None)


def row_distances(first: tf.Tensor, second: tf.Tensor, metric: str) -> tf.Tensor:
    """Return the distance of each pair of rows (B, ...), float32 (B,).

    Args:
        first, second: Rows.
        metric: "squared" for the mean squared error, "pseudo_huber" for sqrt(|e|**2 + c**2) - c with
            c = 0.00054 sqrt(dimensions) (Song and Dhariwal 2023, eq. 8).
    """
    errors = tf.reshape(first - second, (tf.shape(first)[0], -1))
    squares, size = tf.reduce_sum(tf.square(errors), axis=1), math.prod(first.shape[1:])
    if metric == "squared":
        return squares / size
    c = HUBER * math.sqrt(size)
    return tf.sqrt(squares + c**2) - c
