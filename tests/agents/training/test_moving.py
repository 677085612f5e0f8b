"""Agents that go on in other environments: what was learnt stays, and no episode runs on into another's."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from agents import A2C, DQN, SAC, TD3, RecurrentPPO
from agents.training.vector_env import SameStepVectorEnv
from agents.transitions import Transition
from lab import Experiment
from lab.errors import UsageError
from lab.seeding import Seeds
from tests.agents.helpers import Unrepeatable

VECTOR, BOX = Box(-1.0, 1.0, (3,)), Box(-1.0, 1.0, (1,))
ON = {"hidden_sizes": (4,), "rollout_steps": 24}
OFF = {"hidden_sizes": (4,), "batch_size": 4, "learning_starts": 8, "n_steps": 2}
RECURRENT = {**ON, "minibatch_size": 24, "epochs": 1, "sequence_length": 4, "cell_size": 3}


class Endless(gymnasium.Env):
    """Never ends an episode, and shows how far it is."""

    observation_space, action_space = Box(0.0, 100.0, (3,)), BOX

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(3, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.full(3, self.steps, np.float32), 1.0, False, False, {}


def built(agent, num_envs, actions=BOX):
    agent.setup(VECTOR, actions, Seeds(3), num_envs)
    return agent


def observe(agent, steps, ends=()):
    """Let an agent see steps of its environments, which end at some of them."""
    number = agent.num_envs
    for t in range(steps):
        shape = (number, *agent.action_space.shape)
        extras = {name: np.zeros((number, *shape_), np.float32) for name, shape_ in agent.extras.items()}
        zeros, ended = np.zeros((number, 3), np.float32), np.full(number, t in ends)
        action = np.zeros(shape, np.int64 if shape == (number,) else np.float32)
        agent.chosen_extras = extras
        agent.observe(Transition(zeros, action, np.zeros(number), ended, ~np.ones(number, bool), zeros))


def truncated(agent):
    """Return which of the stored steps were cut short, (steps, environments)."""
    storage = agent.memory.storage
    rows = storage.rows[: storage.cursor, storage.layout.columns["truncated"].start]
    return (rows > 0.5).reshape(-1, agent.num_envs)


@pytest.mark.parametrize("agent", [A2C(**ON), RecurrentPPO(**RECURRENT), SAC(**OFF)], ids=lambda a: a.name)
def test_episodes_that_are_left_end_there_and_those_that_had_ended_stay(agent):
    built(agent, 2)
    observe(agent, 3, ends=(2,))
    agent.leave_episodes(np.array([0, 1]))
    assert not truncated(agent).any()
    observe(agent, 1)
    agent.leave_episodes(np.array([1]))
    assert truncated(agent).tolist() == [[False, False]] * 3 + [[False, True]]


def test_an_agent_trained_elsewhere_begins_its_episodes_anew():
    agent = RecurrentPPO(**RECURRENT)
    agent.run_length = 100
    first, second = (Experiment(agent, Endless, num_envs=2, progress=False) for _ in range(2))
    first.train(4)
    first.train(2)
    assert agent.remembers.training["begun"].all() and not truncated(agent).any()
    second.train(2)
    begins = agent.memory.storage.rows[:8, agent.memory.storage.layout.columns["extras.begins"].start]
    assert begins.tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
    # And back again, in the episodes that it left.
    first.train(2)
    assert truncated(agent).tolist() == [[False, False]] * 2 + [[True, True]] * 2 + [[False, False]]


def test_sums_of_rewards_are_those_of_the_episodes_in_progress():
    agent = built(A2C(**ON, normalise_rewards=True), 2)
    agent.rewards.sums.assign([3.0, 4.0])
    agent.steps = 24
    agent.leave_episodes(np.array([0]))
    assert agent.state().parameters.rewards.sums.numpy().tolist() == [0.0, 4.0]
    observe(agent, 1)
    agent.leave_episodes(np.array([1]))
    assert agent.rewards.sums.numpy().tolist() == [0.0, 4.0]


def test_an_environment_that_cannot_be_brought_back_begins_another_episode_for_its_agent_too():
    class Listens(A2C):
        left = ()
        not_state = ("left",)

        def leave_episodes(self, rows):
            self.left = rows.tolist()

    def pool():
        return SameStepVectorEnv([Unrepeatable(9), Unrepeatable(9)], Seeds(1))

    before, after, agent = pool(), pool(), Listens()
    before.start()
    before.step(np.zeros(2, np.int64))
    after.exact = False
    with pytest.warns(UserWarning, match="begins its next episode"):
        after.set_state(before.get_state())
    agent.trains_in = after.name
    after.take_up(agent)
    assert agent.left == [0, 1]
    agent.left = ()
    after.take_up(agent)
    assert agent.left == ()


@pytest.mark.parametrize("kind", [SAC, TD3, DQN])
def test_a_replay_of_single_steps_goes_on_in_other_environments(kind, capsys):
    actions, settings = Discrete(2) if kind is DQN else BOX, {n: v for n, v in OFF.items() if n != "n_steps"}
    agent = built(kind(**settings), 1, actions)
    observe(agent, 5)
    built(agent, 3, actions)
    observe(agent, 1)
    assert (agent.num_envs, agent.memory.size) == (3, 8) and capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", [SAC, TD3])
def test_a_replay_of_several_steps_begins_anew_for_other_environments(kind, capsys):
    agent = built(kind(**OFF), 1)
    observe(agent, 5)
    rng = agent.memory.rng
    built(agent, 3)
    assert (agent.memory.number, agent.memory.size, agent.memory.rng is rng) == (3, 0, True)
    said = capsys.readouterr().err
    assert f"{kind.__name__}: its replay of 2-step returns is of 1 environments; for 3 it begins anew" in said
    observe(agent, 1)
    assert agent.memory.learn(agent) is None and agent.memory.next_round == 5 + 8


@pytest.mark.parametrize("kind", [A2C, RecurrentPPO])
def test_rollouts_begin_anew_for_other_environments(kind):
    agent = built(kind(**(ON if kind is A2C else RECURRENT)), 1)
    observe(agent, 5)
    with pytest.raises(UsageError, match="a multiple of the number of environments"):
        built(agent, 5)
    if kind is RecurrentPPO:
        with pytest.raises(UsageError, match="sequence_length"):
            built(agent, 4)
    assert agent.num_envs == 1 and agent.memory.storage.size == 5
    built(agent, 3)
    assert (agent.num_envs, agent.memory.number, agent.memory.storage.size) == (3, 3, 0)


@pytest.mark.thorough
def test_an_agent_learns_on_in_more_environments():
    agent = SAC(**OFF)
    Experiment(agent, Endless, progress=False).train(5)
    Experiment(agent, Endless, num_envs=2, progress=False).train(14)
    # The round that is due 8 steps after its replay began anew, and those after it.
    assert agent.critic_moments.count.numpy() == 7


def test_the_hint_of_a_memory_is_what_an_experiment_does():
    agent = built(A2C(**ON), 1)
    row = np.zeros((2, 3), np.float32)
    with pytest.raises(UsageError, match=r"Fix: agent.resize\(2\)"):
        agent.observe(Transition(row, row[:, :1], np.zeros(2), np.zeros(2, bool), np.zeros(2, bool), row))
    agent.resize(2)
    agent.observe(Transition(row, row[:, :1], np.zeros(2), np.zeros(2, bool), np.zeros(2, bool), row))
