"""NumPy's numbers are as good as Python's; what is none is one clear line."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative import GAN, VAE, VQVAE, ConditionalGAN, Diffusion
from lab import Experiment
from lab.messages.notes import warn
from tests.generative.test_rows import LABELS, TINY, learner
from tests.generative.tiny import Tiny, images

ROWS = images()
WAYS = {
    "Python": (2.0, 3, 5),
    "float32": (np.float32(2), np.int32(3), np.uint8(5)),
    "float64": (np.float64(2), np.int64(3), np.int16(5)),
    "arrays": (np.array(2.0), np.array(3), np.array(5)),
    "tensors": (tf.constant(2.0), tf.constant(3), tf.constant(5)),
}


@pytest.mark.parametrize("way", WAYS)
def test_numbers_of_every_kind_mean_the_same(way: str) -> None:
    real, count, seed = WAYS[way]
    model = learner(Diffusion)
    expected = model.sample(3, seed=5, labels=20, guidance=2.0)
    np.testing.assert_array_equal(model.sample(count, seed=seed, labels=20, guidance=real), expected)
    np.testing.assert_array_equal(model.denoise(ROWS[:3], real), model.denoise(ROWS[:3], 2.0))
    assert model.interpolate(ROWS[:2], ROWS[2:4], count).shape[1] == 3
    assert model.inpaint(ROWS[:2], np.ones((4, 4), bool), seed, repeats=count).shape == (2, 4, 4, 1)
    assert learner(VAE).bounds(ROWS[:2], count, seed=seed)[0].shape == (2,)


@pytest.mark.parametrize("number", [-1, 2.0, 2.5, True, "3", None, [3], np.float32(3), 10**13, np.nan])
@pytest.mark.parametrize("kind", [GAN, VAE, VQVAE, ConditionalGAN, Diffusion])
def test_what_is_no_number_of_rows(kind: Any, number: Any) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__}.sample: number received .*expected a whole number from 0"):
        learner(kind).sample(number)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(2, seed=-1), "seed received -1; expected a whole number >= 0"),
        (lambda m: m.sample(2, seed=1.5), "seed received 1.5"),
        (lambda m: m.sample(2, guidance=np.float32(-2)), "guidance received"),
        (lambda m: m.sample(2, guidance="2"), "guidance received '2'"),
        (lambda m: m.sample(2, guidance=np.nan), "guidance received nan"),
        (lambda m: m.sample(2, guidance=[1.0, 2.0]), "guidance received"),
        (lambda m: m.sample(2, steps=0), "steps received 0"),
        (lambda m: m.sample(2, steps=2.5), "steps received 2.5"),
        (lambda m: m.sample(2, steps=10**9), "steps received 1000000000"),
        (lambda m: m.denoise(ROWS, np.inf), "noise received inf"),
        (lambda m: m.denoise(ROWS, True), "noise received True"),
        (lambda m: m.denoise(ROWS[:, :2], 0.5), "numbers of shape"),
        (lambda m: m.interpolate(ROWS[:2], ROWS[2:4], -3), "number received -3"),
        (lambda m: m.interpolate(ROWS[:2], ROWS[2:4], 10**12), "number received"),
        (lambda m: m.interpolate(ROWS[:2], ROWS[2:4], 2.5), "number received 2.5"),
        (lambda m: m.bits_per_dimension(ROWS, draws=0), "draws received 0"),
        (lambda m: m.bits_per_dimension(ROWS[:0]), "rows received 0"),
        (lambda m: m.inpaint(ROWS, np.full((4, 4), 2)), r"mask received 'values in \[2, 2\]'.*mask > 0"),
        (lambda m: m.inpaint(ROWS, np.zeros((5, 4), bool)), r"mask received 'bool \(5, 4\)'"),
        (lambda m: m.inpaint(ROWS, np.full((4, 4), "x")), "mask received"),
        (lambda m: m.inpaint(ROWS, [[True], [True, False]]), "mask cannot be made one array"),
        (lambda m: m.inpaint(ROWS / 255.0, np.ones((4, 4), bool)), "data of type received 'float64'"),
        (lambda m: m.inpaint(ROWS[0], np.ones((4, 4), bool)), r"data\[None\]"),
    ],
)
def test_requests_of_a_diffusion_model_that_do_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        call(learner(Diffusion))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (40, 4, 4), (40, 4, 4, 1), (40, 4, 4, 1, 1)])
def test_masks_of_ones_and_zeros_of_every_shape(kind: Any, shape: tuple[int, ...]) -> None:
    model, mask = learner(Diffusion), np.zeros((4, 4), kind)
    mask[:2] = 1
    given = np.broadcast_to(mask.reshape((4, 4) + (1,) * (len(shape) - 2 - (shape[0] == 40))), shape)
    if len(shape) == 5:
        with pytest.raises(ValueError, match="mask received"):
            model.inpaint(ROWS, given, seed=1)
        return
    filled = model.inpaint(ROWS, given, seed=1)
    np.testing.assert_array_equal(filled[:, :2], ROWS[:, :2])
    assert not np.array_equal(filled[:, 2:], ROWS[:, 2:])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: learner(VAE).decode(np.full((2, 16), np.nan)), "latents received 'values that are not finite'"),
        (lambda: learner(GAN).decode(np.full((2, learner(GAN).latent_size), np.inf)), "latents.*not finite"),
        (lambda: learner(GAN).decode([[1.0], [1.0, 2.0]]), "cannot be made one array"),
        (lambda: learner(VAE).reconstruct(ROWS[:, :3]), r"data of shape received \(40, 3, 4, 1\)"),
        (lambda: learner(VAE).reconstruct(ROWS / 255.0), "data of type received 'float64'; expected 'uint8|uint8"),
        (lambda: learner(VAE).reconstruct(ROWS.astype(np.int64)), "data of type received 'int64'"),
        (lambda: learner(VAE).bounds(ROWS, 0), "samples received 0"),
        (lambda: learner(ConditionalGAN).sample(3, labels=[10, 20]), r"int64 \(2,\)"),
        (lambda: learner(ConditionalGAN).sample(3, labels=15), "the labels 10, 20, 30"),
        (lambda: learner(GAN).sample(3, labels=10), "trained without"),
        (lambda: Diffusion(guidance=np.float32(-2)), "guidance"),
    ],
)
def test_requests_of_others_that_do_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_settings_take_numpys_numbers() -> None:
    config = Diffusion(guidance=np.float32(2), steps=np.int64(7), learning_rate=np.array(0.5)).config
    assert (config.guidance, config.steps, config.learning_rate) == (2.0, 7, 0.5)


def test_a_package_that_turns_warnings_into_errors_ends_no_training(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn("a\nb \x1b[31m")
        made = Experiment(Tiny(), (ROWS // 16, LABELS), seed=1)
        assert made.train(2).rows and made.learner.sample(2).shape == (2, 4, 4, 1)
    printed = capsys.readouterr().err
    assert "note: a b \\x1b[31m\n" in printed and "less than 10%" in printed
    with pytest.warns(UserWarning, match="a b"):
        warn("a\nb")


@pytest.mark.parametrize("kind", [VAE, VQVAE, GAN, Diffusion])
def test_pictures_of_one_pixel_are_pictures(kind: Any, tmp_path: Path) -> None:
    made = Experiment(kind(**TINY[kind]), images(40, (1, 1, 1)), seed=1)
    assert made.learner.sample(3, seed=1).shape == (3, 1, 1, 1)
    assert made.render(tmp_path / "samples.png", "samples").exists()
