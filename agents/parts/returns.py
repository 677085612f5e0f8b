"""Returns and what they are estimated by, as pure functions; time is the first axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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


def n_step_returns(
    rewards: tf.Tensor, discounts: tf.Tensor, values: tf.Tensor, steps: int, ended: tf.Tensor | None = None
) -> tf.Tensor:
    """Return each step's n-step return (Sutton and Barto 2018, equation 7.1).

    It has fewer steps where an episode ends or the last row is reached before; what follows is valued there.

    Args:
        rewards: float32 (T, ...), r_t+1.
        discounts: float32 (T, ...), of what follows them: 0 where the task terminated.
        values: float32 (T, ...), v(s_t+1), of what each step led to, also where the episode was cut off.
        steps: n.
        ended: bool (T, ...), whether the episode ended with the step, either way: the next row is of another one.
            None where no episode is cut off within.

    Returns:
        float32 (T, ...).
    """
    import tensorflow as tf

    length = rewards.shape[0]
    stops = tf.zeros(rewards.shape, tf.bool) if ended is None else tf.cast(ended, tf.bool)
    stops = tf.concat([stops[:-1], tf.ones_like(stops[-1:])], axis=0)
    returns = values
    for k in reversed(range(steps)):
        # A row that lies beyond the last is read by none, since the last one stops.
        place = tf.minimum(tf.range(length) + k, length - 1)
        reward, discount, value, stop = (tf.gather(x, place) for x in (rewards, discounts, values, stops))
        following = value if k == steps - 1 else tf.where(stop, value, returns)
        returns = td_target(reward, discount, following)
    return returns


def lambda_returns(
    rewards: tf.Tensor, discounts: tf.Tensor, values: tf.Tensor, lambda_: Any, ended: tf.Tensor | None = None
) -> tf.Tensor:
    """Return G_t = r_t+1 + d_t+1 ((1 - lambda) v(s_t+1) + lambda G_t+1) (Sutton and Barto 2018, equation 12.20).

    Args:
        rewards, discounts, values, ended: As for `n_step_returns`.
        lambda_: In [0, 1], float () or (T, ...); the return of an episode's last step is that of one step.

    Returns:
        float32 (T, ...).
    """
    import tensorflow as tf

    decay = tf.broadcast_to(tf.cast(lambda_, rewards.dtype), rewards.shape)
    if ended is not None:
        decay *= 1.0 - tf.cast(ended, rewards.dtype)

    def one(following: tf.Tensor, at: tuple[tf.Tensor, ...]) -> tf.Tensor:
        reward, discount, value, mix = at
        return td_target(reward, discount, (1.0 - mix) * value + mix * following)

    return _backwards(one, (rewards, discounts, values, decay), values[-1])


class Advantages(NamedTuple):
    """What generalised advantage estimation gives.

    Attributes:
        advantages: float32 (T, ...).
        returns: float32 (T, ...), advantages plus values: what values should come to.
    """

    advantages: tf.Tensor
    returns: tf.Tensor


def generalised_advantages(
    rewards: tf.Tensor,
    discounts: tf.Tensor,
    values: tf.Tensor,
    next_values: tf.Tensor,
    ended: tf.Tensor,
    lambda_: Any,
) -> Advantages:
    """Return generalised advantage estimates (Schulman et al. 2016, equation 16).

    Args:
        rewards: float32 (T, ...), r_t+1.
        discounts: float32 (T, ...), gamma, and 0 where the task terminated.
        values, next_values: float32 (T, ...), v(s_t) and v of what the step led to, also where the episode was cut off.
        ended: bool (T, ...), whether the episode ended with the step, either way: the next row is of another one.
        lambda_: In [0, 1].
    """
    import tensorflow as tf

    errors = td_target(rewards, discounts, next_values) - values
    decay = discounts * lambda_ * (1.0 - tf.cast(ended, rewards.dtype))

    def one(following: tf.Tensor, at: tuple[tf.Tensor, ...]) -> tf.Tensor:
        return at[0] + at[1] * following

    advantages = _backwards(one, (errors, decay), tf.zeros_like(errors[0]))
    return Advantages(advantages, advantages + values)


class VTrace(NamedTuple):
    """What V-trace gives.

    Attributes:
        values: float32 (T, ...), the targets v_s.
        advantages: float32 (T, ...), for the policy gradient, importance weight included.
    """

    values: tf.Tensor
    advantages: tf.Tensor


def v_trace(
    rewards: tf.Tensor,
    discounts: tf.Tensor,
    values: tf.Tensor,
    next_values: tf.Tensor,
    ended: tf.Tensor,
    log_ratios: tf.Tensor,
    most_rho: float = 1.0,
    most_c: float = 1.0,
) -> VTrace:
    """Return V-trace targets and advantages (Espeholt et al. 2018, "IMPALA", equation 1 and section 4.2).

    Args:
        rewards, discounts, values, next_values, ended: As for `generalised_advantages`.
        log_ratios: float32 (T, ...), log pi(a|s) - log mu(a|s) of the policy learnt and the one that acted.
        most_rho, most_c: Where the importance weights are cut off.
    """
    import tensorflow as tf

    ratios = tf.exp(log_ratios)
    rho, c = tf.minimum(ratios, most_rho), tf.minimum(ratios, most_c)
    going = 1.0 - tf.cast(ended, rewards.dtype)
    errors = rho * (td_target(rewards, discounts, next_values) - values)

    def one(following: tf.Tensor, at: tuple[tf.Tensor, ...]) -> tf.Tensor:
        return at[0] + at[1] * following

    corrections = _backwards(one, (errors, discounts * c * going), tf.zeros_like(errors[0]))
    targets = values + corrections
    # Of an episode's last known step the value itself stands for the target of what follows.
    ahead = tf.concat([targets[1:], next_values[-1:]], axis=0)
    following = tf.where(tf.cast(ended, tf.bool), next_values, ahead)
    return VTrace(targets, rho * (td_target(rewards, discounts, following) - values))


def _backwards(one: Any, columns: tuple[tf.Tensor, ...], start: tf.Tensor) -> tf.Tensor:
    """Return what `one(following, columns at t)` gives for every t, (T, ...), from the last to the first."""
    import tensorflow as tf

    length = columns[0].shape[0]
    results = tf.zeros_like(columns[0])

    def step(i: tf.Tensor, following: tf.Tensor, results: tf.Tensor) -> tuple[tf.Tensor, ...]:
        t = length - 1 - i
        value = one(following, tuple(column[t] for column in columns))
        return i + 1, value, tf.tensor_scatter_nd_update(results, [[t]], value[None])

    return tf.while_loop(lambda i, *_: i < length, step, (tf.zeros((), tf.int32), start, results))[2]
