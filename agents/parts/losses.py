"""Targets and losses of value learning, as pure TensorFlow functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.errors import UsageError

if TYPE_CHECKING:
    import tensorflow as tf


def td_target(reward: Any, discount: Any, following: Any) -> Any:
    """Return r + d v(s'), for numbers, arrays and tensors alike (Sutton and Barto 2018, equation 6.2).

    Args:
        reward: r.
        discount: d, the weight of what follows in the return: 0 where the task terminated.
        following: v(s').
    """
    return reward + discount * following


def bootstrapped_target(reward: tf.Tensor, discount: tf.Tensor, next_value: tf.Tensor) -> tf.Tensor:
    """Return `td_target` of a batch, without a gradient (Mnih et al. 2015, algorithm 1).

    Args:
        reward, discount, next_value: float32 (B,); discount is 0 where the task ended, not where it was cut off.

    Returns:
        float32 (B,).
    """
    import tensorflow as tf

    _same_shape(reward, discount, next_value)
    return tf.stop_gradient(td_target(reward, discount, next_value))


def chosen(values: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
    """Return what belongs to each row's action, (B, ...), from values (B, A, ...) and int actions (B,)."""
    import tensorflow as tf

    # A product with a one-hot row compiles to faster code than a gather and its scatter gradient.
    one = tf.one_hot(actions, values.shape[1], dtype=values.dtype)
    return tf.reduce_sum(values * tf.reshape(one, (*one.shape, *[1] * (len(values.shape) - 2))), axis=1)


def huber(error: tf.Tensor, delta: float = 1.0) -> tf.Tensor:
    """Return e^2/2 where |e| <= delta, and delta (|e| - delta/2) elsewhere (Huber 1964), element by element.

    An infinite delta gives half the squared error.
    """
    import tensorflow as tf

    size = tf.abs(error)
    bounded = tf.minimum(size, delta)
    # Both cases in one product: a sum with delta (|e| - bounded) in it loses the small errors beside a large delta.
    return bounded * (size - 0.5 * bounded)


def _same_shape(*tensors: tf.Tensor) -> None:
    shapes = {tuple(t.shape) for t in tensors}
    if len(shapes) != 1:
        # (B,) against (B, 1) would broadcast to (B, B) and train on nonsense without a word.
        raise UsageError(f"targets need equal shapes; received {sorted(map(str, shapes))}. Fix: squeeze to (B,).")


def of_rows(owner: str, found: Any, rows: tuple[int, ...], target: tuple[int, ...]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the loss and the error of each row, (B,), as they were found.

    Args:
        owner: Whose `row_losses` found them, for messages.
        found: What it returned.
        rows: (B,), as expected.
        target: The shape of what it was given to come to, for messages.

    Raises:
        UsageError: When they are not. What broadcasts, such as a target (B, 1), would train on nonsense without a word.
    """
    shapes = [tuple(getattr(part, "shape", ())) for part in found] if isinstance(found, tuple) else repr(found)
    if shapes != [rows, rows]:
        raise UsageError(
            f"{owner}.row_losses returned {shapes} for targets {target}; expected the losses and the errors of the "
            f"rows, {rows} each. Fix: see the shapes of target_of and row_losses."
        )
    loss, errors = found
    return loss, errors
