"""One figure that shows what the data are, and what training makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from generative.datasets import Augmentation, from_arrays, load, preview
from tests.generative.tiny import images


@pytest.mark.parametrize(
    "source",
    [
        "digits",
        "digits,rotation=10,normalise=feature",
        "shapes,train=30,test=5,flip_vertical=true",
        "moons,train=50,test=5",
        "swiss_roll,train=50,test=5,noise=0",
    ],
)
def test_every_kind_of_rows_has_a_figure(source: str) -> None:
    figure = preview(load(source))
    assert source.split(",")[0] in figure.axes[0].get_title(loc="left")
    figure.savefig("/dev/null", format="png", dpi=40)


def test_classes_are_named() -> None:
    axes = preview(load("shapes,train=30,test=5")).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["square", "ellipse", "triangle", "star", "cross"]
    cloud = preview(load("moons,train=50,test=5")).axes[0]
    assert [text.get_text() for text in cloud.get_legend().get_texts()] == ["upper", "lower"]


def test_few_rows_and_rows_of_other_shapes() -> None:
    assert preview(from_arrays(images(10))).axes
    noisy = from_arrays(images(20, (7,))).augmented(Augmentation(noise=0.1))
    assert preview(noisy).axes
    with pytest.raises(ValueError, match="preview: data received 'str'"):
        preview("digits")


def test_versions_follow_the_seed() -> None:
    data = load("digits").augmented(Augmentation(rotation=20.0))
    shown = [preview(data, seed).axes[0].images[0].get_array() for seed in (0, 0, 1)]
    np.testing.assert_array_equal(shown[0], shown[1])
    assert not np.array_equal(shown[0], shown[2])
