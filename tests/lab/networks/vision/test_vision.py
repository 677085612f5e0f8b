"""Patches against a hand-cut picture, projections where shapes change, and pictures of any size."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from lab.errors import UsageError
from lab.networks import LayerNorm, PatchTokens, cnn, features_of, resnet, vgg, vit
from lab.networks.builder import Builder
from lab.networks.layers.patches import ClassToken
from lab.networks.vision.resnet import residual
from lab.networks.vision.vit import chosen_patch


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.fixture(scope="module")
def mean_vit():
    return vit((6, 9, 2), 3, patch=3, width=8, depth=1, heads=2, pooling="mean", seed=1)


def test_tokens_are_the_patches_of_a_hand_cut_picture(mean_vit):
    tokens = layers(mean_vit, PatchTokens)[0]
    kernel, bias, places = (np.asarray(w) for w in (tokens.cut.kernel, tokens.cut.bias, tokens.places))
    picture = normal(1, 6, 9, 2)
    cut = [picture[0, row : row + 3, left : left + 3] for row in (0, 3) for left in (0, 3, 6)]
    expected = np.stack([patch.ravel() @ kernel.reshape(18, 8) + bias for patch in cut]) + places
    np.testing.assert_allclose(tokens(picture)[0], expected, atol=1e-5)


def test_without_places_the_order_of_patches_makes_no_difference(mean_vit):
    picture = normal(1, 6, 9, 2)
    other = np.concatenate([picture[:, :, 3:], picture[:, :, :3]], axis=2)
    assert np.abs(mean_vit(picture) - mean_vit(other)).max() > 1e-4
    places = layers(mean_vit, PatchTokens)[0].places
    kept = np.asarray(places)
    places.assign(np.zeros_like(kept))
    np.testing.assert_allclose(mean_vit(picture), mean_vit(other), atol=1e-5)
    places.assign(kept)


def test_a_class_token_comes_first_and_the_picture_is_read_from_it():
    token = ClassToken(seed=3)
    tokens = normal(2, 4, 8)
    out = np.asarray(token(tokens))
    np.testing.assert_array_equal(out[:, 1:], tokens)
    np.testing.assert_array_equal(out[:, 0], np.tile(np.asarray(token.token), (2, 1)))
    model = vit((8, 8), 3, width=8, depth=1, heads=2, seed=1)
    last = layers(model, LayerNorm)[-1].output
    picture = normal(1, 8, 8)
    assert last.shape[1:] == (1 + 16, 8)
    np.testing.assert_array_equal(features_of(model)(picture), keras.Model(model.input, last)(picture)[:, 0])


@pytest.mark.parametrize(
    ("sides", "patch"), [((8, 8), 2), ((28, 28), 4), ((64, 64), 8), ((32, 32), 4), ((224, 224), 16), ((12, 40), 2)]
)
def test_the_chosen_patch_cuts_sides_into_about_eight(sides, patch):
    assert chosen_patch(*sides) == patch


def test_patches_must_fill_the_picture():
    with pytest.raises(
        UsageError, match=r"vit: patch received 5; expected a divisor of both sides, 12 and 8\. Fix: one of 1, 2, 4"
    ):
        vit((12, 8), 3, patch=5)
    with pytest.raises(UsageError, match=r"patch received None; .* they are 7 and 9\. Fix: patch=1"):
        vit((7, 9), 3)
    with pytest.raises(UsageError, match=r"vit: heads received 3; expected a divisor of the width, 64"):
        vit((8, 8), 3, heads=3)


def test_projections_stand_only_where_the_shape_changes():
    def projections(*blocks):
        model = resnet((28, 28, 1), 3, blocks=blocks)
        found = [one for one in layers(model, keras.layers.Conv2D) if one.kernel_size == (1, 1)]
        return [(one.kernel.shape[2:], one.strides, one.output.shape[1:3]) for one in found]

    assert projections((4, 2), (8, 2), (8, 1)) == [((4, 8), (2, 2), (14, 14)), ((8, 8), (2, 2), (7, 7))]
    assert projections((4, 3)) == []


@pytest.mark.parametrize(("filters", "stride"), [(3, 1), (5, 1), (3, 2)])
def test_a_residual_block_whose_branch_is_0_passes_its_shortcut(filters, stride):
    build = Builder("resnet", "relu", 0.0, 1, "float32")
    x = keras.Input((6, 6, 3))
    model = keras.Model(x, residual(build, x, filters, stride))
    # A block is normalised at its end; the projection's normalisation comes first where there is one.
    norms = layers(model, keras.layers.BatchNormalization)
    assert len(norms) == (2 if (filters, stride) == (3, 1) else 3)
    convolutions = layers(model, keras.layers.Conv2D)
    for one in convolutions:
        if one.kernel_size == (3, 3):
            one.kernel.assign(np.zeros(one.kernel.shape))
    given = normal(2, 6, 6, 3)
    expected = given
    for one in convolutions:
        if one.kernel_size == (1, 1):
            expected = given[:, ::stride, ::stride] @ np.asarray(one.kernel)[0, 0] / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(model(given), np.maximum(expected, 0), atol=1e-5)


def test_vgg_has_its_convolutions_and_no_bias_before_a_normalisation():
    plain = layers(vgg((16, 16), 3, blocks=((4, 2), (8, 3)), hidden=(8, 8)), keras.layers.Conv2D)
    assert [one.filters for one in plain] == [4, 4, 8, 8, 8] and all(one.use_bias for one in plain)
    model = vgg((16, 16), 3, blocks=((4, 2),), batch_norm=True)
    assert [one.use_bias for one in layers(model, keras.layers.Conv2D)] == [False, False]
    assert len(layers(model, keras.layers.BatchNormalization)) == 2
    with pytest.raises(UsageError, match=r"vgg: blocks received \(32, 64\); expected pairs \(filters, layers\)"):
        vgg((8, 8), 3, blocks=(32, 64))


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (3, 1, 4)])
def test_pooling_stops_where_nothing_is_left_to_pool(shape):
    for model in (cnn(shape, 3, filters=(4, 4, 4), hidden=4), resnet(shape, 3, blocks=((4, 1), (4, 1), (4, 1)))):
        assert np.isfinite(model(normal(2, *shape))).all()
