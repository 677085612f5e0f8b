"""BehaviorCloning: imitates whoever acted in the recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.cloning import losses
from agents.cloning.settings import BehaviorCloningSettings
from agents.episodes import Episodes
from agents.functional.state import assign
from agents.offline import ActionBatch, Actions, OfflineAgent
from agents.parts import observations as features
from agents.parts.actions import as_actions, as_actions_tensor, squashed
from agents.parts.exporting import of_observations
from lab.config import Settings
from lab.errors import UsageError
from lab.exporting import Exportable
from lab.networks import Forward
from lab.training.adam import Moments, adam, clipped, flat, no_moments


class BehaviorCloning(OfflineAgent):
    """Learns to act as the recording did (Pomerleau 1989, "ALVINN: An Autonomous Land Vehicle in a Neural Network").

    Discrete actions: cross-entropy of a softmax policy, which acts by its likeliest action. Box actions: mean squared
    error of a policy whose tanh keeps actions within bounds. A variant overrides `sampler`.
    """

    Settings: ClassVar[type[Settings]] = BehaviorCloningSettings
    training_state: ClassVar[tuple[str, ...]] = ("moments",)
    not_state: tuple[str, ...] = ("forward",)

    def check_spaces(self) -> None:
        features.check_observations(type(self).__name__, self.observation_space)
        space = self.action_space
        if not isinstance(space, Discrete) and not (isinstance(space, Box) and np.issubdtype(space.dtype, np.floating)):
            raise UsageError(
                f"{type(self).__name__} received the action space {space}; expected Discrete or a Box of floats. "
                "Fix: wrap the environment before recording, for example with gymnasium.wrappers.FlattenObservation."
            )

    def build(self) -> None:
        c, space = self.config, self.action_space
        outputs = int(space.n) if isinstance(space, Discrete) else int(np.prod(space.shape or ()))
        seed = self.seeds.integer("network")
        self.policy = features.network(self.observation_space, c.filters, c.hidden_sizes, outputs, seed)
        self.moments = Moments(*(tf.Variable(m) for m in no_moments(self.policy.trainable_variables)))
        self.rate = tf.Variable(c.learning_rate)
        self.exploration = self.seeds.generator("exploration")
        self.forward = Forward(self.policy)

    def unread_settings(self) -> dict[str, str]:
        unread = {}
        if not features.is_picture(self.observation_space):
            unread["filters"] = "the observations are no pictures"
        if not isinstance(self.action_space, Discrete):
            unread["stochastic"] = "only Discrete actions are drawn"
        return unread

    def sampler(self, episodes: Episodes) -> Callable[[np.random.Generator], Any]:
        return Actions(episodes, self.batch_size)

    # ---------------------------------------------------------------- learning

    def loss(self, outputs: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        """Return how far outputs float32 (B, d) are from the recorded actions, ()."""
        if isinstance(self.action_space, Discrete):
            return losses.cross_entropy(outputs, actions)
        return losses.action_error(self.action_space, outputs, actions)  # type: ignore[arg-type]

    def update_on(self, batch: ActionBatch) -> Mapping[str, tf.Tensor]:
        variables = tuple(v.value for v in self.policy.trainable_variables), self.moments
        weights, moments = tf.nest.map_structure(tf.convert_to_tensor, variables)
        observed = features.pure_features(self.observation_space, batch.observation)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs = self.policy.stateless_call(list(weights), [], observed)[0]
            loss = self.loss(outputs, batch.action)
        gradient, norm = clipped(flat(tape.gradient(loss, weights)), self.config.gradient_clip)
        assign(variables, adam(weights, gradient, moments, self.rate, decay=self.config.weight_decay))
        metrics = {"loss": loss, "gradient_norm": norm}
        if isinstance(self.action_space, Discrete):
            likeliest = tf.argmax(outputs, axis=-1, output_type=tf.int32)
            metrics["agreement"] = tf.reduce_mean(tf.cast(likeliest == self.best_actions(batch.action), tf.float32))
        return metrics

    def best_actions(self, actions: tf.Tensor) -> tf.Tensor:
        """Return the Discrete actions to agree with, int32 (B,), of what `loss` learns from (hook)."""
        return actions

    def end_updates(self) -> None:
        self.forward.renew()

    def set_state(self, state: Mapping[str, object]) -> None:
        super().set_state(state)
        self.end_updates()

    # ---------------------------------------------------------------- acting

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        outputs, space = self.outputs(observations), self.action_space
        if isinstance(space, Box):
            return as_actions(space, squashed(space, outputs))
        return self._chosen(outputs, explore)

    def _chosen(self, outputs: np.ndarray, explore: bool) -> np.ndarray:
        if not explore and not self.config.stochastic:
            return outputs.argmax(axis=-1)
        # The Gumbel-max trick: the highest of logits and Gumbel noise is a draw from their softmax.
        rng = self.exploration if explore else self.evaluation_rng
        return (outputs + rng.gumbel(size=outputs.shape)).argmax(axis=-1)

    def export_model(self) -> Exportable:
        space = self.action_space

        def outputs(observed: tf.Tensor) -> tf.Tensor:
            given = self.policy(features.pure_features(self.observation_space, observed))
            return as_actions_tensor(space, squashed(space, given)) if isinstance(space, Box) else given

        name, original = ("actions", self.act_batch) if isinstance(space, Box) else ("logits", self.outputs)
        return of_observations(self.observation_space, name, outputs, original)

    def actions_of(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        return outputs["actions"] if "actions" in outputs else self._chosen(outputs["logits"], explore=False)

    def outputs(self, observations: np.ndarray) -> np.ndarray:
        """Return the policy network's outputs, float32 (n, d): for Discrete spaces logits."""
        return self.forward(features.features(self.observation_space, observations))
