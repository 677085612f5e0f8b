import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete, Sequence

from agents import DQN
from agents.transitions import Transition
from envs import random
from lab import Experiment
from lab.errors import UsageError
from lab.networks import Mirror
from lab.seeding import Seeds
from lab.training.adam import averaged
from tests.agents.dqn.helpers import batch_of, set_values, update
from tests.agents.helpers import Counter, Threshold

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}


def agent(seed=0, space=None, kind=DQN, **settings):
    made = kind(**{**SMALL, **settings})
    made.setup(space or Box(-1, 1, (2,), np.float32), Discrete(3), Seeds(seed))
    return made


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"double": False}, 7.0), ({"pessimism": 0.0}, 5.0), ({"pessimism": 1.0}, 3.0), ({"pessimism": 0.25}, 4.5)],
)
def test_the_target_by_hand_plain_double_and_pessimistic(settings, expected):
    a = agent(space=Discrete(2), hidden_sizes=(), **settings)
    set_values(a.online, [[0, 0, 0], [1.0, 3.0, 2.0]])
    set_values(a.target, [[0, 0, 0], [7.0, 5.0, 6.0]])
    # Plain: the target's own best (7.0). Double: online selects action 1 (3.0), target values it (5.0). Pessimistic: a
    # share of the lesser of those two.
    following = a.next_values(a.parameters(), tf.constant([[0.0, 1.0]]))
    assert following.numpy() == pytest.approx([expected])


def test_whoever_overrides_the_next_actions_alone_changes_what_follows():
    class Worst(DQN):
        def next_actions(self, parameters, next_features):
            return tf.argmin(self.values(parameters.online, next_features), axis=-1, output_type=tf.int32)

    a = agent(kind=Worst, space=Discrete(2), hidden_sizes=(), pessimism=0.0)
    set_values(a.online, [[0, 0, 0], [1.0, 3.0, 2.0]])
    set_values(a.target, [[0, 0, 0], [7.0, 5.0, 6.0]])
    assert a.next_values(a.parameters(), tf.constant([[0.0, 1.0]])).numpy() == pytest.approx([7.0])


@pytest.mark.parametrize("terminated", [0.0, 1.0])
def test_one_update_moves_the_value_to_the_target(terminated):
    a = agent(space=Discrete(2), hidden_sizes=(), learning_rate=0.1, discount=0.5, huber_delta=1.0)
    set_values(a.online, [[1.0, 0, 0], [0, 0, 4.0]])
    set_values(a.target, [[0, 0, 0], [0, 0, 4.0]])
    loss, norm, value = update(a, batch_of([0], [0], [2.0], [0.5 * (1.0 - terminated)], [1]))
    # Target 2 + 0.5 * 4 = 4, or 2 at the end; error 3 or 1; Huber's loss 2.5 or 0.5, its gradient 1 on weight and bias.
    assert loss == pytest.approx(0.5 if terminated else 2.5)
    assert norm == pytest.approx(2**0.5)
    assert value == pytest.approx(1.0)
    assert a.online.trainable_variables[0].numpy()[0, 0] == pytest.approx(1.1, abs=1e-3), (
        "Adam's first step is its rate"
    )
    assert a.target.trainable_variables[0].numpy()[0, 0] == 0.0, "only the online network learns"


def test_gradients_are_clipped_by_their_global_norm():
    a = agent(
        space=Discrete(2), hidden_sizes=(), gradient_clip=0.5, huber_delta=100.0, adam_epsilon=1e6, learning_rate=1e6
    )
    set_values(a.online, [[0, 0, 0], [0, 0, 0]])
    _, norm, _ = update(a, batch_of([0], [0], [10.0], [0.0], [1]))
    assert norm == pytest.approx(10 * 2**0.5), "the norm that is reported is that before clipping"
    # Adam with a huge epsilon: its first step is rate sqrt(1 - b2) / (1 - b1) * (1 - b1) gradient / epsilon, and the
    # clipped gradient is 0.5 / sqrt 2 here.
    assert a.online.trainable_variables[0].numpy()[0, 0] == pytest.approx(0.5 / 2**0.5 * 0.001**0.5, rel=1e-3)


@pytest.mark.thorough
def test_rounds_and_target_copies_come_by_environment_step():
    a = agent(target_update_every=16)
    rng = np.random.default_rng(0)
    rounds, copies = [], []
    for i in range(1, 21):
        observations = rng.normal(size=(2, 2, 2)).astype(np.float32)
        flags = np.zeros(2, bool)
        a.observe(Transition(observations[0], np.array([0, 1]), np.ones(2), flags, flags, observations[1]))
        before = int(a.copies)
        if a.update() is not None:
            rounds.append(2 * i)
        a.settle()
        if int(a.copies) > before:
            copies.append(2 * i)
    assert rounds == list(range(8, 41, 4)), "two environments: two steps each time; the first round at learning_starts"
    assert copies == [16, 32]


def test_epsilon_falls_by_environment_step():
    a = agent(epsilon_start=1.0, epsilon_end=0.0, epsilon_steps=100)
    a.steps = 25
    assert a.epsilon == 0.75


def test_acting_mirrors_the_network():
    a = agent(hidden_sizes=(16, 8), average_decay=0.0)
    observations = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    exact = a.online(observations).numpy()
    assert np.allclose(a.action_values(observations), exact, atol=1e-5)
    assert np.allclose(a.action_values(observations[:1]), exact[:1], atol=1e-5)
    assert a.act(observations[0]) == exact[0].argmax()
    assert a.act(observations).tolist() == exact.argmax(axis=1).tolist()


