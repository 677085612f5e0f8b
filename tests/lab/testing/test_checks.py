"""The public checks: what breaks the contract fails the check that names it, and bad arguments are one clear error."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest

from agents import DQN, Agent, Random
from lab import UsageError
from lab.testing import CheckFailed, agents, check_agent, check_environment, check_generator, environments, generators
from lab.testing.comparing import check_same_state, differences
from lab.testing.failures import name_of
from lab.testing.subject import subject
from tests.agents.helpers import Counter
from tests.contracts import load_example
from tests.generative.tiny import Tiny, images

AGENT_NAMES = {name_of(check) for check in agents.CHECKS}
OWN = load_example("check_your_own")
Follower: Any = OWN.Follower


def but(names: set[str], *kept: str) -> set[str]:
    """Return all names but those, to run these alone."""
    assert set(kept) <= names
    return names - set(kept)


class OutOfRange(Follower):
    """Counts its actions from 1."""

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        return super().act_batch(observations, explore) + 1


class DrawsInEvaluation(Follower):
    """Draws from the stream of training also when it is judged."""

    def act_batch(self, observations: np.ndarray, explore: bool = False) -> np.ndarray:
        return self.rng.integers(2, size=len(observations))


class Remembers(Follower):
    """Keeps what training changes where no checkpoint looks."""

    not_state = ("totals",)


class NotANumber(Follower):
    """Reports a metric that is none."""

    def update(self) -> dict[str, float]:
        return {"value": float("nan")}


@pytest.mark.parametrize(
    ("kind", "check", "words"),
    [
        (OutOfRange, "acts_within_its_space", "mend act_batch"),
        (DrawsInEvaluation, "acts_within_its_space", "evaluation_rng"),
        (OWN.Forgetful, "acts_within_its_space", None),
        (OWN.Forgetful, "state_and_seed_decide_everything", "never from a global generator"),
        (Remembers, "resumes_exactly", "made in `build`"),
        (NotANumber, "trains_with_finite_rows", ""),
    ],
)
def test_an_agent_that_breaks_the_contract_fails_the_check_that_says_so(
    kind: Any, check: str, words: str | None
) -> None:
    skip = but(AGENT_NAMES | {"resumes_exactly_with_three_environments"}, check)
    if words is None:
        assert check_agent(kind, OWN.make_corridor, skip=skip, steps=60) == (check,)
        return
    with pytest.raises(CheckFailed, match=f"^{check}: .*{words}") as caught:
        check_agent(kind, OWN.make_corridor, skip=skip, steps=60)
    assert caught.value.check == check and "Fix: " in str(caught.value)


class Together(Tiny):
    """Draws each column from a generator that all rows share."""

    def sample(self, number: int, seed: int | None = None) -> np.ndarray:
        columns = [self.rng(seed).standard_normal(self.count(number)) for _ in range(self.size - 1)]
        last = self.rng(seed).permutation(max(1, number))[:number]
        return self.spec.quantise(np.stack([*columns, last], axis=1).reshape(number, *self.spec.shape))


class OneSample(Tiny):
    """Gives the same rows whatever the seed."""

    def sample(self, number: int, seed: int | None = None) -> np.ndarray:
        return super().sample(number, seed=1)


@pytest.mark.parametrize(
    ("kind", "check", "words"),
    [
        (Together, "each_row_has_random_numbers_of_its_own", "with one call"),
        (OneSample, "seeds_decide_samples", "self.rng"),
    ],
)
def test_a_generator_that_breaks_the_contract_fails_the_check_that_says_so(kind: Any, check: str, words: str) -> None:
    skip = but({name_of(c) for c in generators.CHECKS}, check)
    with pytest.raises(CheckFailed, match=f"^{check}: .*{words}"):
        check_generator(kind, images(), skip=skip, steps=30)


class Unseeded(OWN.Corridor):
    """Draws from a generator that no seed reaches."""

    rng = np.random.default_rng()

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return int(self.rng.integers(6)), {}


class Vague(OWN.Corridor):
    """Pays what is no number."""

    def step(self, action: Any) -> Any:
        return self.cell, "much", False, False, {}


class Remembered(OWN.Corridor):
    """Is harder the more often it was stepped, in any process."""

    steps = 0

    def step(self, action: Any) -> Any:
        Remembered.steps += 1
        observation, _, *rest = super().step(action)
        return observation, float(Remembered.steps), *rest


@pytest.mark.parametrize(
    ("kind", "check", "words"),
    [
        (Unseeded, "repeats_itself_under_one_seed", "np_random"),
        (Vague, "keeps_to_its_spaces", "one finite number"),
        (Remembered, "resumes_exactly", "arrives where it was"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_an_environment_that_breaks_the_contract_fails_the_check_that_says_so(
    kind: Any, check: str, words: str
) -> None:
    skip = but({name_of(c) for c in environments.CHECKS}, check)
    with pytest.raises(CheckFailed, match=f"^{check}: ") as caught:
        check_environment(lambda: gymnasium.wrappers.TimeLimit(kind(), 30), skip=skip, steps=60)
    assert words in str(caught.value)


def test_an_environment_is_taken_as_an_id_a_class_an_instance_or_dynamics() -> None:
    from envs.classic.cartpole import CartPole

    skip = but({name_of(c) for c in environments.CHECKS}, "repeats_itself_under_one_seed")
    for given in ("CartPole-v1", CartPole(), OWN.make_corridor(), OWN.make_corridor):
        assert check_environment(given, skip=skip) == ("repeats_itself_under_one_seed",)


def test_an_instance_is_checked_with_its_settings_and_stays_as_it_is() -> None:
    tiny = Tiny(batch_size=4)
    under = subject("generator", tiny, images(), "lab.generators", 60)
    assert under.make().config == tiny.config and not tiny.built
    assert under.steps == 60 and under.middle < under.first and under.middle % under.log_every


@pytest.mark.thorough
def test_schedules_that_follow_the_run_are_no_fault_of_the_agent() -> None:
    # The checks train in two parts, of which the first decides the schedules' length: neither a failure nor a warning.
    agent = DQN(hidden_sizes=(4,), batch_size=4, learning_starts=8, update_every=4, updates_per_round=1)
    names = AGENT_NAMES | {"resumes_exactly_with_three_environments"}
    kept = ("resumes_exactly", "state_and_seed_decide_everything")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning)
        assert check_agent(agent, Counter, steps=60, lane="host", skip=but(names, *kept)) == kept


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: check_agent(Tiny, "CartPole-v1"), "expected an agent or its class"),
        (lambda: check_agent(Agent, 3, steps=3), "expected a whole number >= 30"),
        (lambda: check_generator(Random(), images()), "expected a generator or its class"),
        (lambda: check_generator(3, images()), "expected a generator or its class"),
        (lambda: check_environment(3), "expected an id"),
        (lambda: check_environment("CartPole-v1", steps=True), "expected a whole number >= 30"),
        (lambda: check_environment("CartPole-v1", skip=["renders"]), "renders_frames_of_one_shape"),
    ],
)
def test_bad_arguments_are_one_clear_error(call: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


def test_states_are_compared_to_the_bit() -> None:
    state: Any = {"a": [np.zeros(2), 0.0], "b": ("x", None)}
    assert not differences(state, {"a": [np.zeros(2), 0.0], "b": ("x", None)})
    others: list[Any] = [
        {"a": [np.array([0.0, -0.0]), 0.0], "b": ("x", None)},
        {"a": [np.zeros(2), -0.0], "b": ("x", None)},
        {"a": [np.zeros(2, np.float32), 0.0], "b": ("x", None)},
        {"a": [np.zeros(2), 0], "b": ("x", None)},
        {"a": [np.zeros(2), 0.0], "b": ("x",)},
        {"a": [np.zeros(2), 0.0]},
    ]
    for other in others:
        with pytest.raises(CheckFailed, match="state"):
            check_same_state(state, other)
    nan = {"a": float("nan")}
    assert not differences(nan, {"a": float("nan")})
