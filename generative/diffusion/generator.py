"""Diffusion: learns to take noise away, and draws rows by doing so from nothing but noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.arguments import whole
from generative.base import Batch, Generator
from generative.data.dataset import Dataset, DataSpec
from generative.data.labels import label_values
from generative.diffusion import figures
from generative.diffusion.exporting import Denoising
from generative.diffusion.likelihood import bits_per_dimension, even_levels
from generative.diffusion.networks import make_network
from generative.diffusion.parametrisation import PARAMETRISATIONS, Parametrisation, min_snr, noised
from generative.diffusion.sampling.drawing import Drawing
from generative.diffusion.sampling.editing import Editing
from generative.diffusion.schedules import Schedule, make_schedule, stratified
from generative.diffusion.settings import DiffusionSettings
from generative.figures import pictures
from generative.settings import best_compiler
from lab.config import Settings
from lab.errors import UsageError
from lab.media.grids import image_grid
from lab.training.adam import Adam, WeightAverage

if TYPE_CHECKING:
    from matplotlib.figure import Figure


OF_NETWORK = {
    "unet": ("channels", "blocks", "attention", "dropout"),
    "dit": ("token_size", "depth", "heads"),
    "mlp": ("hidden_sizes",),
}


class Diffusion(Denoising, Editing, Drawing, Generator):
    """Learns to denoise at every level of noise (Ho et al. 2020, "Denoising Diffusion Probabilistic Models").

    Schedule, prediction, weights of the loss and sampler are settings that vary independently, as in Karras et al.
    (2022); `DDPM`, `EDM` and `RectifiedFlow` are well-known choices of them. Rows are drawn with averaged weights. A
    variant overrides `make_schedule`, `make_parametrisation`, `make_network`, or `loss` and what it `draws`.
    """

    Settings: ClassVar[type[Settings]] = DiffusionSettings
    default_steps: ClassVar[int] = 5_000
    kinds: tuple[str, ...] = ("samples", "classes", "denoising", "interpolation", "inpainting")  # type: ignore[misc]
    frame_sampler: ClassVar[str] = "ddim"
    training_state: ClassVar[tuple[str, ...]] = ("optimizer", "network", "random")
    not_state: tuple[str, ...] = ("classes", "schedule", "limit", "kinds")

    def build(self) -> None:
        c = self.config
        if hasattr(self, "make_prediction"):
            raise UsageError(
                f"{type(self).__name__}.make_prediction is called no more; expected a `Parametrisation` instead of "
                "keep and scale. Fix: make_parametrisation."
            )
        if c.conditional and not self.spec.classes:
            raise UsageError(
                f"{type(self).__name__}: conditional=True received {self.spec.name} without labels; expected labels. "
                "Fix: give (rows, labels), or conditional=None."
            )
        self.classes = 0 if c.conditional is False else self.spec.classes or 0
        self.schedule: Schedule = self.make_schedule()
        self.parametrisation: Parametrisation = self.make_parametrisation()
        # Of bounded data nothing lies outside [-1, 1].
        self.limit = 1.0 if self.spec.bounded else None
        # Only what the data can show.
        shown = {"classes": bool(self.classes), "inpainting": self.spec.is_image}
        self.kinds = tuple(k for k in type(self).kinds if shown.get(k, True))
        self.network = self.make_network()
        self.compile = best_compiler(c, perceptron=c.network == "mlp" or not self.spec.is_image)
        self.average = WeightAverage(self.network, self.make_network(), c.average_decay)
        variables = self.network.trainable_variables
        warmup = self.scheduled("warmup_updates")
        self.optimizer = Adam(variables, c.learning_rate, warmup=warmup, clip=c.gradient_clip)
        self.random = keras.random.SeedGenerator(self.seeds.integer("data", 1))
        self.label_counts = tf.Variable(tf.zeros(max(1, self.classes)), trainable=False)
        self._compile_drawing()

    def takes(self, spec: DataSpec) -> bool:
        # A conditional network has a vector for each class.
        return super().takes(spec) and (not self.classes or self.same_classes(spec))

    def unread_settings(self) -> dict[str, str]:
        c, unread = self.config, {}
        chosen = c.network if c.network != "auto" else "unet" if self.spec.is_image else "mlp"
        if type(self).make_network is Diffusion.make_network:
            others = {name: kind for kind, names in OF_NETWORK.items() if kind != chosen for name in names}
            unread = {name: f"it is of a {kind}, and the network is a {chosen}" for name, kind in others.items()}
        if type(self).make_schedule is Diffusion.make_schedule and c.schedule in ("edm", "rectified"):
            unread["schedule_steps"] = f"the schedule {c.schedule!r} has any number of times"
        if not self.classes:
            unread["label_dropout"] = unread["guidance"] = "no labels are learnt"
        return unread

    def apply_schedules(self) -> None:
        self.optimizer.warmup.assign(max(1, self.scheduled("warmup_updates")))

    # ---------------------------------------------------------------- what variants override

    def make_schedule(self) -> Schedule:
        """Return the noise levels to train on and to visit."""
        c = self.config
        return make_schedule(c.schedule, c.schedule_steps, c.data_scale)

    def make_parametrisation(self) -> Parametrisation:
        """Return how the network is a denoiser and how its error counts, a value of table 1 of Karras et al. (2022)."""
        chosen, limit = PARAMETRISATIONS[self.config.prediction], self.config.min_snr
        return chosen if limit is None else min_snr(chosen, limit)

    def make_network(self) -> keras.Model:
        """Build the network from [rows, numbers] or [rows, numbers, labels] to rows; see `lab.networks.unet`."""
        return make_network(self.config, self.spec, self.classes, self.seeds.integer("network"))

    def draws(self, data: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return what the loss of clean rows (B, ...) draws, float32: alpha and sigma, (B,), and noise, (B, ...)."""
        alpha, sigma = self.schedule.draw(stratified(keras.random.uniform((), seed=self.random), tf.shape(data)[0]))
        return alpha, sigma, keras.random.normal(tf.shape(data), seed=self.random)

    def loss(
        self, data: tf.Tensor, labels: tf.Tensor | None, alpha: tf.Tensor, sigma: tf.Tensor, noise: tf.Tensor,
        training: bool = True,
    ) -> tf.Tensor:  # fmt: skip
        """Return the loss of clean rows, float32 (), a mean over rows.

        Args:
            data: float32 (B, ...) in [-1, 1].
            labels: int32 (B,), or None.
            alpha, sigma, noise: As `draws` returned them.
            training: Whether the network trains.
        """
        x = noised(data, alpha, sigma, noise)
        seen = self.denoised(self.network, x, alpha, sigma, labels, training)
        return self.parametrisation.loss(seen, data, alpha, sigma, self.config.data_scale)

    def denoised(
        self, network: keras.Model, x: tf.Tensor, alpha: tf.Tensor, sigma: tf.Tensor, labels: tf.Tensor | None,
        training: bool = False,
    ) -> tf.Tensor:  # fmt: skip
        """Return the clean rows that a network sees, float32 (B, ...).

        Args:
            network: From noisy rows to what `make_parametrisation` makes rows of.
            x: Noisy rows, float32 (B, ...).
            alpha, sigma: float32 (B,).
            labels: int32 (B,), or None.
            training: Whether the network trains.
        """
        return self.parametrisation.denoise(network, x, alpha, sigma, self.config.data_scale, labels, training)

    # ---------------------------------------------------------------- learning

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        c, labels = self.config, self._training_labels(batch.labels)
        inputs = (batch.data, labels, *self.draws(batch.data))
        loss, _, norm = self.optimizer.minimise(
            lambda *rows: (self.loss(*rows), ()), inputs, c.devices, self.step_scale()
        )
        self.average.update()
        return {"loss": loss, "gradient_norm": norm}

    def step_scale(self) -> Any:
        """Return what the present update multiplies the learning rate by, a number or float32 () (hook)."""
        return 1.0

    def _training_labels(self, labels: tf.Tensor | None) -> tf.Tensor | None:
        """Count the labels seen, and leave some out, so that the network also learns rows without."""
        if not self.classes or labels is None:
            return None
        self.label_counts.assign_add(tf.reduce_sum(tf.one_hot(labels, self.classes), axis=0))
        left_out = keras.random.uniform(tf.shape(labels), seed=self.random) < self.config.label_dropout
        return tf.where(left_out, self.classes, labels)

    # ---------------------------------------------------------------- evaluating and showing

    def bits_per_dimension(self, data: Any, labels: Any = None, *, draws: int = 16, seed: int | None = None) -> float:
        """Return an upper bound on the bits a value of rows: the negative ELBO, estimated at random levels.

        Args:
            data: (N, ...) rows in the data set's own range and type.
            labels: One label or (N,) of them, or None.
            draws: Levels drawn for each row.
            seed: Of levels and noise; see `sample`.
        """
        owner = f"{type(self).__name__}.bits_per_dimension"
        rows, draws = self.spec.normalise(self.spec.check(data, owner)), whole(owner, "draws", draws)
        whole(owner, "rows", len(rows))
        codes = self._codes(labels, len(rows))
        spec, levels = self.spec, even_levels(self.schedule)
        width = 2.0 / (spec.high - spec.low) if np.dtype(spec.dtype).kind in "bui" else None

        def clean(x: np.ndarray, alpha: np.ndarray, sigma: np.ndarray) -> np.ndarray:
            return self._clean(x, alpha, sigma, np.tile(codes, len(x) // max(1, len(codes))))

        return bits_per_dimension(clean, rows, levels, width, draws, self.rng(seed))

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return `bits_per_dimension` of the test rows: an upper bound on what coding them costs, in their own unit."""
        return {"bits_per_dimension": self.bits_per_dimension(data.test, data.test_labels, seed=0)}

    def frame_steps(self, most: int) -> int:
        """Return in how many steps a video shows noise become rows, at most so many."""
        return min(most, self.schedule.most_steps or most)

    def picture(self, kind: str, data: Dataset) -> np.ndarray | Figure:
        spec = self.spec
        if kind == "classes":
            labels = label_values(spec, np.arange(min(self.classes, pictures.MOST_CLASSES)))
            count = pictures.members(spec)
            rows = self.sample(len(labels) * count, labels=np.repeat(labels, count))
            return pictures.classes_picture(rows.reshape(len(labels), count, *spec.shape), labels, spec)
        if kind == "denoising":
            number = figures.ROWS if spec.is_image else pictures.how_many(spec)
            return figures.denoising_picture(self.sample_path(number), spec)
        if kind == "interpolation":
            ways = self._ways(data, figures.ROWS, pictures.COLUMNS)
            return pictures.ways_picture(ways, spec, data.test)
        if kind == "inpainting":
            rows, mask = data.test[: pictures.COLUMNS], figures.half(spec)
            return figures.inpainting_picture(rows, mask, self.inpaint(rows, mask), spec)
        return super().picture(kind, data)

    def frames(self, kind: str, data: Dataset) -> Iterator[np.ndarray]:
        spec = self.spec
        if kind == "interpolation" and spec.is_image:
            for rows in np.swapaxes(self._ways(data, figures.CELLS, figures.FRAMES), 0, 1):
                yield image_grid(pictures.pixels(rows, spec))
            return
        if kind not in ("samples", "denoising", "classes"):
            yield from super().frames(kind, data)
        number = figures.CELLS if spec.is_image else pictures.how_many(spec)
        labels = label_values(spec, np.arange(number) % self.classes) if kind == "classes" else None
        steps = self.frame_steps(figures.FRAMES)
        path = self.sample_path(number, sampler=self.frame_sampler, steps=steps, labels=labels)
        yield from figures.path_frames(path, spec, data.test)

    def _ways(self, data: Dataset, most: int, number: int) -> np.ndarray:
        """Return ways between held-out rows, (N, number, ...) in the data set's range."""
        count = min(most, len(data.test) // 2)
        return self.interpolate(data.test[:count], data.test[count : 2 * count], number)
