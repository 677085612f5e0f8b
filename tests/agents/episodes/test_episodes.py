import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from agents import Episodes
from lab.errors import UsageError
from tests.agents.episodes.made import same, three


def test_rows_starts_and_returns_by_hand():
    e = three()
    assert (len(e), e.steps) == (3, 6)
    assert e.starts.tolist() == [0, 2, 3] and e.starts.dtype == np.int64
    assert e.returns.tolist() == [1.0, 5.0, -3.0] and e.returns.dtype == np.float64
    assert e.actions.dtype == np.int64 and e.lengths.dtype == np.int64 and e.terminated.dtype == bool
    assert e.episode_of(np.arange(6)).tolist() == [0, 0, 1, 2, 2, 2]


def test_true_successors_never_cross_an_episodes_end():
    e = three()
    assert e.next_observations()[:, 0].tolist() == [1, 100, 101, 4, 5, 102]
    assert e.next_observations([1, 3])[:, 0].tolist() == [100, 4]
    assert e[0].observations[:, 0].tolist() == [0, 1, 100]
    assert [len(one.rewards) for one in e] == [2, 1, 3]


def test_terminated_and_truncated_are_kept_apart():
    e = three()
    assert e.last_terminated(np.arange(6)).tolist() == [False, True, False, False, False, False]
    assert (e[0].terminated, e[0].truncated) == (True, False)
    assert (e[1].terminated, e[1].truncated) == (False, True)
    assert (e[2].terminated, e[2].truncated) == (False, False)


def test_flags_of_each_step_divide_plain_arrays():
    e = three()
    ended = np.array([False, True, False, False, False, False])
    cut = np.array([False, False, True, False, False, False])
    made = three(
        lengths=None, terminated=ended, truncated=cut, final_observations=None, next_observations=e.next_observations()
    )
    assert same(made, e)
    assert set(e.to_arrays()) >= {"observations", "actions", "rewards", "lengths", "starts", "returns"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"actions": [0, 1, 3, 0, 1, 2]}, "actions received '0 to 3'; expected '?0 to 2"),
        ({"actions": [0, 1]}, "actions received int64 \\(2,\\); expected int64 \\(6,\\)"),
        ({"rewards": np.full(6, np.nan)}, "rewards received .* expected finite numbers"),
        ({"lengths": []}, "lengths received .* at least one episode"),
        ({"lengths": [2, 0, 4]}, "lengths received"),
        ({"terminated": [True]}, "terminated received 'shape \\(1,\\)'; expected one flag for each episode"),
        ({"observation_space": Box(-1, 1, (2,), np.float32)}, "observations received float32 \\(6, 1\\)"),
        ({"next_observations": np.zeros((6, 1), np.float32)}, "either final_observations"),
        ({"action_space": Box(-1, 1, (2,), np.float32)}, "actions received"),
    ],
)
def test_arrays_that_do_not_fit_are_named(changed, words):
    with pytest.raises(UsageError, match=words):
        three(**changed)


def test_filters_choose_by_return():
    e = three()
    assert e.filter(min_return=1.0).returns.tolist() == [1.0, 5.0]
    assert e.filter(top=0.5).returns.tolist() == [1.0, 5.0], "rounded up, in the order of the recording"
    assert e.filter(top=0.01).returns.tolist() == [5.0]
    assert e.filter(min_return=-10, top=1.0).returns.tolist() == e.returns.tolist()
    one = e.filter(top=0.01)
    assert one.observations.tolist() == [[2.0]] and one.final_observations.tolist() == [[101.0]]
    assert "best 0.01 by return" in one.card.policy and one.card.episodes == one.card.steps == 1
    with pytest.raises(UsageError, match="no episode was chosen.*returns lie from -3 to 5"):
        e.filter(min_return=6)
    for wrong in (0, 1.5, True):
        with pytest.raises(UsageError, match="top received"):
            e.filter(top=wrong)


def test_the_best_part_is_counted_without_rounding_errors():
    from agents.episodes.selection import best

    assert len(best(np.arange(100.0), 0.07)) == 7
    assert best(np.zeros(10), 0.3).tolist() == [0, 1, 2], "of equal returns the earlier ones"


def test_mixing_keeps_every_episode_and_is_seeded():
    first, second = three(), three(policy="other", seeds=(9,))
    mixed = Episodes.mix([first, second], seed=1)
    assert sorted(mixed.returns) == sorted([*first.returns, *second.returns])
    assert same(mixed, Episodes.mix([first, second], seed=1))
    assert not same(mixed, Episodes.mix([first, second], seed=2))
    plain = Episodes.mix([first, second])
    assert plain.returns.tolist() == [1, 5, -3, 1, 5, -3] and plain.card.seeds == (4, 9)
    assert plain.card.policy == "by hand + other"
    with pytest.raises(UsageError, match="recordings of different environments"):
        Episodes.mix([first, three(action_space=Discrete(4))])
    with pytest.raises(UsageError, match="no episodes"):
        Episodes.mix([])


def test_statistics_and_figure():
    e = three()
    found = e.statistics()
    assert (found["return_mean"], found["return_median"], found["length_max"]) == (1.0, 1.0, 3.0)
    assert (found["terminated"], found["truncated"]) == (1, 1)
    figure = e.plot()
    assert [axes.get_title(loc="left").split(":")[0] for axes in figure.axes] == ["return", "length"]
    heights = [sum(bar.get_height() for bar in axes.patches) for axes in figure.axes]
    assert heights == [3, 3], "every episode stands in a bar"


@pytest.mark.parametrize("name", ["observation_space", "action_space"])
@pytest.mark.parametrize("space", [None, 2])
def test_arrays_without_spaces_are_refused_with_what_to_give(name, space):
    with pytest.raises(UsageError, match=f"from_arrays: {name} received {space}; expected a gymnasium.Space.*Discrete"):
        three(**{name: space})
