"""Environments of every kind met in third-party packages resume exactly, or say that they do not."""

import random
import warnings
from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import NormalizeObservation, NormalizeReward

from agents.spaces import draw
from agents.training.restoring import verification
from agents.training.vector_env import SameStepVectorEnv
from lab.errors import CheckpointError, UsageError
from lab.runs import checkpoints
from lab.seeding import Seeds
from tests.agents.training import stand_ins
from tests.agents.training.stand_ins import Hidden, Irreproducible, Remembers, RunningMean, Walk


class Player:
    """Takes random actions in a pool."""

    def __init__(self, make, number=1, checked=True):
        self.pool = SameStepVectorEnv([make() for _ in range(number)], Seeds(3), make if checked else None)
        self.rng = np.random.default_rng(7)

    def play(self, steps):
        self.pool.start()
        space, number = self.pool.action_space, self.pool.number
        return [self.pool.step(draw(space, number, self.rng)) for _ in range(steps)]


def cut(make, steps, folder, number=1, follow=40, checked=True):
    """Cut a player after some steps; return what came next, without and with the cut."""
    live = Player(make, number, checked)
    live.play(steps)
    checkpoints.write(folder / "cut", live.pool.get_state())
    rng = live.rng.bit_generator.state
    uninterrupted = live.play(follow)
    # Another process has other states of these.
    np.random.random(5), random.random()
    resumed = Player(make, number, checked)
    resumed.pool.set_state(checkpoints.read(folder / "cut")[0])
    resumed.rng.bit_generator.state = rng
    return uninterrupted, resumed.play(follow), live.pool, resumed.pool


def equal(a, b):
    pairs = [pair for one, two in zip(a, b, strict=True) for pair in zip(one, two, strict=True)]
    # Without masks of the actions there are none.
    return all(x is y is None or x.tobytes() == y.tobytes() for x, y in pairs)


