"""VAE: an autoencoder whose latents are distributions, held close to N(0, I), so that new ones can be drawn."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.arguments import whole
from generative.autoencoder.generator import Autoencoder
from generative.autoencoder.networks import likelihoods
from generative.autoencoder.priors.prior import GaussianPrior, StandardNormal
from generative.autoencoder.settings import AutoencoderSettings
from generative.base import Batch
from generative.data.batching import in_batches
from generative.data.dataset import Dataset
from lab.config import Settings, setting

# Of log-variances; beyond it a single weight would decide between 0 and infinity.
CLAMP = 10.0
ANOMALY_SAMPLES = 8


@dataclasses.dataclass(frozen=True)
class VAESettings(AutoencoderSettings):
    """The settings of a `VAE`."""

    latent_size: int = setting(16, "numbers in a latent", at_least=1, at_most=16_384)
    likelihood: str = setting(
        "auto",
        "of values given the decoder's outputs; auto is discretised for whole numbers, gaussian for floating ones",
        choices=("auto", "discretised", "gaussian", "bernoulli"),
    )
    beta: float = setting(1.0, "weight of the divergence from the prior once warmed up", at_least=0)
    warmup_updates: int | None = setting(
        None, "updates over which that weight rises from 0; none for 200, or a tenth of a run of fewer than 2,000",
        at_least=0, of_run=0.1, most_steps=200,
    )  # fmt: skip
    free_nats: float = setting(
        0.0, "divergence that each latent may have at no cost, mean over the batch, nats (free bits)", at_least=0
    )
    prior: str = setting(
        "local",
        "what new latents are drawn from: near the latest latents, as their neighbours spread (local), one Gaussian or "
        "N(0, I) (standard)",
        choices=("local", "gaussian", "standard"),
    )
    prior_spread: float = setting(
        0.6,
        "fraction of neighbours' covariance that a draw near a latent has; less is nearer to rows (local)",
        at_least=0,
    )
    iwae_samples: int = setting(32, "latents a row in the importance-weighted bound that is reported", at_least=1)
    weight_decay: float = setting(0.5, "AdamW's shrinking of each weight, times the step size, an update", at_least=0)


class VAE(Autoencoder):
    """Maximises a bound on the rows' log-probability (Kingma and Welling 2014, "Auto-Encoding Variational Bayes").

    loss = -E[log p(x | z)] + beta KL(q(z | x) || N(0, I)), summed over values and latents, mean over the batch; beta
    != 1 is the beta-VAE (Higgins et al. 2017). The scale of p(x | z) is learnt, one number for all values (Rybkin et
    al. 2021, "Simple and Effective VAE Training"), so that beta = 1 is the right balance on any data. With free bits
    (Kingma et al. 2016, appendix C.8) each latent's mean divergence counts from `free_nats` up only.

    `sample` gives the mean of p(x | z), without the noise of single values, for z near the latents of training rows,
    which fill N(0, I) with holes (Ghosh et al. 2020, section 4); with `prior="standard"` for z from N(0, I), of which
    the bounds speak.
    """

    Settings: ClassVar[type[Settings]] = VAESettings
    kinds: ClassVar[tuple[str, ...]] = ("samples", *(kind for kind in Autoencoder.kinds if kind != "samples"))
    main_metric: ClassVar[str] = "nelbo"
    not_state: tuple[str, ...] = ("warmup",)

    def build(self) -> None:
        self.likelihood = likelihoods.choose(self.config.likelihood, self.spec, type(self).__name__)
        self.log_scale = keras.Variable(math.log(0.3), name="log_scale")
        self.noise = keras.random.SeedGenerator(self.seeds.integer("data", 1))
        self.updates = tf.Variable(0, trainable=False)
        self.warmup = tf.Variable(self.scheduled("warmup_updates"), trainable=False)
        super().build()
        self._terms: Any = tf.function(lambda rows, *rest: self.bound_terms(self.spec.normalise_tensor(rows), *rest))

    def apply_schedules(self) -> None:
        self.warmup.assign(self.scheduled("warmup_updates"))

    @property
    def encoder_outputs(self) -> int:
        return 2 * int(self.config.latent_size)

    @property
    def output_activation(self) -> str:
        return "linear"

    def make_prior(self) -> GaussianPrior | StandardNormal:
        c = self.config
        return StandardNormal(c.latent_size) if c.prior == "standard" else super().make_prior()

    def parts(self) -> dict[str, list[Any]]:
        has_scale = self.likelihood.kind != "bernoulli"
        return {**super().parts(), **({"scale": [self.log_scale]} if has_scale else {})}

    def undecayed(self) -> list[Any]:
        # Decay would pull the scale towards 1.
        return [self.log_scale]

    # ---------------------------------------------------------------- the bound

    def posterior(self, data: tf.Tensor, *labels: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and log-variance of q(z | x), float32 (B, latent_size) each, for rows (B, ...) in [-1, 1]."""
        outputs = self.encoder(self.joined(data, *labels), training=training)
        mean, log_variance = tf.split(outputs, 2, axis=1)
        return mean, tf.clip_by_value(log_variance, -CLAMP, CLAMP)

    def log_likelihood(self, data: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """Return log p(x | z) of each row, float32 (B,), in nats; rows and decoder's outputs are float32 (B, ...)."""
        return self.likelihood.log_prob(data, outputs, tf.convert_to_tensor(self.log_scale))

    def draws(self, batch: Batch) -> tf.Tensor:
        return keras.random.normal((tf.shape(batch.data)[0], self.config.latent_size), seed=self.noise)

    def objective(self, batch: Batch, draws: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor], Any]:
        c, data, labels = self.config, batch.data, self.labels_of(batch)
        mean, log_variance = self.posterior(data, *labels, training=True)
        latents = mean + tf.exp(0.5 * log_variance) * draws
        outputs = self.decoder(self.joined(latents, *labels), training=True)
        misfit = -tf.reduce_mean(self.log_likelihood(data, outputs))
        divergence = tf.reduce_mean(kl_to_standard_normal(mean, log_variance), axis=0)
        beta = c.beta * warm_up(self.updates, self.warmup)
        paid = tf.reduce_sum(tf.maximum(divergence, c.free_nats))
        kl = tf.reduce_sum(divergence)
        return misfit + beta * paid, {"nelbo": misfit + kl, "misfit": misfit, "kl": kl, "beta": beta}, latents

    def learn_from(self, batch: Batch, seen: Any) -> None:
        super().learn_from(batch, seen)
        self.updates.assign_add(1)

    def encoded(self, data: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        return self.posterior(data, *labels)[0]

    def decoded(self, latents: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        return self.likelihood.mean(super().decoded(latents, *labels))

    def bound_terms(self, data: tf.Tensor, noise: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """Return log p(x | z), KL(q || p) and log p(x, z) / q(z | x) of one z a row, float32 (B, 3).

        Args:
            data: float32 (B, ...) in [-1, 1].
            noise: Standard normal, float32 (B, latent_size), of which z is made.
            labels: int32 (B,), if conditional.
        """
        mean, log_variance = self.posterior(data, *labels)
        latents = mean + tf.exp(0.5 * log_variance) * noise
        fit = self.log_likelihood(data, self.decoder(self.joined(latents, *labels)))
        divergence = tf.reduce_sum(kl_to_standard_normal(mean, log_variance), axis=1)
        # log p(z) - log q(z | x); the constants of the two Gaussians cancel.
        ratio = 0.5 * tf.reduce_sum(tf.square(noise) + log_variance - tf.square(latents), axis=1)
        return tf.stack([fit, divergence, fit + ratio], axis=1)

    def bounds(
        self, data: Any, samples: int = 1, labels: Any = None, seed: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return lower bounds of the log-probability of rows, in nats, and the divergence within them.

        Values are densities on [-1, 1] where the likelihood is Gaussian, and probabilities otherwise.

        Args:
            data: (N, ...) rows in the data set's own range and type.
            samples: Latents drawn for each row.
            labels: See `encode`.
            seed: See `sample`.

        Returns:
            The evidence lower bound, the importance-weighted bound (Burda et al. 2016, equation 8), which is the
            tighter the more samples, and KL(q(z | x) || p(z)): float64 (N,) each.
        """
        rows, rng = self.spec.check(data, f"{type(self).__name__}.bounds"), self.rng(seed)
        given = self.checked_labels(labels, len(rows), "bounds")
        samples = whole(f"{type(self).__name__}.bounds", "samples", samples)
        # A row's numbers are next to each other, so that they do not depend on how many rows there are.
        noise = rng.standard_normal((len(rows), samples, self.config.latent_size)).astype(np.float32)
        terms = np.stack([in_batches(self._terms, rows, noise[:, i], *given) for i in range(samples)])
        terms = terms.astype(np.float64)
        fit, divergence, weight = np.moveaxis(terms, 2, 0)
        return fit.mean(axis=0) - divergence[0], log_mean_exp(weight), divergence[0]

    # ---------------------------------------------------------------- evaluating

    def anomaly_score(self, data: Any, labels: Any = None) -> np.ndarray:
        """Return minus the evidence lower bound of each row, float64 (N,), in nats; see `encode` for the arguments."""
        return -self.bounds(data, ANOMALY_SAMPLES, labels)[0]

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return bounds of the test rows' log-probability beside what an `Autoencoder` reports.

        `nelbo` is minus the evidence lower bound, `niwae` minus the importance-weighted one with `iwae_samples`
        samples, both in nats a row; `bits_per_dimension` is `nelbo` in bits a value; `kl` the divergence in it.
        """
        elbo, iwae, divergence = self.bounds(data.test, self.config.iwae_samples, data.test_labels)
        nelbo = -float(elbo.mean())
        return {
            "nelbo": nelbo,
            "niwae": -float(iwae.mean()),
            "bits_per_dimension": nelbo / math.prod(self.spec.shape) / math.log(2.0),
            "kl": float(divergence.mean()),
            **super().metrics_on(data),
        }


def kl_to_standard_normal(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Return KL(N(mean, variance) || N(0, 1)) in nats, value by value (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (tf.square(mean) + tf.exp(log_variance) - log_variance - 1.0)


def warm_up(updates: tf.Tensor, length: Any) -> tf.Tensor:
    """Return what fraction of `length`, int32 (), updates have been made, at most 1; 1 for no length."""
    fraction = tf.cast(updates, tf.float32) / tf.cast(tf.maximum(length, 1), tf.float32)
    return tf.where(length > 0, tf.minimum(1.0, fraction), 1.0)


def log_mean_exp(values: np.ndarray) -> np.ndarray:
    """Return the logarithm of the mean, over the first axis, of the exponentials of float64 values."""
    most = values.max(axis=0)
    return most + np.log(np.exp(values - most).mean(axis=0))
