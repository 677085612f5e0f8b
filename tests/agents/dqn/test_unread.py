"""Settings that a variant's functions do not read are found by listening to them."""

import numpy as np
import pytest
import tensorflow as tf

from agents import DQN
from agents.parts import losses
from lab import Experiment
from lab.errors import UsageError
from tests.agents.helpers import Counter
from tests.contracts import load_example

SMALL = {"batch_size": 4, "learning_starts": 8, "update_every": 4}
VARIANTS = load_example("dqn_variants")


class Double(DQN):
    """Values the online network's choice, whatever `double` says."""

    def next_values(self, parameters, next_features):
        online = self.values(parameters.online, next_features)
        choice = tf.argmax(online, axis=-1, output_type=tf.int32)
        return losses.chosen(self.values(parameters.target, next_features), choice)


class Fixed(DQN):
    """Has one network, whatever `hidden_sizes` says."""

    def network(self, seed):
        from lab.networks import mlp

        return mlp(self.number_of_features, (4,), self.number_of_actions, seed)


class Bytes(Counter):
    """Gives observations that a replay keeps apart."""

    def __init__(self):
        super().__init__()
        self.observation_space = type(self.observation_space)(0, 255, (2,), np.uint8)


def unread(learner, source=Counter):
    # Parts of switches that are off are unread too, which is checked beside the switches.
    return set(Experiment(learner, source, progress=False, lane="host").learner.unread_settings()) & {
        *("hidden_sizes", "double", "pessimism", "huber_delta")
    }


@pytest.mark.parametrize(
    ("learner", "expected"),
    [
        (lambda: Double(double=False, **SMALL), {"double", "pessimism"}),
        (lambda: Double(pessimism=0.1, **SMALL), {"double", "pessimism"}),
        (lambda: Fixed(hidden_sizes=(9,), **SMALL), {"hidden_sizes"}),
        (lambda: VARIANTS.C51(double=False, **SMALL), {"pessimism", "huber_delta"}),
        (lambda: VARIANTS.QRDQN(double=False, **SMALL), {"pessimism"}),
        (lambda: VARIANTS.DoubleDQN(double=False, **SMALL), {"double", "pessimism"}),
        (lambda: DQN(double=False, **SMALL), {"pessimism"}),
        # Nobody chose any of them, so nobody is asked.
        (lambda: Double(**SMALL), set()),
    ],
)
def test_a_variant_says_which_settings_its_functions_leave_unread(learner, expected):
    assert unread(learner()) == expected


def test_what_lies_apart_is_listened_to_as_well():
    assert unread(Double(double=False, **SMALL), Bytes) == {"double", "pessimism"}


def test_a_chosen_setting_that_a_variant_overrides_is_refused_before_training():
    with pytest.raises(UsageError, match="pessimism received 0.1.*Double's functions do not read it.*leave it out"):
        Experiment(Double(pessimism=0.1, **SMALL), Counter, progress=False).train(10)


@pytest.mark.parametrize(("kind", "name"), [(Fixed, "dueling"), (Double, "munchausen")])
def test_a_switch_that_a_variant_overrides_is_refused_before_training(kind, name):
    if kind is Double:
        kind = type("Own", (Double,), {"target_of": lambda self, p, batch, following: batch.reward})
    with pytest.raises(UsageError, match=f"{name} received True.*functions do not read it"):
        Experiment(kind(**{name: True}, **SMALL), Counter, progress=False).train(10)


@pytest.mark.parametrize("name", ["target_of", "row_losses"])
def test_shapes_that_would_broadcast_are_refused(name):
    def column(self, *arguments):
        found = getattr(DQN, name)(self, *arguments)
        return found[:, None] if name == "target_of" else (tf.reduce_mean(found[0]), found[1])

    kind = type("Column", (DQN,), {name: column})
    with pytest.raises(UsageError, match=r"row_losses returned .*; expected the losses and the errors"):
        Experiment(kind(hidden_sizes=(4,), **SMALL), Counter, progress=False).train(12)
