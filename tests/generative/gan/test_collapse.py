"""The alarm rings for a generator that collapses by construction, and for no other."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from agents import Random
from generative import Batch, CollapseAlarm, Generator
from generative.datasets import load
from generative.datasets.points import gaussians
from generative.gan.collapse import variety
from lab import Experiment
from tests.contracts import assert_same_state


class Copier(Generator):
    """Gives back training rows: of the first classes only, or a single one, if told so."""

    kept: Any = None

    def build(self) -> None:
        self.count = tf.Variable(0.0)

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        return {"loss": self.count.assign_add(1.0)}

    def sample(self, number: int, seed: int | None = None) -> np.ndarray:
        return self.kept[self.rng(seed).integers(0, len(self.kept), number)]


def copier(rows: np.ndarray) -> Copier:
    return type("Copier", (Copier,), {"kept": rows})()


def watched(rows: np.ndarray, data: Any, **options: Any) -> Experiment:
    experiment = Experiment(copier(rows), data, seed=1, callbacks=[CollapseAlarm(10, 200, **options)], log_every=15)
    experiment.train(60)
    return experiment


POINTS, DIGITS = gaussians(2_000, 2_000), load("digits")
CLASSES = np.asarray(POINTS.train_labels)


@pytest.mark.parametrize("data", [POINTS, DIGITS], ids=["points", "digits"])
def test_real_rows_raise_no_alarm(data: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        experiment = watched(data.train, data)
    row = experiment.history.rows[-1]
    assert experiment.step == 60 and row["classes_found"] == 1.0
    assert row["sample_distance"] == pytest.approx(1.0, abs=0.15) and row["sample_nearest"] > 0.5


def test_missing_classes_are_named_once() -> None:
    with pytest.warns(UserWarning, match=r"step 20: mode collapse: .*samples have 2 of 8 classes, and lack") as caught:
        experiment = watched(POINTS.train[CLASSES % 4 == 1], POINTS)
    assert len(caught) == 1 and experiment.step == 60
    assert "lack 0, 2, 3, 4, 6, 7" in str(caught[0].message)
    assert experiment.history.rows[-1]["classes_found"] == 0.25


def test_digits_of_two_classes_are_told_by_the_classifier() -> None:
    labels = np.asarray(DIGITS.train_labels)
    with pytest.warns(UserWarning, match="samples have 2 of 10 classes, and lack 2, 3"):
        watched(DIGITS.train[labels < 2], DIGITS)


def test_a_single_row_is_a_collapse_without_any_labels_and_can_end_the_run() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (400, 4, 4), dtype=np.uint8)
    with pytest.warns(UserWarning, match=r"the mean distance between samples is 0\.00 .* at least 0\.5; the distance"):
        experiment = watched(rows[:1], rows, stop=True)
    assert experiment.step < 60 and experiment.stop_reason.startswith("mode collapse: the mean distance")


def test_a_few_rows_far_apart_are_one_too() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (400, 4, 4), dtype=np.uint8)
    with pytest.warns(UserWarning, match="nearest other one is 0.00"):
        watched(rows[:5], rows)


def test_readings_by_hand() -> None:
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 4.0], [3.0, 0.0]] * 5)
    data = load((rows, np.arange(20) % 4))
    found = variety(data.test, data)
    assert (found.distance, found.nearest, found.found) == (1.0, 1.0, 1.0)
    assert variety(np.repeat(data.test[:1], len(data.test), axis=0), data).distance == 0.0


def test_its_count_survives_a_checkpoint() -> None:
    alarm = CollapseAlarm(10, 200, patience=9)
    Experiment(copier(POINTS.train[:1]), POINTS, seed=1, callbacks=[alarm]).train(30)
    other = CollapseAlarm(10, 200)
    other.set_state(alarm.get_state())
    assert other.bad == 3 and not other.warned
    assert_same_state(other.get_state(), alarm.get_state())


def test_bad_arguments_and_agents_are_refused() -> None:
    for options, message in (
        ({"samples": 3}, "samples received 3"),
        ({"least_classes": 2.0}, "least_classes received 2.0; expected a number from 0 to 1"),
        ({"patience": 0}, "patience received 0"),
        ({"every": 0}, "every received 0"),
    ):
        with pytest.raises(ValueError, match=message):
            CollapseAlarm(**options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="watches generators; received a Random"):
        Experiment(Random(), "CartPole-v1", callbacks=[CollapseAlarm(5)]).train(5)
