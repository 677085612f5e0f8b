"""Table 1 of Karras et al. (2022), column by column, and what follows from it."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative import DDPM, EDM, Diffusion, RectifiedFlow
from generative.diffusion.parametrisation import PARAMETRISATIONS, Parametrisation, denoiser, min_snr, noised
from lab import Experiment, UsageError
from tests.generative.tiny import images

COLUMNS = ("c_skip", "c_out", "c_in", "c_noise", "weight")
# By hand at alpha = 1, sigma = 2 and data of root mean square 0.5; c_in is 1 / sqrt(4.25), c_noise ln(2) / 4.
AT_2: dict[str, tuple[float, float, float]] = {
    "eps": (1.0, -2.0, 1 / 4),
    "x0": (0.0, 1.0, 1.0),
    "v": (1 / 5, -2 / math.sqrt(5), 5 / 4),
    "velocity": (1 / 3, -2 / 3, 9 / 4),
    "edm": (0.25 / 4.25, 1 / math.sqrt(4.25), 4.25),
}
# The same at alpha = 0.8, sigma = 0.6; c_in is 1 / sqrt(0.16 + 0.36), c_noise ln(0.75) / 4.
AT_POINT_6: dict[str, tuple[float, float, float]] = {
    "eps": (1.25, -0.75, 16 / 9),
    "x0": (0.0, 1.0, 1.0),
    "v": (0.8, -0.6, 1 / 0.36),
    "velocity": (1 / 1.4, -0.6 / 1.4, (1.4 / 0.6) ** 2),
    "edm": (0.2 / 0.52, 0.3 / math.sqrt(0.52), 0.52 / 0.09),
}
# Loss with equal weights and with min-SNR 5, and the first value of four clean rows, of a network that answers
# sin(2 rows) + level: as version 0.2.0 computed them, where each was a function of its own.
OF_0_2_0: dict[str, tuple[float, float, list[float]]] = {
    "eps": (1.522450566, 1.522450447, [-1.265064001, 2.906066895, 0.428723097, -1.827483177]),
    "x0": (1.674090862, 1.882532835, [1.211646557, -0.139933914, 0.866068244, 1.156625748]),
    "v": (2.009316444, 0.482075363, [-0.881667972, 1.876674891, -0.122801483, -0.933032036]),
    "velocity": (2.539507866, 0.403788149, [-0.361446857, 1.660609484, 0.183738470, -0.456870794]),
    "edm": (3.732108831, 0.664252639, [0.661906779, 0.803665876, 0.600686133, 0.614833295]),
}


def columns(parametrisation: Parametrisation, alpha: Any, sigma: Any, scale: float = 0.5) -> dict[str, Any]:
    return {name: np.asarray(getattr(parametrisation, name)(alpha, sigma, scale)) for name in COLUMNS}


def answer(inputs: list[tf.Tensor], training: bool = False) -> tf.Tensor:
    rows, level = inputs
    return tf.sin(2.0 * rows) + level[:, None]


@pytest.mark.parametrize("name", PARAMETRISATIONS)
def test_every_column_by_hand(name: str) -> None:
    for (alpha, sigma), expected in (((1.0, 2.0), AT_2[name]), ((0.8, 0.6), AT_POINT_6[name])):
        found = columns(PARAMETRISATIONS[name], alpha, sigma)
        by_hand = (*expected[:2], 1 / math.hypot(0.5 * alpha, sigma), math.log(sigma / alpha) / 4, expected[2])
        assert [float(found[c]) for c in COLUMNS] == pytest.approx(by_hand, rel=1e-6), name
    assert [f.name for f in dataclasses.fields(Parametrisation)] == list(COLUMNS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        PARAMETRISATIONS[name].c_skip = PARAMETRISATIONS["x0"].c_skip  # type: ignore[misc]


@pytest.mark.parametrize("name", PARAMETRISATIONS)
def test_errors_of_the_output_count_equally(name: str) -> None:
    sigma = np.array([0.01, 0.5, 3.0])
    found = columns(PARAMETRISATIONS[name], np.ones(3), sigma)
    if name != "x0":
        np.testing.assert_allclose(found["weight"] * found["c_out"] ** 2, 1.0, rtol=1e-12)


def test_outputs_mean_what_they_say() -> None:
    (x0, noise), alpha, sigma = np.random.default_rng(0).standard_normal((2, 5, 3)), 0.6, 0.8
    x = alpha * x0 + sigma * noise
    expected = {"eps": noise, "x0": x0, "v": alpha * noise - sigma * x0, "velocity": noise - x0}
    # With data of root mean square 1 EDM's output is -v.
    for name, output in {**expected, "edm": -expected["v"]}.items():
        found = columns(PARAMETRISATIONS[name], alpha, sigma, 1.0)
        np.testing.assert_allclose(found["c_skip"] * x + found["c_out"] * output, x0, atol=1e-12)


def test_edm_targets_have_unit_variance() -> None:
    rng = np.random.default_rng(0)
    x0, noise = 0.5 * rng.standard_normal(50_000), rng.standard_normal(50_000)
    for sigma in (0.01, 0.5, 20.0):
        found, x = columns(PARAMETRISATIONS["edm"], 1.0, sigma), x0 + sigma * noise
        assert ((x0 - found["c_skip"] * x) / found["c_out"]).std() == pytest.approx(1.0, abs=0.01)
        assert (found["c_in"] * x).std() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("alpha", [0.1, 0.6, 0.95, 0.9999])
def test_min_snr_weights(alpha: float) -> None:
    sigma, limit = math.sqrt(1 - alpha**2), 5.0
    ratio = alpha**2 / sigma**2
    expected = {"eps": min(ratio, limit) / ratio, "x0": min(ratio, limit), "v": min(ratio, limit) / (ratio + 1)}
    for name, weight in expected.items():
        found = columns(min_snr(PARAMETRISATIONS[name], limit), np.float64(alpha), np.float64(sigma), 1.0)
        assert float(found["weight"] * found["c_out"] ** 2) == pytest.approx(weight, rel=1e-10)


@pytest.mark.parametrize("name", PARAMETRISATIONS)
def test_loss_and_denoiser_are_those_of_version_0_2_0(name: str) -> None:
    rng, network = np.random.RandomState(0), answer
    data, noise = (tf.constant(rng.randn(4, 3).astype(np.float32)) for _ in range(2))
    alpha, sigma = tf.constant([1.0, 0.8, 0.6, 0.25]), tf.constant([2.5, 0.6, 0.8, 0.75])
    plain, capped, rows = OF_0_2_0[name]
    for each, expected in ((PARAMETRISATIONS[name], plain), (min_snr(PARAMETRISATIONS[name], 5.0), capped)):
        seen = each.denoise(network, noised(data, alpha, sigma, noise), alpha, sigma, 0.5)  # type: ignore[arg-type]
        assert float(each.loss(seen, data, alpha, sigma, 0.5)) == pytest.approx(expected, rel=1e-5)
    denoise = denoiser(network, PARAMETRISATIONS[name], 0.5)  # type: ignore[arg-type]
    np.testing.assert_allclose(denoise(data, alpha, sigma)[:, 0], rows, rtol=1e-4, atol=1e-5)


def test_presets_are_values_of_the_table() -> None:
    for kind, name in ((DDPM, "eps"), (EDM, "edm"), (RectifiedFlow, "velocity")):
        assert kind(min_snr=None).make_parametrisation() is PARAMETRISATIONS[name]
    chosen = Diffusion().make_parametrisation()
    assert chosen == dataclasses.replace(PARAMETRISATIONS["v"], weight=chosen.weight)
    assert float(chosen.weight(tf.constant(1.0), tf.constant(0.1), 0.5)) == 5.0


def test_a_variant_of_an_earlier_version_is_told_what_its_method_is_called_now() -> None:
    class Old(Diffusion):
        def make_prediction(self) -> Any:
            return None

    with pytest.raises(UsageError, match=r"Old\.make_prediction.*Fix: make_parametrisation"):
        Experiment(Old(), images(), seed=1)
