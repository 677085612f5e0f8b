"""FunctionalAgent: an agent whose rule is pure functions of explicit state, which both lanes run."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from agents.base import Agent
from agents.functional.hooks.earlier import check_not_earlier, renamed
from agents.functional.hooks.forms import LANES, check_forms
from agents.functional.hooks.masking import MaskHooks
from agents.functional.hooks.moving import Moving
from agents.functional.hooks.prefilled import Prefilled
from agents.functional.hooks.recurrent import RecurrentHooks
from agents.functional.hooks.rollouts import RolloutHooks
from agents.functional.hooks.settings import SettingHooks
from agents.functional.remembered import Remembered
from agents.functional.state import AgentState, Choice, Learnt, assign
from agents.replay.experience import Experience, replay_of_settings
from agents.transitions import Batch, Transition
from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    import tensorflow as tf

    from agents.functional.host import HostRule

# What a recurrent agent's checkpoints call what it remembers of episodes.
HIDDEN = "hidden"


class FunctionalAgent(SettingHooks, MaskHooks, RecurrentHooks, RolloutHooks, Prefilled, Moving, Agent):
    """Acts and learns by `policy` and `learn`, pure TensorFlow functions that are written once.

    Where an environment's dynamics are TensorFlow functions too, one program runs all of them (the compiled lane).
    Elsewhere the environment steps in Python, and the same functions are compiled around it (the host lane).

    A subclass gives `parameters`, `policy` and `learn`, and makes what they take in `build_networks`. `experience`
    says when it learns, and from what. The functions are traced once for all agents of one class whose settings differ
    in `tensor_settings` alone. So they may use nothing but their arguments, the settings, and what `build_networks`
    derives from settings and spaces; what it draws at random must be part of `parameters`.

    Attributes:
        metric_names: Names of the metrics that `learn` returns.
        tensor_settings: Settings that are tensors of the state, so that runs which differ in them share one program.
        settings_dtype: The dtype of those.
        extras: What the policy gives beside the action, by name, with the shape of a row's: `{"value": ()}`.
        lanes: Where it can train. A class that overrides `act_batch`, `observe` or `update` without the part of
            the rule that says the same must name the host lane alone, since no program would call its methods.
        memory: Past transitions, in the host lane.
        steps: Environment steps taken.
    """

    metric_names: ClassVar[tuple[str, ...]] = ()
    tensor_settings: ClassVar[tuple[str, ...]] = ()
    settings_dtype: ClassVar[Any] = np.float32
    extras: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    lanes: ClassVar[tuple[str, ...]] = LANES
    training_state: ClassVar[tuple[str, ...]] = ("memory",)
    counters: tuple[str, ...] = ("steps",)
    not_state: tuple[str, ...] = ("host", "chosen_extras", "remembers", "masked", "allowed")
    # Names of attributes in checkpoints of 0.2.0 and before; empty where they are gone.
    earlier_names: ClassVar[Mapping[str, str]] = {"replay": ""}
    # Attributes that agents of this class keep; whoever keeps more shares no compiled call, which might have read it.
    kept: ClassVar[frozenset[str]] = frozenset(
        (
            *("action_space", "built", "config", "evaluation_rng", "exploration", "fixed_rate", "num_envs", "memory"),
            *("observation_space", "seeds", "state_names", "steps", "host", "wrapper_statistics", "run_length"),
            *("most_numbers", "chosen_extras", "follows", "remembers", "trains_in", "given", "masked", "allowed"),
            *("frame_stack", "recorded", "prefilled"),
        )
    )

    steps: int
    fixed_rate: float
    memory: Any
    host: HostRule | None = None
    chosen_extras: Mapping[str, np.ndarray] = {}
    remembers: Remembered = Remembered({}, 0)  # Of agents that remember nothing and are built otherwise.

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        check_forms(cls)

    # ---------------------------------------------------------------- what a subclass gives

    def build_networks(self) -> None:
        """Make networks, optimizers and tables, once the spaces are known (hook)."""

    @abstractmethod
    def parameters(self) -> Any:
        """Return the variables that learning changes, as nested tuples and NamedTuples of `tf.Variable`s."""

    @abstractmethod
    def policy(self, state: AgentState, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> Choice:
        """Choose an action for each row, as pure TensorFlow.

        Args:
            state: Of the agent.
            observations: (n, ...) as the space has them.
            key: uint32 (2,), a fresh one for each step; see `envs.random`.
            explore: Whether to explore, as in training, or to act as well as the agent can.
        """

    @abstractmethod
    def learn(self, state: AgentState, batch: Batch, key: tf.Tensor) -> Learnt:
        """Make one update, as pure TensorFlow.

        Args:
            state: Before it.
            batch: Of B rows.
            key: uint32 (2,), a fresh one for each update.
        """

    def experience(self) -> Experience:
        """Return what is learnt from, and when: by default the replay that the settings describe (hook)."""
        return replay_of_settings(type(self).__name__, self.config)

    def begin_round(self, state: AgentState, due: tf.Tensor) -> AgentState:
        """Return the state with what happens once before each round of updates, as pure TensorFlow (hook).

        Args:
            state: Before the round.
            due: bool (), whether a round begins at all; where not, the state must stay as it is.
        """
        return state

    def renew_host_forms(self, parameters: list[np.ndarray] | None) -> None:
        """Let what computes in NumPy follow parameters that have changed (hook).

        Args:
            parameters: The first `number_for_host_forms` leaves of `parameters` as arrays that nobody else changes;
                None where the variables themselves hold them.
        """

    @property
    def number_for_host_forms(self) -> int | None:
        """How many leaves `renew_host_forms` reads; None for all (hook)."""
        return None

    def build_definition(self) -> None:
        """Make what tracing `policy` and `learn` takes, in a copy of an agent that holds no state (hook)."""

    # ---------------------------------------------------------------- building

    def build(self) -> None:
        self.build_networks()
        self.exploration = self.seeds.generator("exploration")
        # A step size that somebody set; below 0 the one that the settings describe applies.
        self.fixed_rate = -1.0
        self.steps = 0
        self.memory = self.experience().on_host(self)
        self.host = None
        self.chosen_extras = {}
        self.remembers = Remembered(self.hidden_shapes, self.num_envs)
        self.apply_schedules()

    @property
    def learning_rate(self) -> float:
        """The present step size; one that somebody sets takes the place of the setting from then on.

        It reaches rules that read `hyperparameters(state).learning_rate`, which `tensor_settings` makes sure of.
        """
        if "learning_rate" not in self.tensor_settings:
            name = type(self).__name__
            raise UsageError(
                f"{name} has no learning rate that can be set as it trains. Fix: a setting learning_rate, named in "
                f"{name}.tensor_settings, which learn reads as self.hyperparameters(state).learning_rate."
            )
        return self.fixed_rate if self.fixed_rate >= 0.0 else self.planned_rate()

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if not 0.0 <= value < math.inf:
            raise bad_value(type(self).__name__, "learning_rate", value, "a finite number >= 0")
        self.fixed_rate = float(value)

    def planned_rate(self) -> float:
        """Return the step size that the settings have for the present step (hook)."""
        return float(self.config.learning_rate)

    def state(self) -> AgentState:
        """Return the agent's present state as tensors."""
        import tensorflow as tf

        self.settle()
        return AgentState(
            tf.nest.map_structure(tf.convert_to_tensor, self.parameters()),
            tf.constant(self.steps, tf.int64),
            tf.constant(self.fixed_rate, self.settings_dtype),
            {name: tf.constant(value) for name, value in self.setting_values().items()},
        )

    def set_parameters(self, parameters: Any) -> None:
        """Take over parameters that a program has learnt, nested tensors."""
        self.host = None
        assign(self.parameters(), parameters)
        self.renew_host_forms(None)

    # ---------------------------------------------------------------- the host lane

    @property
    def rule(self) -> HostRule:
        """The compiled calls of the host lane, with the parameters they work on."""
        if self.host is None:
            from agents.functional.host import HostRule

            self.host = HostRule(self)
        return self.host

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        quick = getattr(type(self).policy, "in_numpy", None)
        if quick is not None:
            actions: np.ndarray = getattr(self, quick)(observations, explore)
            return actions
        rng = self.exploration if explore else self.evaluation_rng
        training = self.rule.training and explore
        hidden = self.remembers.now(len(observations), training)
        actions, extras, after = self.rule.choose(observations, rng, explore, hidden, self.allowed)
        self.remembers.take(after, training)
        if explore:
            self.chosen_extras = extras
        return actions

    def observe(self, transition: Transition) -> None:
        if self.chosen_extras:
            transition = transition._replace(extras=self.chosen_extras)
        self.memory.add(self.with_masks(transition))
        self.remembers.forget(transition.terminated | transition.truncated)
        self.steps += len(transition.reward)

    def begin_episodes(self, rows: np.ndarray, number: int) -> None:
        self.remembers.begin(rows, number)

    def end_episodes(self) -> None:
        self.remembers.end()

    def update(self) -> Mapping[str, float] | None:
        metrics: Mapping[str, float] | None = self.memory.learn(self)
        if metrics is not None and not self.rule.training:
            self.rule.settle()
        return metrics

    @property
    def depends_on_run(self) -> bool:
        # Weights of rows that are preferred by their errors make up for it the more, the more of the run is over.
        sampler = getattr(getattr(self, "memory", None), "sampler", None)
        return super().depends_on_run or bool(getattr(sampler, "follows_run", False))

    def begin_training(self) -> None:
        self.rule.begin()

    def end_training(self) -> None:
        self.rule.end()

    # ---------------------------------------------------------------- state

    def get_state(self) -> dict[str, Any]:
        self.settle()
        # Only where there is something to remember: other checkpoints stay as they were.
        hidden = {HIDDEN: self.remembers.get_state()} if self.hidden_shapes else {}
        return {**super().get_state(), **hidden, **self.mask_state()}

    def inference_state(self) -> dict[str, Any]:
        return {name: value for name, value in super().inference_state().items() if name != HIDDEN}

    def set_inference_state(self, state: Mapping[str, Any]) -> None:
        if state.keys() & self.earlier_names.keys():
            # What acting takes is all there, if under other names.
            state = {**self.get_state(), **renamed(self.earlier_names, state)}
        # First, since what is remembered is laid out for it.
        self.restore_masks(state := dict(state))
        state |= self.mask_state()
        # Of the environments that it was trained in, whose number is another here.
        hidden = {HIDDEN: self.remembers.get_state()} if self.hidden_shapes else {}
        super().set_inference_state({**state, **hidden})

    def set_state(self, state: Mapping[str, Any]) -> None:
        check_not_earlier(type(self).__name__, self.earlier_names, state)
        self.host = None
        rest = dict(state)
        self.restore_masks(rest)
        if self.hidden_shapes:
            self.remembers.set_state(rest.pop(HIDDEN, {}))
        super().set_state(rest)
        self.renew_host_forms(None)
