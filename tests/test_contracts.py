"""One suite for every agent, generator, environment and callback; the cases are in `contracts.py`."""

from __future__ import annotations

import dataclasses
import shutil
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import lab.callbacks
from lab import Experiment, UsageError, registry
from lab.callbacks.loggers import Logger
from lab.testing import agents, differences, environments, generators, predictors
from lab.testing.failures import name_of, run_one
from lab.testing.state import through_disk
from lab.testing.subject import Trial
from tests import contracts
from tests.contracts import CALLBACKS, Case, assert_same_state

CASES = contracts.cases()
AGENTS = [case for case in CASES if case.is_agent]
INTERACTING = [case for case in CASES if case.interacts]


def params(cases: list[Case]) -> Any:
    return [pytest.param(case, id=case.label) for case in cases]


def case_called(label: str) -> Case:
    return next(case for case in CASES if case.label == label)


# ---------------------------------------------------------------- every learner


@pytest.mark.parametrize("name", sorted(contracts.installed_learners()))
def test_every_installed_learner_is_under_contract(name: str) -> None:
    assert name in contracts.SMALL, (
        f"the learner {name!r} is not held to the contract. Fix: add an entry {name!r} with tiny settings and a source "
        "to SMALL in tests/contracts.py."
    )
    assert name in registry.names(*registry.LEARNERS)
    assert registry.learner(name).name == name, "the entry point has another name than the class"


def checks_of(case: Case) -> Any:
    """Return the public checks of a case's kind."""
    if not case.is_agent:
        return predictors.CHECKS if case.kind().group == "lab.predictors" else generators.CHECKS
    return (*agents.CHECKS, *(agents.INTERACTING_CHECKS if case.interacts else ()))


def held_to(case: Case) -> Any:
    """Return those that no other case has shown for it."""
    return [check for check in checks_of(case) if name_of(check) not in case.shown]


@pytest.mark.parametrize("label", sorted(contracts.SHOWN))
def test_what_a_case_leaves_to_another_is_shown_there(label: str) -> None:
    by, names = contracts.SHOWN[label]
    case, other = case_called(label), case_called(by)
    assert names <= {name_of(check) for check in held_to(other)} and names <= {name_of(c) for c in checks_of(case)}
    first, second = case.kind(), other.kind()
    assert issubclass(first, second) or first.__bases__ == second.__bases__
    assert contracts.SEEDED not in names or contracts.SAME_STATE[label] == by


_trials: dict[str, Trial] = {}


@pytest.fixture
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Train each case once for all the checks that only look; they come one after the other."""
    # A fixture of the module would be made anew for each pair, as pytest tells parameters apart by their places.
    label = request.param.label
    if label not in _trials:
        _trials.clear()
        _trials[label] = Trial(request.param.subject, tmp_path_factory.mktemp(label))
    return _trials[label]


def pair(case: Case, check: Any) -> Any:
    name = name_of(check)
    marks = [pytest.mark.thorough] if contracts.is_thorough(case, name) else []
    return pytest.param(case, check, id=f"{case.label}-{name}", marks=marks)


PAIRS = [pair(case, check) for case in CASES for check in held_to(case)]


@pytest.mark.parametrize(("trial", "check"), PAIRS, indirect=["trial"])
def test_a_learner_keeps_the_contract(trial: Trial, check: Any) -> None:
    run_one(check, trial)


@pytest.mark.parametrize("label", sorted(contracts.SAME_STATE))
def test_a_case_whose_state_another_stands_for_keeps_the_same_things(label: str) -> None:
    mine, theirs = (case_called(one).experiment() for one in (label, contracts.SAME_STATE[label]))
    assert mine.learner.state_names == theirs.learner.state_names
    assert mine.task.get_state().keys() == theirs.task.get_state().keys()


# ---------------------------------------------------------------- every agent


TWO = gymnasium.spaces.Discrete(2)


class Whole(gymnasium.Env[Any, Any]):
    """Pays whole numbers and NumPy flags, as many environments do."""

    def __init__(self, actions: gymnasium.Space[Any] = TWO) -> None:
        self.observation_space = gymnasium.spaces.Discrete(4)
        self.action_space = actions

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.cell = 0
        return self.cell, {}

    def step(self, action: Any) -> Any:
        self.cell += 1
        return self.cell, 1, np.bool_(self.cell == 3), False, {}


@pytest.mark.parametrize("case", params(INTERACTING))
def test_an_agent_is_given_float64_rewards_and_flags(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    agent: Any = case.learner()
    observe = agent.observe
    monkeypatch.setattr(type(agent), "observe", lambda self, transition: (seen.append(transition), observe(transition)))
    Experiment(agent, lambda: Whole(case.actions), progress=False).train(6)
    kinds = {(t.reward.dtype, t.terminated.dtype, t.truncated.dtype) for t in seen}
    assert kinds == {(np.dtype(np.float64), np.dtype(bool), np.dtype(bool))}
    assert [int(t.next_observation[0]) for t in seen[:4]] == [1, 2, 3, 1], "an end's true last observation is kept"


# ---------------------------------------------------------------- what a user's own agent may get wrong


class Fading:
    """A schedule as users write them: called for its value, with a count of its own."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> float:
        self.calls += 1
        return 1.0 / self.calls


