"""One suite for every agent, generator, environment and callback; the cases are in `contracts.py`."""

from __future__ import annotations

import dataclasses
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence

import lab.callbacks
from lab import Experiment, UsageError, registry
from lab.learner import Learner
from tests import contracts
from tests.contracts import CALLBACKS, IDLE_TASK, Case, assert_same_state

CASES = contracts.cases()
AGENTS = [case for case in CASES if case.is_agent]
INTERACTING = [case for case in CASES if case.interacts]


def params(cases: list[Case]) -> Any:
    return [pytest.param(case, id=case.label) for case in cases]


def case_called(label: str) -> Case:
    return next(case for case in CASES if case.label == label)


@dataclasses.dataclass
class Trained:
    """One case trained in a run directory: as it was at the interruption, and at the end.

    Attributes:
        middle_state: The experiment's state after `case.middle` steps.
        early: A copy of the run, made when `case.first` steps were done.
        early_state: The experiment's state then.
        experiment: What trained on to the end.
    """

    case: Case
    middle_state: dict[str, Any]
    early: Path
    early_state: dict[str, Any]
    experiment: Experiment

    @property
    def run(self) -> Path:
        assert self.experiment.directory is not None
        return self.experiment.directory.path


def train(case: Case, folder: Path, **keywords: Any) -> Trained:
    snapshot = contracts.Snapshot(case.middle)
    experiment = case.experiment(folder / "run", callbacks=[snapshot], checkpoint_every=25, **keywords)
    experiment.train(case.first)
    early_state = experiment.get_state()
    shutil.copytree(folder / "run", folder / "early")
    experiment.train(case.then)
    assert snapshot.state is not None
    return Trained(case, snapshot.state, folder / "early", early_state, experiment)