KINDS = {
    "np_random": Walk,
    "its own, seeded": stand_ins.OwnSeeded,
    "its own RandomState, unseeded": stand_ins.OwnUnseeded,
    "its own Generator, unseeded": partial(stand_ins.OwnUnseeded, kind=np.random.default_rng),
    "its own Random, unseeded": partial(stand_ins.OwnUnseeded, kind=random.Random),
    "np.random": stand_ins.GlobalNumpy,
    "np.random.seed": stand_ins.GlobalSeeded,
    "random": stand_ins.GlobalPython,
    "reset ignores the seed": stand_ins.IgnoresSeed,
    "its action space": stand_ins.SamplesSpace,
    "hidden": Hidden,
    "spaces made anew": stand_ins.MakesSpacesAnew,
    "writes into actions": stand_ins.WritesIntoActions,
    "normalised observations": lambda: NormalizeObservation(Walk()),
    "normalised rewards": lambda: NormalizeReward(Walk()),
    "a user's running mean": lambda: RunningMean(Walk()),
}


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_goes_on_bit_for_bit(kind, number, tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "PROBATION_STEPS", 60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Within the probation, after it, and at an episode's start.
        for steps in (29, 101, 120):
            uninterrupted, resumed, pool, _ = cut(KINDS[kind], steps, tmp_path, number)
            assert equal(uninterrupted, resumed), steps
    assert pool.verification.mode == "episode"


@pytest.mark.parametrize("kind", ["np.random", "random"])
def test_the_global_generators_are_the_environments_own_and_the_seed_decides_them(kind):
    np.random.seed(1)
    random.seed(1)
    one = Player(KINDS[kind], number=2).play(30)
    drawn = np.random.random(), random.random()
    two = Player(KINDS[kind], number=2).play(30)
    assert equal(one, two)
    np.random.seed(1)
    random.seed(1)
    assert drawn == (np.random.random(), random.random()), "a user's own draws are not disturbed"


def test_environments_that_leave_the_global_generators_alone_are_soon_stepped_without_them(monkeypatch):
    monkeypatch.setattr(verification, "PROBATION_STEPS", 30)
    plain, drawing = Player(Walk), Player(stand_ins.GlobalNumpy)
    for player in (plain, drawing):
        player.play(50)
    assert plain.pool.records[0].guard is None
    assert drawing.pool.records[0].guard is not None


def test_each_episode_begins_with_a_seed_of_its_own():
    seeds = []

    class Spy(Walk):
        def reset(self, *, seed=None, options=None):
            seeds.append(seed)
            return super().reset(seed=seed)

    Player(Spy, checked=False).play(40)
    assert seeds == (Seeds(3).sequence("environment", 0, 0).generate_state(256)[:4] >> 1).tolist()


def test_ale_is_reseeded_seldom_because_that_reads_its_rom_again(tmp_path, monkeypatch):
    seeds = []

    class Ale(Hidden):
        ale = object()

        def reset(self, *, seed=None, options=None):
            seeds.append(seed)
            return super().reset(seed=seed)

    monkeypatch.setattr(verification, "PROBATION_STEPS", 60)
    monkeypatch.setattr("agents.training.restoring.record.RESEED_ALE_AFTER", 30)
    Player(Ale, checked=False).play(80)
    assert [s is None for s in seeds[:7]] == [False, True, True, False, True, True, False], "every third episode"
    uninterrupted, resumed, pool, _ = cut(Ale, 127, tmp_path)
    assert equal(uninterrupted, resumed)
    assert pool.verification.mode == "episode" and pool.records[0].played <= 48


def test_state_kept_between_episodes_is_found_and_all_episodes_are_played_again(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "PROBATION_STEPS", 60)
    with pytest.warns(UserWarning, match=r"keeps state from one episode.*its step 4 of episode 1 gave another obs"):
        uninterrupted, resumed, pool, _ = cut(Remembers, 131, tmp_path)
    assert equal(uninterrupted, resumed)
    assert pool.verification.describe()["resumes"] == "exactly, by playing all episodes again"


def test_a_pool_that_plays_all_episodes_again_says_so_when_they_become_too_many(monkeypatch):
    monkeypatch.setattr(verification, "KEPT", 100)
    player = Player(Remembers)
    with pytest.warns(UserWarning, match="more than 100 steps"):
        player.play(150)
    assert player.pool.verification.mode == "next episode" and player.pool.records[0].played <= 12 + 100


def test_an_irreproducible_environment_is_named_once_and_resumes_at_the_next_episode(tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        live = Player(Irreproducible)
        live.play(50)
    said = [str(w.message) for w in caught]
    assert len(said) == 1 and "a resumed run goes on from the next episode's start" in said[0]
    resumed = Player(Irreproducible)
    with pytest.warns(UserWarning, match=r"environment 0 begins its next episode, not exactly where it was: <"):
        resumed.pool.set_state(live.pool.get_state())
    assert resumed.pool.observation[0, 1] == 0
    assert resumed.pool.records[0].number == live.pool.records[0].number + 1
    assert resumed.pool.verification.describe()["resumes"] == "at the next episode's start"


def test_what_shows_only_after_the_probation_is_found_by_the_check_of_a_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "PROBATION_STEPS", 60)
    player = Player(partial(Remembers, first=8))
    player.play(101)
    assert player.pool.verification.mode == "episode"
    player.pool.get_state()
    with pytest.warns(UserWarning, match="cannot be brought back exactly within an episode"):
        player.play(20)


def test_a_checkpoints_check_runs_beside_training_and_changes_nothing():
    checked, plain = Player(Walk, number=2), Player(Walk, number=2, checked=False)
    same = []
    for _ in range(5):
        same.append(equal(checked.play(9), plain.play(9)))
        checked.pool.get_state()
    assert all(same)
    assert checked.pool.verification.shadow is not None


def test_a_mismatch_raises_and_inexactly_the_next_episode_begins_with_the_statistics_so_far():
    live = Player(lambda: NormalizeObservation(Walk()))
    live.play(29)
    state = live.pool.get_state()
    state["environments"][0]["actions"][-1] += 1
    fresh = Player(lambda: NormalizeObservation(Walk()))
    with pytest.raises(CheckpointError, match=r"did not arrive where it was.*--inexact.*exact=False"):
        fresh.pool.set_state(state)
    fresh.pool.exact = False
    with pytest.warns(UserWarning, match="begins its next episode"):
        fresh.pool.set_state(state)
    record = fresh.pool.records[0]
    assert (record.number, record.actions) == (3, [])
    assert record.env.obs_rms.count == pytest.approx(live.pool.records[0].env.obs_rms.count + 1)


def test_statistics_left_out_of_the_state_are_noticed(monkeypatch):
    monkeypatch.setattr(verification, "PROBATION_STEPS", 20)
    live = Player(lambda: NormalizeObservation(Walk()))
    live.play(41)
    state = live.pool.get_state()
    state["environments"][0]["start"]["statistics"] = {}
    with pytest.raises(CheckpointError, match="did not arrive where it was"):
        Player(lambda: NormalizeObservation(Walk())).pool.set_state(state)


def test_a_generator_that_shows_later_is_compared_too():
    live = Player(stand_ins.OwnUnseeded)
    live.play(5)
    state = live.pool.get_state()
    (name,) = [n for n in state["environments"][0]["carried"]["generators"] if "rng" in n]
    state["environments"][0]["carried"]["generators"][name]["state"]["pos"] += 1
    with pytest.raises(CheckpointError, match="the random generator game.parts.0.rng differs"):
        Player(stand_ins.OwnUnseeded).pool.set_state(state)


def test_reset_without_a_seed_is_one_line():
    class Old(Walk):
        def reset(self):
            return super().reset()

    with pytest.raises(UsageError, match=r"reset received seed=\d+ and raised .*; expected reset\(\*, seed=None"):
        Player(Old).pool.start()


def test_a_source_that_returns_the_same_environment_cannot_be_checked_and_is_not_touched():
    env = Walk()
    player, plain = Player(lambda: env), Player(Walk)
    with pytest.warns(UserWarning, match="cannot be checked for an exact resume: its source returns the same"):
        played = player.play(30)
    assert equal(played, plain.play(30))


@pytest.mark.parametrize("origin", ["seed", "random_state"])
def test_a_checkpoint_from_before_episodes_had_seeds_goes_on(origin):
    env = Walk()
    env.reset(seed=5)
    given = {"seed": 5} if origin == "seed" else {"random_state": env.np_random.bit_generator.state}
    observation, _ = env.reset(seed=5) if origin == "seed" else env.reset()
    player = Player(Walk)
    total = 0.0
    for action in (0, 2):
        observation, reward, *_ = env.step(action)
        total += reward
    from agents.training.restoring.record import _hash

    old = {"origin": given, "actions": np.array([0, 2]), "hash": _hash(env, observation, total)}
    state = {"started": True, "environments": [old], "observation": observation[None], "finished": []}
    with pytest.warns(UserWarning, match="begun by an earlier version of lab"):
        player.pool.set_state(state)
    again = Player(Walk)
    again.pool.set_state(player.pool.get_state())
    expected = [env.step(1)[0] for _ in range(10)]
    for pool in (player.pool, again.pool):
        assert [pool.step(np.array([1])).next_observation[0].tolist() for _ in range(10)] == [
            o.tolist() for o in expected
        ]
    assert player.pool.records[0].number == 1


def test_a_way_of_restoring_from_a_later_version_is_refused_by_name():
    player = Player(Walk)
    player.play(3)
    state = player.pool.get_state()
    state["restoring"]["mode"] = "clairvoyance"
    with pytest.raises(CheckpointError, match=r"brought back by 'clairvoyance'; expected one of .* version of lab"):
        Player(Walk).pool.set_state(state)


@pytest.mark.parametrize(
    ("package", "name"),
    [("Box2D", "BipedalWalker-v3"), ("ale_py", "ALE/Breakout-v5"), ("mujoco", "Hopper-v5"), ("minigrid", "")],
)
def test_a_package_goes_on_bit_for_bit(package, name, tmp_path):
    pytest.importorskip(package)
    if package == "minigrid":
        from minigrid.wrappers import ImgObsWrapper

        def make():
            return ImgObsWrapper(gymnasium.make("MiniGrid-Dynamic-Obstacles-6x6-v0", disable_env_checker=True))
    else:
        make = partial(gymnasium.make, name, disable_env_checker=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        uninterrupted, resumed, *_ = cut(make, 700, tmp_path)
    assert equal(uninterrupted, resumed)
