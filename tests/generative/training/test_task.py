"""Training on a data set: the same numbers however it is cut, stopped or resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.datasets import load
from lab import Callback, Experiment, TrainingDiverged
from lab.task import Control
from tests.generative.tiny import Tiny, images, same

DATA = load((images(), np.arange(40) % 3))


def experiment(run_dir: Path | None = None, seed: int = 3, lane: str = "auto", **keywords: Any) -> Experiment:
    settings = {k: keywords.pop(k) for k in ("compile", "bad_at", "batch_size") if k in keywords}
    return Experiment(Tiny(**settings), DATA, seed=seed, run_dir=run_dir, lane=lane, **keywords)


def trained(steps: int, **keywords: Any) -> Experiment:
    made = experiment(**keywords)
    made.train(steps)
    return made


def weights(made: Experiment) -> dict[str, Any]:
    return made.learner.get_state()


@pytest.fixture(scope="module")
def whole() -> Experiment:
    """130 updates, logged every 50."""
    return trained(130)


@pytest.mark.parametrize("keywords", [{"evaluate_every": 17}, {"checkpoint_every": 60, "evaluate_every": 7}])
def test_intervals_change_neither_weights_nor_logged_metrics(
    whole: Experiment, keywords: dict[str, int], tmp_path: Path
) -> None:
    cut = experiment(tmp_path / "run", **keywords)
    cut.train(130)
    assert same(weights(cut), weights(whole))
    assert cut.history == whole.history
    assert same(cut.task.get_state(), whole.task.get_state())


def test_log_rows_are_means_of_single_updates(whole: Experiment) -> None:
    class Collect(Callback):
        not_state = ("rows",)

        def __init__(self) -> None:
            super().__init__()
            self.rows: list[Any] = []

        def on_update(self, experiment: Experiment, metrics: Any) -> None:
            self.rows.append((experiment.task_step, dict(metrics)))

    collect = Collect()
    single = trained(130, log_every=1, callbacks=[collect])
    assert same(weights(single), weights(whole))
    assert [step for step, _ in collect.rows] == list(range(1, 131))
    losses = [row["loss"] for row in single.history.rows]
    assert losses == [metrics["loss"] for _, metrics in collect.rows]
    for row, start in zip(whole.history.rows, (0, 50, 100), strict=True):
        part = losses[start : row["step"]]
        assert row["loss"] == sum(part) / len(part)


def test_calls_of_train_and_stops_change_no_weights(whole: Experiment) -> None:
    parts = experiment()
    for steps in (1, 49, 63, 17):
        parts.train(steps)
    assert same(weights(parts), weights(whole))

    stopped = experiment()
    control = Control(on_update=lambda metrics: setattr(control, "stop", control.taken >= 70))
    taken = stopped.task.advance(130, control)
    assert taken == 100
    stopped.task.advance(130 - taken, Control())
    assert same(weights(stopped), weights(whole))


def test_resume_in_process_is_exact(whole: Experiment) -> None:
    first = trained(70)
    state = first.get_state()
    second = experiment(seed=3)
    second.learner.set_state(state["learner"])
    second.task.set_state(state["task"])
    second.loop.step = 70
    second.train(60)
    assert same(weights(second), weights(whole))


@pytest.mark.thorough
def test_leaving_out_one_item_of_state_is_noticed(whole: Experiment) -> None:
    for item in ("noise", "optimizer", "network"):
        first, second = trained(70), experiment()
        state = first.get_state()
        state["learner"][item] = second.learner.get_state()[item]
        second.learner.set_state(state["learner"])
        second.task.set_state(state["task"])
        second.train(60)
        assert not same(weights(second), weights(whole)), item


def test_resume_from_a_run_directory_is_exact(tmp_path: Path) -> None:
    whole = experiment(tmp_path / "whole", checkpoint_every=40, evaluate_every=30)
    whole.train(130)
    part = experiment(tmp_path / "part", checkpoint_every=40, evaluate_every=30)
    part.train(80)
    (tmp_path / "part" / "metrics.jsonl").open("a").write('{"step": 120, "loss": 0}\n')
    opened = Experiment.resume(tmp_path / "part", source=DATA)
    assert opened.step == 80
    opened.train(50)
    assert same(weights(opened), weights(whole))
    rows = [[json.loads(line) for line in (tmp_path / n / "evaluations.jsonl").open()] for n in ("whole", "part")]
    assert rows[0] == rows[1] and len(rows[0]) == 4


def test_a_resumed_run_must_have_its_own_data(tmp_path: Path) -> None:
    experiment(tmp_path / "run").train(5)
    rows = images()
    rows[7] += 1
    other = (rows, np.arange(40) % 3)
    with pytest.raises(ValueError, match="source="):
        Experiment.resume(tmp_path / "run")
    with pytest.raises(ValueError, match="not those of the run"):
        Experiment.resume(tmp_path / "run", source=other)
    opened = Experiment.resume(tmp_path / "run", source=other, exact=False)
    opened.train(5)
    assert opened.step == 10


def test_nothing_is_traced_again_in_steady_state() -> None:
    made = experiment(log_every=7)
    for steps in (3, 20, 55, 100):
        made.train(steps)
    assert made.task.updates.call.experimental_get_tracing_count() == 1
    assert made.task.updates.step.experimental_get_tracing_count() == 1


@pytest.mark.thorough
def test_the_host_lane_and_python_learn_the_same() -> None:
    lanes = {
        "compiled": trained(40, lane="compiled"),
        "host": trained(40, lane="host"),
        "python": trained(40, compile=None),
        "xla": trained(40, compile="xla"),
    }
    assert {name: made.task.lane for name, made in lanes.items()} == {
        "compiled": "compiled",
        "host": "host",
        "python": "host",
        "xla": "compiled",
    }
    kernels = {name: made.learner.network.layers[0].kernel.numpy() for name, made in lanes.items()}
    for name in ("host", "python"):
        np.testing.assert_allclose(kernels[name], kernels["compiled"], rtol=1e-4, atol=1e-5, err_msg=name)
    # XLA draws its random numbers in its own way.
    losses = {name: made.history.rows[-1]["loss"] for name, made in lanes.items()}
    assert losses["xla"] == pytest.approx(losses["compiled"], rel=0.05)
    assert "Python" in lanes["python"].task.lane_reason and "asked" in lanes["host"].task.lane_reason


def test_a_loss_that_is_not_a_number_stops_at_its_step(tmp_path: Path) -> None:
    for lane in ("compiled", "host"):
        made = experiment(tmp_path / lane, bad_at=73, checkpoint_every=60, lane=lane)
        with pytest.raises(TrainingDiverged, match=r"loss became nan at step 73\b.*step-000000000060"):
            made.train(130)
        assert [p.name for p in (tmp_path / lane / "checkpoints").iterdir()] == ["step-000000000060"]


def test_evaluating_and_rendering_disturb_nothing(whole: Experiment, tmp_path: Path) -> None:
    made = experiment()
    made.train(50)
    made.evaluate()
    made.evaluate(episodes=9)
    made.render(tmp_path / "samples.png")
    made.train(80)
    assert same(weights(made), weights(whole))


def test_an_evaluation_holds_the_distance_and_its_floor(whole: Experiment) -> None:
    evaluation = whole.evaluate()
    assert list(evaluation) == ["sliced_wasserstein", "sliced_wasserstein_floor", "samples"]
    assert evaluation.main == "sliced_wasserstein" and not evaluation.higher_is_better("sliced_wasserstein")
    assert evaluation.samples == 8 and whole.evaluate(episodes=30).samples == 30
    assert 0 < evaluation.sliced_wasserstein_floor < evaluation.sliced_wasserstein
    assert whole.evaluate() == evaluation
    # Eight test rows are too few for anything else, and that is recorded.
    assert "expected at least 100" in evaluation.left_out["kid"] and "32 features" in evaluation.left_out["fd"]
    assert evaluation.to_dict()["left_out"] == evaluation.left_out
    with pytest.raises(AttributeError, match="Evaluation has no metric 'fd'. frechet_distance: first received 8 rows"):
        evaluation.fd  # noqa: B018


def test_metrics_asked_for_by_name_that_the_rows_are_too_few_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from lab.callbacks import Evaluate

    made = experiment(callbacks=[Evaluate(10, monitor="fd")])
    with pytest.raises(ValueError, match=r"monitor received 'fd'. frechet_distance: first received 3 rows"):
        made.train(20)
    monkeypatch.setattr(Tiny, "main_metric", "coverage")
    with pytest.raises(ValueError, match=r"Tiny.main_metric is 'coverage'. kid, precision.*expected at least 100"):
        experiment().evaluate()
    monkeypatch.setattr(Tiny, "main_metric", "beauty")
    with pytest.raises(ValueError, match=r"main_metric received 'beauty'; expected one of sliced"):
        experiment().evaluate()


def test_digits_are_judged_by_the_frechet_distance(tmp_path: Path) -> None:
    made = Experiment(Tiny(), "digits", run_dir=tmp_path / "run", evaluate_every=10)
    made.train(20)
    evaluation = made.evaluate()
    assert evaluation.main == "fd" and not evaluation.left_out and evaluation.samples == 360
    # Its samples are noise.
    assert 0.5 < evaluation.fd / evaluation.fd_ceiling < 2 and evaluation.fd > 20 * evaluation.fd_floor
    assert evaluation.higher_is_better("coverage") and not evaluation.higher_is_better("kid")
    rows = [json.loads(line) for line in (tmp_path / "run" / "evaluations.jsonl").open()]
    assert [row["purpose"] for row in rows] == ["training", "training", "report"]
    # 143 rows select.
    assert all("fd" in row and "left_out" not in row for row in rows)
    assert "nearest_train" in rows[2] and "nearest_train" not in rows[0]
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert "FD-digits-v1" in json.dumps(config) and "FD-random-v1" in json.dumps(config)
    assert "left_out" not in evaluation.to_dict()


def test_points_are_judged_by_the_sliced_distance_first() -> None:
    rows = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    evaluation = Experiment(Tiny(), rows).evaluate()
    assert evaluation.main == "sliced_wasserstein" and evaluation.mmd > evaluation.mmd_floor


def test_selection_never_sees_the_test_rows(whole: Experiment) -> None:
    task = whole.task
    report, selecting = (task.evaluate(stream=stream, step=10) for stream in (0, 1))
    assert selecting.samples == 3 and report.sliced_wasserstein != selecting.sliced_wasserstein
    assert task.evaluate(stream=1, step=20) != task.evaluate(stream=1, step=10)
    rows = task.describe()["rows"]
    assert rows == {"train": 29, "selection": 3, "test": 8}


def test_a_run_can_be_loaded_without_its_data(tmp_path: Path) -> None:
    made = experiment(tmp_path / "run")
    made.train(20)
    learner = Tiny.load(tmp_path / "run")
    np.testing.assert_array_equal(learner.sample(5), made.learner.sample(5))
    np.testing.assert_array_equal(learner.network.get_weights()[0], made.learner.network.get_weights()[0])


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"num_envs": 2}, "num_envs received 2"),
        ({"compile": None, "lane": "compiled"}, "lane received 'compiled'"),
        ({"compile": "fast"}, "compile received 'fast'"),
    ],
)
def test_options_that_do_not_fit(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**keywords)


def test_a_learning_rate_schedule_reaches_the_optimizer() -> None:
    from lab.callbacks import LearningRateSchedule

    made = trained(30, callbacks=[LearningRateSchedule(lambda step: 1.0 / (1 + step), every=10)])
    assert made.learner.learning_rate == pytest.approx(1 / 31)
