"""The variants of DQN that make up Rainbow, each a few lines of its own, and their sum; both lanes run them.

Run it with `python examples/dqn_variants.py [VARIANT] [STEPS] [RUN_DIR]`; VARIANT is a class's name, such as QRDQN.
"""

from __future__ import annotations

import dataclasses
import sys

import keras
import tensorflow as tf

from agents import DQN
from agents.dqn import DQNSettings
from agents.parts import losses, observations
from agents.parts.distributions import categorical_projection, quantile_huber
from agents.replay import Prioritised
from lab import Experiment, setting
from lab.errors import bad_value

# ---------------------------------------------------------------- Double


@dataclasses.dataclass(frozen=True)
class DoubleDQNSettings(DQNSettings):
    """Settings of `DoubleDQN`."""

    selector: str = setting("online", "network that selects: online or its average", choices=("online", "average"))


class DoubleDQN(DQN):
    """Lets one network select the action that another one values (van Hasselt et al. 2016, equation 4)."""

    Settings = DoubleDQNSettings

    def next_actions(self, parameters, features):
        weights = self.acting_weights(parameters, explore=self.config.selector == "online")
        return tf.argmax(self.values(weights, features), axis=-1, output_type=tf.int32)

    def next_values(self, parameters, features):
        return losses.chosen(self.values(parameters.target, features), self.next_actions(parameters, features))


# ---------------------------------------------------------------- n steps


@dataclasses.dataclass(frozen=True)
class NStepDQNSettings(DQNSettings):
    """Settings of `NStepDQN`."""

    horizon: int = setting(3, "steps of reward before what follows is valued", at_least=1)


class NStepDQN(DQN):
    """Bootstraps after n steps: r_1 + gamma r_2 + ... + gamma^n max Q (Sutton and Barto 2018, equation 7.1)."""

    Settings = NStepDQNSettings

    def experience(self):
        return dataclasses.replace(super().experience(), n_steps=self.config.horizon)


# ---------------------------------------------------------------- distributions


@dataclasses.dataclass(frozen=True)
class C51Settings(DQNSettings):
    """Settings of `C51`."""

    atoms: int = setting(51, "values that a return may take", at_least=2)
    lowest: float = setting(0.0, "the least of them")
    highest: float = setting(100.0, "the greatest of them; returns are discounted, so CartPole's stay below 100")

    def check(self) -> None:
        super().check()
        if not self.lowest < self.highest:
            raise bad_value("C51", "highest", self.highest, f"more than lowest ({self.lowest})")


class C51(DQN):
    """Learns the probabilities of returns on fixed atoms (Bellemare et al. 2017, algorithm 1)."""

    Settings = C51Settings

    def network(self, seed):
        c, shape = self.config, (self.number_of_actions, self.config.atoms)
        return observations.network(self.observation_space, c.filters, c.hidden_sizes, shape, seed)

    def support(self):
        return tf.linspace(self.config.lowest, self.config.highest, self.config.atoms)

    def action_values_of(self, outputs):
        return tf.reduce_sum(tf.nn.softmax(outputs) * self.support(), axis=-1)

    def target_of(self, parameters, batch, next_features):
        logits = losses.chosen(
            self.outputs(parameters.target, next_features), self.next_actions(parameters, next_features)
        )
        moved = losses.td_target(batch.reward[:, None], batch.discount[:, None], self.support())
        return categorical_projection(moved, tf.nn.softmax(logits), self.support())

    def row_losses(self, outputs, batch, target, settings):
        log_probabilities = tf.nn.log_softmax(losses.chosen(outputs, batch.action))
        rows = -tf.reduce_sum(target * log_probabilities, axis=-1)
        # Rows are preferred by their divergence, which unlike the loss is 0 where nothing is left to learn.
        return rows, rows + tf.reduce_sum(tf.math.xlogy(target, target), axis=-1)


@dataclasses.dataclass(frozen=True)
class QRDQNSettings(DQNSettings):
    """Settings of `QRDQN`."""

    quantiles: int = setting(51, "quantiles of a return", at_least=1)
    huber_delta: float = setting(1.0, "error beyond which the loss grows in a line", above=0)


class QRDQN(DQN):
    """Learns quantiles of returns (Dabney et al. 2018, "QR-DQN", algorithm 1)."""

    Settings = QRDQNSettings

    def network(self, seed):
        c, shape = self.config, (self.number_of_actions, self.config.quantiles)
        return observations.network(self.observation_space, c.filters, c.hidden_sizes, shape, seed)

    def action_values_of(self, outputs):
        return tf.reduce_mean(outputs, axis=-1)

    def target_of(self, parameters, batch, next_features):
        outputs = self.outputs(parameters.target, next_features)
        following = losses.chosen(outputs, self.next_actions(parameters, next_features))
        return losses.td_target(batch.reward[:, None], batch.discount[:, None], following)

    def row_losses(self, outputs, batch, target, settings):
        quantiles = losses.chosen(outputs, batch.action)
        errors = tf.reduce_mean(target, axis=-1) - tf.reduce_mean(quantiles, axis=-1)
        return quantile_huber(quantiles, target, settings.huber_delta), errors


# ---------------------------------------------------------------- prioritised replay


@dataclasses.dataclass(frozen=True)
class PrioritisedDQNSettings(DQNSettings):
    """Settings of `PrioritisedDQN`."""

    alpha: float = setting(
        0.6, "how much errors count in what is drawn; 0: uniform, 1: in proportion", at_least=0, at_most=1
    )
    beta: float = setting(
        0.4, "how much of that the weights make up for at first; at the end all", at_least=0, at_most=1
    )


class PrioritisedDQN(DQN):
    """Learns more often from what it was wrong about (Schaul et al. 2016, algorithm 1)."""

    Settings = PrioritisedDQNSettings

    def experience(self):
        sampler = Prioritised(self.config.alpha, self.config.beta)
        return dataclasses.replace(super().experience(), sampler=sampler)


# ---------------------------------------------------------------- their sum


@dataclasses.dataclass(frozen=True)
class AllTogetherSettings(C51Settings, DoubleDQNSettings, NStepDQNSettings, PrioritisedDQNSettings):
    """Settings of `AllTogether`."""

    dueling: bool = setting(True, "whether a value of the state is learnt apart from the advantages of actions")


class AllTogether(C51, DoubleDQN, NStepDQN, PrioritisedDQN):
    """All of them with dueling heads (Hessel et al. 2018, section 4), but epsilon-greedy in place of noisy layers.

    Dueling: the logits of an action are v + a - mean a (Wang et al. 2016, equation 9), from one hidden layer.
    """

    Settings = AllTogetherSettings

    def network(self, seed):
        c, actions = self.config, self.number_of_actions
        if not c.dueling:
            return super().network(seed)
        shape = (actions + 1, c.atoms)
        heads = observations.network(self.observation_space, c.filters, c.hidden_sizes, shape, seed)
        value, advantages = heads.outputs[0][:, :1], heads.outputs[0][:, 1:]
        mean = keras.ops.mean(advantages, axis=1, keepdims=True)
        return keras.Model(heads.inputs[0], value + advantages - mean)


def main(variant="AllTogether", steps=12_000, run_dir=None, **settings):
    kind = globals()[variant]
    experiment = Experiment(kind(**settings), "CartPole-v1", seed=1, run_dir=run_dir or f"runs/{kind.name}")
    experiment.train(steps)
    print(experiment.evaluate())
    return experiment


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]), *sys.argv[3:4])
