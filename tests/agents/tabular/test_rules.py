"""Each rule's update by hand, in the host lane; and that programs change the table alike."""

import numpy as np
import pytest

from agents import SARSA, DoubleQLearning, DynaQ, ExpectedSARSA, NStepSARSA, QLambda
from agents.transitions import Transition
from lab.errors import UsageError
from tests.agents.tabular.helpers import built, follow, steps

# Constant step size; a fifth of actions are drawn, so with two the better one has 0.9.
HALF = {
    "learning_rate": 0.5,
    "learning_rate_end": 0.5,
    "discount": 0.9,
    "epsilon_start": 0.2,
    "epsilon_end": 0.2,
}
VALUES = [[0.0, 1.0], [2.0, 4.0], [1.0, 3.0]]


def taught(kind, *transitions, **settings):
    """Return an agent with `VALUES` in its first three rows that has observed (s, a, r, s', terminated, truncated)."""
    agent = built(kind=kind, actions=2, **{**HALF, **settings})
    agent.q_table[:3] = VALUES
    for t in transitions:
        agent.observe(transition(*t))
    return agent


def transition(state, action, reward, after, end=""):
    one = (state, action, float(reward), end == "terminated", end == "truncated", after)
    return Transition(*(np.array([x]) for x in one))


FIRST, SECOND, THIRD = (0, 1, 1, 1), (1, 0, 2, 2), (2, 1, 0, 0)


@pytest.mark.parametrize(
    ("kind", "settings", "seen", "expected"),
    [
        # 0.9 * 4 + 0.1 * 2 = 3.8 is expected in state 1.
        (ExpectedSARSA, {}, [(0, 1, 3, 1)], {(0, 1): 1 + 0.5 * (3 + 0.9 * 3.8 - 1)}),
        (ExpectedSARSA, {}, [(0, 1, 3, 1, "truncated")], {(0, 1): 1 + 0.5 * (3 + 0.9 * 3.8 - 1)}),
        (ExpectedSARSA, {}, [(0, 1, 3, 1, "terminated")], {(0, 1): 1 + 0.5 * (3 - 1)}),
        # The action after it is not known yet.
        (SARSA, {}, [FIRST], {(0, 1): 1.0}),
        (SARSA, {}, [FIRST, SECOND], {(0, 1): 1 + 0.5 * (1 + 0.9 * 2 - 1), (1, 0): 2.0}),
        (SARSA, {}, [(0, 1, 3, 1, "terminated")], {(0, 1): 1 + 0.5 * (3 - 1)}),
        (SARSA, {}, [(0, 1, 3, 1, "truncated")], {(0, 1): 1 + 0.5 * (3 + 0.9 * 3.8 - 1)}),
        # What follows an end is of another episode.
        (SARSA, {}, [(0, 1, 3, 1, "terminated"), SECOND], {(0, 1): 2.0, (1, 0): 2.0}),
        (NStepSARSA, {"n_steps": 2}, [FIRST, SECOND], {(0, 1): 1.0}),
        (
            NStepSARSA,
            {"n_steps": 2},
            [FIRST, SECOND, THIRD],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 2 + 0.81 * 3 - 1), (1, 0): 2.0},
        ),
        # Ends inside of the window: of two steps, then of one.
        (
            NStepSARSA,
            {"n_steps": 3},
            [FIRST, (1, 0, 2, 2, "terminated")],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 2 - 1), (1, 0): 2 + 0.5 * (2 - 2)},
        ),
        # 0.9 * 3 + 0.1 * 1 = 2.8 is expected in state 2.
        (
            NStepSARSA,
            {"n_steps": 3},
            [FIRST, (1, 0, 2, 2, "truncated")],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 2 + 0.81 * 2.8 - 1), (1, 0): 2 + 0.5 * (2 + 0.9 * 2.8 - 2)},
        ),
        (
            NStepSARSA,
            {"n_steps": 2, "backup": "expected"},
            [FIRST, SECOND],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 2 + 0.81 * 2.8 - 1)},
        ),
        # Greedy is action 1 in state 1, whose value takes the place of what followed action 0.
        (
            NStepSARSA,
            {"n_steps": 2, "backup": "tree", "target_policy": "greedy"},
            [FIRST, SECOND],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 4 - 1)},
        ),
        (
            NStepSARSA,
            {"n_steps": 2, "backup": "tree"},
            [FIRST, SECOND],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * (0.9 * 4 + 0.1 * (2 + 0.9 * 2.8)) - 1)},
        ),
        # Action 1 was greedy in state 1: the error 0 + 0.9 * 3 - 4 reaches the pair before it by 0.9 * 0.5.
        (
            QLambda,
            {"trace_decay": 0.5},
            [FIRST, (1, 1, 0, 2)],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 4 - 1) + 0.5 * (0.9 * 3 - 4) * 0.45, (1, 1): 4 + 0.5 * (0.9 * 3 - 4)},
        ),
        # Action 0 was not, which cuts the trace.
        (
            QLambda,
            {"trace_decay": 0.5},
            [FIRST, SECOND],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 4 - 1), (1, 0): 2 + 0.5 * (2 + 0.9 * 3 - 2)},
        ),
        (
            QLambda,
            {"trace_decay": 0.5},
            [(0, 1, 1, 1, "truncated"), (1, 1, 0, 2, "terminated")],
            {(0, 1): 1 + 0.5 * (1 + 0.9 * 4 - 1), (1, 1): 4 + 0.5 * (0 - 4)},
        ),
        # Twice in one state: a trace of 1 + 0.45, or of 1.
        (
            QLambda,
            {"trace_decay": 0.5, "traces": "accumulating"},
            [(1, 1, 4, 1), (1, 1, 0, 2, "terminated")],
            {(1, 1): (4 + 0.5 * 3.6) - 0.5 * (4 + 0.5 * 3.6) * 1.45},
        ),
        (
            QLambda,
            {"trace_decay": 0.5},
            [(1, 1, 4, 1), (1, 1, 0, 2, "terminated")],
            {(1, 1): (4 + 0.5 * 3.6) * 0.5},
        ),
    ],
)
def test_updates_by_hand(kind, settings, seen, expected):
    table = taught(kind, *seen, **settings).q_table
    for place, value in expected.items():
        assert table[place] == pytest.approx(value), place
    untouched = np.ones(table.shape, bool)
    untouched[tuple(np.transpose(list(expected)))] = False
    before = np.zeros(table.shape)
    before[:3] = VALUES
    np.testing.assert_array_equal(table[untouched], before[untouched])


