import json
import shutil
from typing import ClassVar

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import ClipReward, NormalizeObservation, NormalizeReward, TimeLimit, TransformReward

from agents import BehaviorCloning, QLearning, Random
from agents.base import Agent
from agents.episodes import Episodes
from agents.episodes.recording import record
from agents.playing.rollout import MAX_EPISODE_STEPS
from agents.playing.statistics import gathered, running
from generative import Autoencoder
from lab import Experiment, cli
from lab.errors import UsageError
from tests.agents.helpers import Counter
from tests.agents.odd_environments import CountsResets, Drifting, Endless, Scripted

SMALL = {"hidden_sizes": (4,), "learning_starts": 8, "batch_size": 4, "replay_capacity": 64}


class Sees(Agent):
    """Keeps what it is shown; its copies keep it in the same place."""

    learns = False

    seen: ClassVar[list] = []

    def act_batch(self, observations, explore=False):
        self.seen.append(observations.copy())
        return np.zeros(len(observations), np.int64)


@pytest.mark.parametrize("source", [CountsResets, CountsResets()], ids=["factory", "instance"])
def test_one_agent_scores_the_same_in_each_evaluation_where_environments_remember(source):
    experiment = Experiment(Random(), source, progress=False)
    first = experiment.evaluate(episodes=20)
    experiment.train(30)
    assert [experiment.evaluate(episodes=20).mean for _ in range(3)] == [first.mean] * 3
    assert set(first.returns) == {3.0, 6.0}, "each of ten environments is reset twice"


def test_what_an_evaluation_made_is_closed():
    closed = []

    class Closes(Counter):
        def close(self):
            closed.append(self)

    experiment = Experiment(Random(), Closes, progress=False)
    before = len(closed)
    experiment.evaluate(episodes=4)
    assert len(closed) - before == 4


# ------------------------------------------------------------------ running statistics


@pytest.fixture(scope="module")
def normalised(tmp_path_factory):
    def make(render_mode=None):
        return NormalizeObservation(Drifting(render_mode=render_mode))

    run = tmp_path_factory.mktemp("normalised") / "run"
    experiment = Experiment(Sees(), make, run_dir=run, progress=False, evaluate_every=80, num_envs=2, seed=3)
    experiment.train(160)
    return experiment, make, run


def raw_of(agent, statistics):
    """Return the observations before they were normalised, from what was seen."""
    found = statistics["NormalizeObservation.obs_rms"]
    return np.concatenate(agent.seen) * np.sqrt(found["var"] + 1e-8) + found["mean"]


def test_evaluation_sees_by_the_statistics_of_training_frozen(normalised):
    experiment, *_ = normalised
    agent, expected = experiment.learner, gathered(experiment.task.pool.envs)
    assert expected["NormalizeObservation.obs_rms"]["mean"] == pytest.approx([50.0, 50.0], abs=2.0)
    before = [
        {field: np.copy(getattr(rms, field)) for field in ("mean", "var", "count")}
        for env in experiment.task.pool.envs
        for _, _, rms in running(env)
    ]
    agent.seen.clear()
    experiment.evaluate(episodes=40)
    raw = raw_of(agent, expected)
    assert raw.mean() == pytest.approx(50.0, abs=1.0) and raw.std() == pytest.approx(5.0, abs=1.0)
    after = [rms for env in experiment.task.pool.envs for _, _, rms in running(env)]
    assert all(np.array_equal(getattr(rms, f), b[f]) for rms, b in zip(after, before, strict=True) for f in b)


@pytest.mark.parametrize("how", ["open best", "open last", "resume", "film", "record"])
def test_whoever_shows_the_agent_shows_it_by_those_statistics(normalised, how, tmp_path):
    experiment, make, run = normalised
    expected = experiment.learner.wrapper_statistics
    if how.startswith("open"):
        opened = Experiment.open(run, how.split()[1], source=make)
        agent, play = opened.learner, lambda: opened.evaluate(episodes=20)
    elif how == "resume":
        resumed = Experiment.resume(run, source=make, progress=False, exact=False)
        assert gathered(resumed.task.pool.envs)["NormalizeObservation.obs_rms"]["mean"] == pytest.approx(
            [50, 50], abs=2
        )
        agent, play = resumed.learner, lambda: resumed.task.evaluate(episodes=20)
    elif how == "film":
        agent, play = experiment.learner, lambda: experiment.task.render(tmp_path / "film.png", "episode")
    else:
        agent = Sees.load(run, "last")
        play = lambda: record(agent, make, episodes=20)  # noqa: E731
    agent.seen.clear()
    play()
    held = agent.wrapper_statistics
    assert held.keys() == expected.keys()
    if how == "open last":
        assert all(np.array_equal(held[n][f], expected[n][f]) for n in held for f in held[n])
    assert raw_of(agent, held).mean() == pytest.approx(50.0, abs=4.0)


