"""SparseAutoencoder: many latents, few of which are active for any one row."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from generative.autoencoder.generator import Autoencoder
from generative.autoencoder.settings import AutoencoderSettings
from lab.config import Settings, setting


@dataclasses.dataclass(frozen=True)
class SparseAutoencoderSettings(AutoencoderSettings):
    """The settings of a `SparseAutoencoder`."""

    latent_size: int = setting(64, "numbers in a latent", at_least=1, at_most=16_384)
    sparsity: str = setting(
        "kl", "what is paid for: kl to the target activation, or l1 of the latents", choices=("kl", "l1")
    )
    sparsity_weight: float = setting(0.003, "how much it adds to the loss", at_least=0)
    target_activation: float = setting(
        0.05, "fraction of the rows for which a latent shall be active (kl)", above=0, below=1
    )


class SparseAutoencoder(Autoencoder):
    """Pays for active latents, which lie in [0, 1] (Ng 2011, "Sparse autoencoder", CS294A lecture notes, section 3)."""

    Settings: ClassVar[type[Settings]] = SparseAutoencoderSettings
    # Bounded, because latents without bounds escape the payment: the decoder's weights grow as they shrink.
    code_activation: ClassVar[str] = "sigmoid"

    def penalty(self, latents: tf.Tensor) -> tf.Tensor:
        c = self.config
        if c.sparsity == "l1":
            return c.sparsity_weight * tf.reduce_mean(tf.reduce_sum(tf.abs(latents), axis=1))
        return c.sparsity_weight * activation_divergence(latents, c.target_activation)


def activation_divergence(latents: tf.Tensor, target: float) -> tf.Tensor:
    """Return the sum over latents of KL(Bernoulli(target) || Bernoulli(mean activation in the batch)), (), in nats.

    Args:
        latents: (B, L) in [0, 1].
        target: In (0, 1).
    """
    mean = tf.clip_by_value(tf.reduce_mean(latents, axis=0), 1e-6, 1.0 - 1e-6)
    divergence = target * tf.math.log(target / mean) + (1 - target) * tf.math.log((1 - target) / (1 - mean))
    return tf.reduce_sum(divergence)
