"""The consistency function: a denoiser that gives a row with hardly any noise back as it is."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from generative.diffusion.parametrisation import Array, Column, Parametrisation
from generative.diffusion.sampling.levels import Levels
from generative.diffusion.sampling.samplers import Plan


def bounded(base: Parametrisation, least: float) -> Parametrisation:
    """Return a parametrisation whose denoiser gives x / alpha back at the least noise, exactly.

    For `edm` these are c_skip and c_out of Song et al. (2023), "Consistency Models", appendix C. Any other one that
    keeps a clean row whole is shifted the same way, so that far above the least noise it is what it was.

    Args:
        base: One whose c_skip is 1 / alpha and c_out 0 where sigma is 0: v, velocity or edm.
        least: The least noise-to-signal ratio, the paper's epsilon.
    """
    c_skip = functools.partial(_shifted_skip, base=base.c_skip, least=least)
    c_out = functools.partial(_shifted_out, base=base.c_out, least=least)
    return dataclasses.replace(base, c_skip=c_skip, c_out=c_out)


def _shifted_skip(a: Array, s: Array, d: float, base: Column, least: float) -> Array:
    return base(a, s - least * a, d)


def _shifted_out(a: Array, s: Array, d: float, base: Column, least: float) -> Array:
    return base(a, s, d) * (s - least * a) / s


def multistep(levels: Levels, least: float) -> Plan:
    """Go to the clean row, put noise back up to the next level, and again (Song et al. 2023, algorithm 1).

    Args:
        levels: Where to ask the network; the last is the clean row.
        least: The noise-to-signal ratio that rows keep; see `bounded`.
    """
    zero, alpha, sigma = np.zeros(levels.steps), levels.alpha[1:], levels.sigma[1:]
    noise = np.sqrt(np.maximum(sigma**2 - (least * alpha) ** 2, 0.0))
    return Plan(levels.alpha[:-1], levels.sigma[:-1], alpha, sigma, zero, alpha, zero, zero, noise)
