"""DecisionTransformer: acts as a model of recorded sequences does when a return is asked for (Chen et al. 2021)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.decision_transformer.acting.acting import ActsOnContext
from agents.decision_transformer.data.windows import Sampler, Steps
from agents.decision_transformer.figures.calibration import calibrate
from agents.decision_transformer.network import tokens
from agents.decision_transformer.network.network import TrajectoryTransformer, Window
from agents.decision_transformer.settings import DecisionTransformerSettings
from agents.episodes import Episodes
from agents.offline import OfflineAgent
from agents.parts.normalising import moments_of
from agents.parts.observations import is_picture, network, number_of_features
from lab.config import Settings
from lab.errors import UsageError
from lab.results.evaluation import Evaluation
from lab.training.adam import Moments, adam, clipped, flat, no_moments
from lab.training.moving_average import WeightAverage

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class DecisionTransformer(ActsOnContext, OfflineAgent):
    """Learns which action followed which past and which return to come, and acts by asking for a return.

    Source: Chen et al. 2021, "Decision Transformer: Reinforcement Learning via Sequence Modeling", section 3. Trained
    by cross-entropy (Discrete actions) or squared error (Box) on windows of recorded episodes, with AdamW, a linear
    warm-up and gradients clipped by their global norm; it acts by weights averaged over the updates. A variant
    overrides `encoder`, `loss` or `update_on`.

    Attributes:
        network: With the latest weights.
        average: Of its weights, with a network of its own, or None where the settings want none.
    """

    Settings: ClassVar[type[Settings]] = DecisionTransformerSettings
    default_steps: ClassVar[int] = 2_500
    default_log_every: ClassVar[int] = 50
    updates_per_call: ClassVar[int] = 10
    figures: ClassVar[tuple[str, ...]] = ("calibration", "attention")
    training_state: ClassVar[tuple[str, ...]] = ("moments",)
    not_state: tuple[str, ...] = ("warmup",)
    compile: str | None = "graph"

    def check_spaces(self) -> None:
        tokens.check_spaces(type(self).__name__, self.observation_space, self.action_space)

    def build(self) -> None:
        c = self.config
        self.network = self.make_network()
        self.average = WeightAverage(self.network, self.make_network(), c.average_decay) if c.average_decay else None
        self.moments = Moments(*(tf.Variable(m) for m in no_moments(self.network.trainable_variables)))
        size = number_of_features(self.observation_space)
        self.mean, self.spread = tf.Variable(tf.zeros(size)), tf.Variable(tf.ones(size))
        self.lowest_return = self.middle_return = self.best_return = 0.0
        self.scale, self.longest = 1.0, 1
        self.target_return, self.decoders = c.target_return, {}
        # A step size that somebody set; below 0 the one that the settings describe applies.
        self.fixed_rate = tf.Variable(-1.0)
        self.exploration = self.seeds.generator("exploration")
        self.warmup = tf.Variable(1.0, trainable=False)
        self.apply_schedules()

    def unread_settings(self) -> dict[str, str]:
        unread = {}
        discrete = isinstance(self.action_space, Discrete)
        if type(self).encoder is DecisionTransformer.encoder and not is_picture(self.observation_space):
            unread["filters"] = "the observations are no pictures"
        if discrete:
            unread["bound"] = "Discrete actions have no bounds"
        else:
            unread["stochastic"] = "only Discrete actions are drawn"
        return unread

    def apply_schedules(self) -> None:
        self.warmup.assign(max(1, self.scheduled("warmup_updates")))

    def make_network(self) -> TrajectoryTransformer:
        """Return a network as the settings describe it, with the agent's first weights."""
        c, seed = self.config, self.seeds.integer("network")
        return TrajectoryTransformer(
            self.encoder(seed + 10),
            number_of_features(self.action_space),
            width=c.width,
            layers=c.layers,
            heads=c.heads,
            dropout=c.dropout,
            places=c.max_episode_length if c.positions == "timestep" else 0,
            octaves=c.return_octaves,
            seed=seed,
        )

    def encoder(self, seed: int) -> keras.Model:
        """Build the network from an observation's features (B, d) to its token (B, width)."""
        c = self.config
        return network(self.observation_space, c.filters, c.encoder_sizes, c.width, seed)

    # ---------------------------------------------------------------- data

    def adapt(self, episodes: Episodes) -> None:
        c, returns = self.config, np.asarray(episodes.returns)
        self.lowest_return, self.best_return = float(returns.min()), float(returns.max())
        self.middle_return = float(np.median(returns))
        self.scale = c.return_scale or float(np.abs(returns).max()) or 1.0
        self.longest = int(np.max(episodes.lengths))
        space = self.observation_space
        if c.normalise_observations and isinstance(space, Box) and len(space.shape) == 1:
            mean, spread = moments_of(space, episodes.observations)
            self.mean.assign(mean)
            self.spread.assign(spread)

    def sampler(self, episodes: Episodes) -> Callable[[np.random.Generator], Steps]:
        longest, most = int(np.max(episodes.lengths)), self.config.max_episode_length
        if self.config.positions == "timestep" and longest > most:
            raise UsageError(
                f"{type(self).__name__}: an episode of the data has {longest} steps; expected at most "
                f"max_episode_length ({most}). Fix: max_episode_length={longest}, or positions='relative'."
            )
        c = self.config
        return Sampler(episodes, self.batch_size, c.context_length, lambda: self.scale, c.sampling)

    def window(self, steps: Steps) -> Window:
        """Return steps as the network takes them."""
        observations, actions = (tf.convert_to_tensor(s) for s in (steps.observations, steps.actions))
        return Window(
            tf.convert_to_tensor(steps.returns),
            tokens.observation_features(self.observation_space, observations, self.mean, self.spread),
            tokens.action_features(self.action_space, actions),
            tf.convert_to_tensor(steps.timesteps),
        )

    def figure(self, kind: str, task: Any) -> Figure:
        from agents.decision_transformer.figures import attention, figures

        if kind == "attention":
            return figures.attention_figure(attention.attend(self, task))
        return figures.calibration_figure(calibrate(self, task), self.lowest_return, self.best_return)

    def search_target_return(
        self, task: Any, targets: Sequence[float] | None = None, episodes: int = 20, step: int = 0
    ) -> dict[float, Evaluation]:
        """Find the return to ask for that obtains the most, and ask for it from now on.

        All targets are tried in the same episodes, those that select checkpoints: none that is reported on.

        Args:
            task: The experiment's, `experiment.task`.
            targets: Returns to ask for; None for the best of the data, and seven from their median to a tenth of their
                range above it.
            episodes: Episodes a target.
            step: The training step, which decides the episodes.

        Returns:
            What each target obtained. `target_return` is set to the best one; of equal ones the first.
        """
        if targets is None:
            top = self.best_return + 0.1 * (self.best_return - self.lowest_return)
            # The best itself: what lies between two returns of the data may be a return that nothing obtains.
            targets = np.unique([self.best_return, *np.linspace(self.middle_return, top, 7)]).tolist()
        found = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for target in targets:
                with self.asking(float(target)):
                    found[float(target)] = task.evaluate(episodes=episodes, stream=1, step=step)
        self.target_return = max(found, key=lambda target: found[target].mean)
        return found

    # ---------------------------------------------------------------- learning

    def loss(self, predictions: tf.Tensor, batch: Steps) -> tf.Tensor:
        """Return how far each prediction is from the action taken, float32 (B, T); padding is left out later."""
        return tokens.action_loss(self.action_space, predictions, batch.actions, self.config.bound)

    def update_on(self, batch: Steps) -> Mapping[str, tf.Tensor]:
        c, variables = self.config, self.network.trainable_variables
        weights = [v.value for v in variables]
        present = tf.cast(batch.present, tf.float32)
        with tf.GradientTape() as tape:
            predictions = self.network(self.window(batch), batch.present, training=True)
            loss = masked_mean(self.loss(predictions, batch), present)
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, weights)]
        gradient, norm = clipped(flat(gradients), c.gradient_clip)
        moments = Moments(*(tf.convert_to_tensor(m) for m in self.moments))
        values, moments = adam(weights, gradient, moments, self._rate(), decay=c.weight_decay)
        for variable, value in zip((*weights, *self.moments), (*values, *moments), strict=True):
            variable.assign(value)
        if self.average is not None:
            self.average.update()
        metrics = {"loss": loss, "gradient_norm": norm}
        if isinstance(self.action_space, Discrete):
            right = tf.argmax(predictions, axis=-1, output_type=tf.int32) == batch.actions
            metrics["accuracy"] = masked_mean(tf.cast(right, tf.float32), present)
        return metrics

    def _rate(self) -> tf.Tensor:
        c = self.config
        warm = tf.minimum((self.moments.count + 1.0) / self.warmup, 1.0)
        return tf.where(self.fixed_rate < 0.0, c.learning_rate * warm, self.fixed_rate)

    @property
    def learning_rate(self) -> float:
        """AdamW's present step size; setting it ends the warm-up."""
        return float(self._rate())

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.fixed_rate.assign(value)

    def gauges(self) -> dict[str, float]:
        return {"learning_rate": self.learning_rate}


def masked_mean(values: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
    """Return the mean of values (B, T) over the steps that are present, 1.0 in float32 (B, T)."""
    return tf.reduce_sum(values * present) / tf.maximum(tf.reduce_sum(present), 1.0)
