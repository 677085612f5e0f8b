"""Frames that are kept once give back every observation to the byte, whatever episodes begin and end with."""

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import FrameStackObservation, TimeLimit, TransformObservation

from agents.playing.wrappers import frame_stack
from agents.replay.experience import Replay
from agents.replay.holding import memory
from agents.replay.holding.frames import FrameStorage
from agents.replay.host import HostReplay
from agents.replay.samplers import Prioritised
from agents.replay.storage import HostStorage
from agents.transitions import Transition
from lab.errors import CheckpointError, UsageError
from tests.agents.replay.helpers import Owner

K, SIDE = 4, 3
AXES = pytest.mark.parametrize("axis", [0, -1])


def space(axis):
    return Box(0, 255, (K, SIDE, SIDE) if axis == 0 else (SIDE, SIDE, K), np.uint8)


class Player(gymnasium.Env):
    """Pictures of random numbers; episodes of 1 to 7 steps that terminate or are cut off."""

    observation_space = Box(0, 255, (SIDE, SIDE), np.uint8)
    action_space = Discrete(1000)

    def _picture(self):
        # Two kinds only: frames that are equal by chance are shared, and come back all the same.
        return np.full((SIDE, SIDE), self.np_random.integers(2) * 200, np.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._picture(), {}

    def step(self, action):
        end = self.np_random.random(2) < 0.15
        return self._picture(), 1.0, bool(end[0]), bool(end[1]), {}


def steps(number, envs, axis=0, padding="reset"):
    """Yield transitions of several environments that begin their next episodes in the same step."""
    made = [FrameStackObservation(Player(), K, padding_type=padding) for _ in range(envs)]
    moved = (lambda o: o) if axis == 0 else (lambda o: np.moveaxis(o, 1, -1))
    now = np.stack([env.reset(seed=i)[0] for i, env in enumerate(made)])
    for time in range(number):
        results = [env.step(0) for env in made]
        following = np.stack([r[0] for r in results])
        ends = [np.array([r[i] for r in results]) for i in (2, 3)]
        yield Transition(moved(now), np.full(envs, time), np.ones(envs), *ends, moved(following))
        now = following.copy()
        for i in np.flatnonzero(ends[0] | ends[1]):
            now[i] = made[i].reset()[0]


def replay(envs, axis=0, capacity=24, stacked=True, **options):
    owner = Owner(envs, observation_space=space(axis))
    owner.frame_stack = (K, axis) if stacked else None
    return HostReplay(Replay(capacity, 8, learning_starts=40, **options), owner)


def taken(one, shape=()):
    rows, apart = one.storage.take(np.arange(one.storage.size).reshape(-1, *shape))
    return [rows, *apart]


@AXES
@pytest.mark.parametrize("padding", ["reset", "zero"])
@pytest.mark.parametrize("envs", [1, 3])
def test_what_is_stored_comes_back(axis, padding, envs):
    once, whole = replay(envs, axis), replay(envs, axis, stacked=False)
    for t in steps(60, envs, axis, padding):
        for one in (once, whole):
            one.add(t)
        for found, expected in zip(taken(once), taken(whole), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert [a.shape for a in taken(once, (2, 4))[1:]] == [(3, 2, 4, *space(axis).shape)] * 2
    assert once.storage.whole().get_state().keys() == whole.storage.get_state().keys()
    np.testing.assert_equal(once.storage.whole().get_state(), whole.storage.get_state())


def test_windows_of_n_steps_by_priority_are_those_of_whole_observations():
    drawn = {}
    for stacked in (True, False):
        one = replay(2, stacked=stacked, n_steps=3, sampler=Prioritised())
        seen = drawn[stacked] = []

        def learn(data, rng, seen=seen):
            seen.append(data)
            return {"mean": 0.0}, np.linspace(0, 1, 8, dtype=np.float32)

        agent = SimpleNamespace(steps=0, run_length=100, rule=SimpleNamespace(learn=learn))
        for t in steps(50, 2):
            one.add(t)
            agent.steps += 2
            one.learn(agent)
    assert len(drawn[True]) > 50
    np.testing.assert_equal(drawn[True], drawn[False])


def test_a_checkpoint_brings_all_back_and_goes_on_to_the_bit():
    first, fresh = replay(2), replay(2)
    made = list(steps(50, 2))
    for t in made[:33]:
        first.add(t)
    fresh.set_state(first.get_state())
    for t in made[33:]:
        first.add(t)
        fresh.add(t)
    np.testing.assert_equal(fresh.get_state(), first.get_state())
    earlier = replay(2, stacked=False)
    for t in made:
        earlier.add(t)
    fresh.set_state(earlier.get_state())
    np.testing.assert_equal(fresh.get_state(), earlier.get_state(), "of a version that kept observations whole")
    state = first.get_state()
    before = state["rows"].copy()
    first.add(made[0])
    np.testing.assert_array_equal(state["rows"], before, "a state stays what it was")
    few = replay(2)
    few.add(made[0])
    with pytest.raises(UsageError, match="fits in memory"):
        replay(2).set_state({**few.get_state(), "room": 1 << 50})
    compact = {k: v for k, v in replay(2).get_state().items() if k not in ("next", "room")}
    replay(2).set_state(compact)
    for name, wrong in (
        *(("windows", state["windows"] + 1000), ("windows", -state["windows"]), ("frames", made)),
        *(("room", 0), ("room", 3), ("room", 1 << 40), ("room", "4"), ("next", -1), ("next", 5)),
    ):
        with pytest.raises(CheckpointError):
            replay(2).set_state({**state, name: wrong})


def test_frames_take_an_eighth_and_room_is_made_for_short_episodes():
    pictures = Box(0, 255, (4, 84, 84), np.uint8)
    layout = Owner(1, observation_space=pictures).layout()
    once = FrameStorage(layout, 100_000, 1, replay(1).storage.stack)
    assert once.bytes < 0.14 * HostStorage(layout, 100_000).bytes
    one = replay(1, capacity=200)
    room = len(one.storage.frames)
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="many short episodes"):
        for time in range(450):
            # Each step is an episode, which begins with frames that no other has.
            frames = rng.integers(256, size=(K + 1, SIDE, SIDE)).astype(np.uint8)
            last = Transition(frames[None, :-1], np.array([time]), np.ones(1), *np.ones((2, 1), bool), frames[None, 1:])
            one.add(last)
    assert len(one.storage.frames) > room
    rows, (observed, following) = one.storage.take(np.array([one.storage.cursor - 1]))
    assert np.array_equal(observed, last.observation) and np.array_equal(following, last.next_observation)
    assert rows[0, 0] == 449


def test_what_is_not_stacked_is_kept_whole_with_one_warning():
    once, whole = replay(1), replay(1, stacked=False)
    made = list(steps(30, 1))
    odd = made[20]._replace(next_observation=np.zeros_like(made[20].next_observation) + np.uint8(7))
    with pytest.warns(UserWarning, match="keeps observations whole") as said:
        for t in [*made[:20], odd, *made[21:]]:
            once.add(t)
            whole.add(t)
    assert len(said) == 1
    np.testing.assert_equal(once.get_state(), whole.get_state())


def test_only_layers_that_say_so_stack_frames():
    stacked = FrameStackObservation(Player(), K)
    assert frame_stack(TimeLimit(stacked, 9)) == (K, 0)
    same = TransformObservation(stacked, lambda o: o, stacked.observation_space)
    assert frame_stack(same) is None and frame_stack(Player()) is None
    same.frame_stack = (K, 0)
    assert frame_stack(same) == (K, 0)


def test_memory_is_read_and_what_does_not_fit_is_refused(tmp_path, monkeypatch, capsys):
    info, most, used = (tmp_path / name for name in ("meminfo", "max", "current"))
    info.write_text("MemTotal: 100 kB\nMemAvailable:   2000000 kB\n")
    most.write_text("1000000000\n")
    used.write_text("400000000\n")
    read = memory.available
    assert read(str(info), ((str(most), str(used)),)) == 600_000_000
    most.write_text("max\n")
    assert read(str(info), ((str(most), str(used)),)) == 2_048_000_000
    assert read(str(tmp_path / "none"), ()) is None
    monkeypatch.setattr(memory, "available", lambda: 1_000_000_000)
    layout = Owner(1, observation_space=Box(0, 255, (84, 84, 4), np.uint8)).layout()
    with pytest.raises(UsageError, match=r"takes 5\.65 GB of 1\.00 GB.*Fix: replay_capacity=14,1"):
        HostStorage(layout, 100_000)
    monkeypatch.setattr(memory, "WORTH_SAYING", 1 << 20)
    assert HostStorage(layout, 1000).bytes == 56_464_000
    assert "the replay of 1,000 transitions takes 56.5 MB once it is full" in capsys.readouterr().err