def own_agent(build: Any, observe: Any) -> Any:
    """Return an agent of a class of its own."""
    from agents import Random

    kind = type("OwnAgent", (Random,), {"build": build, "observe": observe})
    return kind()


def test_state_within_a_callable_attribute_is_kept_or_refused(tmp_path: Path) -> None:
    def build(self: Any) -> None:
        self.fading, self.rng = Fading(), self.seeds.generator("exploration")

    agent = own_agent(build, lambda self, transition: self.fading())
    try:
        Experiment(agent, Whole, run_dir=tmp_path / "run", progress=False).train(6)
    except UsageError:
        return
    resumed = Experiment.resume(tmp_path / "run", source=Whole, progress=False)
    assert resumed.learner.fading.calls == 6


def test_an_attribute_made_after_build_is_refused_while_nothing_is_lost(tmp_path: Path) -> None:
    def observe(self: Any, transition: Any) -> None:
        self.last_reward = transition.reward

    def build(self: Any) -> None:
        self.rng = self.seeds.generator("exploration")

    with pytest.raises(UsageError, match="last_reward.*build"):
        Experiment(own_agent(build, observe), Whole, run_dir=tmp_path / "run", progress=False).train(6)


# ---------------------------------------------------------------- every environment

registry.load_environments()
ENVIRONMENTS = sorted(name for name in gymnasium.registry if name.startswith("lab/"))


# A twin has its original's spaces, also where the checker advises others.
ADVICE = {"lab/Pendulum-v1": [".*symmetric and normalized space.*"]}


