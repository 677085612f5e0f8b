"""check_environment: what an environment must do so that agents learn in it, are evaluated alike and resume exactly."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env, data_equivalence

from lab import registry
from lab.errors import UsageError, bad_value
from lab.experiment.experiment import Experiment
from lab.testing.comparing import check_same_state, without_clock
from lab.testing.failures import CheckFailed, chosen, expect, run

EPISODES = 3
MOST_STEPS = 2_000
LEAST_FRAMES = 6
NOT_BACK = "begins its next episode"


@dataclasses.dataclass(frozen=True)
class World:
    """An environment under check.

    Args:
        give: Returns the source as a user would give it to `Experiment`.
        make: Returns a fresh environment, with a `render_mode` or without.
        steps: To take in a training.
        folder: An empty folder for all that the checks write.
    """

    give: Callable[[], Any]
    make: Callable[..., gymnasium.Env[Any, Any]]
    steps: int
    folder: Path

    @contextlib.contextmanager
    def fresh(self, render_mode: str | None = None) -> Iterator[gymnasium.Env[Any, Any]]:
        """Make an environment and close it in the end."""
        env = self.make() if render_mode is None else self.make(render_mode=render_mode)
        try:
            yield env
        finally:
            env.close()

    def experiment(self, run_dir: Path | None = None) -> Experiment:
        """Return an experiment of an agent that acts at random."""
        random = registry.find("random", "lab.agents", what="agent")()
        return Experiment(random, self.give(), seed=5, run_dir=run_dir, progress=False, lane="host", log_every=50)


def passes_gymnasiums_checker(world: World) -> None:
    """Gymnasium's own `check_env` raises nothing; what it warns of is a warning here too."""
    with world.fresh("rgb_array" if _renders(world) else None) as env:
        check_env(env.unwrapped, skip_close_check=True)


def keeps_to_its_spaces(world: World) -> None:
    """Observations, rewards and ends are of the kinds, shapes and ranges declared, and no two environments share."""
    experiment = world.experiment()
    try:
        experiment.train(world.steps)
        experiment.evaluate(episodes=2)
    finally:
        experiment.close()


def repeats_itself_under_one_seed(world: World) -> None:
    """Two fresh environments give equal episodes for equal seeds and actions."""
    first, second = _episodes(world), _episodes(world)
    fix = "draw from `self.np_random` alone, which `super().reset(seed=seed)` seeds"
    for step, (one, other) in enumerate(zip(first, second, strict=False)):
        alike = data_equivalence(one, other, exact=True)
        expect(alike, f"{_short(one)} and {_short(other)} at step {step} under one seed", "the same twice", fix)
    expect(len(first) == len(second), f"{len(first)} and {len(second)} steps", "the same twice", fix)


def _episodes(world: World) -> list[Any]:
    seen: list[Any] = []
    with world.fresh() as env:
        env.action_space.seed(4)
        for episode in range(EPISODES):
            seen.append(env.reset(seed=11 if episode == 0 else None))
            ended = False
            while not ended and len(seen) < MOST_STEPS:
                action = env.action_space.sample()
                seen.append((action, *env.step(action)))
                ended = seen[-1][3] or seen[-1][4]
    return seen


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."


def renders_frames_of_one_shape(world: World) -> None:
    """With `rgb_array` among its modes it renders uint8 pictures (H, W, 3) of one shape, and states their rate."""
    if not _renders(world):
        return
    with world.fresh("rgb_array") as env:
        rate = env.metadata.get("render_fps", 0)
        expect(rate > 0, f"render_fps={rate!r}", "a number > 0", "name it in `metadata`")
        env.action_space.seed(2)
        env.reset(seed=2)
        frames: list[Any] = [env.render()]
        while len(frames) < LEAST_FRAMES:
            if any(env.step(env.action_space.sample())[2:4]):
                env.reset()
            frames.append(env.render())
    kinds = {(np.shape(frame), getattr(frame, "dtype", type(frame))) for frame in frames}
    whole = len(kinds) == 1 and frames[0].dtype == np.uint8 and frames[0].ndim == 3 and frames[0].shape[2] == 3
    expect(whole, f"frames of {kinds}", "uint8 (H, W, 3), all alike", "return such an array from `render`")


