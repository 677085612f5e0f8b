"""How weights move: Adam (Kingma and Ba 2015, algorithm 1), and a running average of where they have been.

As pure functions for compiled loops, and as the two objects that learners keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lab.runs.state import Stateful

EPSILON = 1e-8
BETA_1, BETA_2 = 0.9, 0.999


class Moments(NamedTuple):
    """What Adam remembers of past gradients.

    Attributes:
        first, second: float32 (P,), running means of the gradient and of its square.
        count: float32 (), updates so far.
    """

    first: tf.Tensor
    second: tf.Tensor
    count: tf.Tensor


def no_moments(weights: Sequence[Any]) -> Moments:
    """Return the moments before the first update of some weights, as NumPy arrays."""
    size = sum(int(np.prod(w.shape)) for w in weights)
    return Moments(np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros((), np.float32))


def flat(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return gradients side by side in one vector, (P,)."""
    return tf.concat([tf.reshape(g, [-1]) for g in gradients], axis=0)


def clipped(gradient: tf.Tensor, most: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a gradient (P,) scaled down to the norm `most` where it is longer, and its norm before, ()."""
    norm = tf.norm(gradient)
    # Not most / max(norm, most), which is NaN where all norms are allowed.
    return gradient * tf.where(norm > most, most / norm, 1.0), norm


def adam(
    weights: Sequence[tf.Tensor],
    gradient: tf.Tensor,
    moments: Moments,
    rate: Any,
    epsilon: Any = 1e-7,
    betas: tuple[float, float] = (BETA_1, BETA_2),
    decay: Any = 0.0,
) -> tuple[tuple[tf.Tensor, ...], Moments]:
    """Make one step of Adam, or of AdamW (Loshchilov and Hutter 2019, algorithm 2) where weights decay.

    Gradient and moments are one vector each: in a compiled loop a large array costs less than one for each weight.

    Args:
        weights: Tensors.
        gradient: (P,), theirs in the same order, as `flat` gives it.
        moments: As `no_moments` or an earlier step gave them.
        rate: The step size.
        epsilon: Added to the root of the second moment ("epsilon hat", section 2).
        betas: Decay of the first and of the second moment.
        decay: Fraction of each weight, times the step size, that it loses besides.

    Returns:
        The new weights and moments.
    """
    beta_1, beta_2 = betas
    count = moments.count + 1.0
    first = moments.first + (1.0 - beta_1) * (gradient - moments.first)
    second = moments.second + (1.0 - beta_2) * (tf.square(gradient) - moments.second)
    scale = rate * tf.sqrt(1.0 - tf.pow(beta_2, count)) / (1.0 - tf.pow(beta_1, count))
    steps = tf.split(scale * first / (tf.sqrt(second) + epsilon), [int(np.prod(w.shape)) for w in weights])
    if not (isinstance(decay, float) and decay == 0.0):
        weights = [w * (1.0 - rate * decay) for w in weights]
    new = tuple(w - tf.reshape(s, w.shape) for w, s in zip(weights, steps, strict=True))
    return new, Moments(first, second, count)


class Adam(Stateful):
    """Makes Adam's steps on variables, first small ones, with the gradient's norm capped; see `adam`.

    Args:
        variables: What is optimised; float32.
        learning_rate: Step size after the warm-up; a schedule may change it later.
        warmup: Updates over which the step size grows to that in equal parts.
        clip: Greatest norm of the whole gradient; longer ones are scaled down to it. None for no cap.
        betas, epsilon: As for `adam`.
        decay: Fraction of each weight, times the step size, that it loses in a step (AdamW).
        undecayed: Variables that do not.
    """

    # The warm-up's length follows from settings and run: see `Learner.apply_schedules`.
    not_state = ("variables", "warmup", "clip", "betas", "epsilon", "decays")

    def __init__(
        self, variables: Sequence[Any], learning_rate: float, *, warmup: int = 0, clip: float | None = None,
        betas: tuple[float, float] = (BETA_1, BETA_2), epsilon: float = EPSILON, decay: float = 0.0,
        undecayed: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        self.variables = list(variables)
        self.clip, self.betas, self.epsilon = clip, betas, epsilon
        kept = {id(variable) for variable in undecayed}
        self.decays = tuple(0.0 if id(variable) in kept else decay for variable in self.variables)
        self.warmup = tf.Variable(max(1, warmup), dtype=tf.float32, trainable=False)
        start = no_moments(self.variables)
        self.learning_rate = tf.Variable(learning_rate, dtype=tf.float32, trainable=False)
        self.first = tf.Variable(start.first, trainable=False)
        self.second = tf.Variable(start.second, trainable=False)
        self.updates = tf.Variable(start.count, trainable=False)

    def minimise(
        self, objective: Callable[..., tuple[tf.Tensor, Any]], inputs: Sequence[Any], devices: int = 1, scale: Any = 1.0
    ) -> tuple[tf.Tensor, Any, tf.Tensor]:
        """Make one step down an objective.

        Args:
            objective: From inputs, or a part of their rows, to a loss () and whatever else is to be known.
            inputs: Nested tensors (B, ...); None stays None.
            devices: How many share the rows; see `lab.runtime.devices.differentiated`.
            scale: As for `apply`.

        Returns:
            The loss, what else is to be known, and the gradient's norm before it was capped, float32 ().
        """
        if devices > 1:
            from lab.runtime.devices import differentiated

            loss, more, gradients = differentiated(objective, inputs, self.variables, devices)
        else:
            with tf.GradientTape() as tape:
                loss, more = objective(*inputs)
            gradients = tape.gradient(loss, self.variables)
        return loss, more, self.apply(gradients, scale)

    def apply(self, gradients: Sequence[tf.Tensor | None], scale: Any = 1.0) -> tf.Tensor:
        """Make one step, and return the gradient's norm before it was capped, float32 ().

        Args:
            gradients: By each variable, of its shape; None for one that the loss does not depend on.
            scale: Of the step size, (); what a variant lets it fall by.
        """
        pairs = zip(gradients, self.variables, strict=True)
        gradient = flat([tf.zeros(v.shape) if g is None else g for g, v in pairs])
        gradient, norm = (gradient, tf.norm(gradient)) if self.clip is None else clipped(gradient, self.clip)
        moments = Moments(self.first.value(), self.second.value(), self.updates.value())
        rate = scale * self.learning_rate * tf.minimum(1.0, (moments.count + 1.0) / self.warmup)
        weights = [tf.convert_to_tensor(v) for v in self.variables]
        weights = [w * (1.0 - rate * d) if d else w for w, d in zip(weights, self.decays, strict=True)]
        new, moments = adam(weights, gradient, moments, rate, self.epsilon, self.betas)
        slots = (*self.variables, self.first, self.second, self.updates)
        for variable, value in zip(slots, (*new, *moments), strict=True):
            variable.assign(value)
        return norm

    def reset(self) -> None:
        """Forget all gradients; the step size warms up again."""
        for slot in (self.first, self.second, self.updates):
            slot.assign(tf.zeros_like(slot))


def of_keras(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of an `Adam` for that of a Keras Adam or AdamW, as checkpoints have it.

    Autoencoders up to version 0.2.0 kept one.

    Args:
        state: Arrays "0", "1", ...: the step count, the step size, and two moments a variable.
    """
    slots = [np.ravel(state[str(i)]) for i in range(2, len(state))]
    first, second = (np.concatenate(slots[i::2]).astype(np.float32) for i in (0, 1))
    count, rate = (np.asarray(state[name], np.float32) for name in "01")
    return {"learning_rate": rate, "first": first, "second": second, "updates": count}


def kept(decay: Any, updates: Any) -> tf.Tensor:
    """Return the decay of an average in the update after so many, (): what it keeps of the old.

    It is min(decay, (1 + n) / (10 + n)), so that first weights are soon forgotten.

    Args:
        decay: That in the long run, in [0, 1).
        updates: n, float32 ().
    """
    return tf.minimum(tf.cast(decay, tf.float32), (1.0 + updates) / (10.0 + updates))


def towards(old: Sequence[tf.Tensor], new: Sequence[tf.Tensor], part: Any) -> tuple[tf.Tensor, ...]:
    """Return weights that have gone a part of the way to others; none where there are none.

    The one rule of soft copies (Lillicrap et al. 2016, algorithm 1: tau) and of moving averages.

    Args:
        old, new: Tensors of the same shapes; or nothing is old.
        part: In [0, 1].
    """
    pairs = zip(old, new, strict=True) if old else ()
    return tuple(mine + part * (other - mine) for mine, other in pairs)


def averaged(
    average: Sequence[tf.Tensor], latest: Sequence[tf.Tensor], decay: Any, updates: Any
) -> tuple[tf.Tensor, ...]:
    """Return averaged weights that have taken in the latest; none where there are none.

    Args:
        average, latest: Tensors of the same shapes, or no averages.
        decay, updates: As for `kept`.
    """
    return towards(average, latest, 1.0 - kept(decay, updates)) if average else ()


class WeightAverage(Stateful):
    """Keeps an exponential moving average of all of a network's variables, normalisation statistics among them.

    The decay in each update is that of `kept`. What is not a floating-point number, such as a
    dropout seed, is copied.

    Args:
        network: What is averaged.
        average: A network of the same architecture; its variables hold the average from now on.
        decay: In the long run, in [0, 1).
    """

    not_state = ("source", "decay")

    def __init__(self, network: keras.Model, average: keras.Model, decay: float) -> None:
        self.source = network
        self.network = average
        self.decay = decay
        self.updates = tf.Variable(0.0, trainable=False)
        for mine, theirs in zip(average.variables, network.variables, strict=True):
            mine.assign(theirs)

    def update(self) -> None:
        """Take the present weights into the average."""
        part = 1.0 - kept(self.decay, self.updates)
        self.updates.assign_add(1.0)
        for mine, theirs in zip(self.network.variables, self.source.variables, strict=True):
            if keras.backend.is_float_dtype(mine.dtype):
                mine.assign(*towards((mine.value,), (theirs.value,), part))
            else:
                mine.assign(theirs)