def test_each_of_two_tables_is_valued_by_the_other():
    seen = set()
    for seed in range(6):
        agent = taught(DoubleQLearning)
        agent.exploration = np.random.default_rng(seed)
        agent.pair = np.zeros((2, 5, 2))
        agent.pair[:, 0, 1], agent.pair[0, 1], agent.pair[1, 1] = 1.0, [2.0, 4.0], [5.0, 1.0]
        agent.observe(transition(0, 1, 3, 1))
        first = int(agent.pair[1, 0, 1] != 1.0)
        # Table 0 chooses action 1, which table 1 values at 1; table 1 chooses 0, which table 0 values at 2.
        assert agent.pair[first, 0, 1] == pytest.approx(1 + 0.5 * (3 + 0.9 * (1.0, 2.0)[first] - 1))
        assert agent.pair[1 - first, 0, 1] == 1.0
        assert agent.q_table[0, 1] == pytest.approx(agent.pair[:, 0, 1].mean())
        seen.add(first)
    assert seen == {0, 1}


def swept(*transitions, **settings):
    """Return an agent that has planned along transitions, and the pairs that it updated, in order."""
    agent = built(kind=DynaQ, discount=0.9, **settings)
    order, update = [], agent._update
    agent._update = lambda model, pair, alpha: (order.append(divmod(pair, 3)), update(model, pair, alpha))
    for t in transitions:
        agent.observe(transition(*t))
    return agent, order


CHAIN = [(0, 0, 0, 1), (1, 0, 0, 2), (2, 0, 1, 3, "terminated")]


