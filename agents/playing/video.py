"""Films an agent: one greedy episode as a video, a GIF or a sheet of frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents import spaces
from agents.playing.rollout import Stage, stacked
from lab.errors import UsageError
from lab.media.captions import caption
from lab.media.grids import contact_sheet, sample_evenly
from lab.media.images import write_png
from lab.media.trace import Tracer
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

    Beside an `.mp4` inside a run stands its trace (`lab.media.trace`): what the agent saw, valued and did at a frame.

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
    stage = Stage(env, statistics, agent.honours_masks)
    observation = stage.reset(seed)
    # Within a run only: a user who names a file elsewhere has asked for one file.
    traced = path.suffix.lower() == ".mp4" and (path.parent.parent / "config.json").is_file()
    tracer = Tracer(observation) if traced else None
    frames = _frames(agent, stage, observation, overlay, tracer)
    if path.suffix.lower() == ".png":
        return write_png(path, contact_sheet(sample_evenly(frames, SHEET_FRAMES)))
    fps = float(env.metadata.get("render_fps") or DEFAULT_FPS)
    write_video(path, frames, fps)
    if tracer is not None:
        tracer.write(path, fps)
    return path


def _frames(agent: Agent, stage: Stage, observation: Any, overlay: bool, tracer: Tracer | None) -> Iterator[np.ndarray]:
    env, ended = stage.env, False
    shape, dtype = spaces.layout(env.observation_space)
    agent.begin_episodes(np.array([0]), 1)
    try:
        while True:
            if overlay:
                _draw_values(agent, env)
            words = agent.caption()
            lines = [f"step {stage.length}   return {stage.total:g}"] + ([words] if words else [])
            frame = caption(_rendered(env), lines)
            if tracer is not None:
                tracer.show(frame)
            yield frame
            if ended:
                return
            batch = np.asarray(observation, dtype).reshape(1, *shape)
            agent.allow(stacked([stage.env.mask]))
            action = spaces.to_environment(env.action_space, agent.act_batch(batch))[0]
            values = None if tracer is None else agent.action_values(batch)
            observation, reward, terminated, truncated = stage.step(action)
            ended = bool(terminated or truncated)
            if tracer is not None:
                tracer.step(None if values is None else values[0], action, reward, observation)
                if ended:
                    tracer.end(bool(terminated))
            agent.observe_rewards(np.array([float(reward)]))
    finally:
        agent.allow(None)
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