@pytest.mark.parametrize("check", environments.CHECKS, ids=name_of)
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_keeps_the_contract_without_a_warning(name: str, check: Any, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for words in ADVICE.get(name, ()):
            warnings.filterwarnings("ignore", message=words)
        run_one(check, environments.world_of(name, 121, tmp_path))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_renders_even_frames_in_which_something_moves(name: str) -> None:
    env = gymnasium.make(name, render_mode="rgb_array", disable_env_checker=True)
    env.reset(seed=2)
    env.action_space.seed(2)
    frames: list[Any] = [env.render()]
    for _ in range(5):
        if any(env.step(env.action_space.sample())[2:4]):
            env.reset()
        frames.append(env.render())
    env.close()
    height, width, _ = frames[0].shape
    assert height % 2 == width % 2 == 0
    assert len({frame.tobytes() for frame in frames}) > 1, "something moves"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_must_be_reset_before_a_step(name: str) -> None:
    env = gymnasium.make(name, disable_env_checker=True)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.unwrapped.step(env.action_space.sample())
    env.reset(seed=0)
    env.step(env.action_space.sample())
    env.reset()
    env.step(env.action_space.sample())
    env.close()


def test_there_are_environments() -> None:
    assert "lab/GridWorld-v0" in ENVIRONMENTS


# ---------------------------------------------------------------- every callback


def made(name: str) -> lab.callbacks.Callback:
    if CALLBACKS[name].needs:
        pytest.importorskip(CALLBACKS[name].needs)
    return CALLBACKS[name].make(getattr(lab.callbacks, name))


def watched(name: str, run: Path, callbacks: list[Any], **keywords: Any) -> Experiment:
    keywords = {"evaluate_every": 30, "checkpoint_every": 40, **keywords}
    return case_called(CALLBACKS[name].learner).experiment(run, callbacks=callbacks, **keywords)


@pytest.mark.parametrize("name", lab.callbacks.__all__)
def test_every_callback_is_under_contract(name: str) -> None:
    assert name in CALLBACKS, (
        f"the callback {name!r} is not held to the contract. Fix: add it to CALLBACKS in tests/contracts.py."
    )


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callbacks_hooks_are_called_in_order(name: str, tmp_path: Path) -> None:
    calls: list[str] = []
    made(name)
    callback = CALLBACKS[name].make(contracts.spied(getattr(lab.callbacks, name), calls))
    watched(name, tmp_path / "run", [callback]).train(67)
    assert (calls.count("on_train_begin") == 1 and "on_train_end" not in calls[:-2]) or name == "CSVLogger"
    assert calls[0] == "on_train_begin" and calls[-2:] == ["on_train_end", "on_checkpoint"]
    for hook in ("on_update", "on_log", "on_evaluation", "on_checkpoint"):
        assert hook in calls, hook
    assert calls.count("on_interval") == (67 // callback.every if callback.every else 0)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callbacks_state_survives_a_checkpoint(name: str, tmp_path: Path) -> None:
    callback = made(name)
    watched(name, tmp_path / "run", [callback]).train(67)
    state = callback.get_state()
    other = made(name)
    if CALLBACKS[name].stateful:
        assert differences(other.get_state(), state), "training must have changed its state"
    other.set_state(through_disk(state, tmp_path))
    assert_same_state(other.get_state(), state)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_run_resumes_exactly_with_a_callback_attached(name: str, tmp_path: Path) -> None:
    case = case_called(CALLBACKS[name].learner)
    whole = watched(name, tmp_path / "whole", [made(name)])
    whole.train(67)
    shutil.copytree(tmp_path / "whole", tmp_path / "part")
    whole.train(54)
    if issubclass(getattr(lab.callbacks, name), Logger):
        # It holds nothing that training needs, and what it takes may not be there.
        assert case.resume(tmp_path / "part").step == 67
    elif not CALLBACKS[name].standard:
        # What it keeps is part of the run's state, and nothing else could bring it back.
        with pytest.raises(UsageError, match="was trained with the callbacks"):
            case.resume(tmp_path / "part")
    part = case.resume(tmp_path / "part", callbacks=[made(name)])
    part.train(54)
    assert_same_state(part.get_state(), whole.get_state())
    assert part.history == whole.history
    assert files(tmp_path / "part") == files(tmp_path / "whole")
    for file in ("metrics.jsonl", "evaluations.jsonl"):
        assert contracts.logged(tmp_path / "part", file) == contracts.logged(tmp_path / "whole", file)


def files(run: Path) -> list[str]:
    return sorted(str(path.relative_to(run)) for path in run.rglob("*"))


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_beside_the_standard_ones_doubles_no_rows(name: str, tmp_path: Path) -> None:
    experiment = watched(name, tmp_path / "run", [made(name)])
    experiment.train(40)
    assert [row["step"] for row in contracts.logged(tmp_path / "run")] == [20, 40]


def test_a_schedule_resumes_exactly_with_three_environments(tmp_path: Path) -> None:
    """Steps come in threes, so that an interval of 20 ends at 21: what was set there must come back."""
    from lab.callbacks import LearningRateSchedule

    def schedule() -> LearningRateSchedule:
        return LearningRateSchedule(lambda step: 0.01 / (1 + step), every=20)

    case = case_called("dqn")
    case = dataclasses.replace(case, settings={**case.settings, "learning_starts": 1_000})
    whole = case.experiment(tmp_path / "whole", num_envs=3, callbacks=[schedule()])
    whole.train(31)
    rate = whole.learner.learning_rate
    shutil.copytree(tmp_path / "whole", tmp_path / "part")
    part = case.resume(tmp_path / "part", callbacks=[schedule()])
    part.train(1)
    assert part.learner.learning_rate == rate


@pytest.mark.parametrize("label", ["q_learning", "tiny"])
def test_a_stop_within_a_chunk_is_a_place_to_resume_from(label: str, tmp_path: Path) -> None:
    case = case_called(label)
    stopped = case.experiment(tmp_path / "run", log_every=100, callbacks=[contracts.Stubborn(30)])
    stopped.train(121)
    assert 30 <= stopped.step < 100 and stopped.stop_reason == "enough"
    resumed = case.resume(tmp_path / "run", callbacks=[contracts.Stubborn(1000)])
    resumed.train()
    whole = case.experiment(log_every=100)
    whole.train(121)
    assert resumed.step == whole.step == 121
    assert_same_state(resumed.learner.get_state(), whole.learner.get_state())


@pytest.mark.parametrize("label", ["q_learning", "tiny"])
def test_early_stopping_counts_on_over_a_resume(label: str, tmp_path: Path) -> None:
    from lab.callbacks import EarlyStopping

    case = case_called(label)

    def stopper() -> EarlyStopping:
        # Nothing improves on the first reading by that much: the rows of steps 20 to 100 are counted.
        return EarlyStopping(monitor="time_elapsed", mode="min", patience=4, min_delta=1e9)

    whole = case.experiment(tmp_path / "whole", callbacks=[stopper()])
    whole.train(200)
    part = case.experiment(tmp_path / "part", callbacks=[stopper()])
    part.train(60)
    resumed = case.resume(tmp_path / "part", callbacks=[stopper()])
    resumed.train(140)
    assert whole.step == resumed.step == 100
    assert "has not improved" in whole.stop_reason
    assert_same_state(resumed.learner.get_state(), whole.learner.get_state())
