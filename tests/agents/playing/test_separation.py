import copy

import gymnasium
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from agents import Random
from agents.episodes.recording import record
from agents.training.environments import EnvironmentSource
from lab import Experiment
from lab.errors import UsageError
from tests.agents.helpers import Counter, Unrepeatable
from tests.agents.odd_environments import Simulated, Simulator

SAME = "twice and returned the same .* object both times.* Fix: construct it inside the factory"


@pytest.mark.parametrize("lane", ["host", "auto"])
def test_a_factory_that_returns_what_it_returned_before_is_refused(lane):
    one = Counter()
    wrapped = gymnasium.wrappers.TimeLimit(one, 5)
    for source in (lambda: one, lambda: gymnasium.wrappers.TimeLimit(one, 5), lambda: wrapped):
        with pytest.raises(UsageError, match=SAME):
            Experiment(Random(), source, lane=lane)
        with pytest.raises(UsageError, match=SAME):
            record(lambda observation: 0, source, episodes=2)


def test_an_id_whose_entry_point_returns_one_object_is_refused():
    one = Counter()
    gymnasium.register("Same-v0", entry_point=lambda **_: one)
    try:
        with pytest.raises(UsageError, match=SAME):
            Experiment(Random(), "Same-v0", progress=False).evaluate(episodes=3)
    finally:
        del gymnasium.registry["Same-v0"]


def test_a_vector_environment_of_one_object_is_refused():
    one = Counter()
    vector = SyncVectorEnv([lambda: one, lambda: one], autoreset_mode=AutoresetMode.SAME_STEP)
    with pytest.raises(UsageError, match=SAME):
        Experiment(Random(), vector)


def test_environments_around_one_simulator_are_refused():
    shared = Simulator()
    words = r"share a simulator \(Simulated.simulator, .* Fix: pass a factory"
    with pytest.raises(UsageError, match=f"that the factory made {words}"):
        Experiment(Random(), lambda: Simulated(shared))
    with pytest.raises(UsageError, match="copied from the one given share a simulator"):
        Experiment(Random(), Simulated())


def test_a_copy_that_is_the_original_is_refused():
    class Itself(Counter):
        def __deepcopy__(self, memo):
            return self

    with pytest.raises(UsageError, match=SAME):
        Experiment(Random(), Itself())


def test_separate_environments_pass_whatever_constants_they_share():
    for source in (Simulated, Counter(), Unrepeatable(), Unrepeatable, lambda: gymnasium.make("CartPole-v1")):
        EnvironmentSource(source).check_separate()
    env = gymnasium.make("Pendulum-v1")
    before = copy.deepcopy(env.unwrapped.np_random.bit_generator.state)
    EnvironmentSource(env).check_separate()
    assert env.unwrapped.np_random.bit_generator.state == before, "the user's own environment is not touched"


def test_two_experiments_cannot_train_in_one_instance(tmp_path):
    env = Counter()
    first = Experiment(Random(), env, progress=False)
    second = Experiment(Random(), gymnasium.wrappers.TimeLimit(env, 9), progress=False, run_dir=tmp_path / "run")
    first.train(4)
    first.train(4)
    with pytest.raises(UsageError, match=r"is that of another Experiment, which has trained in it.* Fix: close\(\)"):
        second.train(4)
    assert not (tmp_path / "run").exists(), "before anything is written"
    assert second.evaluate(episodes=2).lengths == (3, 3), "evaluation has environments of its own"
    first.close()
    second.train(4)


def test_an_experiment_that_is_gone_holds_no_instance():
    env = Counter()
    for _ in range(2):
        Experiment(Random(), env, progress=False).train(4)
