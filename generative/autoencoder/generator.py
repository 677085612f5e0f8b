"""Autoencoder: squeezes rows through a narrow bottleneck and learns to restore them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative import pictures
from generative.autoencoder import figures, networks
from generative.autoencoder.prior import GaussianPrior
from generative.autoencoder.settings import AutoencoderSettings
from generative.base import Batch, Generator
from generative.batching import in_batches
from generative.data import Dataset
from generative.metrics import psnr, squared_error
from generative.metrics.reconstruction import mean_row_error, pca_error
from lab.config import Settings
from lab.errors import UsageError, bad_value
from lab.grids import image_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Autoencoder(Generator):
    """Learns an encoder to latents and a decoder back (Hinton and Salakhutdinov 2006, "Reducing the Dimensionality").

    The loss is the mean squared error on [-1, 1]. New rows are decoded from a Gaussian fitted to the latents, which
    is a crude prior: their quality shows how far the latents are from Gaussian. A variant overrides `networks` or
    `reconstruction_loss`.
    """

    Settings: ClassVar[type[Settings]] = AutoencoderSettings
    kinds: ClassVar[tuple[str, ...]] = ("reconstructions", "samples", "latent", "interpolation")
    main_metric: ClassVar[str] = "mse"
    higher_metrics: ClassVar[tuple[str, ...]] = ("psnr",)

    def build(self) -> None:
        c = self.config
        # Measured: XLA makes small perceptrons faster, oneDNN's graph mode convolutions.
        self.compile = "xla" if c.architecture == "dense" else "graph"
        self.encoder, self.decoder = self.networks(self.seeds.integer("network", 0), self.seeds.integer("network", 1))
        self.optimizer = keras.optimizers.AdamW(c.learning_rate, weight_decay=c.weight_decay)
        self.optimizer.build(self.variables)
        self.prior = GaussianPrior(c.latent_size, c.prior_decay)
        self._encode: Any = tf.function(lambda rows: self.encoder(self.spec.normalise_tensor(rows)))
        self._decode: Any = tf.function(lambda latents: self.decoder(latents))

    # ---------------------------------------------------------------- what variants override

    def networks(self, encoder_seed: int, decoder_seed: int) -> tuple[keras.Model, keras.Model]:
        """Build the encoder, (B, ...) to (B, latent_size), and the decoder back.

        Raises:
            UsageError: When the architecture cannot take the data's shape.
        """
        c, shape = self.config, self.spec.shape
        # The background of images lies at the very end of the range, which tanh reaches without overshooting.
        output = "tanh" if self.spec.bounded else "linear"
        if c.architecture == "dense":
            encoder = networks.dense_encoder(shape, c.hidden_sizes, c.latent_size, encoder_seed)
            return encoder, networks.dense_decoder(shape, c.hidden_sizes, c.latent_size, decoder_seed, output)
        if len(shape) == 1:
            raise UsageError(
                f"{type(self).__name__}: architecture 'conv' received rows of shape {shape}; expected images (H, W) or "
                "(H, W, C). Fix: architecture='dense'."
            )
        encoder = networks.conv_encoder(shape, c.filters, c.latent_size, encoder_seed)
        return encoder, networks.conv_decoder(shape, c.filters, c.latent_size, decoder_seed, output)

    def reconstruction_loss(self, data: tf.Tensor, reconstructed: tf.Tensor) -> tf.Tensor:
        """Return the loss of reconstructions, (), for rows in [-1, 1], (B, ...)."""
        return tf.reduce_mean(tf.square(reconstructed - data))

    # ---------------------------------------------------------------- learning

    @property
    def variables(self) -> list[Any]:
        """What the optimizer changes."""
        return [*self.encoder.trainable_variables, *self.decoder.trainable_variables]

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        variables = self.variables
        with tf.GradientTape() as tape:
            latents = self.encoder(batch.data, training=True)
            loss = self.reconstruction_loss(batch.data, self.decoder(latents, training=True))
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply(gradients, variables)
        self.prior.update(latents)
        return {"loss": loss, "gradient_norm": tf.linalg.global_norm(gradients)}

    # ---------------------------------------------------------------- use

    def encode(self, data: Any) -> np.ndarray:
        """Return the latents, float32 (N, latent_size), of rows (N, ...) in the data set's own range and type.

        Raises:
            UsageError: On another shape, type or range.
        """
        rows = self.spec.check(data, f"{type(self).__name__}.encode")
        return in_batches(self._encode, rows)

    def decode(self, latents: Any) -> np.ndarray:
        """Return rows (N, ...) in the data set's own range and type for latents (N, latent_size).

        Raises:
            UsageError: On another shape, or values that are not finite.
        """
        spec, owner, array = self.spec, f"{type(self).__name__}.decode", np.asarray(latents)
        if array.ndim != 2 or array.shape[1] != self.config.latent_size or array.dtype.kind not in "fiu":
            received = f"{array.dtype} {array.shape}"
            raise bad_value(owner, "latents", received, f"numbers of shape (N, {self.config.latent_size})")
        if not np.isfinite(array).all():
            raise bad_value(owner, "latents", "values that are not finite", "finite values")
        return spec.quantise(in_batches(self._decode, array.astype(np.float32)))

    def reconstruct(self, data: Any) -> np.ndarray:
        """Return what is left of rows after the bottleneck, in the data set's own range and type; see `encode`."""
        return self.decode(self.encode(data))

    def sample(self, number: int, seed: int | None = None) -> np.ndarray:
        return self.decode(self.sample_latents(number, seed))

    def sample_latents(self, number: int, seed: int | None = None) -> np.ndarray:
        """Draw latents, float32 (number, latent_size), from the Gaussian fitted to them; see `sample`."""
        rng = self.rng(seed)
        return self.prior.sample(number, rng)

    # ---------------------------------------------------------------- judging and showing

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return the error of reconstructed test rows, beside that of two baselines fitted to the same training rows.

        `mse` is the mean squared error with the data's range scaled to [0, 1], after quantising; `psnr` the same in
        decibels; `mse_pca` that of principal components with latents of the same size; `mse_mean` that of the mean row.
        """
        size = self.config.latent_size
        error = squared_error(data, self.reconstruct(data.test))
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
            rows, labels = figures.balanced(data, figures.MOST_POINTS)
            return figures.latent_figure(self.encode(rows), labels, self.spec.name)
        if kind == "interpolation":
            rows, _ = figures.balanced(data, figures.COLUMNS)
            strips = self.decode(figures.strips(self.encode(rows)))
            return image_grid(pictures.pixels(strips, self.spec), figures.COLUMNS)
        rows, _ = figures.balanced(data, figures.BLOCKS * figures.COLUMNS)
        return figures.reconstructions_figure(rows, self.reconstruct(rows), self.spec)

    def frames(self, kind: str, data: Dataset) -> Iterator[np.ndarray]:
        if kind == "latent":
            yield from super().frames(kind, data)
        if kind == "samples":
            latents = self.sample_latents(figures.CELLS)
        else:
            latents = self.encode(figures.balanced(data, figures.CELLS)[0])
        for frame in figures.between(latents):
            yield image_grid(pictures.pixels(self.decode(frame), self.spec))
