"""What a functional rule is given and gives back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    import tensorflow as tf

# Beside the tensor settings: steps of the run, which schedules follow.
RUN_LENGTH = "run_length"
F = TypeVar("F", bound=Callable[..., Any])


def assign(variables: Any, values: Any) -> None:
    """Put tensors or arrays into variables, pair by pair through nested tuples."""
    import tensorflow as tf

    for variable, value in zip(tf.nest.flatten(variables), tf.nest.flatten(values), strict=True):
        variable.assign(value)


class AgentState(NamedTuple):
    """All of an agent that acting and learning read; programs carry it.

    Attributes:
        parameters: What learning changes, nested tuples of tensors: see `FunctionalAgent.parameters`.
        steps: int64 (), environment steps taken, all environments together.
        learning_rate: float (), a step size that somebody set, or below 0 while the settings' schedule applies.
        settings: The values of `FunctionalAgent.tensor_settings` and `run_length`, float () each.
        allowed: For `policy`, which actions are allowed, bool (n, A); () where all are.
    """

    parameters: Any
    steps: tf.Tensor
    learning_rate: tf.Tensor
    settings: dict[str, tf.Tensor]
    allowed: Any = ()


class Choice(NamedTuple):
    """What a policy chose.

    Attributes:
        action: int32 (n,) for Discrete spaces, else float32 (n, ...).
        extras: What rides along to learning, by the names in `FunctionalAgent.extras`, float32 (n, ...) each.
        hidden: What is remembered of the episode from here on, by the names in `FunctionalAgent.hidden_shapes`.
    """

    action: Any
    extras: dict[str, Any] = {}  # noqa: RUF012 - never changed
    hidden: dict[str, Any] = {}  # noqa: RUF012 - never changed


class Learnt(NamedTuple):
    """What one update came to.

    Attributes:
        parameters: The new ones, of the same structure, shapes and dtypes.
        metrics: Scalars by the names in `FunctionalAgent.metric_names`.
        errors: float32 (B,), how wrong the agent was about each row, by which samplers may prefer rows.
    """

    parameters: Any
    metrics: dict[str, Any]
    errors: Any


def in_numpy(method: str) -> Callable[[F], F]:
    """Say which method of the same class computes a pure function in NumPy, where a compiled call costs more.

    It belongs to the function it speeds up: a subclass that overrides the function without saying so is computed by
    the function alone.
    """

    def mark(function: F) -> F:
        function.in_numpy = method  # type: ignore[attr-defined]
        return function

    return mark
