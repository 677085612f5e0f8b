"""What a network predicts, and how the clean row follows from it: always x0 = keep * x + scale * output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# NumPy arrays and TensorFlow tensors alike: only arithmetic is used.
Array = Any
Prediction = Callable[[Array, Array, float], tuple[Array, Array]]


def epsilon(alpha: Array, sigma: Array, data_scale: float = 1.0) -> tuple[Array, Array]:
    """Read the output as the noise: x0 = (x - sigma * output) / alpha (Ho et al. 2020, eq. 15).

    Args:
        alpha, sigma: Of the noise level, (B,) or ().
        data_scale: Root mean square of the data; only `edm` uses it.

    Returns:
        keep and scale in x0 = keep * x + scale * output.
    """
    return 1.0 / alpha, -sigma / alpha


def clean(alpha: Array, sigma: Array, data_scale: float = 1.0) -> tuple[Array, Array]:
    """Read the output as the clean row itself; see `epsilon`."""
    return 0.0 * alpha, 1.0 + 0.0 * alpha


def v(alpha: Array, sigma: Array, data_scale: float = 1.0) -> tuple[Array, Array]:
    """Read the output as v = alpha * noise - sigma * x0 (Salimans and Ho 2022, "Progressive Distillation", section 4).

    Where alpha**2 + sigma**2 is not 1, both are divided by its root first.
    """
    square = alpha**2 + sigma**2
    return alpha / square, -sigma / square**0.5


def velocity(alpha: Array, sigma: Array, data_scale: float = 1.0) -> tuple[Array, Array]:
    """Read the output as noise - x0, the velocity of a straight line (Lipman et al. 2023, section 4)."""
    return 1.0 / (alpha + sigma), -sigma / (alpha + sigma)


def edm(alpha: Array, sigma: Array, data_scale: float = 1.0) -> tuple[Array, Array]:
    """Read the output with the preconditioning of Karras et al. (2022), table 1, on x / alpha at sigma / alpha.

    The network's target then has unit variance at every level. With data of root mean square 1 it is -v.
    """
    square = (data_scale * alpha) ** 2 + sigma**2
    return data_scale**2 * alpha / square, sigma * data_scale / square**0.5


PREDICTIONS: dict[str, Prediction] = {"eps": epsilon, "x0": clean, "v": v, "velocity": velocity, "edm": edm}


def to_clean(output: Array, x: Array, factors: tuple[Array, Array]) -> Array:
    """Return the clean row that a network's output means.

    Args:
        output: What the network gave for x.
        x: The noisy row.
        factors: keep and scale of the prediction, of a shape that multiplies with x.
    """
    keep, scale = factors
    return keep * x + scale * output


def from_clean(x0: Array, x: Array, factors: tuple[Array, Array]) -> Array:
    """Return the output that means the clean row `x0`: the network's target; see `to_clean`."""
    keep, scale = factors
    return (x0 - keep * x) / scale


def to_noise(x0: Array, x: Array, alpha: Array, sigma: Array) -> Array:
    """Return the noise in x = alpha * x0 + sigma * noise."""
    return (x - alpha * x0) / sigma


def min_snr_weight(alpha: Array, sigma: Array, limit: float, scale: Array, minimum: Callable[..., Array]) -> Array:
    """Return the weight of the squared error of a network's output (Hang et al. 2023, "Min-SNR", section 3.4).

    An error e of the output is one of scale * e in x0, whose square counts min(SNR, limit) times. So the weight is
    min(SNR, limit) / SNR for eps, min(SNR, limit) for x0 and min(SNR, limit) / (SNR + 1) for v.

    Args:
        alpha, sigma: Of the noise level.
        limit: The paper's gamma; 5 there.
        scale: Of the prediction; see `Prediction`.
        minimum: `np.minimum` or `tf.minimum`.
    """
    # Written without 1 / sigma, which overflows towards clean rows.
    return minimum(alpha**2, limit * sigma**2) * (scale / sigma) ** 2
