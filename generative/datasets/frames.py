"""Frames recorded from any environment, as images to model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

from generative.data.dataset import Dataset, DataSpec
from generative.datasets.conversion.ranges import range_notes
from lab import registry
from lab.errors import UsageError, bad_value
from lab.messages.notes import warn
from lab.runs.opening.sources import imported_environment

TEST_FRACTION = 5
MOST_BYTES = 8 << 30


def record(
    environment: str | gymnasium.Env[Any, Any],
    number: int = 2_000,
    size: int | None = None,
    seed: int = 0,
    every: int = 1,
    policy: Callable[[Any], Any] | None = None,
) -> Dataset:
    """Play an environment and keep what it renders, uint8 (H, W, 3).

    The frames to train on and those held out, a further fifth of `number`, come from different episodes: frames next
    to each other look too much alike for a test.

    Args:
        environment: An environment's id, `module:id` where a module that registers it is to be imported first, or an
            environment made with `render_mode="rgb_array"`, which stays open.
        number: Frames to train on.
        size: Pixels of both sides to which frames are scaled, whatever their proportions; None takes them as they are.
        seed: Of the environment and of the random actions.
        every: Steps from one kept frame to the next.
        policy: Gives an action for an observation, such as `agent.act`; None acts at random.

    Raises:
        UsageError: When there is no such environment, it renders no pictures or pictures of several sizes, or a number
            does not fit.
    """
    for name, value, least in (("number", number, 1), ("seed", seed, 0), ("every", every, 1), ("size", size, 1)):
        if value is not None and (isinstance(value, bool) or not hasattr(value, "__index__") or value < least):
            raise bad_value("frames", name, value, f"a whole number >= {least}")
    made = _make(environment) if isinstance(environment, str) else environment
    if made.render_mode != "rgb_array":
        raise bad_value("frames", "render_mode", made.render_mode, "'rgb_array'", "make it with that render_mode.")
    try:
        train = _play(made, number, size, 2 * seed, every, policy)
        test = _play(made, max(1, number // TEST_FRACTION), size, 2 * seed + 1, every, policy)
    finally:
        if made is not environment:
            made.close()
    spec = DataSpec(train.shape[1:], "uint8", 0.0, 255.0)
    said = tuple(range_notes(train, spec))
    title = environment if isinstance(environment, str) else (made.spec.id if made.spec else type(made).__name__)
    if said:
        warn(f"{title}: {'; '.join(said)}")
    return Dataset(train, test, dataclasses.replace(spec, name=title), kind="frames", notes=said)


def _make(name: str) -> gymnasium.Env[Any, Any]:
    registry.load_environments()
    try:
        return gymnasium.make(imported_environment(name), render_mode="rgb_array")
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        raise UsageError(f"frames: the environment {name!r} cannot be made with pictures: {error}") from error


def _play(
    environment: gymnasium.Env[Any, Any],
    number: int,
    size: int | None,
    seed: int,
    every: int,
    policy: Callable[[Any], Any] | None,
) -> np.ndarray:
    environment.action_space.seed(seed)
    observation, _ = environment.reset(seed=seed)
    rows = np.empty(0, np.uint8)
    taken = step = 0
    while taken < number:
        if step % every == 0:
            frame = _frame(environment, size)
            if not taken:
                if number * frame.nbytes > MOST_BYTES:
                    received = f"{number} of {frame.shape}, {number * frame.nbytes / 2**30:.1f} GiB"
                    raise bad_value("frames", "frames", received, f"at most {MOST_BYTES >> 30} GiB", "give a size=64.")
                rows = np.empty((number, *frame.shape), np.uint8)
            if frame.shape != rows.shape[1:]:
                raise bad_value("frames", "a frame of shape", frame.shape, f"{rows.shape[1:]}", "give a size=64.")
            rows[taken] = frame
            taken += 1
        action = environment.action_space.sample() if policy is None else policy(observation)
        observation, _, terminated, truncated, _ = environment.step(action)
        step += 1
        if terminated or truncated:
            observation, _ = environment.reset()
    return rows


def _frame(environment: gymnasium.Env[Any, Any], size: int | None) -> np.ndarray:
    from PIL import Image

    frame = environment.render()
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        received = f"{getattr(frame, 'dtype', type(frame).__name__)} {getattr(frame, 'shape', '')}"
        if isinstance(frame, np.ndarray) and frame.dtype != np.uint8:
            fix = "a wrapper whose render() returns uint8, such as np.rint(frame * 255).astype(np.uint8)."
        else:
            fix = "a wrapper whose render() returns one frame, gray ones repeated over three channels."
        raise bad_value("frames", "a rendered frame", received, "uint8 (H, W, 3)", fix)
    if size is None or frame.shape[:2] == (size, size):
        return frame
    # Each new pixel is the mean of those it covers, so that thin poles do not come and go.
    return np.asarray(Image.fromarray(frame).resize((size, size), Image.Resampling.BOX))
