"""An Evaluation is a mapping with a fixed set of names for agents."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from lab.results.evaluation import Evaluation
from lab.results.statistics import bootstrap_interval

RETURNS, LENGTHS = [1.0, 2.0, 3.0, 1000.0], [10, 20, 30, 40]


def agent() -> Evaluation:
    return Evaluation.from_episodes(np.array(RETURNS), np.array(LENGTHS), {"success_rate": 0.5}, step=50_000)


def test_episodes_are_summarised_by_hand_computed_values() -> None:
    evaluation = agent()
    assert evaluation.mean == evaluation["mean"] == 251.5
    assert evaluation.std == pytest.approx(np.std(RETURNS))
    assert evaluation.iqm == 2.5
    assert (evaluation.iqm_low, evaluation.iqm_high) == bootstrap_interval(RETURNS)
    assert (evaluation["min"], evaluation["max"], evaluation.length_mean, evaluation.episodes) == (1, 1000, 25, 4)
    assert evaluation.returns == tuple(RETURNS) and evaluation.lengths == tuple(LENGTHS)
    assert evaluation.step == 50_000 and evaluation.success_rate == 0.5


def test_to_dict_has_the_contracted_keys_and_is_json() -> None:
    row = agent().to_dict()
    assert {"mean", "std", "iqm", "iqm_low", "iqm_high", "episodes", "returns", "lengths"} <= set(row)
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert row["returns"] == RETURNS and row["lengths"] == LENGTHS and row["episodes"] == 4


def test_a_generator_has_one_key_a_metric() -> None:
    evaluation = Evaluation({"frechet_distance": np.float32(1.5), "kid": float("nan")})
    assert evaluation.to_dict() == {"frechet_distance": 1.5, "kid": None}
    assert list(evaluation) == ["frechet_distance", "kid"] and len(evaluation) == 2 and "kid" in evaluation
    assert evaluation.returns == () and evaluation.step is None


def test_main_metric_and_direction() -> None:
    assert agent().main == "mean"
    assert agent().higher_is_better("mean") and agent().higher_is_better("success_rate")
    assert not agent().higher_is_better("std")
    evaluation = Evaluation({"coverage": 0.5, "frechet_distance": 2.0}, main="frechet_distance", higher=["coverage"])
    assert evaluation.main == "frechet_distance" and not evaluation.higher_is_better("frechet_distance")
    assert evaluation.higher_is_better("coverage")
    assert Evaluation({"a": 1, "b": 2}).main == "a"


def test_equality_covers_metrics_episodes_and_step() -> None:
    assert agent() == agent()
    assert agent() != Evaluation.from_episodes(RETURNS, LENGTHS, step=50_000)
    assert Evaluation({"a": 1.0}, step=1) != Evaluation({"a": 1.0}, step=2)
    assert Evaluation({"a": float("nan")}) == Evaluation({"a": float("nan")})
    assert agent() != dict(agent())


def test_it_copies_and_pickles() -> None:
    assert copy.deepcopy(agent()) == agent() == pickle.loads(pickle.dumps(agent()))


def test_it_shows_itself_on_one_line_and_as_a_table() -> None:
    text = repr(agent())
    assert text.startswith("Evaluation(step=50000, mean=251.5, ") and "iqm=2.5 [" in text and "\n" not in text
    page = Evaluation({"a<b": 1.25}, step=7)._repr_html_()
    assert "a&lt;b" in page and "1.25" in page and "step 7" in page
    assert "success_rate" in dir(agent())


def test_bad_input_is_refused_with_words() -> None:
    with pytest.raises(AttributeError, match="no metric 'median'; it has mean, std"):
        _ = agent().median
    with pytest.raises(KeyError):
        agent()["median"]
    with pytest.raises(ValueError, match="at least one number"):
        Evaluation.from_episodes([], [])
    with pytest.raises(ValueError, match="1 lengths"):
        Evaluation.from_episodes([1.0, 2.0], [3])
    with pytest.raises(ValueError, match="finite numbers"):
        Evaluation.from_episodes([float("nan")], [3])
    with pytest.raises(ValueError, match="at least one metric"):
        Evaluation({})
    for name in ("step", "returns", "keys", "main"):
        with pytest.raises(ValueError, match=f"metric received '{name}'"):
            Evaluation({name: 1.0})
    with pytest.raises(ValueError, match="main received 'b'; expected one of a"):
        Evaluation({"a": 1.0}, main="b")
