"""Experiments of one shape, made one after the other, compile once, and learn what they would have learnt alone."""

import gc

import numpy as np
import pytest

from agents import BehaviorCloning
from generative import Autoencoder
from lab import Experiment
from lab.runtime.compiling.shared_programs import Identity, programs
from tests import contracts

pytestmark = pytest.mark.usefixtures("nothing_shared")
SMALL = {"hidden_sizes": (6,), "batch_size": 4}


@pytest.fixture
def nothing_shared():
    programs._values.clear()


def rows(number=40, seed=3):
    return np.random.default_rng(seed).normal(size=(number, 3)).astype(np.float32)


def generated(seed=0, kind=Autoencoder, data=None, **settings):
    learner = kind(**{"latent_size": 2, "architecture": "dense", **SMALL, **settings})
    return Experiment(learner, rows() if data is None else data, seed=seed, progress=False)


def trained(made, steps=7):
    made.train(steps)
    return made.learner.get_state(), made.task.updates.traces


def megabytes():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


@pytest.mark.thorough
def test_many_generators_of_one_shape_trace_once_and_keep_memory_flat():
    assert trained(generated())[1] == 1
    gc.collect()
    before = megabytes()
    traces = [trained(generated(seed=i))[1] for i in range(1, 9)]
    gc.collect()
    assert traces == [0] * 8
    assert (megabytes() - before) / 8 < 2.0, "it was 17 MB an experiment where each was traced anew"


@pytest.mark.thorough
def test_a_resumed_run_and_one_of_another_length_trace_nothing_anew(tmp_path):
    learner = Autoencoder(latent_size=2, architecture="dense", **SMALL)
    first = Experiment(learner, rows(), run_dir=tmp_path / "run", progress=False)
    assert trained(first)[1] == 1
    resumed = Experiment.resume(tmp_path / "run", source=rows(), progress=False)
    assert trained(resumed)[1] == 0
    assert trained(generated(), steps=9)[1] == 0


def test_many_offline_agents_of_one_shape_trace_once():
    episodes = contracts.recorded()
    traces = [trained(Experiment(BehaviorCloning(**SMALL), episodes, seed=i, progress=False))[1] for i in range(4)]
    assert traces == [1, 0, 0, 0]


@pytest.mark.thorough
def test_a_shared_program_learns_what_one_of_its_own_would():
    trained(generated(seed=1))
    shared, traces = trained(generated(seed=2))
    assert traces == 0
    programs._values.clear()
    alone, traces = trained(generated(seed=2))
    assert traces == 1
    contracts.assert_same_state(shared, alone)


@pytest.mark.thorough
def test_two_that_train_in_turn_do_not_touch_each_other():
    alone = [trained(generated(seed=i), 14)[0] for i in (1, 2)]
    first, second = generated(seed=1), generated(seed=2)
    for _ in range(2):
        first.train(7)
        second.train(7)
    for made, expected in zip((first, second), alone, strict=True):
        state = {k: v for k, v in made.learner.get_state().items() if k != "run_length"}
        contracts.assert_same_state(state, {k: v for k, v in expected.items() if k != "run_length"})


@pytest.mark.thorough
def test_what_a_trace_reads_decides_who_shares_it(monkeypatch):
    trained(generated())
    assert trained(generated(learning_rate=0.5))[1] == 1, "another setting"
    made = generated()
    made.learner.encoder.layers[1].trainable = False
    assert trained(made)[1] == 1, "a frozen layer"
    own = Autoencoder.objective
    monkeypatch.setattr(Autoencoder, "objective", lambda self, *given: own(self, *given))
    assert trained(generated())[1] == 1, "another function"


def test_a_users_class_shares_nothing():
    case = next(case for case in contracts.cases() if case.label == "tiny")
    assert [trained(case.experiment())[1] for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("label", ["hinge_gan", "conditional_gan", "dcgan", "ddpm", "edm", "siamese", "forecaster"])
def test_learners_of_this_project_can_share(label):
    """Also those whose settings are a well-known choice of another's, a class made by `with_defaults`."""
    case = next(case for case in contracts.cases() if case.label == label)
    one, other = (Identity(case.experiment(seed=seed).learner) for seed in (1, 2))
    assert one.key == other.key


def test_every_variable_has_its_place():
    learner = generated().learner
    held = {id(v.value) for v in learner.variables}
    assert held <= {id(v) for v in Identity(learner).variables}
