"""Autoencoder: squeezes rows through a narrow bottleneck and learns to restore them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.arguments import plain_array
from generative.autoencoder.exporting import Reconstructing
from generative.autoencoder.figures import latents as latent_figures
from generative.autoencoder.figures import restored as figures
from generative.autoencoder.networks import networks
from generative.autoencoder.networks.freezing import Freezing
from generative.autoencoder.priors.prior import GaussianPrior, LocalPrior, StandardNormal
from generative.autoencoder.settings import AutoencoderSettings, unread
from generative.base import Batch
from generative.data.batching import in_batches
from generative.data.dataset import Dataset
from generative.data.labels import checked_labels
from generative.figures import pictures
from generative.metrics import psnr, squared_error
from generative.metrics.reconstruction import mean_row_error, pca_error
from generative.settings import best_compiler, type_policy
from lab.config import Settings
from lab.errors import UsageError, bad_value
from lab.media.grids import image_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Autoencoder(Reconstructing, Freezing):
    """Learns an encoder to latents and a decoder back (Hinton and Salakhutdinov 2006, "Reducing the Dimensionality").

    The loss is the mean squared error on [-1, 1]. New rows are decoded from latents drawn near those of training rows
    (Vincent and Bengio 2002, "Manifold Parzen Windows"), a density that is fitted after the fact (Ghosh et al. 2020,
    section 4); with `prior="gaussian"`, from one Gaussian, they show how far the latents are from it. A variant
    overrides `networks`, `corrupted`, `reconstruction_loss`, `penalty` or all of `objective`.

    Attributes:
        conditional: Whether encoder and decoder see the label; `labels` are then needed wherever they may be given.
        code_activation: Of the encoder's outputs.
    """

    Settings: ClassVar[type[Settings]] = AutoencoderSettings
    kinds: ClassVar[tuple[str, ...]] = (
        *("reconstructions", "samples", "latent", "clusters", "interpolation", "traversal", "map"),
    )
    main_metric: ClassVar[str] = "mse"
    higher_metrics: ClassVar[tuple[str, ...]] = ("psnr",)
    conditional: ClassVar[bool] = False
    code_activation: ClassVar[str] = "linear"

    def build(self) -> None:
        self.compile = best_compiler(self.config, perceptron=self.config.architecture == "dense")
        self.encoder, self.decoder = self.networks(self.seeds.integer("network", 0), self.seeds.integer("network", 1))
        self.prior = self.make_prior()
        self.optimizer = self.make_optimizer()
        self._encode: Any = tf.function(lambda rows, *labels: self.encoded(self.spec.normalise_tensor(rows), *labels))
        self._decode: Any = tf.function(lambda latents, *labels: self.decoded(latents, *labels))

    # ---------------------------------------------------------------- what variants override

    @property
    def encoder_outputs(self) -> int:
        """How many numbers the encoder gives a row."""
        return int(self.config.latent_size)

    @property
    def output_activation(self) -> str:
        """The activation of the decoder's outputs."""
        # The background of images lies at the very end of the range, which tanh reaches without overshooting.
        return "tanh" if self.spec.bounded else "linear"

    def networks(self, encoder_seed: int, decoder_seed: int) -> tuple[keras.Model, keras.Model]:
        """Build the encoder, (B, ...) to (B, encoder_outputs), and the decoder from (B, latent_size).

        Raises:
            UsageError: When the architecture cannot take the data's shape.
        """
        c, shape, size, codes = self.config, self.spec.shape, self.config.latent_size, self.encoder_outputs
        classes = (self.spec.classes or 0) if self.conditional else 0
        inner, outer, dtype = self.code_activation, self.output_activation, type_policy(c)
        if c.architecture == "dense":
            return (
                networks.dense_encoder(shape, c.hidden_sizes, codes, encoder_seed, inner, classes, dtype),
                networks.dense_decoder(shape, c.hidden_sizes, size, decoder_seed, outer, classes, dtype),
            )
        if len(shape) == 1:
            raise UsageError(
                f"{type(self).__name__}: architecture 'conv' received rows of shape {shape}; expected images (H, W) or "
                "(H, W, C). Fix: architecture='dense'."
            )
        return (
            networks.conv_encoder(shape, c.filters, codes, encoder_seed, inner, classes, dtype),
            networks.conv_decoder(shape, c.filters, size, decoder_seed, outer, classes, dtype, c.upsampling),
        )

    def unread_settings(self) -> dict[str, str]:
        return unread(self, Autoencoder)

    def make_prior(self) -> GaussianPrior | StandardNormal:
        """Build what new latents are drawn from."""
        c = self.config
        if c.prior == "gaussian":
            return GaussianPrior(c.latent_size, c.prior_decay)
        return LocalPrior(c.latent_size, c.prior_decay, c.prior_latents, c.prior_neighbours, c.prior_spread)

    def draws(self, batch: Batch) -> Any:
        """Return the random numbers of a batch's rows in the objective, nested tensors float32 (B, ...)."""
        return ()

    def objective(self, batch: Batch, draws: Any) -> tuple[tf.Tensor, dict[str, tf.Tensor], Any]:
        """Return the loss, float32 (), further metrics, float32 () each, and what `learn_from` is given.

        It changes nothing, and is differentiated with regard to `variables`; see `Adam.minimise`.

        Args:
            batch: Of B rows.
            draws: As `draws` returned them.
        """
        labels = self.labels_of(batch)
        latents = self.encoder(self.joined(self.corrupted(batch.data, draws), *labels), training=True)
        restored = self.decoder(self.joined(latents, *labels), training=True)
        return self.reconstruction_loss(batch.data, restored) + self.penalty(latents), {}, latents

    def learn_from(self, batch: Batch, seen: Any) -> None:
        """Learn what no gradient does from a batch and what its objective has seen in it, such as latents."""
        self.prior.update(seen, *self.labels_of(batch))

    def corrupted(self, data: tf.Tensor, draws: Any) -> tf.Tensor:
        """Return what the encoder sees in training of rows float32 (B, ...) in [-1, 1], like them; see `draws`."""
        return data

    def reconstruction_loss(self, data: tf.Tensor, reconstructed: tf.Tensor) -> tf.Tensor:
        """Return the loss of reconstructions, float32 (), for rows in [-1, 1], float32 (B, ...) both."""
        return tf.reduce_mean(tf.square(reconstructed - data))

    def penalty(self, latents: tf.Tensor) -> tf.Tensor:
        """Return what latents float32 (B, latent_size) add to the loss, float32 ()."""
        return tf.zeros(())

    def encoded(self, data: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """Return the latents, float32 (B, latent_size), of rows float32 (B, ...) in [-1, 1]; labels are int32 (B,)."""
        return self.encoder(self.joined(data, *labels))

    def decoded(self, latents: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """Return the rows, float32 (B, ...) in [-1, 1], of latents float32 (B, latent_size); labels are int32 (B,)."""
        return self.decoder(self.joined(latents, *labels))

    # ---------------------------------------------------------------- learning

    def models(self) -> dict[str, keras.Model]:
        return {"encoder": self.encoder, "decoder": self.decoder}

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        self.traced = True

        def objective(*rows: Any) -> tuple[tf.Tensor, Any]:
            loss, *more = self.objective(Batch(*rows[:2]), rows[2])
            return loss, more

        inputs = (batch.data, batch.labels, self.draws(batch))
        loss, (metrics, seen), norm = self.optimizer.minimise(objective, inputs, self.config.devices)
        self.learn_from(batch, seen)
        return {"loss": loss, **metrics, "gradient_norm": norm}

    def labels_of(self, batch: Batch) -> tuple[tf.Tensor, ...]:
        """Return a batch's labels, int32 (B,), as further arguments of the methods above: none if unconditional."""
        return (batch.labels,) if self.conditional else ()

    def joined(self, tensor: tf.Tensor, *labels: tf.Tensor) -> Any:
        """Return a network's inputs: rows or latents, and one-hot labels of mean square 1, float32 (B, classes)."""
        if not labels:
            return tensor
        classes = self.spec.classes or 0
        # Of that size because a single 1 among dozens of numbers would be too faint to be learnt from.
        return [tensor, tf.one_hot(labels[0], classes, math.sqrt(classes))]

    # ---------------------------------------------------------------- use

    def encode(self, data: Any, labels: Any = None) -> np.ndarray:
        """Return the latents, float32 (N, latent_size), of rows (N, ...) in the data set's own range and type.

        Args:
            data: The rows.
            labels: Labels of the data (N,), or one for all; only a conditional autoencoder looks at them.

        Raises:
            UsageError: On another shape, type or range.
        """
        rows = self.spec.check(data, f"{type(self).__name__}.encode")
        return in_batches(self._encode, rows, *self.checked_labels(labels, len(rows), "encode"))

    def decode(self, latents: Any, labels: Any = None) -> np.ndarray:
        """Return rows (N, ...) in the data set's own range and type for latents (N, latent_size); see `encode`.

        Raises:
            UsageError: On another shape, or values that are not finite.
        """
        spec, size, owner = self.spec, self.config.latent_size, f"{type(self).__name__}.decode"
        array = plain_array(owner, "latents", latents)
        if array.ndim != 2 or array.shape[1] != size or array.dtype.kind not in "fiu":
            raise bad_value(owner, "latents", f"{array.dtype} {array.shape}", f"numbers of shape (N, {size})")
        if not np.isfinite(array).all():
            raise bad_value(owner, "latents", "values that are not finite", "finite values")
        array, given = array.astype(np.float32), self.checked_labels(labels, len(array), "decode")
        return spec.quantise(in_batches(self._decode, array, *given))

    def reconstruct(self, data: Any, labels: Any = None) -> np.ndarray:
        """Return what the bottleneck leaves of rows (N, ...), in the data set's own range and type; see `encode`."""
        return self.decode(self.encode(data, labels), labels)

    def anomaly_score(self, data: Any, labels: Any = None) -> np.ndarray:
        """Return how unlike the training rows each row is, float64 (N,): the error of its reconstruction.

        It is the mean squared error with the data's range scaled to [0, 1]; see `encode` for the arguments.
        """
        error = self.spec.fractions(self.reconstruct(data, labels)) - self.spec.fractions(data)
        return np.square(error).reshape(len(error), -1).mean(axis=1)

    def sample(self, number: int, seed: int | None = None) -> np.ndarray:
        return self.decode(self.sample_latents(number, seed))

    def sample_latents(self, number: int, seed: int | None = None) -> np.ndarray:
        """Draw latents, float32 (number, latent_size), from the prior; see `sample`."""
        number, rng = self.count(number, "sample"), self.rng(seed)
        return self.prior.sample(number, rng)

    def checked_labels(self, labels: Any, count: int, method: str) -> tuple[np.ndarray, ...]:
        """Return labels as a compiled function's further arguments, codes int32 (count,): none if unconditional.

        Raises:
            UsageError: When they are missing where they are needed, or are none of the data's.
        """
        if not self.conditional:
            return ()
        owner = f"{type(self).__name__}.{method}"
        if labels is None:
            fix = "labels=..., because what it does depends on the class."
            raise bad_value(owner, "labels", None, f"the labels of {self.spec.name}: one, or {count} of them", fix)
        return (checked_labels(owner, self.spec, labels, count),)

    # ---------------------------------------------------------------- evaluating and showing

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return the error of reconstructed test rows, beside that of two baselines fitted to the same training rows.

        `mse` is the mean squared error with the data's range scaled to [0, 1], after quantising; `psnr` the same in
        decibels; `mse_pca` that of principal components with latents of the same size; `mse_mean` that of the mean row.
        """
        size = self.config.latent_size
        error = squared_error(data, self.reconstruct(data.test, data.test_labels))
        return {
            "mse": error,
            "psnr": psnr(error),
            "mse_pca": data.once(("pca", size), lambda: pca_error(data, size)),
            "mse_mean": data.once("mean", lambda: mean_row_error(data)),
        }

    def picture(self, kind: str, data: Dataset) -> np.ndarray | Figure:
        if kind == "samples":
            return super().picture(kind, data)
        if kind == "latent":
            rows, labels = figures.balanced(data.test, data.test_labels, figures.MOST_POINTS)
            return figures.latent_figure(self.encode(rows, labels), labels, self.spec.name)
        if kind == "interpolation":
            rows, labels = figures.balanced(data.test, data.test_labels, figures.COLUMNS)
            strips = figures.strips(self.encode(rows, labels))  # each keeps the label it begins with
            along = None if labels is None else np.repeat(labels, figures.COLUMNS)[: len(strips)]
            return image_grid(pictures.pixels(self.decode(strips, along), self.spec), figures.COLUMNS)
        if kind == "clusters":
            rows, labels = figures.balanced(data.test, data.test_labels, figures.MOST_POINTS)
            return latent_figures.clusters_figure(rows, self.encode(rows, labels), labels, self.spec)
        if kind in ("traversal", "map"):
            rows, labels = figures.balanced(data.test, data.test_labels, figures.MOST_POINTS)
            # What a class looks like depends on it, so that of the first row is taken.
            first, latents = None if labels is None else labels[0], self.encode(rows, labels)
            if kind == "traversal":
                deviations = latents.std(axis=0)
                walks, dimensions = latent_figures.traversal(latents[0], deviations)
                return latent_figures.traversal_figure(self.decode(walks, first), dimensions, deviations, self.spec)
            plane = latent_figures.map_plane(latents, self.prior.moments())
            return latent_figures.map_picture(self.decode(plane, first), self.spec, data.test)
        rows, labels = figures.balanced(data.test, data.test_labels, figures.BLOCKS * figures.COLUMNS)
        return figures.reconstructions_figure(rows, self.reconstruct(rows, labels), self.spec)

    def frames(self, kind: str, data: Dataset) -> Iterator[np.ndarray]:
        if kind not in ("samples", "reconstructions", "interpolation"):
            yield from super().frames(kind, data)
        rows, labels = figures.balanced(data.test, data.test_labels, figures.CELLS)
        latents = self.sample_latents(len(rows)) if kind == "samples" else self.encode(rows, labels)
        for frame in figures.between(latents):
            yield image_grid(pictures.pixels(self.decode(frame, labels), self.spec))
