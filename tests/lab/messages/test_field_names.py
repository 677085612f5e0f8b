"""Settings are answered for under the names of other libraries."""

import dataclasses

import pytest

from agents import CQL, DQN
from generative import VAE, Diffusion
from lab import UsageError, registry
from lab.messages.field_names import ELSEWHERE, FIELD_NAMES, offered

# Of `stable_baselines3.DQN`, of CleanRL's dqn.py, and of Keras' and torch's usual scripts.
ASKED = [
    (DQN, "lr", "learning_rate"),
    (DQN, "gamma", "discount"),
    (DQN, "buffer_size", "replay_capacity"),
    (DQN, "train_freq", "update_every"),
    (DQN, "gradient_steps", "updates_per_round"),
    (DQN, "target_update_interval", "target_update_every"),
    (DQN, "exploration_fraction", "epsilon_steps"),
    (DQN, "exploration_final_eps", "epsilon_end"),
    (DQN, "max_grad_norm", "gradient_clip"),
    (DQN, "start_e", "epsilon_start"),
    (DQN, "target_network_frequency", "target_update_every"),
    (DQN, "tau", "target_update_every"),
    (DQN, "net_arch", "hidden_sizes"),
    (CQL, "LR", "learning_rate"),
    (VAE, "latent_dim", "latent_size"),
    (Diffusion, "ema_decay", "average_decay"),
    (Diffusion, "num_inference_steps", "steps"),
]


@pytest.mark.parametrize(("learner", "theirs", "ours"), ASKED)
def test_the_fields_name_is_answered_with_ours(learner, theirs, ours):
    with pytest.raises(UsageError, match=f"no setting is called '{theirs}'; here it is {ours}$"):
        learner(**{theirs: 1})


def test_arguments_of_other_things_are_told_as_such():
    for name, words in (
        ("total_timesteps", "--steps"),
        ("n_envs", "num_envs"),
        ("seed", "--seed"),
        ("epochs", "train"),
    ):
        with pytest.raises(UsageError, match=words):
            DQN(**{name: 1})


def test_every_name_of_the_table_leads_to_a_setting_of_some_learner_and_hides_none():
    ours = {
        field.name
        for name in registry.names("lab.agents", "lab.generators")
        for field in dataclasses.fields(registry.learner(name).Settings)
    }
    assert {name for names in FIELD_NAMES.values() for name in names} <= ours
    assert not ours & set(FIELD_NAMES) - {"epsilon"} and not set(FIELD_NAMES) & set(ELSEWHERE)


def test_other_names_are_answered_with_the_nearest():
    assert offered("learning_rat", ["learning_rate", "b"]) == "did you mean 'learning_rate'?"
    fields = [field.name for field in dataclasses.fields(DQN.Settings)]
    answer = offered("nope", fields)
    assert answer.count("'") == 6 and "--help` lists all" in answer and len(answer) < 150
    assert offered("zzzz", ["a", "b"]) == "known: a, b"