def test_what_a_goal_pays_is_swept_back_along_a_chain():
    agent, order = swept(*CHAIN, planning_updates=10)
    assert order == [(2, 0), (1, 0), (0, 0)]
    assert agent.q_table[:3, 0] == pytest.approx([0.81, 0.9, 1.0])
    agent, order = swept(*CHAIN, planning_updates=2)
    assert order == [(2, 0), (1, 0)] and agent.memory.priorities == {0: pytest.approx(0.81)}


def test_the_largest_change_is_planned_first():
    # Half of the time (0, 1) ends the episode, so the goal moves it by half as much as (1, 0).
    ways = [(0, 1, 0, 2), (0, 1, 0, 4, "terminated"), (1, 0, 0, 2)]
    agent, order = swept(*ways, (2, 0, 1, 3, "terminated"), planning_updates=10)
    assert order == [(2, 0), (1, 0), (0, 1)]
    assert (agent.q_table[1, 0], agent.q_table[0, 1]) == pytest.approx((0.9, 0.45))
    memory = agent.memory
    for pair, priority in ((4, 0.1), (7, 0.2), (4, 0.3), (7, 0.1), (2, 0.2)):
        memory.push(pair, priority)
    # Equal ones by number; one whose priority fell keeps the higher.
    assert [memory.pop() for _ in range(4)] == [4, 2, 7, None]


def test_a_model_is_restored_with_its_queue():
    agent, _ = swept(*CHAIN, planning_updates=2)
    other = built(kind=DynaQ, discount=0.9, planning_updates=2)
    other.set_state(agent.get_state())
    assert other.memory.outcomes == agent.memory.outcomes and other.memory.pop() == 0
    with pytest.raises(UsageError, match="planning_updates received 0"):
        DynaQ(planning_updates=0)


PLAIN = {"learning_rate": 0.8, "learning_rate_end": 0.1, "learning_rate_steps": 50, "discount": 0.9}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (ExpectedSARSA, {"exploration": "ucb", "visit_exponent": 0.5}),
        (SARSA, {}),
        (NStepSARSA, {"n_steps": 3, "backup": "tree", "exploration": "softmax"}),
        (QLambda, {"visit_exponent": 0.7}),
    ],
    ids=["expected_sarsa", "sarsa", "n_step_sarsa", "q_lambda"],
)
def test_both_lanes_change_the_table_alike(kind, settings):
    host, lane = (built(2, kind=kind, initial_value=0.5, **PLAIN, **settings) for _ in range(2))
    reported = []
    for t in steps(40, 2):
        host.observe(t)
        reported.append((host.update() or {"td_error": 0.0})["td_error"])
    found = follow(lane, steps(40, 2))
    np.testing.assert_allclose(found.table, host.q_table, atol=1e-12)
    np.testing.assert_array_equal(found.visits, host.visits)
    np.testing.assert_allclose([error for error, _ in found.reports], reported, atol=1e-6)
    if kind is ExpectedSARSA:
        np.testing.assert_array_equal(found.state.parameters.tried.numpy(), host.tried)
        assert host.tried.sum() == 80


@pytest.mark.thorough
def test_double_q_learning_in_a_program_moves_one_table_a_step():
    agent = built(1, kind=DoubleQLearning, **PLAIN)
    agent.pair[...] = np.random.default_rng(0).normal(size=agent.pair.shape)
    agent.q_table = agent.pair.mean(axis=0)
    firsts, run = [], None
    for t in steps(12, 1):
        before = agent.pair if run is None else run.state.parameters.pair.numpy()
        run = follow(agent, [t]) if run is None else run.step(t)
        after = run.state.parameters.pair.numpy()
        (first, state, action) = np.argwhere(before != after)[0].tolist()
        assert (before != after).sum() == 1 and (state, action) == (t.observation[0], t.action[0])
        best = before[first, t.next_observation[0]].argmax()
        going = 0.9 * (1 - t.terminated[0])
        target = t.reward[0] + going * before[1 - first, t.next_observation[0], best]
        alpha = 0.8 - 0.7 * len(run.reports) / 50
        old = before[first, state, action]
        assert after[first, state, action] == pytest.approx(old + alpha * (target - old))
        np.testing.assert_allclose(run.table, after.mean(axis=0))
        firsts.append(first)
    assert set(firsts) == {0, 1}
