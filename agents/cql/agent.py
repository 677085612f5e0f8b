"""CQL: Q-learning from recordings that distrusts actions they do not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from agents.cql.settings import CQLSettings
from agents.dqn import DQN
from agents.dqn.state import Parameters, copied
from agents.functional import AgentState, Choice
from agents.functional.state import assign, in_numpy
from agents.offline import OfflineAgent
from agents.parts import losses
from agents.transitions import Batch
from lab.config import Settings


def conservative_penalty(values: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """Return log sum_a exp Q(s, a) - Q(s, a recorded) of each row, (B,) (Kumar et al. 2020, equation 4, CQL(H)).

    Args:
        values: float32 (B, A).
        chosen: float32 (B,), of the recorded actions.
    """
    return tf.reduce_logsumexp(values, axis=-1) - chosen


class CQL(OfflineAgent, DQN):
    """DQN on recorded transitions with a penalty on values of actions not taken there (Kumar et al. 2020).

    "Conservative Q-Learning for Offline Reinforcement Learning", equation 4, CQL(H), for Discrete actions. Target, loss
    of the TD error and network are DQN's.
    """

    Settings: ClassVar[type[Settings]] = CQLSettings
    default_steps: ClassVar[int] = 5_000
    # It learns from what was recorded, and steps in no environment.
    lanes: ClassVar[tuple[str, ...]] = ("host",)
    tensor_settings: ClassVar[tuple[str, ...]] = ()
    training_state: ClassVar[tuple[str, ...]] = ("moments",)
    earlier_names: ClassVar[Mapping[str, str]] = {}
    not_state: tuple[str, ...] = ("copies",)

    def build(self) -> None:
        self.build_networks()
        self.rate = tf.Variable(self.config.learning_rate)
        self.updates = tf.Variable(0)

    def apply_schedules(self) -> None:
        """Do nothing: its step size is fixed, and it does not explore."""

    def parameters(self) -> Parameters:
        return super().parameters()._replace(copies=())

    def row_losses(
        self, outputs: tf.Tensor, batch: Batch, target: tf.Tensor, settings: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        rows, errors = super().row_losses(outputs, batch, target, settings)
        values = self.action_values_of(outputs)
        return rows + settings.alpha * conservative_penalty(values, losses.chosen(values, batch.action)), errors

    def step_size(self, state: AgentState) -> tf.Tensor:
        return state.learning_rate

    def update_on(self, batch: Batch) -> Mapping[str, tf.Tensor]:
        batch = batch._replace(discount=self.config.discount * batch.discount, weights=tf.ones(batch.reward.shape[0]))
        variables = self.parameters()
        parameters = tf.nest.map_structure(tf.convert_to_tensor, variables)
        parameters = copied(parameters, self.updates % self.config.target_update_every == 0)
        rate = tf.convert_to_tensor(self.rate)
        state = AgentState(parameters, tf.cast(self.updates, tf.int64), rate, {})
        learnt = self.learn(state, batch, tf.zeros(2, tf.uint32))
        assign(variables, learnt.parameters)
        self.updates.assign_add(1)
        return learnt.metrics

    @in_numpy("act_in_numpy")
    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        weights = self.acting_weights(state.parameters, False)
        values = self.values(weights, self.features(observations))
        return Choice(tf.argmax(values, axis=-1, output_type=tf.int32))

    def act_in_numpy(self, observed: np.ndarray, explore: bool) -> np.ndarray:
        return self.action_values(observed).argmax(axis=-1)

    def gauges(self) -> dict[str, float]:
        return {}

    def end_updates(self) -> None:
        self.renew_host_forms(None)