def test_statistics_of_several_environments_are_those_of_all_their_samples():
    envs = [NormalizeObservation(Drifting()) for _ in range(3)]
    samples = []
    for i, env in enumerate(envs):
        env.reset(seed=i)
        for _ in range(3 + 2 * i):
            env.step(0)
    rows = np.random.default_rng(0).normal(size=(60, 2))
    for env, part in zip(envs, np.split(rows, [10, 25]), strict=True):
        env.obs_rms.mean, env.obs_rms.var, env.obs_rms.count = np.zeros(2), np.ones(2), 0
        env.obs_rms.update(part)
        samples.append(part)
    found = gathered(envs)["NormalizeObservation.obs_rms"]
    assert found["mean"] == pytest.approx(rows.mean(axis=0)) and found["var"] == pytest.approx(rows.var(axis=0))
    assert found["count"] == 60


# ------------------------------------------------------------------ rewards


@pytest.mark.parametrize(
    ("wrap", "wrapped"),
    [
        (lambda env: TransformReward(env, lambda reward: 100 * reward), 600.0),
        (lambda env: ClipReward(env, -1.0, 1.0), 3.0),
        (lambda env: ClipReward(TransformReward(env, lambda reward: reward / 4), -0.25, 0.25), 0.75),
        (lambda env: TimeLimit(TransformReward(env, lambda reward: -reward), 2), -4.0),
    ],
)
def test_raw_returns_are_reported_beside_those_of_reward_wrappers(wrap, wrapped):
    experiment = Experiment(Random(), lambda: wrap(Scripted(reward=2.0)), progress=False)
    found = experiment.evaluate(episodes=12)
    assert found.mean == 2.0 * found.length_mean and found.wrapped_mean == wrapped
    assert experiment.task.baselines() == {}
    assert "wrapped_mean" not in Experiment(Random(), Scripted, progress=False).evaluate(episodes=2)


def test_the_return_is_raw_where_rewards_are_normalised_and_frames_skipped():
    class Skips(gymnasium.Wrapper):
        def step(self, action):
            total = 0.0
            for _ in range(2):
                *rest, reward, terminated, truncated, info = self.env.step(action)
                total += reward
            return *rest, total, terminated, truncated, info

    found = Experiment(Random(), lambda: NormalizeReward(Skips(Scripted(reward=5.0, length=4))), progress=False)
    evaluation = found.evaluate(episodes=3)
    assert evaluation.returns == (20.0, 20.0, 20.0) and evaluation.wrapped_mean != 20.0


# ------------------------------------------------------------------ another source


def test_an_evaluation_source_is_used_for_all_that_is_shown_and_recorded_in_the_run(tmp_path):
    run = tmp_path / "run"
    keywords = {"run_dir": run, "progress": False, "evaluate_every": 4}
    experiment = Experiment(Sees(), Counter, evaluation_source=lambda: Counter(length=7), **keywords)
    experiment.train(8)
    assert experiment.evaluate(episodes=2).lengths == (7, 7)
    rows = [json.loads(line) for line in (run / "evaluations.jsonl").read_text().splitlines()]
    assert {length for row in rows for length in row["lengths"]} == {7}, "training evaluations and the baseline too"
    experiment.close()
    for open_it in (Experiment.open, Experiment.resume):
        with pytest.raises(UsageError, match=r"evaluated in an object \(factory\).*evaluation_source=\.\.\."):
            open_it(run, source=Counter)
    opened = Experiment.open(run, source=Counter, evaluation_source=lambda: Counter(length=5))
    assert opened.evaluate(episodes=2).lengths == (5, 5)
    resumed = Experiment.resume(run, source=Counter, evaluation_source=lambda: Counter(length=5), progress=False)
    resumed.train(3)
    assert resumed.task.evaluate(episodes=1).lengths == (5,)


