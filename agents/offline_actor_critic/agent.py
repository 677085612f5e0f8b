"""OfflineActorCritic: the base of actor-critics that learn from recorded episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.episodes import Episodes
from agents.functional import AgentState, Choice
from agents.functional.state import assign, in_numpy
from agents.off_policy import OffPolicyAgent
from agents.offline import OfflineAgent
from agents.offline_actor_critic.drawing import Draw, Draws
from agents.offline_actor_critic.settings import OfflineActorCriticSettings
from agents.parts.normalising import moments_of, scaled
from agents.parts.observations import number_of_features
from lab.config import Settings


class OfflineActorCritic(OfflineAgent, OffPolicyAgent):
    """Makes the updates of an off-policy actor-critic on recorded transitions, and steps in no environment.

    Networks, critics, targets and the order of an update are those of `OffPolicyAgent`; a subclass gives what that one
    asks for. Observations are scaled by the recording where the settings say so (Fujimoto and Gu 2021, "A Minimalist
    Approach to Offline Reinforcement Learning", section 5); mean and deviations are part of the agent.
    """

    Settings: ClassVar[type[Settings]] = OfflineActorCriticSettings
    default_steps: ClassVar[int] = 20_000
    lanes: ClassVar[tuple[str, ...]] = ("host",)
    tensor_settings: ClassVar[tuple[str, ...]] = ()
    training_state: ClassVar[tuple[str, ...]] = (
        *("critics", "targets", "actor_target", "actor_moments", "critic_moments", "state_value", "reports"),
    )
    not_state: tuple[str, ...] = ("statistics", "temperature")

    def build(self) -> None:
        self.build_networks()
        self.rate = tf.Variable(self.config.learning_rate)
        self.exploration = self.seeds.generator("exploration")
        # Mean and deviation of each feature in the recording, or () where observations stay as they are.
        self.observed: tuple[tf.Variable, ...] = ()
        if self.config.normalise_observations and not isinstance(self.observation_space, Discrete):
            size = number_of_features(self.observation_space)
            self.observed = tf.Variable(tf.zeros(size)), tf.Variable(tf.ones(size))

    def apply_schedules(self) -> None:
        """Do nothing: its step size is fixed, and it does not explore."""

    def unread_settings(self) -> dict[str, str]:
        unread = super().unread_settings()
        if self.config.normalise_observations and isinstance(self.observation_space, Discrete):
            unread["normalise_observations"] = "Discrete observations have no scale"
        return unread

    # ---------------------------------------------------------------- learning

    def adapt(self, episodes: Episodes) -> None:
        if self.observed:
            assign(self.observed, moments_of(self.observation_space, episodes.observations))

    def sampler(self, episodes: Episodes) -> Callable[[np.random.Generator], Draw]:
        return Draws(episodes, self.batch_size)

    def state(self) -> AgentState:
        rate = tf.convert_to_tensor(self.rate)
        parameters = tf.nest.map_structure(tf.convert_to_tensor, self.parameters())
        return AgentState(parameters, tf.zeros((), tf.int64), rate, {"learning_rate": rate})

    def update_on(self, batch: Draw) -> Mapping[str, tf.Tensor]:
        rows, ones = batch.batch, tf.ones(batch.batch.reward.shape[0])
        rows = rows._replace(discount=self.config.discount * rows.discount, weights=ones)
        learnt = self.learn(self.state(), rows, batch.key)
        assign(self.parameters(), learnt.parameters)
        return learnt.metrics

    def features(self, observed: Any) -> Any:
        rows = super().features(observed)
        return scaled(rows, *self.observed) if self.observed else rows

    def end_updates(self) -> None:
        self.renew_host_forms(None)

    # ---------------------------------------------------------------- acting

    @in_numpy("act_in_numpy")
    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        rows = self.rows(state.parameters.actor, self.features(observations))
        return Choice(self.explored(rows, key, self.config) if explore else self.greedy(rows))

    def act_in_numpy(self, observed: np.ndarray, explore: bool) -> np.ndarray:
        rows = self.rows_in_numpy(observed)
        return self.explored_in_numpy(rows, self.exploration) if explore else self.greedy_in_numpy(rows)

    def gauges(self) -> dict[str, float]:
        return {}
