"""check_agent: what every agent must do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.testing import learners, state
from lab.testing.comparing import check_same_state
from lab.testing.failures import chosen, expect, expected_error, run
from lab.testing.subject import STEPS, Trial, subject


def acts_within_its_space(trial: Trial) -> None:
    """It acts on one observation or several, within its space, and acting leaves it as it was."""
    agent: Any = trial.subject.make()
    with expected_error("does not know its environment yet", "acting before `build`", "leave `act` as it is"):
        agent.act(0)
    agent = trial.subject.experiment().learner
    observations, before = _observations(agent), agent.get_state()
    for explore in (False, True):
        actions = agent.act(observations, explore=explore)
        fix = "return one action a row from `act_batch`: for Discrete spaces indices from 0"
        expect(len(actions) == len(observations), f"{len(actions)} actions", f"{len(observations)}", fix)
        for action in (*actions, agent.act(observations[0], explore=explore)):
            expect(action in agent.action_space, f"the action {action!r}", f"one of {agent.action_space}", fix)
        if not explore:
            fix = "draw from `evaluation_rng` where `explore` is False"
            check_same_state(agent.get_state(), before, "states before and after acting", fix)


def refuses_observations_of_another_kind(trial: Trial) -> None:
    """Observations of another shape, and such that are not finite, are one clear error."""
    agent: Any = trial.subject.experiment().learner
    one, fix = _observations(agent)[0], "leave `act` as it is, and override `act_batch`"
    with expected_error("observations received shape", "observations of another shape", fix):
        agent.act(np.stack([np.stack([one] * 3, axis=-1)] * 2))
    if np.asarray(one).dtype.kind == "f":
        with expected_error("finite", "an observation of NaN", fix):
            agent.act(np.full_like(one, np.nan))


def _observations(agent: Any) -> np.ndarray:
    space = agent.observation_space
    space.seed(1)
    return np.array([space.sample() for _ in range(5)])


OWN_CHECKS = (acts_within_its_space, refuses_observations_of_another_kind)
CHECKS = (*OWN_CHECKS, *learners.CHECKS, state.state_and_seed_decide_everything)
# For agents that learn by acting: recordings are not stepped together.
INTERACTING_CHECKS = (learners.resumes_exactly_with_three_environments,)


def check_agent(
    agent: Any,
    source: Any,
    *,
    steps: int = STEPS,
    lane: str = "auto",
    idle: Mapping[str, str] | None = None,
    skip: Iterable[str] = (),
) -> tuple[str, ...]:
    """Check that an agent trains, evaluates, renders, loads, copies and resumes as all others do.

    It is trained some ten times for `steps` steps, in temporary folders. Give it settings with which it learns within
    these: small networks and batches, and no long wait before its first update.

    Args:
        agent: The agent's class, which is then made with its default settings, or an instance, of which the settings
            are taken and nothing is changed.
        source: What to train on, as for `Experiment`: an environment's id, an instance, a factory or recorded episodes.
        steps: Environment steps of each training (updates where it learns from recordings), at least 30.
        lane: As for `Experiment`; call it once for each lane that the agent has.
        idle: Items of the state that training does not need, each with the reason. With it every other item is checked
            to decide something, by leaving it out: a further training for each.
        skip: Names of checks to leave out.

    Returns:
        The names of the checks, in order; all passed.

    Raises:
        CheckFailed: At the first check that fails: its name, what was received, what was expected and a fix.
        UsageError: When the arguments fit nothing.
    """
    under = subject("agent", agent, source, "lab.agents", steps, lane=lane, idle=idle)
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(under, Path(folder))
        example = under.experiment()
        interacts = example.task.unit == "environment steps" and example.task.evaluation_names != ()
        example.close()
        checks = (*CHECKS, *(INTERACTING_CHECKS if interacts else ()))
        return run(chosen(checks, skip), trial)
