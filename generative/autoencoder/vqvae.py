"""VQVAE: an autoencoder whose latents are a grid of codes from a learnt codebook, with a model of such grids."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.arguments import plain_array
from generative.autoencoder.figures import restored as figures
from generative.autoencoder.generator import Autoencoder
from generative.autoencoder.networks import networks
from generative.autoencoder.networks.codebook import Codebook, perplexity
from generative.autoencoder.priors.code_prior import CodePrior
from generative.autoencoder.settings import BottleneckSettings
from generative.base import Batch, Generator
from generative.data.batching import in_batches
from generative.data.dataset import Dataset, DataSpec
from generative.data.labels import drawn_codes, label_codes
from generative.metrics import psnr, squared_error
from generative.metrics.reconstruction import mean_row_error
from generative.settings import type_policy
from lab.config import Settings, setting
from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class VQVAESettings(BottleneckSettings):
    """The settings of a `VQVAE`."""

    latent_size: int = setting(16, "numbers in the vector of a code", at_least=1, at_most=16_384)
    codes: int = setting(64, "vectors in the codebook", at_least=2, at_most=65_536)
    grid_side: int = setting(8, "images are halved, at least once, until no side is longer", at_least=1)
    channels: int = setting(32, "filters of each convolution", at_least=1)
    commitment: float = setting(0.25, "weight of the encoder's distance from its codes", at_least=0)
    codebook_decay: float = setting(0.98, "fraction of the old, each update, in the codes' means", at_least=0, below=1)
    least_use: float = setting(0.3, "vectors an update, on average, below which a code is put elsewhere", at_least=0)
    prior_units: int = setting(64, "units of the recurrent layer that models grids of codes", at_least=1)
    temperature: float = setting(
        0.7, "of drawn codes: below 1 probable ones are drawn more often than they are met, so fewer grids are broken",
        above=0,
    )  # fmt: skip
    learning_rate: float = setting(3e-3, "AdamW's step size", above=0, search="1e-5:1e-2:log")
    weight_decay: float = setting(1.0, "AdamW's shrinking of each weight, times the step size, an update", at_least=0)


class VQVAE(Autoencoder):
    """Restores images from a grid of codes (van den Oord et al. 2017, "Neural Discrete Representation Learning").

    Gradients pass the choice of a code as if it were none (straight through); the encoder pays for its distance from
    the codes, which follow it as running means. The model of grids, from which `sample` draws, learns beside it from
    the codes of each batch and has no influence on them. Where there are labels it sees them, and draws each as
    often as training met it.
    """

    Settings: ClassVar[type[Settings]] = VQVAESettings
    kinds: ClassVar[tuple[str, ...]] = ("samples", "reconstructions", "codes")

    def build(self) -> None:
        c = self.config
        if not self.spec.is_image:
            raise UsageError(
                f"{type(self).__name__} received rows of shape {self.spec.shape}; expected images (H, W) or (H, W, C). "
                "Fix: Autoencoder or VAE take any rows."
            )
        self.encoder, self.decoder = self.networks(self.seeds.integer("network", 0), self.seeds.integer("network", 1))
        height, width = self.grid
        self.codebook = Codebook(c.codes, c.latent_size, c.codebook_decay, c.least_use, self.seeds.integer("data", 1))
        classes = self.spec.classes or 0
        self.code_prior = CodePrior(height, width, c.codes, c.prior_units, self.seeds.integer("network", 2), classes)
        self.label_counts = tf.Variable(tf.zeros(classes), trainable=False)
        self.optimizer = self.make_optimizer()
        self._encode: Any = tf.function(lambda rows: self.codes_of(self.spec.normalise_tensor(rows)))
        self._decode: Any = tf.function(lambda codes: self.decoder(self.codebook.lookup(codes)))
        self._draw: Any = tf.function(self.drawn)
        self._code_nats: Any = tf.function(self.code_prior.loss_of)

    def takes(self, spec: DataSpec) -> bool:
        # The model of grids has a vector for each class.
        return super().takes(spec) and self.same_classes(spec)

    @property
    def filters(self) -> tuple[int, ...]:
        """The filters of the layers that halve an image."""
        layers = 1
        while max(networks.grid_sides(self.spec.shape, [1] * layers)) > self.config.grid_side:
            layers += 1
        return (self.config.channels,) * layers

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the grid of codes."""
        return networks.grid_sides(self.spec.shape, self.filters)

    def networks(self, encoder_seed: int, decoder_seed: int) -> tuple[keras.Model, keras.Model]:
        """Build the encoder, images to vectors (B, *grid, latent_size), and the decoder back."""
        shape, size, activation = self.spec.shape, self.config.latent_size, self.output_activation
        dtype = type_policy(self.config)
        return (
            networks.grid_encoder(shape, self.filters, size, encoder_seed, dtype),
            networks.grid_decoder(shape, self.filters, size, decoder_seed, activation, dtype, self.config.upsampling),
        )

    def models(self) -> dict[str, keras.Model]:
        return {"code_prior": self.code_prior, **super().models()}

    def parts(self) -> dict[str, list[Any]]:
        # No optimizer moves the codebook, but it can be left as it is too.
        return {**super().parts(), "codebook": []}

    # ---------------------------------------------------------------- learning

    def objective(self, batch: Batch, draws: Any) -> tuple[tf.Tensor, dict[str, tf.Tensor], Any]:
        c = self.config
        vectors = self.encoder(batch.data, training=True)
        flat = tf.stop_gradient(tf.reshape(vectors, (-1, c.latent_size)))
        codes = self.codebook.nearest(flat)
        chosen = tf.reshape(self.codebook.lookup(codes), tf.shape(vectors))
        restored = self.decoder(vectors + tf.stop_gradient(chosen - vectors), training=True)
        error = self.reconstruction_loss(batch.data, restored)
        distance = tf.reduce_mean(tf.square(vectors - chosen))
        places = self.code_prior.places
        known = batch.labels if self.spec.classes else None
        code_nats = tf.reduce_mean(self.code_prior.loss_of(tf.reshape(codes, (-1, places)), known)) / places
        metrics = {"error": error, "commitment": distance, "code_nats": code_nats}
        metrics["perplexity"] = perplexity(codes, c.codes)
        return error + c.commitment * distance + code_nats, metrics, (flat, codes)

    def learn_from(self, batch: Batch, seen: Any) -> None:
        if self.spec.classes:
            self.label_counts.assign_add(tf.reduce_sum(tf.one_hot(batch.labels, self.spec.classes), axis=0))
        if "codebook" not in self.config.frozen:
            self.codebook.update(*seen)

    def restored(self, data: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        return self.decoder(self.codebook.lookup(self.codes_of(data)))

    def codes_of(self, data: tf.Tensor) -> tf.Tensor:
        """Return the codes of rows in [-1, 1], int32 (B, *grid)."""
        vectors = self.encoder(data)
        codes = self.codebook.nearest(tf.reshape(vectors, (-1, self.config.latent_size)))
        return tf.reshape(codes, tf.shape(vectors)[:3])

    def drawn(self, uniforms: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Return grids of codes, int32 (B, places), drawn with uniform numbers (B, places), for labels (B,) if any."""
        return self.code_prior.draw(uniforms, labels, self.config.temperature)

    # ---------------------------------------------------------------- use

    def decode(self, latents: Any, labels: Any = None) -> np.ndarray:
        """Return images in the data set's own range and type for codes (N, *grid), whole numbers from 0.

        Raises:
            UsageError: On another shape, or codes that there are not.
        """
        array, grid, most = (
            plain_array(f"{type(self).__name__}.decode", "codes", latents),
            self.grid,
            self.config.codes - 1,
        )
        if array.shape[1:] != grid or array.ndim != 3 or array.dtype.kind not in "iu":
            received, wanted = f"{array.dtype} {array.shape}", f"whole numbers of shape (N, {grid[0]}, {grid[1]})"
            raise bad_value(f"{type(self).__name__}.decode", "codes", received, wanted)
        if array.size and not (array.min() >= 0 and array.max() <= most):
            received = f"values in [{array.min()}, {array.max()}]"
            raise bad_value(f"{type(self).__name__}.decode", "codes", received, f"[0, {most}]")
        return self.spec.quantise(in_batches(self._decode, array.astype(np.int32)))

    def sample_latents(self, number: int, seed: int | None = None) -> np.ndarray:
        """Draw grids of codes, int32 (number, *grid); see `sample`."""
        number = self.count(number)
        uniforms = self.rng(seed).random((number, self.code_prior.places), np.float32)
        counts = self.label_counts.numpy()
        known = (drawn_codes(counts, number, self.rng(seed, 1)),) if self.spec.classes else ()
        return in_batches(self._draw, uniforms, *known).reshape(number, *self.grid)

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return the error of reconstructed test rows, and how their codes are used and foreseen.

        `mse`, `psnr` and `mse_mean` as for an `Autoencoder`; `perplexity` is how many codes, equally used, would have
        the same entropy; `code_bits` what the model of grids needs to write down the codes of a row.
        """
        codes = self.encode(data.test)
        error = squared_error(data, self.decode(codes))
        known = () if data.test_labels is None else (label_codes(data.spec, data.test_labels),)
        nats = in_batches(self._code_nats, codes.reshape(len(codes), -1), *known)
        return {
            "mse": error,
            "psnr": psnr(error),
            "mse_mean": data.once("mean", lambda: mean_row_error(data)),
            "perplexity": float(perplexity(tf.constant(codes), self.config.codes)),
            "code_bits": float(nats.astype(np.float64).mean() / np.log(2.0)),
        }

    # ---------------------------------------------------------------- showing

    def picture(self, kind: str, data: Dataset) -> np.ndarray | Figure:
        if kind == "codes":
            rows, _ = figures.balanced(data.test, data.test_labels, figures.COLUMNS)
            return figures.codes_figure(rows, self.encode(rows), self.reconstruct(rows), self.config.codes, self.spec)
        return super().picture(kind, data)

    def frames(self, kind: str, data: Dataset) -> Iterator[np.ndarray]:
        # Between two codes there is nothing.
        return Generator.frames(self, kind, data)
