"""Networks of rows, a number and a label: shapes, starts, types, and that they hear what they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from lab.networks import SelfAttention, conditional_mlp, dit, unet

MAKERS: dict[str, Callable[..., keras.Model]] = {
    "unet": lambda shape, **o: unet(shape, (4, 8), **o),
    "unet in patches": lambda shape, **o: unet(shape, (4, 8), patch=2, **o),
    "mlp": lambda shape, **o: conditional_mlp(shape, (8, 8), **o),
    "dit": lambda shape, **o: dit(shape, 8, depth=1, heads=2, **o),
}


def inputs(shape: tuple[int, ...], labels: bool = False) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    rows = [rng.standard_normal((4, *shape)).astype(np.float32), np.linspace(-1, 1, 4, dtype=np.float32)]
    return [*rows, np.array([0, 1, 2, 3], np.int32)] if labels else rows


def awake(model: keras.Model) -> keras.Model:
    """Give layers that start at zero some weights, so that everything reaches the output."""
    rng = np.random.default_rng(1)
    model.set_weights([w + 0.1 * rng.standard_normal(w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 5), (5, 9, 3)])
def test_rows_come_out_in_their_own_shape(name: str, shape: tuple[int, ...]) -> None:
    model = MAKERS[name](shape)
    output = model(inputs(shape)).numpy()
    assert output.shape == (4, *shape) and output.dtype == np.float32
    assert (output == 0).all(), "the first output is 0"


@pytest.mark.parametrize("name", MAKERS)
def test_number_and_label_reach_every_row_alone(name: str) -> None:
    model = awake(MAKERS[name]((8, 8), classes=3))
    rows, numbers, labels = inputs((8, 8), labels=True)
    first = model([rows, numbers, labels]).numpy()
    for change in (0, 1, 2):
        changed = [rows.copy(), numbers.copy(), labels.copy()]
        changed[change][1] = changed[change][1] + 1 if change else 0.5
        differs = np.abs(model(changed).numpy() - first).max(axis=(1, 2))
        assert differs[1] > 1e-5 and (differs[[0, 2, 3]] < 1e-5).all(), change


@pytest.mark.parametrize("name", MAKERS)
def test_bfloat16_computes_about_the_same_with_float32_weights(name: str) -> None:
    full, half = (awake(MAKERS[name]((8, 8), seed=3, dtype=d)) for d in ("float32", "mixed_bfloat16"))
    assert all(w.dtype == "float32" for w in half.trainable_variables)
    a, b = (model(inputs((8, 8))).numpy() for model in (full, half))
    assert b.dtype == np.float32 and 0 < np.abs(a - b).max() < 0.1 * np.abs(a).max()


@pytest.mark.thorough
def test_equal_seeds_give_equal_networks() -> None:
    for make in MAKERS.values():
        a, b, c = (make((8, 8), classes=2, seed=seed).get_weights() for seed in (1, 1, 2))
        assert all(map(np.array_equal, a, b)) and not all(map(np.array_equal, a, c))


def test_attention_by_hand() -> None:
    layer = SelfAttention(1, seed=0, zero_start=False)
    tokens = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    layer.build(tokens.shape)
    joint, bias, end, end_bias = layer.get_weights()
    query, key, value = np.split(tokens @ joint + bias, 3, axis=-1)
    shares = np.exp(query @ key.swapaxes(1, 2) / 2.0)
    expected = shares / shares.sum(axis=-1, keepdims=True) @ value @ end + end_bias
    np.testing.assert_allclose(layer(tokens).numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("make", [lambda: SelfAttention(3, 0).build((None, 4, 8))])
def test_heads_must_divide_tokens(make: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="8 numbers for 3 heads"):
        make()
