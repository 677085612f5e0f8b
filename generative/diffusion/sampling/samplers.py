"""Samplers: each turns a list of noise levels into a plan of steps, which one loop carries out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from generative.diffusion.sampling.levels import Levels

Column = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Steps of a sampler, each linear in the rows so far and in the clean rows that the network saw in them.

    Step i looks at x with the network at the level (alpha[i], sigma[i]), which gives x0, and goes on to

        keep * x + clean * x0 + keep_last * x_last + clean_last * x0_last + noise * normal noise,

    where "last" means the step before; the new x then is at the level (alpha_after[i], sigma_after[i]).
    All columns are float64 (N,); N is the number of network calls.
    """

    alpha: Column
    sigma: Column
    alpha_after: Column
    sigma_after: Column
    keep: Column
    clean: Column
    keep_last: Column
    clean_last: Column
    noise: Column

    def table(self) -> NDArray[np.float64]:
        """Return the columns side by side in the order above, (N, 9)."""
        return np.stack([getattr(self, field.name) for field in dataclasses.fields(self)], axis=1)


Sampler = Callable[[Levels], Plan]


def ddpm(levels: Levels) -> Plan:
    """Draw from the posterior of the next level, given the present row and x0 (Ho et al. 2020, eq. 6 and 7).

    The next level comes from the list, whatever has been left out between. A clean one has a variance of 0, so the
    last step adds no noise.
    """
    _, s, a_next, s_next = _pairs(levels)
    ratio, added = _forward(levels)
    return _plan(
        levels,
        keep=ratio * (s_next / s) ** 2,
        clean=a_next * added / s**2,
        noise=np.sqrt(added) * s_next / s,
    )


def ddim(levels: Levels, eta: float = 0.0) -> Plan:
    """Go to the next level along the noise that x0 implies (Song et al. 2021, "Denoising Diffusion Implicit", eq. 12).

    Args:
        levels: Where to go through.
        eta: 0 for no fresh noise, 1 for as much as `ddpm` adds.
    """
    a, s, a_next, s_next = _pairs(levels)
    if eta == 0.0:
        return _plan(levels, keep=s_next / s, clean=a_next - a * s_next / s)
    fresh = eta**2 * _forward(levels)[1] * (s_next / s) ** 2
    along = np.sqrt(np.maximum(s_next**2 - fresh, 0.0)) / s
    return _plan(levels, keep=along, clean=a_next - a * along, noise=np.sqrt(fresh))


def euler(levels: Levels) -> Plan:
    """Make Euler's step on dx = x0 dalpha + noise dsigma, the probability flow of any path.

    For alpha = 1 it is Euler's step of Karras et al. (2022) in sigma, for straight paths that in time; for every path
    it is `ddim` without fresh noise.
    """
    a, s, a_next, s_next = _pairs(levels)
    slope = (s_next - s) / s
    return _plan(levels, keep=1.0 + slope, clean=(a_next - a) - a * slope)


def heun(levels: Levels) -> Plan:
    """Make Euler's step, look again where it leads, and go by the mean of both (Karras et al. 2022, algorithm 1).

    The step to a clean row is Euler's alone, because its noise is not defined there. All others take two network
    calls.
    """
    first = euler(levels).table()
    a, s, a_next, s_next = _pairs(levels)
    noisy = s_next > 0
    safe = np.where(noisy, s_next, 1.0)
    da, ds = (a_next - a) / 2.0, (s_next - s) / 2.0
    second = np.stack(
        [a_next, s_next, a_next, s_next, ds / safe, da - ds * a_next / safe, 1.0 + ds / s, da - ds * a / s, 0.0 * a],
        axis=1,
    )
    both = np.stack([first, second], axis=1).reshape(-1, first.shape[1])
    return Plan(*both[np.stack([np.ones_like(noisy), noisy], axis=1).ravel()].T)


def dpm_solver(levels: Levels) -> Plan:
    """Make steps of DPM-Solver++(2M) in half the log-SNR (Lu et al. 2022, "DPM-Solver++", algorithm 2).

    The first step is of first order, as is one to a clean row or from pure noise, whose log-SNR is infinite. So is the
    last one before the clean row: it covers many times the log-SNR of the step before it, and what second order adds
    overshoots (the authors' `lower_order_final`).
    """
    a, s, a_next, s_next = _pairs(levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        half_log_snr = np.log(levels.alpha) - np.log(levels.sigma)
        step = np.diff(half_log_snr)
        extra = np.append(0.0, step[1:] / (2.0 * step[:-1]))
    extra[~np.isfinite(extra)] = 0.0
    if levels.sigma[-1] == 0.0:
        extra[-2:] = 0.0
    # a_next * (1 - exp(-step)), also where the step is infinite.
    change = a_next - a * s_next / s
    return _plan(levels, keep=s_next / s, clean=change * (1.0 + extra), clean_last=-change * extra)


SAMPLERS: dict[str, Sampler] = {
    "ddpm": ddpm,
    "ddim": ddim,
    "euler": euler,
    "heun": heun,
    "dpm_solver": dpm_solver,
}


def resample(plan: Plan, times: int) -> Plan:
    """Make each step `times` times, with noise put back between (Lugmayr et al. 2022, "RePaint", algorithm 1).

    What is put back lets the parts of a row that a task holds fixed and the rest of it come to terms.

    Args:
        plan: Of a sampler of one network call a step and without memory: `ddpm`, `ddim` or `euler`.
        times: 1 changes nothing.
    """
    back = plan.alpha / plan.alpha_after
    stays = dataclasses.replace(
        plan,
        alpha_after=plan.alpha,
        sigma_after=plan.sigma,
        keep=back * plan.keep,
        clean=back * plan.clean,
        noise=np.sqrt(np.maximum((back * plan.noise) ** 2 + plan.sigma**2 - (back * plan.sigma_after) ** 2, 0.0)),
    )
    rows = [np.repeat(stays.table()[:, None], times - 1, axis=1), plan.table()[:, None]]
    # From pure noise there is nothing to put back; the clean row is the end.
    return Plan(*np.concatenate(rows, axis=1).reshape(-1, plan.table().shape[1]).T)


def _pairs(levels: Levels) -> tuple[Column, Column, Column, Column]:
    return levels.alpha[:-1], levels.sigma[:-1], levels.alpha[1:], levels.sigma[1:]


def _forward(levels: Levels) -> tuple[Column, Column]:
    """Return how noising goes from the next level to the present one: the factor on the row and the variance added."""
    a, s, a_next, s_next = _pairs(levels)
    ratio = a / a_next
    return ratio, np.maximum(s**2 - (ratio * s_next) ** 2, 0.0)


def _plan(
    levels: Levels, keep: Column, clean: Column, noise: Column | None = None, clean_last: Column | None = None
) -> Plan:
    a, s, a_next, s_next = _pairs(levels)
    zero = np.zeros_like(a)
    return Plan(
        a, s, a_next, s_next, keep, clean, zero, clean_last if clean_last is not None else zero,
        noise if noise is not None else zero,
    )  # fmt: skip