def test_the_command_takes_an_evaluation_source_and_finds_it_again(tmp_path, capsys):
    gymnasium.register("Long-v0", entry_point=lambda **k: Scripted(length=9, **k))
    gymnasium.register("Short-v0", entry_point=lambda **k: Scripted(length=2, **k))
    run = str(tmp_path / "run")
    try:
        arguments = ["random", "Short-v0", "--steps", "6", "--run", run, "--set", "evaluation_source=Long-v0"]
        assert cli.main(["train", *arguments]) == 0
        assert json.loads((tmp_path / "run" / "config.json").read_text())["evaluation_source"] == "Long-v0"
        assert cli.main(["evaluate", run, "--episodes", "2", "--json"]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["lengths"] == [9, 9]
        assert cli.main(["resume", run, "--steps", "2"]) == 0
        assert cli.main(["train", "random", "Short-v0", "--run", run + "2", "--set", "evaluation_source=Shrt-v0"]) == 2
        assert "no environment is called 'Shrt-v0'" in capsys.readouterr().err
        config = tmp_path / "run" / "config.json"
        config.write_text(config.read_text().replace('"Long-v0"', '"evil.module:Long-v0"'))
        assert cli.main(["evaluate", run]) == 2
        assert "nothing is imported because a file says so" in capsys.readouterr().err
    finally:
        del gymnasium.registry["Long-v0"], gymnasium.registry["Short-v0"]


def test_an_evaluation_source_has_equal_spaces_and_is_an_agents():
    with pytest.raises(UsageError, match=r"evaluation_source received .* expected an environment with the observation"):
        Experiment(Random(), Counter, evaluation_source=Scripted)
    with pytest.raises(UsageError, match="evaluation_source received 'CartPole-v1'; expected None for autoencoder"):
        Experiment(Autoencoder(), np.random.default_rng(0).normal(size=(40, 2)), evaluation_source="CartPole-v1")


@pytest.mark.thorough
def test_the_compiled_lane_evaluates_in_the_source_that_was_given():
    def longer():
        return gymnasium.make("lab/GridWorld-v0", max_episode_steps=3)

    experiment = Experiment(
        QLearning(), "lab/GridWorld-v0", evaluation_source=longer, progress=False, evaluate_every=50
    )
    assert experiment.task.lane == "compiled"
    experiment.train(100)
    assert max(experiment.evaluate(episodes=5).lengths) <= 3
    assert max(experiment.evaluate_in_training(episodes=5).lengths) <= 3


def test_runs_side_by_side_have_the_evaluation_source_of_their_pattern():
    pattern = Experiment(Random(), Counter, evaluation_source=lambda: Counter(length=6), progress=False)
    for member in pattern.train_many([0, 1], steps=4):
        assert member.evaluate(episodes=2).lengths == (6, 6)


def test_recorded_episodes_without_an_environment_are_evaluated_in_the_source_given():
    data = record(lambda observation: 1, Counter, episodes=4)
    arrays = {n: getattr(data.columns, n) for n in data.columns._fields if n != "returns"}
    bare = Episodes.from_arrays(**arrays, observation_space=data.observation_space, action_space=data.action_space)
    experiment = Experiment(BehaviorCloning(), bare, evaluation_source=lambda: Counter(length=6), progress=False)
    assert experiment.evaluate(episodes=2).lengths == (6, 6)
    assert "random" in experiment.task.baselines()


# ------------------------------------------------------------------ no time limit


def test_episodes_without_a_time_limit_are_cut_off_and_said_so_once(monkeypatch, capsys):
    monkeypatch.setattr("agents.playing.rollout.MAX_EPISODE_STEPS", 40)
    experiment = Experiment(Sees(), Endless, progress=False)
    assert experiment.evaluate(episodes=3).lengths == (40, 40, 40)
    assert experiment.evaluate(episodes=3).returns == (40.0, 40.0, 40.0)
    assert experiment.task.baselines()["random"].length_mean == 40
    data = record(lambda observation: 0, Endless, episodes=2)
    assert data.lengths.tolist() == [40, 40] and data.columns.truncated.all() and not data.columns.terminated.any()
    said = [line for line in capsys.readouterr().err.splitlines() if "no time limit" in line]
    assert len(said) == 1 and "after 40 steps and count as truncated" in said[0] and "TimeLimit" in said[0]


def test_a_film_without_a_time_limit_ends(monkeypatch, tmp_path):
    monkeypatch.setattr("agents.playing.rollout.MAX_EPISODE_STEPS", 20)
    assert Experiment(Sees(), Endless, progress=False).render(tmp_path / "film.png").exists()


def test_a_time_limit_that_is_declared_is_kept_however_long(monkeypatch):
    monkeypatch.setattr("agents.playing.rollout.MAX_EPISODE_STEPS", 20)
    limited = Experiment(Sees(), Endless, evaluation_source=lambda: TimeLimit(Endless(), 33), progress=False)
    assert limited.evaluate(episodes=2).lengths == (33, 33)
    assert MAX_EPISODE_STEPS == 10_000, "as documented"


def test_a_population_that_is_resumed_is_evaluated_where_it_was(tmp_path):
    """The runs that had not begun, too."""
    pattern = Experiment(
        Random(), Counter, evaluation_source=lambda: Counter(length=6), run_dir=tmp_path / "runs", progress=False
    )
    pattern.train_many([0, 1], steps=4)
    shutil.rmtree(tmp_path / "runs" / "seed-1")
    with pytest.raises(UsageError, match=r"evaluated in an object \(f\w+\)"):
        Experiment.resume_many(tmp_path / "runs", source=Counter)
    members = Experiment.resume_many(tmp_path / "runs", source=Counter, evaluation_source=lambda: Counter(length=5))
    assert [member.evaluate(episodes=2).lengths for member in members] == [(5, 5), (5, 5)]
