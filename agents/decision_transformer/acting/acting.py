"""How a Decision Transformer acts: it remembers the episodes in progress and asks each for a return."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import spaces
from agents.base import Agent
from agents.decision_transformer.acting.context import Context
from agents.decision_transformer.data.windows import Steps
from agents.decision_transformer.network.decoding import Decoder
from agents.decision_transformer.network.mirrored import MirroredDecoder, TrajectoryMirror
from agents.decision_transformer.network.network import TrajectoryTransformer, Window
from agents.decision_transformer.network.tokens import drawn, within_bounds
from agents.parts.actions import as_actions
from lab.errors import UsageError, bad_value
from lab.messages.notes import warn
from lab.training.moving_average import WeightAverage


class ActsOnContext(Agent):
    """The part of `DecisionTransformer` that acts (Chen et al. 2021, algorithm 1, "evaluation loop").

    The return asked for falls by each reward that `observe_rewards` is given. So an episode played by hand is

        agent.begin_episode(target_return=90)
        action = agent.act(observation)
        agent.observe_rewards(reward)          # after env.step(action), and so on

    Attributes:
        most_mirrored_rows: For how many rows, at most, predictions are made in NumPy: with few it is faster than a
            compiled call, where `TrajectoryMirror.fits`.
    """

    # Measured with 3 blocks of width 128 by benchmarks/transformer.py.
    most_mirrored_rows: ClassVar[int] = 32
    not_state: tuple[str, ...] = ("context", "decoders", "copied")

    network: TrajectoryTransformer
    average: WeightAverage | None
    mean: tf.Variable
    spread: tf.Variable
    context: Context | None = None
    decoders: dict[int, Decoder | MirroredDecoder]
    copied: TrajectoryMirror | None = None
    target_return: float | None
    lowest_return: float
    best_return: float
    scale: float
    longest: int

    if TYPE_CHECKING:
        exploration: np.random.Generator

        def window(self, steps: Steps) -> Window: ...

    def __copy__(self) -> Self:
        """Return an agent with the same network that plays episodes of its own, such as `record` makes."""
        copy_ = type(self).__new__(type(self))
        # Decoders belong to the agent that made them, and to its copy of the weights.
        vars(copy_).update(vars(self), context=None, decoders={}, copied=None)
        return copy_

    # ---------------------------------------------------------------- episodes

    def begin_episode(self, target_return: float | None = None) -> None:
        """Begin one episode that `act` is then given the observations of, one by one.

        Args:
            target_return: The return asked for; None for `self.target_return`, or the best in the data.
        """
        self._check_built()
        self.context = None
        self._begin(np.array([0]), 1, self._asked(target_return))

    def begin_episodes(self, rows: np.ndarray, number: int) -> None:
        self._begin(rows, number, self._asked(None))

    def observe_rewards(self, rewards: Any) -> None:
        """Take off what the last actions paid from what is still asked for.

        Args:
            rewards: One for each row that acted last, or the number itself where one acted.
        """
        if self.context is not None:
            self.context.pay(np.asarray(rewards, np.float64).reshape(self.context.rows))

    def end_episodes(self) -> None:
        self.context = None

    @contextlib.contextmanager
    def asking(self, target_return: float | None) -> Iterator[None]:
        """Ask episodes that begin within the block for another return."""
        before, self.target_return = self.target_return, target_return
        try:
            yield
        finally:
            self.target_return = before

    def caption(self) -> str:
        if self.context is None:
            return ""
        return f"return-to-go {self.context.remaining[0]:g}   asked {self.context.target[0]:g}"

    # ---------------------------------------------------------------- acting

    def act(
        self,
        observations: Any,
        explore: bool = False,
        target_return: float | None = None,
        *,
        action_mask: Any = None,
    ) -> Any:
        """Choose actions for one observation or a batch of them, each the next one of an episode in progress.

        Without `begin_episode` the first call begins an episode a row, and so does another number of rows.

        Args:
            observations: One observation of the space, or an array of n of them.
            explore: Whether Discrete actions are drawn, whatever the settings say.
            target_return: The return that the whole episode is asked for, from now on; what was obtained so far is
                taken off. None leaves it as it is.
            action_mask: None, since it honours none.

        Returns:
            One action that `env.step` takes, or n of them.
        """
        if target_return is not None:
            self._check_built()
            batch, _ = spaces.as_batch(self.observation_space, observations)
            self._begin_if_new(len(batch))
            if self.context is not None and (self.context.target != target_return).any():
                self.context.target[:] = self._asked(target_return)
        return super().act(observations, explore, action_mask=action_mask)

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        predictions = self.predict(observations)
        space = self.action_space
        if not isinstance(space, Discrete):
            actions = as_actions(space, self.explored(predictions) if explore else predictions)
        elif explore or self.config.stochastic:
            # Exploring keeps to the shares that were learnt.
            logits = predictions if explore else predictions / self.config.temperature
            actions = drawn(logits, self.exploration if explore else self.evaluation_rng)
        else:
            actions = predictions.argmax(axis=-1)
        if self.context is not None:
            self.context.act(actions)
        return actions

    def predict(self, observations: np.ndarray) -> np.ndarray:
        """Add a step to each row's episode and return what is predicted, float32 (n, a): logits, or numbers in bounds.

        `act_batch` then notes the actions chosen.
        """
        self._begin_if_new(len(observations))
        context = self.context
        if context is None:
            raise UsageError("no episode has begun. Fix: begin_episode() first.")
        rows = context.make_room()
        context.add(observations, self.scale, self.longest - 1)
        if not self.config.cache:
            return self._predict_anew(context.steps, context.count).numpy()
        if context.rows not in self.decoders:
            mirrored = context.rows <= self.most_mirrored_rows and TrajectoryMirror.fits(self)
            self.decoders[context.rows] = (MirroredDecoder if mirrored else Decoder)(self, context.rows)
        return self.decoders[context.rows](context, rows)

    @property
    def acting_network(self) -> TrajectoryTransformer:
        """The network whose predictions it acts by: that of averaged weights where there is one."""
        return self.network if self.average is None else self.average.network

    def mirror(self) -> TrajectoryMirror:
        """Return a copy of the acting network's weights for NumPy, made once for each time that they change."""
        if self.copied is None:
            self.copied = TrajectoryMirror(self)
        return self.copied

    def end_updates(self) -> None:
        self.copied = None

    def set_state(self, state: Mapping[str, Any]) -> None:
        super().set_state(state)
        self.copied = None

    @tf.function(autograph=False)
    def _predict_anew(self, steps: Steps, count: tf.Tensor) -> tf.Tensor:
        predictions = self.acting_network(self.window(steps), tf.convert_to_tensor(steps.present))
        return self.bounded(tf.gather(predictions, count - 1, batch_dims=1))

    def explored(self, predictions: np.ndarray) -> np.ndarray:
        """Return what is tried in place of predictions of Box actions, float32 (n, a) in the same units (hook)."""
        return predictions

    def bounded(self, predictions: tf.Tensor) -> tf.Tensor:
        """Return logits, float32 (n, A), as they are, and numbers, float32 (n, a), in [-1, 1] if a Box is bounded."""
        return within_bounds(self.action_space, predictions, self.config.bound)

    # ---------------------------------------------------------------- help

    def _begin(self, rows: np.ndarray, number: int, target: float) -> None:
        if self.context is None or self.context.rows != number:
            length = self.config.context_length
            slide = self.config.slide_steps or max(1, length // 2)
            shape, dtype = spaces.layout(self.observation_space)
            actions = np.zeros((), np.int32)
            if not isinstance(self.action_space, Discrete):
                actions = np.zeros(self.action_space.shape or (), np.float32)
            self.context = Context(number, length, slide, np.zeros(shape, dtype), actions, target)
            # Weights that somebody set by hand count from here on.
            self.copied = None
        self.context.begin(rows, target)

    def _begin_if_new(self, number: int) -> None:
        if self.context is None or self.context.rows != number:
            self._begin(np.arange(number), number, self._asked(None))

    def _asked(self, target: float | None) -> float:
        given = self.target_return if target is None else target
        if given is None:
            return self.best_return
        if not np.isfinite(given):
            raise bad_value(type(self).__name__, "target_return", given, "a finite number")
        if not self.lowest_return <= given <= self.best_return:
            warn(
                f"target_return {given:g} lies beyond the returns in the data, {self.lowest_return:g} to "
                f"{self.best_return:g}: nothing was learnt about it.",
                stacklevel=4,
            )
        return float(given)

    def _check_built(self) -> None:
        if not self.built:
            super().act(None)
