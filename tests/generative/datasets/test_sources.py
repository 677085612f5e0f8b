"""Sources written as text, as the command line gives them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from generative import Dataset, DataSpec
from generative.datasets import Augmentation, load
from lab import cli, registry

EVERY = {
    *("digits", "glyphs", "shapes", "moons", "swiss_roll", "gaussians"),
    *("mnist", "fashion_mnist", "cifar10", "folder", "frames"),
}


def test_every_data_set_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "datasets", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["datasets"]) >= EVERY


def test_keywords_augmentation_and_normalisation() -> None:
    data = load("gaussians,train=64,test=16,components=4,deviation=0.1,normalise=feature")
    assert len(data.train) == 64 and data.spec.classes == 4 and data.spec.centre is not None
    changed = load("shapes,train=9,test=5,rotation=10,flip_horizontal=true,fill=low")
    assert changed.augmentation == Augmentation(rotation=10.0, flip_horizontal=True, fill="low")
    # A loader's own keyword comes first: this is the moons' noise.
    assert load("moons,train=9,test=5,noise=0.5").augmentation is None
    assert load("digits,noise=0.5").augmentation == Augmentation(noise=0.5)


def test_what_stands_behind_the_colon_is_the_loaders() -> None:
    def loader(what: str, scale: float = 1.0) -> Dataset:
        rows = np.full((3, 2), scale, np.float32)
        return Dataset(rows, rows, DataSpec((2,), "float32", 0.0, 9.0, name=what))

    registry.register("lab.datasets", "spelt", loader)
    assert load("spelt:some/path, with=signs:and more").spec.name == "some/path, with=signs:and more"
    data = load("spelt:C:/x,scale=2")
    assert data.spec.name == "C:/x" and data.train[0, 0] == 2.0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("glyph,train=10", "did you mean 'glyphs'"),
        ("digits,rotate=10", "nothing is called 'rotate'; did you mean 'rotation'"),
        ("digits,rotation=far", "rotation received 'far'"),
        ("digits,rotation=999", "rotation received 999.0"),
        ("digits,normalise=all", "'feature', 'sample'"),
        ("digits,rotation", "expected NAME"),
        ("digits:8x8", "'8x8' behind digits:"),
        ("folder", "'folder' without path"),
        ("frames:", "'frames:' without environment"),
        ("moons,flip_horizontal=true", "expected images"),
        ("moons,train=0", "train received 0"),
        ("frames:CartPole-v1,policy=random", "nothing is called 'policy'"),
    ],
)
def test_what_cannot_be_read(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(source)
