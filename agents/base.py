"""Agent: the base of everything that acts in an environment."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from agents import spaces
from agents.environment_ids import named_id
from agents.parts.encoding import check_described
from agents.parts.masking.checks import as_masks
from agents.structured import packed
from agents.transitions import Transition
from lab.errors import UsageError
from lab.learner import Learner
from lab.seeding import Seeds
from lab.task import Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure


F = TypeVar("F", bound=Callable[..., Any])
# By a wrapper's name its mean, var and count: see `agents.playing.statistics`.
Statistics = dict[str, dict[str, np.ndarray]]


def of_steps(function: F) -> F:
    """Say that what `gauges` returns depends on the agent's steps and settings alone, so that rows of the log may be
    written after a compiled call of which they lay in the middle."""
    function.of_steps = True  # type: ignore[attr-defined]
    return function


class Agent(Learner):
    """Acts in an environment and learns from what follows.

    A subclass must give `act_batch`; `build`, `observe` and `update` are there to be overridden by agents that
    learn. `observation_space`, `action_space`, `num_envs` and `seeds` are set when `build` is called. Such an agent
    trains where environments step in Python; one whose rule is pure functions, for both lanes, is a
    `agents.functional.FunctionalAgent`.
    """

    group: ClassVar[str] = "lab.agents"
    default_steps: ClassVar[int] = 50_000
    default_log_every: ClassVar[int] = 500
    # Measured: threads that wait for each other's part of a small product make a compiled loop up to eight times slower
    # where cores are few, and never twice as fast.
    threads: ClassVar[int | None] = 1
    # Whether there is anything to train; an agent that acts by a fixed rule says False.
    learns: ClassVar[bool] = True
    # Kinds of still figures that `figure` draws, beside the film of an episode.
    figures: ClassVar[tuple[str, ...]] = ()
    not_state: tuple[str, ...] = (
        "observation_space",
        "action_space",
        "num_envs",
        "evaluation_rng",
        "wrapper_statistics",
        "trains_in",
        "frame_stack",
    )

    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    num_envs: int = 1
    # Drawn from when acting without exploration, and set anew for each evaluation: evaluating an agent must not
    # disturb the streams it trains with.
    evaluation_rng: np.random.Generator
    # Running statistics of the training environments' wrappers, by name: see `agents.playing.statistics`.
    wrapper_statistics: Statistics = {}  # noqa: RUF012 - replaced, never changed
    # How many frames an observation stacks, and on which axis, where the environment's wrappers say so.
    frame_stack: tuple[int, int] | None = None
    # Which environments have its episodes of training in progress.
    trains_in: str = ""

    def setup(
        self,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        seeds: Seeds,
        num_envs: int = 1,
    ) -> None:
        """Build the agent for spaces; one that is built already keeps what it has learnt.

        Dict and Tuple observations are rows of `agents.structured.Packed` to it.

        Raises:
            UsageError: When the spaces do not fit this agent, or differ from those it was built for.
        """
        observation_space = packed(observation_space)
        if self.built:
            if (self.observation_space, self.action_space) != (observation_space, action_space):
                raise UsageError(
                    f"this {type(self).__name__} was built for {self.observation_space} and {self.action_space}; "
                    f"received {observation_space} and {action_space}. Fix: make a new {type(self).__name__}()."
                )
            if num_envs != self.num_envs:
                self.resize(num_envs)
            return
        self.observation_space, self.action_space = observation_space, action_space
        self.seeds, self.num_envs = seeds, num_envs
        self.evaluation_rng = seeds.generator("evaluation")
        self.check_spaces()
        self.finish_setup()

    def figures_of_spaces(self) -> tuple[str, ...]:
        """Return which of `figures` can be drawn with the spaces that it has (hook)."""
        return self.figures

    def resize(self, number: int) -> None:
        """Take over another number of environments than it was built for (hook)."""
        self.num_envs = number

    def leave_episodes(self, rows: np.ndarray) -> None:
        """Take note that training goes on in other episodes, though those in progress did not end (hook).

        Whoever trains an agent in environments calls it before the first step there, such as of an agent that was
        trained elsewhere before, and where an environment could not be brought back to where it was.

        Args:
            rows: int64 (k,), of the environments.
        """

    def setup_arguments(self) -> tuple[Any, ...]:
        return self.observation_space, self.action_space, self.seeds, self.num_envs

    def setup_from(self, description: Mapping[str, Any], seeds: Seeds) -> None:
        observation_space = spaces.from_json(description["observation_space"])
        check_described(description, observation_space)
        self.setup(observation_space, spaces.from_json(description["action_space"]), seeds)
        self.check_description(description)

    def describe(self) -> dict[str, Any]:
        """Return what a run's config.json shall say of it besides its settings, as JSON values (hook)."""
        return {}

    def named_source(self, name: str, run: Path) -> str:
        return named_id(name)

    def get_state(self) -> dict[str, Any]:
        held = {name: dict(values) for name, values in self.wrapper_statistics.items()}
        return {**super().get_state(), **({"wrapper_statistics": held} if held else {})}

    def set_state(self, state: Mapping[str, Any]) -> None:
        rest = dict(state)
        self.wrapper_statistics = rest.pop("wrapper_statistics", {})
        super().set_state(rest)

    def check_spaces(self) -> None:
        """Raise `UsageError` when this agent cannot work with its spaces (hook)."""

    @abstractmethod
    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        """Choose an action for each row of a batch.

        Args:
            observations: (n, ...) in the dtype of the observation space.
            explore: Whether to explore, as in training, or to act as well as the agent can.

        Returns:
            (n, ...) actions; for Discrete spaces int64 indices from 0, else numbers in the space's own unit.
        """

    @property
    def honours_masks(self) -> bool:
        """Whether `act_batch` leaves out actions that an environment forbids by `info["action_mask"]` (hook)."""
        return False

    def allow(self, masks: np.ndarray | None) -> None:
        """Take note of which actions are allowed in the next `act_batch`, for agents that honour masks (hook).

        Whoever trains, plays or shows an agent calls it before each `act_batch`.

        Args:
            masks: bool (n, A), for Discrete actions; None for all.
        """

    def meet_masks(self, given: bool) -> None:
        """Take note of whether the environments to train in say which actions are allowed (hook)."""

    def act(self, observations: Any, explore: bool = False, *, action_mask: Any = None) -> Any:
        """Choose actions for one observation or a batch of them.

        Args:
            observations: One observation of the space, or an array of n of them.
            explore: As for `act_batch`.
            action_mask: Which actions are allowed, 0 or 1, int8 or bool (A,) or (n, A); None for all.

        Returns:
            One action that `env.step` takes, or n of them.

        Raises:
            UsageError: When the agent is not built yet, an observation is not finite or of another shape, or a mask
                allows no action, is of another shape, or is given to an agent that does not honour masks.
        """
        if not self.built:
            raise UsageError(
                f"this {type(self).__name__} does not know its environment yet. "
                f"Fix: Experiment({type(self).__name__}(), ...) builds it, or {type(self).__name__}.load(run)."
            )
        batch, single = spaces.as_batch(self.observation_space, observations)
        # Not in `act_batch`: whoever trains or plays has checked what the environment gives.
        if batch.dtype.kind == "f" and not np.isfinite(batch).all():
            at = np.argwhere(~np.isfinite(batch))[0].tolist()
            bad, at = batch[tuple(at)], at[1:] if single else at
            raise UsageError(f"observations received {bad} at {at}; expected finite numbers. Fix: look where it arose.")
        if action_mask is not None and not self.honours_masks:
            raise UsageError(
                f"{type(self).__name__} received an action_mask, which it does not honour. Fix: an agent with the "
                "setting action_masks=True, such as DQN, or no action_mask."
            )
        self.allow(as_masks(self.action_space, action_mask, len(batch)))
        actions = spaces.to_environment(self.action_space, self.act_batch(batch, explore))
        return actions[0] if single else actions

    def observe(self, transition: Transition) -> None:
        """Take note of one step of all environments (hook)."""

    def begin_episodes(self, rows: np.ndarray, number: int) -> None:
        """Forget what is remembered of past episodes, where new ones begin (hook).

        Whoever plays episodes to evaluate or show an agent calls it before the first `act_batch` of an episode, in
        `observe_rewards` after each step, and in `end_episodes` when all is over. Agents that act on the present
        observation alone need none of it.

        Args:
            rows: int64 (k,), the rows of the batches to come in which an episode begins.
            number: How many rows those batches have.
        """

    def observe_rewards(self, rewards: np.ndarray) -> None:
        """Take note of what the last actions of `act_batch` paid, float64 (n,); 0 in rows at rest (hook)."""

    def end_episodes(self) -> None:
        """Forget all episodes in progress (hook)."""

    def caption(self) -> str:
        """Return words on the episode in progress to write under its film, besides step and return (hook)."""
        return ""

    def figure(self, kind: str, task: Task) -> Figure:
        """Draw one of `figures` (hook).

        Args:
            kind: Which.
            task: Has environments to play in, and seeds.
        """
        raise NotImplementedError(f"{type(self).__name__} draws no figure {kind!r}.")

    def actions_of(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the actions, (n, ...) as of `act_batch` without exploring, that an exported function's outputs mean.

        Args:
            outputs: Of what `export_model` gave: here one array, of a value or logit for each action, float32
                (n, actions), of which the greatest counts; or for other spaces the actions themselves (hook).
        """
        (only,) = outputs.values()
        return only.argmax(axis=-1) if isinstance(self.action_space, Discrete) else only

    def update(self) -> Mapping[str, float] | None:
        """Learn, if it is time to; return the round's metrics, or None when there was none (hook)."""
        return None

    def begin_training(self) -> None:
        """Get ready for steps of training that follow one another, up to `end_training` (hook)."""

    def end_training(self) -> None:
        """Take note that the loop around training looks at the agent now (hook)."""

    @of_steps
    def gauges(self) -> dict[str, float]:
        """Return present values for the log rows, such as epsilon (hook)."""
        return {}

    def action_values(self, observations: np.ndarray) -> np.ndarray | None:
        """Return the value of each action, float (n, actions), or None for agents that estimate none (hook)."""
        return None
