"""Labels keep their values: those of a user are those that samples are asked for by."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative import ConditionalGAN, ConditionalVAE, Diffusion
from generative.data.labels import checked_labels, label_codes, label_values
from generative.datasets import from_arrays, load
from lab import Experiment
from tests.generative.tiny import Tiny, images

ROWS = images(40)
TENS = np.array([10, 20, 30, 20] * 10)
SMALL: dict[Any, dict[str, Any]] = {
    ConditionalGAN: {"network": "dense", "hidden_sizes": (8,), "batch_size": 8},
    ConditionalVAE: {"hidden_sizes": (8,), "batch_size": 8},
    Diffusion: {"network": "mlp", "hidden_sizes": (8,), "steps": 2, "batch_size": 8},
}
SPEC = from_arrays(ROWS, TENS).spec
NAMED = from_arrays(ROWS, np.array(["dog", "cat"] * 20)).spec


def test_three_labels_are_three_classes() -> None:
    data = load((ROWS, TENS))
    assert data.spec.classes == 3 and data.spec.label_values == (10, 20, 30)
    assert set(data.train_labels) == {10, 20, 30} and data.spec.label_name(20) == "20"
    assert label_codes(data.spec, np.array([30, 10])).tolist() == [2, 0]
    assert label_values(data.spec, [2, 0]).tolist() == [30, 10]
    assert type(data.spec).from_json(data.spec.to_json()) == data.spec


def test_labels_from_0_on_are_their_own_codes() -> None:
    data = load((ROWS, TENS // 10 - 1))
    assert data.spec.label_values is None and data.train_labels.dtype == np.int32


@pytest.mark.parametrize(
    ("labels", "values", "names"),
    [
        (TENS.astype(np.float64), (10, 20, 30), None),
        (TENS[:, None], (10, 20, 30), None),
        (TENS * 10**15, (10**16, 2 * 10**16, 3 * 10**16), None),
        (TENS.astype(np.uint64) + 2**62, (2**62 + 10, 2**62 + 20, 2**62 + 30), None),
        (TENS > 15, None, None),
        (np.array(["dog", "cat"] * 20), None, ("cat", "dog")),
        (np.array([b"dog", b"cat"] * 20, object), None, ("cat", "dog")),
        (TENS.tolist(), (10, 20, 30), None),
    ],
)
def test_labels_of_every_type_keep_their_values(labels: Any, values: Any, names: Any) -> None:
    data = load((ROWS, labels))
    assert data.spec.label_values == values and data.spec.class_names == names
    assert data.spec.classes == len(values or names or (0, 1))
    assert Experiment(Tiny(), data).train(2).rows


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.eye(3)[TENS // 10 - 1], r"float64 \(40, 3\).*one-hot labels: labels.argmax\(axis=1\)"),
        (np.where(TENS == 10, 0.5, 1.0), "0.5 for row 0"),
        (np.where(TENS == 30, np.nan, 1.0), "nan for row 2"),
        (np.where(TENS == 30, np.inf, 1.0), "inf for row 2"),
        (TENS - 11, "received -1"),
        (TENS.astype(np.uint64) + 2**63, "64 bits hold"),
        (np.array([1, "a", None, 3] * 10, object), "object, holding"),
        (TENS[:39], r"int64 \(39,\)"),
        (TENS.astype(complex), "complex128"),
    ],
)
def test_what_is_no_label_is_refused_with_the_fix(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load((ROWS, labels))


@pytest.mark.parametrize(
    ("spec", "labels", "codes"),
    [
        (SPEC, 20, [1, 1]),
        (SPEC, [10, 30], [0, 2]),
        (SPEC, [[10], [30]], [0, 2]),
        (SPEC, np.array([10.0, 30.0]), [0, 2]),
        (SPEC, np.uint8(30), [2, 2]),
        (NAMED, "dog", [1, 1]),
        (NAMED, ["dog", "cat"], [1, 0]),
        (NAMED, [1, 0], [1, 0]),
    ],
)
def test_samples_are_asked_for_by_the_users_labels(spec: Any, labels: Any, codes: list[int]) -> None:
    found = checked_labels("GAN", spec, labels, 2)
    assert found.tolist() == codes and found.dtype == np.int32


@pytest.mark.parametrize(
    ("spec", "labels", "message"),
    [
        (SPEC, 1, r"1 among them.*the labels 10, 20, 30 of array"),
        (SPEC, [10, 20, 30], r"int64 \(3,\)"),
        (SPEC, np.eye(3, dtype=int)[:2], "one-hot"),
        (SPEC, 10.5, "float64"),
        (SPEC, "20", "<U2"),
        (SPEC, True, "bool"),
        (SPEC, None, "none"),
        (NAMED, "bird", r"bird.*cat, dog"),
        (NAMED, 2, "2 among them"),
    ],
)
def test_labels_that_the_data_do_not_have(spec: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_labels("GAN", spec, labels, 2)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [ConditionalGAN, ConditionalVAE, Diffusion])
def test_conditional_models_take_and_show_the_users_labels(kind: Any, tmp_path: Path) -> None:
    made = Experiment(kind(**SMALL[kind]), (ROWS, TENS), run_dir=tmp_path / "run", progress=False, lane="host")
    made.train(1)
    assert made.learner.sample(2, seed=1, labels=[20, 30]).shape == (2, 4, 4, 1)
    made.learner.metrics_on(made.task.views[0])
    made.render(tmp_path / "classes.png", "classes")
    with pytest.raises(ValueError, match="the labels 10, 20, 30 of array"):
        made.learner.sample(2, labels=1)
    loaded = kind.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.sample(2, seed=1, labels=20), loaded.sample(2, seed=1, labels=[20, 20]))
    assert loaded.takes(SPEC) and not loaded.takes(dataclasses.replace(SPEC, label_values=(10, 20, 40)))
    with pytest.raises(ValueError, match="was built for array"):
        Experiment(loaded, (ROWS, TENS + 1))


def test_a_run_goes_on_only_where_values_mean_the_same(tmp_path: Path) -> None:
    made = Experiment(Tiny(), from_arrays(ROWS), run_dir=tmp_path, progress=False)
    made.train(2)
    with pytest.raises(ValueError, match=r"high 300.0 \(in the run 255.0\).*low=0, high=255"):
        Experiment.resume(tmp_path, source=from_arrays(ROWS, low=0, high=300))
    Experiment.resume(tmp_path, source=from_arrays(ROWS))
