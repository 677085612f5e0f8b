"""Runs that train side by side have the numbers they would have alone."""

from __future__ import annotations

import signal

import numpy as np
import pytest

from agents import DQN, QLearning, Random
from generative import Autoencoder
from lab import Callback, Experiment, TrainingDiverged, UsageError
from lab.callbacks import StopAtReturn
from lab.experiment import clock as turns
from lab.testing.comparing import without_clock
from tests.agents.helpers import Counter
from tests.contracts import assert_same_state

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}


def experiment(learner=None, source="CartPole-v1", **keywords):
    return Experiment(learner or DQN(**SMALL), source, **{"progress": False, "log_every": 50, **keywords})


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    run = tmp_path_factory.mktemp("many") / "run"
    pattern = experiment(run_dir=run, evaluate_every=100, checkpoint_every=70)
    return run, pattern.train_many(range(3), steps=200)


@pytest.mark.thorough
def test_seeds_end_as_each_would_alone_and_are_runs_of_their_own(three, tmp_path):
    run, members = three
    assert sorted(p.name for p in run.iterdir()) == ["runs.json", "seed-0", "seed-1", "seed-2"]
    alone = experiment(seed=2, run_dir=tmp_path / "alone", evaluate_every=100, checkpoint_every=70)
    alone.train(200)
    assert_same_state(members[2].get_state(), alone.get_state())
    assert without_clock(members[2].history.rows) == without_clock(alone.history.rows)
    weights = [m.learner.online.get_weights()[0] for m in members]
    assert not np.array_equal(weights[0], weights[1])


@pytest.mark.thorough
def test_one_program_is_compiled_for_all_seeds(three):
    _, members = three
    programs = {id(m.task.program) for m in members}
    assert len(programs) == 1
    assert members[0].task.program.run.experimental_get_tracing_count() == 1


def test_a_program_takes_the_states_of_all_in_one_call(three):
    _, members = three
    batch = members[0].task.batch
    assert [m.task.batch is batch for m in members] == [True] * 3 and len(batch.programs) == 3
    assert batch.run.experimental_get_tracing_count() == 1


def test_more_runs_than_a_batch_takes_are_trained_in_several(monkeypatch, three):
    _, whole = three
    monkeypatch.setattr("agents.training.compiled.largest", lambda: 2)
    members = experiment(evaluate_every=100, checkpoint_every=70).train_many(range(3), steps=200)
    assert [len(m.task.batch.programs) for m in members] == [2, 2, 1]
    for one, other in zip(members, whole, strict=True):
        assert_same_state(one.learner.get_state(), other.learner.get_state())


def test_a_member_is_resumed_like_any_run(three, tmp_path):
    run, members = three
    resumed = Experiment.resume(run / "seed-1", progress=False)
    assert resumed.step == 200 and resumed.seeds.seed == 1
    assert_same_state(resumed.get_state(), members[1].get_state())


@pytest.mark.thorough
def test_a_population_shares_a_program_where_only_knobs_differ(tmp_path):
    settings = [{"learning_rate": 1e-3}, {"learning_rate": 1e-4}, {"batch_size": 8}]
    members = experiment(run_dir=tmp_path / "run").train_many([5], steps=60, settings=settings)
    names = ["learning_rate=0.001,seed-5", "learning_rate=0.0001,seed-5", "batch_size=8,seed-5"]
    assert [m.directory.path.name for m in members] == names
    assert [m.learner.config.learning_rate for m in members[:2]] == [1e-3, 1e-4]
    first, second, third = (m.task.program for m in members)
    assert first is second and third is not first
    alone = experiment(DQN(**SMALL, learning_rate=1e-4), seed=5)
    alone.train(60)
    assert_same_state(members[1].learner.get_state(), alone.learner.get_state())


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("make", "source"),
    [
        (lambda: QLearning(), "FrozenLake-v1"),
        (lambda: DQN(**SMALL), Counter),
        (lambda: Autoencoder(batch_size=8), "digits"),
    ],
)
def test_learners_of_the_host_lane_take_turns(make, source):
    members = experiment(make(), source, lane="host").train_many([3, 4], steps=100)
    alone = experiment(make(), source, lane="host", seed=4)
    alone.train(100)
    assert_same_state(members[1].get_state(), alone.get_state())


@pytest.mark.thorough
def test_a_run_that_diverges_ends_alone(tmp_path):
    settings = [{}, {"learning_rate": 1e30, "learning_rate_end": 1e30, "gradient_clip": 1e30}]
    pattern = experiment(run_dir=tmp_path / "run")
    with pytest.raises(TrainingDiverged, match="1 of 2 runs diverged, the others have ended. seed 0: .*became"):
        pattern.train_many(steps=2_000, settings=settings)
    assert Experiment.open(tmp_path / "run" / "seed-0").step == 2_000


def test_each_run_has_callbacks_of_its_own():
    callback = StopAtReturn(-1.0)
    members = experiment(Random(), callbacks=[callback], evaluate_every=50).train_many([0, 1], steps=200)
    assert [m.stop_reason != "" for m in members] == [True, True]
    assert all(callback not in m.callbacks for m in members)


class Interrupt(Callback):
    """Raises Ctrl-C in the second run, once."""

    def on_log(self, experiment, row):
        if row["step"] == 100 and experiment.seeds.seed == 1:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_saves_every_run_so_that_each_goes_on_bit_for_bit(three, tmp_path):
    _, whole = three
    pattern = experiment(run_dir=tmp_path / "run", callbacks=[Interrupt()], evaluate_every=100, checkpoint_every=70)
    with pytest.raises(KeyboardInterrupt):
        pattern.train_many(range(2), steps=200)
    for seed in range(2):
        resumed = Experiment.resume(tmp_path / "run" / f"seed-{seed}", progress=False, callbacks=[Interrupt()])
        assert 70 <= resumed.step < 200
        resumed.train()
        assert_same_state(resumed.learner.get_state(), whole[seed].learner.get_state())
        assert without_clock(resumed.history.rows) == without_clock(whole[seed].history.rows)


def test_what_several_runs_cannot_have_is_refused_before_anything_is_written(tmp_path):
    fresh = experiment(Random(), run_dir=tmp_path / "run")
    for arguments, words in [
        (([],), r"seeds received \[\]; expected at least one, each once"),
        (([1, 1],), r"seeds received \[1, 1\]"),
        (([-1],), "seed received -1"),
    ]:
        with pytest.raises(UsageError, match=words):
            fresh.train_many(*arguments, steps=10)
    with pytest.raises(UsageError, match="no setting is called 'colour'"):
        fresh.train_many([0], settings=[{"colour": 1}])
    with pytest.raises(UsageError, match="which several runs cannot share"):
        experiment(Random(), Counter()).train_many([0, 1], steps=10)
    assert not (tmp_path / "run").exists()
    fresh.train(10)
    with pytest.raises(UsageError, match="has begun a run of its own"):
        fresh.train_many([0, 1], steps=10)


def test_runs_trained_together_share_the_clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(turns.time, "perf_counter", lambda: now[0])
    first, second = turns.Turns(2), turns.Turns(2)
    with turns.parted([first, second]):
        now[0] += 10.0
    with first.alone():
        now[0] += 3.0
        assert first.seconds() == 8.0
    assert (first.seconds(), second.seconds()) == (8.0, 5.0), "the parts add up to what the clock shows"


def test_rows_of_a_batch_say_how_many_shared_the_time(three):
    _, members = three
    assert all(row["time_runs_together"] == 3 for member in members for row in member.history.rows)
    assert members[0].record.clock.turns is None, "what it trains on alone is by its own clock"