@pytest.fixture(scope="module", params=params(CASES))
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train each case once for all the tests that only look."""
    return train(request.param, tmp_path_factory.mktemp(request.param.label))


# ---------------------------------------------------------------- every learner


@pytest.mark.parametrize("name", sorted(contracts.installed_learners()))
def test_every_installed_learner_is_under_contract(name: str) -> None:
    assert name in contracts.SMALL, (
        f"the learner {name!r} is not held to the contract. Fix: add an entry {name!r} with tiny settings and a source "
        "to SMALL in tests/contracts.py."
    )
    assert name in registry.names("lab.agents", "lab.generators")
    assert registry.learner(name).name == name, "the entry point has another name than the class"


def test_rows_have_their_step_and_finite_numbers(trained: Trained) -> None:
    case, rows = trained.case, trained.experiment.history.rows
    contracts.check_metrics(rows)
    assert [row["step"] for row in rows] == [20, 40, 60, case.first, 80, 100, 120, case.first + case.then]
    assert contracts.logged(trained.run) == contracts.without_clock(rows)


def test_evaluating_gives_finite_numbers_and_changes_nothing(trained: Trained) -> None:
    experiment = trained.experiment
    before = experiment.get_state()
    evaluation = experiment.evaluate(episodes=5)
    assert evaluation and evaluation.main in evaluation and evaluation.step == experiment.step
    assert all(np.isfinite(value) for value in evaluation.values())
    assert experiment.evaluate(episodes=5) == evaluation, "an evaluation is the same each time"
    experiment.task.evaluate(episodes=3, stream=1, step=experiment.step)
    assert_same_state(experiment.get_state(), before)


def test_every_kind_can_be_rendered_and_changes_nothing(trained: Trained, tmp_path: Path) -> None:
    experiment = trained.experiment
    before = experiment.get_state()
    assert experiment.task.kinds
    for kind in experiment.task.kinds:
        still = experiment.render(tmp_path / f"{kind}.png")
        assert still.read_bytes()[:4] == b"\x89PNG" and still.stat().st_size > 100
    usual = experiment.render()
    assert usual.stat().st_size > 100 and usual.is_relative_to(trained.run)
    with pytest.raises(UsageError, match="kind received 'nothing'; expected one of"):
        experiment.render(kind="nothing")
    assert_same_state(experiment.get_state(), before)


def check_resume(trained: Trained) -> None:
    case, whole = trained.case, trained.experiment
    resumed = case.resume(trained.early, callbacks=[contracts.Snapshot(case.middle)])
    assert_same_state(resumed.get_state(), trained.early_state)
    resumed.train(case.then)
    assert_same_state(resumed.get_state(), whole.get_state())
    assert resumed.history == whole.history
    assert contracts.logged(trained.early) == contracts.logged(trained.run)
    resumed.close()


def test_a_resumed_run_equals_the_uninterrupted_one(trained: Trained) -> None:
    check_resume(trained)


@pytest.mark.parametrize("case", params(INTERACTING))
def test_a_resumed_run_equals_the_uninterrupted_one_with_three_environments(case: Case, tmp_path: Path) -> None:
    check_resume(train(case, tmp_path, num_envs=3))


def test_a_loaded_learner_does_as_the_trained_one(trained: Trained) -> None:
    learner = trained.experiment.learner
    opened = trained.case.open(trained.run)
    reference = uses(learner)
    for loaded in (opened.learner, type(learner).load(trained.run, which="last"), Learner.load(trained.run)):
        assert type(loaded) is type(learner)
        assert_same_state(uses(loaded), reference)
    if trained.case.is_agent:
        assert opened.evaluate(episodes=3) == trained.experiment.evaluate(episodes=3)


def uses(learner: Any) -> Any:
    """Return what a learner does for its user: actions on a few observations, or samples."""
    if learner.group != "lab.agents":
        return learner.sample(3, seed=1)
    space = learner.observation_space
    space.seed(0)
    learner.evaluation_rng = np.random.default_rng(0)
    return np.array([learner.act(space.sample()) for _ in range(20)])


def test_bad_settings_and_files_are_usage_errors(trained: Trained, tmp_path: Path) -> None:
    kind = trained.case.kind()
    with pytest.raises(UsageError, match="no setting is called 'colour_of_the_sky'"):
        kind(colour_of_the_sky=1)
    with pytest.raises(UsageError, match="expected"):
        kind(3)
    run = tmp_path / "run"
    shutil.copytree(trained.early, run)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "learner": "no_such_learner"}))
    for call in (Learner.load, kind.load, trained.case.resume, trained.case.open):
        with pytest.raises(UsageError, match="no_such_learner"):
            call(run)
    (run / "config.json").write_text(json.dumps({**config, "settings": {"colour_of_the_sky": 1}}))
    for call in (Learner.load, trained.case.resume):
        with pytest.raises(UsageError, match="colour_of_the_sky"):
            call(run)


def test_state_and_seed_decide_everything_and_intervals_nothing(trained: Trained, tmp_path: Path) -> None:
    """With the negative control of all these tests: an item of state left as `build` made it shows in the end."""
    case, whole = trained.case, trained.experiment
    # One experiment for all, because compiling its updates is what takes time; that it can be used again and again is
    # shown by the last line. First in one go, logged otherwise and without checkpoints:
    other = case.experiment(log_every=7, callbacks=[contracts.Snapshot(case.middle)])
    other.train(case.first + case.then)
    assert_same_state(other.learner.get_state(), whole.learner.get_state())
    other.log_every = case.log_every

    reference = contracts.ending(whole, case.middle)
    fresh, again, different = (case.experiment(seed=seed).get_state() for seed in (5, 5, 6))
    assert_same_state(fresh, again)
    assert contracts.differences(fresh["learner"], different["learner"])
    assert contracts.differences(contracts.go_on(other, different, case)["learner"], reference["learner"])

    state = contracts.without_checkpoint(contracts.through_disk(trained.middle_state, tmp_path))
    assert state["experiment"]["step"] == case.middle
    for part, idle in (("task", {**IDLE_TASK, **case.idle}), ("learner", case.idle)):
        for item in state[part]:
            forgetful = {**state, part: {**state[part], item: fresh[part][item]}}
            try:
                found = contracts.differences(contracts.go_on(other, forgetful, case), reference)
            except ZeroDivisionError:
                # Sums without their count: that is noticed too.
                found = ["ZeroDivisionError"]
            assert bool(found) == (item not in idle), f"{part}.{item} was left out, which changed {found[:3]}"
    assert_same_state(contracts.go_on(other, state, case), reference)


# ---------------------------------------------------------------- every agent


@pytest.mark.parametrize("case", params(AGENTS))
def test_an_agent_acts_on_one_observation_or_many_within_its_space(case: Case) -> None:
    agent: Any = case.learner()
    with pytest.raises(UsageError, match="does not know its environment yet"):
        agent.act(0)
    experiment = case.experiment()
    agent = experiment.learner
    space, actions = agent.observation_space, agent.action_space
    space.seed(1)
    observations = np.array([space.sample() for _ in range(5)])
    before = agent.get_state()
    assert all(action in actions for action in agent.act(observations))
    assert agent.act(observations[0]) in actions
    assert_same_state(agent.get_state(), before)
    assert len(agent.act(observations, explore=True)) == 5
    assert agent.act(observations[0], explore=True) in actions
    with pytest.raises(UsageError, match="observations received shape"):
        agent.act(np.zeros((2, 3, 4), observations.dtype))


class Whole(gymnasium.Env[Any, Any]):
    """Pays whole numbers and NumPy flags, as many environments do."""

    def __init__(self) -> None:
        self.observation_space = gymnasium.spaces.Discrete(4)
        self.action_space = gymnasium.spaces.Discrete(2)

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
    Experiment(agent, Whole, progress=False).train(6)
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


def episodes(name: str, number: int = 3) -> list[Any]:
    env = gymnasium.make(name)
    env.action_space.seed(4)
    seen: list[Any] = []
    for episode in range(number):
        observation, info = env.reset(seed=11 if episode == 0 else None)
        seen.append((observation, info))
        assert observation in env.observation_space
        ended = False
        while not ended:
            action = env.action_space.sample()
            observation, reward, terminated, truncated, info = env.step(action)
            assert observation in env.observation_space
            assert np.isfinite(reward) and isinstance(terminated, bool) and isinstance(truncated, bool)
            seen.append((observation, action, float(reward), terminated, truncated, info))
            ended = terminated or truncated
    env.close()
    return seen


# A twin has its original's spaces, also where the checker advises others.
ADVICE = {"lab/Pendulum-v1": [".*symmetric and normalized space.*"]}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_passes_the_checker_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for words in ADVICE.get(name, ()):
            warnings.filterwarnings("ignore", message=words)
        env = gymnasium.make(name, render_mode="rgb_array", disable_env_checker=True)
        check_env(env.unwrapped)
        env.close()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_repeats_itself_under_one_seed(name: str) -> None:
    first, second = episodes(name), episodes(name)
    assert len(first) == len(second) > 10
    assert all(data_equivalence(a, b, exact=True) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_renders_frames_of_one_even_shape(name: str) -> None:
    env = gymnasium.make(name, render_mode="rgb_array", disable_env_checker=True)
    assert env.metadata["render_fps"] > 0
    env.reset(seed=2)
    env.action_space.seed(2)
    frames: list[Any] = [env.render()]
    for _ in range(5):
        if any(env.step(env.action_space.sample())[2:4]):
            env.reset()
        frames.append(env.render())
    env.close()
    assert {(frame.shape, frame.dtype) for frame in frames} == {(frames[0].shape, np.dtype(np.uint8))}
    height, width, colours = frames[0].shape
    assert height % 2 == width % 2 == 0 and colours == 3
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
        assert contracts.differences(other.get_state(), state), "training must have changed its state"
    other.set_state(contracts.through_disk(state, tmp_path))
    assert_same_state(other.get_state(), state)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_run_resumes_exactly_with_a_callback_attached(name: str, tmp_path: Path) -> None:
    case = case_called(CALLBACKS[name].learner)
    whole = watched(name, tmp_path / "whole", [made(name)])
    whole.train(67)
    shutil.copytree(tmp_path / "whole", tmp_path / "part")
    whole.train(54)
    if not CALLBACKS[name].standard:
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
