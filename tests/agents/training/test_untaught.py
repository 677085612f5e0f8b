"""Steps of a training that would teach nothing are said once, with numbers, before it begins."""

import re

import pytest

from agents import A2C, SAC, QLearning, Random
from agents.replay import Replay, Rollouts
from lab import Experiment

A2C_OF_16, SAC_AT_40 = {"hidden_sizes": (4,), "rollout_steps": 16}, {"hidden_sizes": (4,), "learning_starts": 40}


@pytest.mark.parametrize(
    ("gathered", "steps", "says"),
    [
        (0, 16, ""),
        (0, 31, ""),
        (6, 10, ""),
        (0, 40, "of 16 steps: the last 8 of the 40 to come begin one that stays open.*Fix: 32 or 48 steps"),
        (6, 20, "the last 10 of the 20 to come begin one that stays open.*Fix: 10 or 26 steps"),
        (0, 5, "the 6 to come fill none, and teach nothing unless training goes on. Fix: 16 steps"),
        (6, 4, "the 4 to come fill none.*Fix: 10 steps"),
    ],
)
def test_which_steps_fill_no_rollout(gathered, steps, says):
    said = Rollouts(length=8).untaught("A2C", gathered, 2, steps)
    assert re.fullmatch(f".*{says}.*" if says else "", said)


@pytest.mark.parametrize(("due", "steps", "says"), [(9, 9, False), (10, 9, False), (11, 9, True), (1, 1, False)])
def test_whether_a_round_of_updates_comes_at_all(due, steps, says):
    said = Replay(100, 4, 5, learning_starts=8).untaught("SAC", due, 2, steps)
    assert bool(said) == says
    if says:
        assert "11 further steps (learning_starts=8, update_every=5): the 9 to come" in said and "Fix: 11 st" in said


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_both_lanes_say_it_for_what_an_agent_has_gathered(lane, capsys):
    experiment = Experiment(A2C(**A2C_OF_16), "lab/CartPole-v1", lane=lane, num_envs=2, progress=False)
    assert experiment.task.untaught(32) == "" and "the last 4 of the 36" in experiment.task.untaught(36)
    with pytest.warns(UserWarning, match="learning_rate_steps"):
        for steps in (16, 20, 8):
            experiment.train(steps)
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "whole rollouts" in line] == [
        "note: A2C learns from whole rollouts, of 16 steps: the last 4 of the 20 to come begin one that stays open, "
        "and teach nothing unless training goes on. Fix: 16 or 32 steps, or another rollout_steps."
    ][: lane == "host"]
    assert experiment.task.untaught(4) == "" and "Fix: 4 steps" in experiment.task.untaught(2)
    experiment = Experiment(SAC(**SAC_AT_40), "lab/Pendulum-v1", lane=lane, progress=False)
    assert "after 40 further steps" in experiment.task.untaught(39) and experiment.task.untaught(40) == ""


@pytest.mark.parametrize("agent", [Random(), QLearning()])
def test_agents_that_wait_for_nothing_say_nothing(agent):
    assert Experiment(agent, "lab/GridWorld-v0", progress=False).task.untaught(1) == ""


@pytest.mark.parametrize("number", [1, 8])
def test_the_default_run_of_an_on_policy_agent_is_whole_rollouts(number):
    for size in (2048, 1024, 64):
        assert Rollouts(size // number).untaught("", 0, number, A2C.default_steps) == ""
