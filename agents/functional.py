"""What an agent declares so that whole training runs compile: its action and update rules as pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

    from agents.base import Transition

PURE = ("pure_state", "pure_act", "pure_update", "set_pure_state")


class PureFunctions:
    """The part of `Agent` that the compiled lane uses; an agent without it trains in the host lane.

    The functions are traced once into one program, which runs of other seeds share. So they may use nothing but their
    arguments, the settings, and what `build` derives from settings and spaces alone; what `build` draws at random is
    part of `pure_state`.

    Attributes:
        pure_metrics: Names of the metrics that `pure_update` returns.
        pure_settings: Settings that `pure_act` and `pure_update` read from the state only, so that runs which differ
            in nothing else share one program.
        pure_shared: Methods that the pure functions use themselves, so that a subclass may override them and keep
            the compiled lane. Overriding any other method of learning or acting leads back to the host lane.
    """

    pure_metrics: ClassVar[tuple[str, ...]] = ()
    pure_settings: ClassVar[tuple[str, ...]] = ()
    pure_shared: ClassVar[tuple[str, ...]] = ()

    def pure_state(self, num_envs: int) -> Any:
        """Return all that acting and learning change, as nested tuples, NamedTuples and dicts of tensors."""
        raise NotImplementedError(f"{type(self).__name__} declares no pure functions.")

    def pure_act(self, state: Any, observations: tf.Tensor, key: tf.Tensor, explore: bool) -> tf.Tensor:
        """Choose an action for each row.

        Args:
            state: As `pure_state` or `pure_update` returned it.
            observations: (n, ...).
            key: uint32 (2,), a fresh one for each step; see `envs.random`.
            explore: As for `Agent.act_batch`.

        Returns:
            int32 (n,) for Discrete spaces, float32 (n, ...) for Box.
        """
        raise NotImplementedError(f"{type(self).__name__} declares no pure functions.")

    def pure_update(
        self, state: Any, transition: Transition, key: tf.Tensor
    ) -> tuple[Any, dict[str, tf.Tensor], tf.Tensor]:
        """Take note of one step of all environments, and learn if it is time to.

        Args:
            state: As `pure_state` or `pure_update` returned it.
            transition: Of tensors (n, ...); rewards float32.
            key: uint32 (2,), a fresh one for each step.

        Returns:
            The new state, of the same structure, shapes and dtypes; the sum of each of `pure_metrics` over the rounds
            of updates made, float32 (); and how many rounds that were, float32 ().
        """
        raise NotImplementedError(f"{type(self).__name__} declares no pure functions.")

    def refreshed_pure_state(self, state: Any) -> Any:
        """Return the state with what was changed on the agent between calls, such as a set learning rate (hook)."""
        return state

    def set_pure_state(self, state: Any) -> None:
        """Take over what was learnt in a compiled program, so that `act_batch` and checkpoints have it."""
        raise NotImplementedError(f"{type(self).__name__} declares no pure functions.")

    def pure_knobs(self, dtype: type[np.floating[Any]] = np.float32) -> dict[str, np.ndarray]:
        """Return the settings that `pure_settings` names as scalars, to be part of the state."""
        agent: Any = self
        # A schedule without a length of its own has one only once the run's is known.
        values = {name: getattr(agent.config, name) for name in self.pure_settings}
        lengths = {name: agent.scheduled(name) for name, value in values.items() if value is None}
        return {name: np.array(value, dtype) for name, value in {**values, **lengths}.items()}

    def refreshed_knobs(self, knobs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return knobs of a state whose schedules have the lengths that are known by now."""
        import tensorflow as tf

        config: Any = self.config  # type: ignore[attr-defined]
        changed = [name for name in knobs if getattr(config, name) is None]
        if not changed:
            return knobs
        now = self.pure_knobs(knobs[changed[0]].dtype.as_numpy_dtype)
        return {name: tf.constant(now[name]) if name in changed else old for name, old in knobs.items()}


class Knobs:
    """Reads settings from a state's tensors where it has them, else from the frozen settings."""

    def __init__(self, knobs: dict[str, tf.Tensor], config: Any) -> None:
        self._knobs, self._config = knobs, config

    def __getattr__(self, name: str) -> Any:
        return self._knobs[name] if name in self._knobs else getattr(self._config, name)


def obstacle(agent: Any) -> str:
    """Return why an agent cannot train in the compiled lane; empty if it can."""
    kind = type(agent)
    missing = [name for name in PURE if getattr(kind, name) is getattr(PureFunctions, name)]
    if missing:
        return f"{kind.__name__} declares no {missing[0]}"
    home = _home(kind)
    learning = {name for name, value in _methods(home).items() if not name.startswith("__")}
    for cls in kind.__mro__[: kind.__mro__.index(home)]:
        # What a subclass changed here the inherited pure functions know nothing of: they would train the parent.
        changed = sorted(set(vars(cls)) & learning - set(agent.pure_shared) - set(PURE))
        if changed:
            return f"{cls.__name__} overrides {changed[0]}, which {home.__name__}'s pure functions do not call"
    return ""


def _home(kind: type) -> type:
    """Return the agent class whose rules the pure functions state."""
    from agents.base import Agent

    definer = next(cls for cls in kind.__mro__ if "pure_update" in vars(cls))
    if issubclass(definer, Agent):
        return definer
    # They come from a part that is no agent by itself: they are those of the first agent made with it.
    return [cls for cls in kind.__mro__ if issubclass(cls, definer) and issubclass(cls, Agent)][-1]


def _methods(cls: type) -> dict[str, Any]:
    from agents.base import Agent

    # Of the agent's own classes only: what `Agent` and `Learner` offer beside acting and learning is free to change,
    # except the three methods of the host lane themselves.
    names = {n: v for c in cls.__mro__ if issubclass(c, Agent) and c is not Agent for n, v in vars(c).items()}
    names.update({n: vars(Agent)[n] for n in ("act_batch", "observe", "update")})
    return {n: v for n, v in names.items() if callable(v) or isinstance(v, property)}
