import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Discrete

from agents import DQN, Episodes, QLearning, Random
from agents.episodes import record
from lab import Experiment
from lab.cli import main
from lab.errors import UsageError
from tests.agents.episodes.made import same
from tests.agents.helpers import Counter
from tests.contracts import SMALL_DQN, assert_same_state, short_walks


class Shifted(Counter):
    """Calls its two actions 3 and 4."""

    def __init__(self):
        super().__init__()
        self.action_space = Discrete(2, start=3)


def test_a_recording_holds_what_happened():
    e = record(Random(), Shifted, episodes=5, seed=1, num_envs=2)
    assert e.lengths.tolist() == [3] * 5 and e.terminated.all() and not e.truncated.any()
    assert e.observations[:3, 1].tolist() == [0, 1, 2] and e.final_observations[:, 1].tolist() == [3] * 5
    assert len(set(e.observations[:, 0])) == 5, "each episode has a seed of its own"
    assert set(e.actions) == {0, 1}, "actions are counted from 0"
    assert e.rewards.tolist() == (e.actions + 3.0).tolist(), "the environment is given its own"
    assert e.card.environment is None and e.card.policy == "random" and e.card.seeds == (1,)
    cut = record(Random(), lambda: Counter(truncate=True), episodes=2)
    assert cut.truncated.all() and not cut.terminated.any()


def test_the_seed_alone_decides(tmp_path):
    files = [record(Random(), Counter, episodes=4, seed=s).save(tmp_path / f"{i}.npz") for i, s in enumerate((1, 1, 2))]
    first, again, other = (path.read_bytes() for path in files)
    assert first == again != other


def test_a_function_acts_and_may_draw_from_the_seed():
    e = record(lambda observation: 4 if observation[1] == 1 else 3, Shifted, episodes=2)
    assert e.actions.tolist() == [0, 1, 0, 0, 1, 0]

    def guess(observation, rng):
        return 3 + int(rng.integers(2))

    first, again = (record(guess, Shifted, episodes=9, seed=3) for _ in range(2))
    assert same(first, again) and set(first.actions) == {0, 1} and first.card.policy == "guess"
    with pytest.raises(UsageError, match="action received 7"):
        record(lambda observation: 7, Shifted)


def test_recording_does_not_disturb_training():
    experiment = Experiment(QLearning(), short_walks(), seed=1, lane="host", progress=False)
    experiment.train(200)
    before = experiment.get_state()
    play = {"episodes": 3, "lane": "host"}
    first, again = (record(experiment.learner, short_walks(), explore=True, **play) for _ in range(2))
    assert_same_state(experiment.get_state(), before)
    assert same(first, again) and first.card.policy == "q_learning exploring"
    noisy = record(experiment.learner, short_walks(), epsilon=0.5, **play)
    assert not same(noisy, record(experiment.learner, short_walks(), **play))


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_both_lanes_record_true_successors_and_ends(lane):
    e = record(Random(), "lab/KeyDoor-v0", episodes=40, seed=2, lane=lane, num_envs=16)
    assert len(e) == 40 and e.lengths.max() <= 28
    # A door entered at the very last step ends an episode in both ways.
    assert (e.terminated | e.truncated).all() and (e.lengths[e.truncated] == 28).all()
    assert set(e.actions) == {0, 1, 2, 3} and (e.returns <= e.terminated).all()
    # The room is the last three entries: it is entered anew at steps 8 and 20.
    rooms = e.observations[:, -3:].argmax(axis=1)
    for start, length in zip(e.starts, e.lengths, strict=True):
        assert rooms[start : start + length].tolist() == [0] * 8 + [1] * 12 + [2] * (length - 20)
    assert e.final_observations.any(axis=1).all()
    assert e.card.environment == "lab/KeyDoor-v0"


@pytest.mark.thorough
def test_compiled_recordings_replay_in_the_host_environment():
    """The dynamics are the same: an episode's actions from its first observation lead to its last."""
    e = record(Random(), "lab/CartPole-v1", episodes=3, seed=2, lane="compiled")
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    env.state = e[0].observations[0].astype(np.float64)
    for action, expected in zip(e[0].actions, e[0].observations[1:], strict=True):
        assert env.step(int(action))[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.thorough
def test_a_dqn_records_compiled_and_keeps_what_it_is():
    agent = DQN(**SMALL_DQN)
    experiment = Experiment(agent, "lab/CartPole-v1", seed=1, lane="host", progress=False)
    experiment.train(60)
    before = experiment.get_state()
    noisy = record(agent, "lab/CartPole-v1", episodes=6, seed=1, epsilon=0.5)
    assert noisy.card.policy == "dqn with epsilon 0.5"
    assert_same_state(experiment.get_state(), before)
    greedy = record(agent, "lab/CartPole-v1", episodes=6, seed=1)

    def agreement(e):
        return (e.actions == agent.action_values(e.observations).argmax(axis=1)).mean()

    assert agreement(greedy) > 0.99 and 0.6 < agreement(noisy) < 0.95


def test_bad_arguments_are_named():
    for words, given in (
        ("episodes received 0", {"episodes": 0}),
        ("epsilon received 2", {"epsilon": 2}),
        ("lane received 'fast'", {"lane": "fast"}),
        ("lane received 'compiled', but the dynamics of Counter are Python", {"lane": "compiled"}),
    ):
        with pytest.raises(UsageError, match=words):
            record(Random(), Counter, **given)
    with pytest.raises(UsageError, match="policy received"):
        record("random", Counter)


@pytest.mark.thorough
def test_the_command_records_runs_and_random_play(tmp_path, capsys):
    data, run = tmp_path / "data.npz", tmp_path / "run"
    assert main(["record", "random", "lab/GridWorld-v0", "-o", str(data), "--episodes", "4", "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert "recorded 4 episodes" in said and "lab train cql" in said
    assert main(["record", "random", "lab/PointMass-v0", "-o", str(tmp_path / "box.npz"), "--episodes", "1"]) == 0
    assert "lab train iql" in capsys.readouterr().out
    assert main(["record", "random", "lab/GridWorld-v0", "-o", str(data)]) == 2
    assert "exists. Fix: --append" in capsys.readouterr().err
    settings = ["--set", "batch_size=8", "--set", "hidden_sizes=8", "--evaluate-every", "20"]
    assert main(["train", "behavior_cloning", str(data), "--steps", "20", "--run", str(run), *settings]) == 0
    assert main(["record", str(run), "-o", str(data), "--episodes", "3", "--append", "--epsilon", "0.2"]) == 0
    e = Episodes.load(data)
    e.verify()
    assert len(e) == 7 and e.card.policy == "random + behavior_cloning with epsilon 0.2"
    for wrong, words in (
        (["record", "random", "-o", str(tmp_path / "b.npz")], "SOURCE received None"),
        (["record", str(tmp_path / "none"), "-o", str(tmp_path / "b.npz")], "none"),
        (["record", "random", "CartPole-v1", "-o", "b.csv"], "--output received 'b.csv'"),
    ):
        assert main(wrong) == 2
        assert words in capsys.readouterr().err
