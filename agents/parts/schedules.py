"""Schedules by environment step, for numbers and tensors alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf


def linear(step: Any, start: Any, end: Any, steps: Any) -> Any:
    """Return a value that goes from `start` at step 0 to `end` at step `steps` in a line, then stays.

    Args:
        step: A number, or int64 ().
        start, end: Numbers, or float ().
        steps: A number, or float ().

    Returns:
        A number where all are numbers; else a tensor of the float type of `steps`, else float32, ().
    """
    if isinstance(step, (int, float)):
        return end if step >= steps else start + (end - start) * (step / steps)
    import tensorflow as tf

    dtype = steps.dtype if tf.is_tensor(steps) and steps.dtype.is_floating else tf.float32
    done = tf.minimum(tf.ones((), dtype), tf.cast(step, dtype) / tf.cast(steps, dtype))
    return start + (end - start) * done


class FallingRate:
    """Lets an agent's step size fall in a line from `learning_rate` to `learning_rate_end`, over `learning_rate_steps`.

    It goes before `agents.functional.FunctionalAgent` among an agent's bases; those three are tensor settings.
    """

    # Of the agent.
    config: Any
    hyperparameters: Any
    scheduled: Any
    steps: int

    def apply_schedules(self) -> None:
        """Take over how long the step size falls."""
        self.rate_steps = self.scheduled("learning_rate_steps")

    def step_size(self, state: Any) -> tf.Tensor:
        """Return Adam's step size, float32 (): what somebody set, else what the schedule has for the state's steps."""
        import tensorflow as tf

        c = self.hyperparameters(state)
        falling = linear(state.steps, c.learning_rate, c.learning_rate_end, c.learning_rate_steps)
        return tf.where(state.learning_rate < 0.0, falling, state.learning_rate)

    def planned_rate(self) -> float:
        """Return the step size that the settings have for the present step."""
        c = self.config
        value: float = linear(self.steps, c.learning_rate, c.learning_rate_end, self.rate_steps)
        return value
