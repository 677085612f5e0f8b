"""How weights start, by what follows them, and the seeds that they start from."""

from __future__ import annotations

import difflib

import keras
import numpy as np

from lab.errors import bad_value

# Keras' own slope; the variance that keeps a signal's size depends on it (He et al. 2015, equation 15).
LEAKY_SLOPE = 0.2
RECTIFIERS = ("celu", "elu", "gelu", "hard_silu", "mish", "relu", "relu6", "silu", "softplus", "swish")
SYMMETRIC = ("linear", "hard_sigmoid", "hard_tanh", "sigmoid", "softmax", "softsign", "tanh")
KNOWN = (*RECTIFIERS, "leaky_relu", "selu", *SYMMETRIC)


def initializer_for(activation: str | None, seed: int) -> keras.initializers.Initializer:
    """Choose how the kernel before an activation starts, so that signals and gradients keep their size.

    He et al. (2015, equation 10: variance 2 / fan_in) for rectifiers and their smooth relatives, with equation 15's
    2 / ((1 + slope^2) fan_in) for "leaky_relu"; LeCun's 1 / fan_in for "selu" (Klambauer et al. 2017, section 3); that
    of Glorot and Bengio (2010, equation 16: variance 2 / (fan_in + fan_out)) for the others.

    Args:
        activation: A name that Keras knows; None for "linear".
        seed: Of the draws.

    Raises:
        UsageError: Where the activation is none of those.
    """
    if activation in RECTIFIERS:
        return keras.initializers.HeNormal(seed=seed)
    if activation == "leaky_relu":
        return keras.initializers.VarianceScaling(2.0 / (1.0 + LEAKY_SLOPE**2), "fan_in", "truncated_normal", seed=seed)
    if activation == "selu":
        return keras.initializers.LecunNormal(seed=seed)
    if activation is None or activation in SYMMETRIC:
        return keras.initializers.GlorotUniform(seed=seed)
    near = difflib.get_close_matches(str(activation), KNOWN, n=1)
    raise bad_value(
        "initializer_for", "activation", activation, "one of " + ", ".join(sorted(KNOWN)),
        f"activation={near[0]!r}." if near else "activation='relu'.",
    )  # fmt: skip


class Seeds:
    """Gives one seed after the other, all of them following from one (NumPy's `SeedSequence`).

    Neighbouring seeds have nothing in common, as those have that count up from each.

    Args:
        seed: A whole number >= 0.
    """

    def __init__(self, seed: int) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise bad_value("Seeds", "seed", seed, "a whole number >= 0", "seed=0.")
        self.seed, self.given = int(seed), 0

    def __call__(self) -> int:
        """Return the next one, from 0 to below 2^30, so that a layer may count up from it."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(self.given,))
        self.given += 1
        return int(sequence.generate_state(1)[0]) >> 2