def _renders(world: World) -> bool:
    with world.fresh() as env:
        return "rgb_array" in env.metadata.get("render_modes", [])


def resumes_exactly(world: World) -> None:
    """A training that is interrupted in the middle of an episode goes on in a fresh environment, bit for bit."""
    first, then = world.steps * 5 // 9, world.steps - world.steps * 5 // 9
    whole = world.experiment(world.folder / "whole")
    fix = "draw from `self.np_random` alone, and let `reset` set all that steps change"
    try:
        whole.train(first)
        shutil.copytree(world.folder / "whole", world.folder / "part")
        whole.train(then)
        source = world.give()
        again = None if isinstance(source, str) else source
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            part = Experiment.resume(world.folder / "part", source=again, progress=False)
        for warning in caught:
            if NOT_BACK in str(warning.message):
                raise CheckFailed(str(warning.message), "an environment that arrives where it was", fix)
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        part.train(then)
        rows, others = (without_clock(each.history.rows) for each in (part, whole))
        check_same_state(rows, others, "rows of the resumed and the whole run", fix)
        first_task, second_task = (each.get_state()["task"] for each in (part, whole))
        check_same_state(first_task, second_task, "environments of the resumed and the whole run", fix)
        part.close()
    except UsageError as error:
        raise CheckFailed(error, "an environment that arrives where it was", fix) from error
    finally:
        whole.close()


CHECKS = (
    keeps_to_its_spaces,
    passes_gymnasiums_checker,
    repeats_itself_under_one_seed,
    renders_frames_of_one_shape,
    resumes_exactly,
)


def world_of(environment: Any, steps: int, folder: Path) -> World:
    """Return what a user names as an environment, ready to be checked.

    Raises:
        UsageError: When it is none.
    """
    registry.load_environments()
    if isinstance(environment, str):
        world = World(lambda: environment, _by_id(environment), steps, folder)
    elif isinstance(environment, gymnasium.Env):
        pristine = copy.deepcopy(environment)

        def make(render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
            return _with_mode(copy.deepcopy(pristine), render_mode)

        world = World(lambda: copy.deepcopy(pristine), make, steps, folder)
    elif hasattr(environment, "to_gymnasium"):
        world = World(lambda: environment, environment.to_gymnasium, steps, folder)
    elif callable(environment):

        def made(render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
            return _with_mode(environment(), render_mode)

        world = World(lambda: environment, made, steps, folder)
    else:
        expected = "an id, a gymnasium.Env, a class or factory of one, or a TensorEnv"
        raise bad_value("check_environment", "environment", environment, expected)
    return world


def _by_id(name: str) -> Callable[..., gymnasium.Env[Any, Any]]:
    def make(render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        return gymnasium.make(name, render_mode=render_mode, disable_env_checker=True)

    return make


def _with_mode(env: gymnasium.Env[Any, Any], render_mode: str | None) -> gymnasium.Env[Any, Any]:
    # Gymnasium's own environments read `render_mode` when they render, so it can be set on a fresh one.
    if render_mode is not None and isinstance(env, gymnasium.Env):
        env.unwrapped.render_mode = render_mode
    return env


def check_environment(environment: Any, *, steps: int = 300, skip: Iterable[str] = ()) -> tuple[str, ...]:
    """Check that agents can learn in an environment, are evaluated in it alike, and resume in it exactly.

    Args:
        environment: An id, a `gymnasium.Env`, which is copied, a class, a factory without arguments, or a `TensorEnv`.
        steps: Random steps of a training, at least 30; the one that is interrupted is so within.
        skip: Names of checks to leave out.

    Returns:
        The names of the checks, in order; all passed.

    Raises:
        CheckFailed: At the first check that fails: its name, what was received, what was expected and a fix.
        UsageError: When the arguments fit nothing.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 30:
        raise bad_value("check_environment", "steps", steps, "a whole number >= 30")
    with tempfile.TemporaryDirectory() as folder:
        return run(chosen(CHECKS, skip), world_of(environment, steps, Path(folder)))
