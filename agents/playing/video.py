"""Films an agent: one greedy episode as a video, a GIF or a sheet of frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents import spaces
from agents.playing.rollout import Stage
from lab.errors import UsageError
from lab.media.captions import caption
from lab.media.grids import contact_sheet, sample_evenly
from lab.media.images import write_png
from lab.media.video import write_video

if TYPE_CHECKING:
    import gymnasium

    from agents.base import Agent

SHEET_FRAMES = 12
DEFAULT_FPS = 30


def film(
    agent: Agent,
    env: gymnasium.Env[Any, Any],
    path: Path,
    seed: int,
    overlay: bool = False,
    statistics: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> Path:
    """Write one greedy episode to `path`: `.mp4` and `.gif` move, `.png` is a sheet of evenly spaced frames.

    Args:
        agent: A built agent.
        env: An environment that renders RGB arrays.
        path: The file; its suffix decides.
        seed: Of the episode.
        overlay: Whether the environment is to draw the agent's state values and greedy policy.
        statistics: Of the training environments' wrappers, which this one is to share.

    Raises:
        UsageError: When the environment gives no RGB frames.
    """
    frames = _frames(agent, Stage(env, statistics), seed, overlay)
    if path.suffix.lower() == ".png":
        return write_png(path, contact_sheet(sample_evenly(frames, SHEET_FRAMES)))
    return write_video(path, frames, float(env.metadata.get("render_fps") or DEFAULT_FPS))


def _frames(agent: Agent, stage: Stage, seed: int, overlay: bool) -> Iterator[np.ndarray]:
    env = stage.env
    shape, dtype = spaces.layout(env.observation_space)
    observation, ended = stage.reset(seed), False
    agent.begin_episodes(np.array([0]), 1)
    try:
        while True:
            if overlay:
                _draw_values(agent, env)
            words = agent.caption()
            lines = [f"step {stage.length}   return {stage.total:g}"] + ([words] if words else [])
            yield caption(_rendered(env), lines)
            if ended:
                return
            batch = np.asarray(observation, dtype).reshape(1, *shape)
            action = spaces.to_environment(env.action_space, agent.act_batch(batch))[0]
            observation, reward, terminated, truncated = stage.step(action)
            agent.observe_rewards(np.array([float(reward)]))
            ended = bool(terminated or truncated)
    finally:
        agent.end_episodes()


def _rendered(env: gymnasium.Env[Any, Any]) -> np.ndarray:
    frame = env.render()
    if not isinstance(frame, np.ndarray):
        raise UsageError(
            f"{env} rendered {type(frame).__name__}; expected an RGB array. "
            "Fix: pass a factory that takes render_mode: lambda render_mode=None: MyEnv(render_mode=render_mode)."
        )
    return frame


def _draw_values(agent: Agent, env: gymnasium.Env[Any, Any]) -> None:
    states = np.arange(int(env.observation_space.n))  # type: ignore[attr-defined]
    values = agent.action_values(states)
    if values is not None:
        env.unwrapped.set_overlay(values=values.max(axis=1), policy=values.argmax(axis=1))  # type: ignore[attr-defined]
