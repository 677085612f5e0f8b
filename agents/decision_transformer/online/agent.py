"""OnlineDecisionTransformer: pretrained on a recording, then fine-tuned on episodes of its own (Zheng et al. 2022)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.decision_transformer.agent import DecisionTransformer, masked_mean
from agents.decision_transformer.data.windows import Steps
from agents.decision_transformer.online.settings import OnlineDecisionTransformerSettings
from agents.episodes import Episodes
from agents.parts.actions import box_bounds
from lab.config import Settings


class OnlineDecisionTransformer(DecisionTransformer):
    """Learns from a recording first, then from episodes that it plays itself, each labelled with what it obtained.

    Source: Zheng, Zhang and Grover 2022, "Online Decision Transformer", sections 3 and 4. After `offline_updates` it
    plays `episodes_per_round` episodes, exploring and asking for `exploration_return`; they take the place of the
    oldest in a buffer of whole episodes that began with the recording's best; `updates_per_round` updates follow, and
    so on. Returns-to-go are those obtained, which is the paper's hindsight relabelling.

    Discrete actions are kept from becoming certain: the loss is the cross-entropy less a weight times the entropy, and
    the weight rises while the mean entropy is below its bound, and else falls, to 0 at the least (equations 6 to 8).
    Box actions explore with Gaussian noise of one size around the prediction, where the paper learns the size.

    Attributes:
        entropy_weight: float32 (), the weight.
    """

    Settings: ClassVar[type[Settings]] = OnlineDecisionTransformerSettings
    default_steps: ClassVar[int] = 3_000
    not_state: tuple[str, ...] = ("_entropy",)

    _entropy: tf.Tensor | None = None

    def build(self) -> None:
        super().build()
        self.entropy_weight = tf.Variable(0.0)

    def learn_of(self, episodes: Episodes) -> None:
        """Note the returns of episodes played, so that they count as ones that can be asked for."""
        self.lowest_return = min(self.lowest_return, float(episodes.returns.min()))
        self.best_return = max(self.best_return, float(episodes.returns.max()))
        self.longest = max(self.longest, int(episodes.lengths.max()))

    # ---------------------------------------------------------------- exploring

    @property
    def entropy_bound(self) -> float:
        """The least mean entropy of Discrete predictions, nats."""
        space = self.action_space
        return self.config.least_entropy * math.log(space.n) if isinstance(space, Discrete) else 0.0

    def loss(self, predictions: tf.Tensor, batch: Steps) -> tf.Tensor:
        loss = super().loss(predictions, batch)
        if not self.entropy_bound:
            return loss
        entropy = entropy_of(predictions)
        present = tf.cast(batch.present, tf.float32)
        self._entropy = masked_mean(tf.stop_gradient(entropy), present)
        return loss - self.entropy_weight * entropy

    def update_on(self, batch: Steps) -> Mapping[str, tf.Tensor]:
        metrics = dict(super().update_on(batch))
        # `loss` has been traced within the update, so this is the mean of the very predictions it was made on.
        entropy, self._entropy = self._entropy, None
        if entropy is not None:
            step = self.config.entropy_rate * (self.entropy_bound - entropy)
            self.entropy_weight.assign(tf.maximum(self.entropy_weight + step, 0.0))
            metrics["entropy"] = entropy
        return metrics

    def explored(self, predictions: np.ndarray) -> np.ndarray:
        noise = self.config.exploration_noise * self.exploration.standard_normal(predictions.shape)
        noisy = (predictions + noise).astype(np.float32)
        return np.where(box_bounds(self.action_space)[2], noisy.clip(-1.0, 1.0), noisy)


def entropy_of(logits: tf.Tensor) -> tf.Tensor:
    """Return the entropy of the actions that logits (..., n) stand for, float32 (...), nats."""
    shares = tf.nn.log_softmax(logits)
    return -tf.reduce_sum(tf.exp(shares) * shares, axis=-1)