@pytest.mark.thorough
def test_the_mirror_follows_the_updates():
    made = DQN(**SMALL)
    Experiment(made, Counter, progress=False).train(40)
    observations = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    for average in (False, True):
        network = made.average if average else made.online
        assert np.allclose(made.action_values(observations, not average), network(observations).numpy(), atol=1e-5)


def test_greedy_play_goes_by_weights_averaged_by_hand():
    a = agent(space=Discrete(2), hidden_sizes=(), average_decay=0.15)
    parameters = tf.nest.map_structure(tf.convert_to_tensor, a.parameters())

    def after(parameters, count, online):
        moments = parameters.moments._replace(count=tf.constant(float(count)))
        new = tuple(tf.fill(w.shape, online) for w in parameters.online)
        average = averaged(parameters.averaged, new, a.config.average_decay, moments.count - 1.0)
        return parameters._replace(online=new, moments=moments, averaged=average)

    parameters = parameters._replace(averaged=tuple(tf.zeros_like(w) for w in parameters.online))
    parameters = after(parameters, 1, 10.0)
    assert parameters.averaged[0].numpy() == pytest.approx(9.0), "the first update keeps a tenth of the old"
    parameters = after(parameters, 2, 1.0)
    assert parameters.averaged[0].numpy() == pytest.approx(0.15 * 9 + 0.85 * 1), "then the lesser of 2 / 11 and 0.15"


def test_exploring_goes_by_the_latest_weights_and_greedy_play_by_the_averaged():
    a = agent(space=Discrete(2), hidden_sizes=(), epsilon_start=0.0, epsilon_end=0.0)
    set_values(a.online, [[0, 0, 9.0]] * 2)
    set_values(a.average, [[0, 9.0, 0]] * 2)
    a.renew_host_forms(None)
    state, key = a.state(), random.key_from_seed(0)
    for explore, action in ((True, 2), (False, 1)):
        assert a.act_batch(np.ones(1, np.int64), explore).tolist() == [action]
        assert a.policy(state, tf.constant([1]), key, explore).action.numpy().tolist() == [action]


def test_without_averaging_there_are_no_averaged_weights():
    a = agent(average_decay=0.0)
    assert a.average is None and a.parameters().averaged == ()
    assert averaged((), a.parameters().online, 0.0, 0.0) == ()


@pytest.mark.thorough
def test_a_network_that_cannot_be_mirrored_acts_through_tensorflow():
    import keras

    class Elu(DQN):
        def network(self, seed):
            layers = [keras.Input((self.number_of_features,)), keras.layers.Dense(5, "elu"), keras.layers.Dense(2)]
            return keras.Sequential(layers)

    made = Elu(**{name: value for name, value in SMALL.items() if name != "hidden_sizes"})
    Experiment(made, Counter, progress=False).train(20)
    assert made.latest.mirror is None and not Mirror.fits(made.online)
    observations = np.ones((3, 2), np.float32)
    assert np.allclose(made.action_values(observations), made.average(observations).numpy(), atol=1e-6)


def test_nothing_retraces_in_steady_state():
    made = DQN(**SMALL)
    experiment = Experiment(made, Counter, progress=False)
    experiment.train(20)
    calls = made.rule.calls
    before = calls.learn.experimental_get_tracing_count()
    experiment.train(200)
    assert calls.learn.experimental_get_tracing_count() == before == 1 and made.rule.calls is calls


@pytest.mark.thorough
def test_evaluating_changes_nothing_that_training_uses():
    runs = []
    for look in (False, True):
        made = DQN(**SMALL)
        experiment = Experiment(made, "CartPole-v1", seed=2, progress=False)
        experiment.train(60)
        if look:
            experiment.evaluate(3)
        experiment.train(60)
        runs.append(np.concatenate([w.numpy().ravel() for w in made.online.variables]))
    assert np.array_equal(*runs)


def test_discrete_observations_become_one_hot_rows():
    a = agent(space=Discrete(3, start=1))
    assert a.features(np.array([1, 3])).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_a_set_learning_rate_stays():
    made = DQN(**SMALL, learning_rate=0.1, learning_rate_end=0.01, learning_rate_steps=40)
    experiment = Experiment(made, Counter, progress=False)
    experiment.train(20)
    assert made.learning_rate == pytest.approx(0.1 - 0.09 * 20 / 40, rel=1e-4)
    made.learning_rate = 0.5
    experiment.train(20)
    assert made.learning_rate == 0.5


def test_spaces_that_do_not_fit_are_refused_before_anything_is_built():
    with pytest.raises(UsageError, match=r"DQN received the action space Box.*; expected Discrete. Fix"):
        Experiment(DQN(), "Pendulum-v1")
    with pytest.raises(UsageError, match="DQN received the observation space Sequence"):
        agent(space=Sequence(Discrete(3)))
    with pytest.raises(UsageError, match="replay_capacity received 3; expected at least batch_size"):
        DQN(replay_capacity=3)


@pytest.mark.thorough
def test_it_learns_a_threshold():
    made = DQN(hidden_sizes=(32,), batch_size=32, update_every=10, updates_per_round=5, learning_starts=100,
               epsilon_steps=1000, replay_capacity=2000)  # fmt: skip
    experiment = Experiment(made, Threshold, seed=1, num_envs=2, progress=False)
    before = experiment.evaluate(200)["mean"]
    experiment.train(3000)
    assert experiment.evaluate(200)["mean"] > 0.95 > before


def test_cartpole_rises_well_above_random():
    made = DQN(hidden_sizes=(64, 64))
    experiment = Experiment(made, "CartPole-v1", seed=1, progress=False)
    experiment.train(6000)
    scores = [experiment.evaluate(20)["mean"]]
    assert max(scores) > 100, "random play scores about 22"
    assert gymnasium.spec("CartPole-v1").reward_threshold == 475
