"""SAC: the actor seeks reward and entropy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.functional import AgentState
from agents.off_policy import losses
from agents.off_policy.agent import OffPolicyAgent
from agents.off_policy.kinds import BoxActions, DiscreteActions, Proposal, kind_of
from agents.off_policy.settings import SACSettings
from agents.off_policy.state import Parameters
from agents.parts.heads import deviations
from agents.transitions import Batch
from lab.config import Settings
from lab.errors import bad_value
from lab.training.adam import Moments, adam, no_moments


class SAC(OffPolicyAgent):
    """Learns a policy that seeks reward and entropy, whose weight follows a target (Haarnoja et al. 2018).

    "Soft Actor-Critic Algorithms and Applications", algorithm 1: two critics, squashed Gaussian actions of a Box;
    Discrete ones as by Christodoulou 2019, "Soft Actor-Critic for Discrete Action Settings". With more `critics` than
    `critics_in_target` and several `updates_per_round` it is REDQ (Chen et al. 2021, "Randomized Ensembled Double
    Q-Learning", algorithm 1), whose actor follows the mean of all critics; with `critic_normalisation="batch"` CrossQ
    (Bhatt et al. 2024), whose critics need no target networks.
    """

    Settings: ClassVar[type[Settings]] = SACSettings
    reported: ClassVar[tuple[str, ...]] = ("actor_loss", "entropy", "temperature")
    metric_names: ClassVar[tuple[str, ...]] = ("critic_loss", "value", *reported)
    not_state: tuple[str, ...] = ("reported", "metric_names")
    kept: ClassVar[frozenset[str]] = OffPolicyAgent.kept | {"reported", "metric_names"}

    def kind_of_actions(self) -> BoxActions | DiscreteActions:
        return kind_of(type(self).__name__, self.action_space)

    def check_spaces(self) -> None:
        super().check_spaces()
        wanted, most = self.config.target_entropy, self.kind.most_entropy
        if self.config.learn_temperature and wanted is not None and wanted >= most:
            raise bad_value(
                type(self).__name__, "target_entropy", wanted, f"less than the {most:.4g} nats of uniform play in "
                f"{self.action_space}: the temperature would rise for ever",
                f"the default, {self.kind.usual_entropy:.4g}.",
            )  # fmt: skip

    def build_networks(self) -> None:
        if self.kind.head.continuous:
            self.reported = (*type(self).reported, "deviation")  # type: ignore[misc]
            self.metric_names = (*type(self).metric_names, "deviation")  # type: ignore[misc]
        super().build_networks()
        start = np.float32(np.log(self.config.temperature))
        if self.config.learn_temperature:
            self.temperature = (tf.Variable(start), Moments(*map(tf.Variable, no_moments([start]))))

    def unread_settings(self) -> dict[str, str]:
        unread = super().unread_settings()
        if not self.config.learn_temperature:
            unread["target_entropy"] = "it is what learn_temperature=True follows"
        return unread

    def complaint(self, row: Mapping[str, Any]) -> str:
        return deviations.complaint(row.get("deviation"), "a larger target_entropy", "a smaller target_entropy")

    @property
    def target_entropy(self) -> float:
        """What the entropy of the policy is to be, in nats."""
        chosen = self.config.target_entropy
        return self.kind.usual_entropy if chosen is None else float(chosen)

    def weight_of_entropy(self, parameters: Parameters) -> Any:
        """Return the temperature, a number or float32 ()."""
        return tf.exp(parameters.temperature[0]) if parameters.temperature else self.config.temperature

    # ---------------------------------------------------------------- the rule

    def proposed(self, parameters: Parameters, following: tf.Tensor, key: tf.Tensor, settings: Any) -> Proposal:
        return self.kind.proposed(self.rows(parameters.actor, following), key)

    def next_values(self, least: tf.Tensor, proposal: Proposal, parameters: Parameters) -> tf.Tensor:
        """Return E[Q - alpha log pi], float32 (B,) (equation 3); see `OffPolicyAgent.next_values`."""
        return self.kind.expected(least - self.weight_of_entropy(parameters) * proposal.logs, proposal.logs)

    def actor_losses(
        self, actor: Any, parameters: Parameters, batch: Batch, observed: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        kind, p = self.kind, parameters
        rows = self.rows(actor, observed)
        proposal = kind.proposed(rows, key)
        both = tf.concat([observed, proposal.actions], axis=-1)
        values = kind.values(self.ensemble(p.critics, both, p.statistics))
        fewer = self.config.critics_in_target < self.config.critics
        value = tf.reduce_mean(values, axis=0) if fewer else tf.reduce_min(values, axis=0)
        entropy = -tf.reduce_mean(kind.expected(proposal.logs, proposal.logs))
        known: tuple[Any, ...] = (entropy, self.weight_of_entropy(p) * tf.ones(()))
        if kind.head.continuous:
            known = (*known, tf.reduce_mean(kind.head.deviation(rows)))
        # Equation 7, in which the temperature is a number.
        return -self.next_values(value, proposal, p), known

    def after_actor(self, parameters: Parameters, known: tuple[tf.Tensor, ...], state: AgentState) -> Parameters:
        if not parameters.temperature:
            return parameters
        c, (logarithm, moments) = self.hyperparameters(state), parameters.temperature
        with tf.GradientTape() as tape:
            tape.watch(logarithm)
            loss = losses.temperature_loss(logarithm, known[0], self.target_entropy)
        gradient = tf.reshape(tape.gradient(loss, logarithm), [1])
        (logarithm,), moments = adam([logarithm], gradient, moments, c.learning_rate, c.adam_epsilon)
        return parameters._replace(temperature=(logarithm, moments))

    # ---------------------------------------------------------------- acting

    def greedy(self, rows: tf.Tensor) -> tf.Tensor:
        return self.kind.head.mode(rows)

    def explored(self, rows: tf.Tensor, key: tf.Tensor, settings: Any) -> tf.Tensor:
        return self.kind.head.sample(rows, key)

    def greedy_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return self.kind.head.mode_in_numpy(rows)

    def explored_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.kind.head.sample_in_numpy(rows, rng)

    def action_values(self, observations: np.ndarray) -> np.ndarray | None:
        """Return the least of the critics' values of each Discrete action, float32 (n, A); None for a Box."""
        if not isinstance(self.action_space, Discrete):
            return None
        self.settle()
        rows = tf.constant(self.features(observations))
        found: np.ndarray = tf.reduce_min(self.ensemble(self.critics, rows, self.statistics), axis=0).numpy()
        return found
