import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from agents import DQN
from agents.training.environments import EnvironmentSource
from envs.adapters import TensorVectorEnv
from envs.arcade.catch import Catch
from lab import Experiment
from lab.errors import MissingPackageError, UsageError
from tests.agents.helpers import Counter


class Unrenderable(Counter):
    metadata = {"render_modes": []}  # noqa: RUF012


def test_every_kind_of_source_gives_fresh_environments():
    instance = Counter()
    vector = SyncVectorEnv([Counter, Counter], autoreset_mode=AutoresetMode.SAME_STEP)
    for source, kind in (
        ("CartPole-v1", "id"),
        (instance, "instance"),
        (Counter, "factory"),
        (vector, "vector environment"),
    ):
        made = EnvironmentSource(source)
        assert made.kind == kind
        envs = made.training(3)
        assert len({id(e) for e in envs}) == 3 and all(isinstance(e, gymnasium.Env) for e in envs)
    assert EnvironmentSource(instance).training(1)[0] is instance, "a user may watch their own instance train"
    assert EnvironmentSource(vector).num_envs == 2


@pytest.mark.thorough
def test_dynamics_are_a_source_by_themselves_or_as_a_vector_environment():
    for source, number in ((Catch(), None), (TensorVectorEnv(Catch(), 3), 3)):
        made = EnvironmentSource(source)
        assert (made.kind, made.num_envs) == ("tensor environment", number)
        env = made.make_rendered()
        env.reset(seed=0)
        assert env.render().dtype == np.uint8
        assert env.get_wrapper_attr("_max_episode_steps") == Catch.max_episode_steps
        experiment = Experiment(DQN(hidden_sizes=(8,), batch_size=4), source, progress=False)
        assert experiment.task.lane == "compiled" and experiment.learner.num_envs == (number or 1)


def test_the_projects_environments_are_known_without_importing_them_by_hand():
    assert EnvironmentSource("lab/GridWorld-v0").make().unwrapped.spec.id == "lab/GridWorld-v0"


def test_rendering_gets_an_environment_of_its_own():
    for source in ("CartPole-v1", Counter(), Counter, lambda: Counter(length=2)):
        env = EnvironmentSource(source).make_rendered()
        env.reset(seed=0)
        assert env.render().dtype == np.uint8
        env.close()
    with pytest.raises(UsageError, match="cannot be rendered: its render_modes are"):
        EnvironmentSource(Unrenderable).make_rendered()


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("CartPol-v1", UsageError, "no environment is called 'CartPol-v1'; did you mean 'CartPole-v1'"),
        ("CartPole-v7", UsageError, "did you mean 'CartPole-v1'"),
        ("Nowhere/Game-v0", MissingPackageError, "namespace 'Nowhere'"),
        (3, UsageError, "source received 3; expected an environment id"),
    ],
)
def test_what_is_no_source_is_refused(source, error, message):
    with pytest.raises(error, match=message):
        EnvironmentSource(source)


def test_an_instance_that_cannot_be_copied_asks_for_a_factory():
    env = Counter()
    env.handle = (i for i in range(3))
    with pytest.raises(UsageError, match=r"cannot be copied .* Fix: pass a factory"):
        EnvironmentSource(env)
