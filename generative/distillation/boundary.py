"""The consistency function: a denoiser that gives a row with hardly any noise back as it is."""

from __future__ import annotations

import numpy as np

from generative.diffusion.predictions import Array, Prediction
from generative.diffusion.sampling.levels import Levels
from generative.diffusion.sampling.samplers import Plan


def bounded(prediction: Prediction, least: float) -> Prediction:
    """Return a prediction for which f(x) = keep * x + scale * output is x / alpha at the least noise, exactly.

    For `edm` these are c_skip and c_out of Song et al. (2023), "Consistency Models", appendix C. Any other prediction
    that keeps a clean row whole is shifted the same way, so that far above the least noise it is what it was.

    Args:
        prediction: For which keep is 1 / alpha and scale 0 where sigma is 0: v, velocity or edm.
        least: The least noise-to-signal ratio, the paper's epsilon.
    """

    def shifted(alpha: Array, sigma: Array, data_scale: float = 1.0) -> tuple[Array, Array]:
        above = sigma - least * alpha
        keep, _ = prediction(alpha, above, data_scale)
        _, scale = prediction(alpha, sigma, data_scale)
        return keep, scale * above / sigma

    return shifted


def multistep(levels: Levels, least: float) -> Plan:
    """Go to the clean row, put noise back up to the next level, and again (Song et al. 2023, algorithm 1).

    Args:
        levels: Where to ask the network; the last is the clean row.
        least: The noise-to-signal ratio that rows keep; see `bounded`.
    """
    zero, alpha, sigma = np.zeros(levels.steps), levels.alpha[1:], levels.sigma[1:]
    noise = np.sqrt(np.maximum(sigma**2 - (least * alpha) ** 2, 0.0))
    return Plan(levels.alpha[:-1], levels.sigma[:-1], alpha, sigma, zero, alpha, zero, zero, noise)
