"""AgentTask: how an agent is evaluated, filmed and described, in whichever lane it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.spaces import Box

from agents import spaces
from agents.base import Agent
from agents.parts.encoding import PLAIN, check_described, encoding
from agents.playing.exported import ActingThrough, Seen
from agents.playing.rollout import Played, play
from agents.playing.statistics import Statistics
from agents.playing.video import film
from agents.playing.wrappers import frame_stack
from agents.training.environments import EnvironmentSource
from lab.errors import UsageError, bad_value
from lab.media.plotting import write_figure
from lab.messages.notes import note
from lab.results.evaluation import EPISODE_METRICS, Evaluation
from lab.task import Task, TaskOptions

if TYPE_CHECKING:
    import gymnasium

# As many to select a checkpoint as to report one: with few, the luckiest checkpoint wins, not the best.
EPISODES = 100
BASELINE_EPISODES = 20
# Streams of evaluation seeds, beside those of `play` and of baselines (2), and episodes of which inputs are kept.
CALIBRATION, COMPARISON, EXPORT_EPISODES = 3, 4, 10
WIDTH = 10


class AgentTask(Task):
    """Evaluates and films an agent in the environments that its source makes; a lane adds `advance`.

    Args:
        agent: The agent; it is built for the environment's spaces here.
        source: Where environments come from.
        example: One of its environments, for the spaces.
        options: Seeds and the lane.
        num_envs: Environments that train together.
        lane_reason: Why this is the lane, for the run's config.
    """

    unit = "environment steps"
    default_suffix = ".mp4"
    evaluation_names: tuple[str, ...] = EPISODE_METRICS
    takes_evaluation_source = True
    # All of it is given anew when a run is opened.
    counters: tuple[str, ...] = ("episodes",)
    not_state: tuple[str, ...] = (
        "agent",
        "source",
        "evaluation_source",
        "kinds",
        "seeds",
        "action_space",
        "observation_space",
        "lane_reason",
    )

    def __init__(
        self,
        agent: Agent,
        source: EnvironmentSource,
        example: gymnasium.Env[Any, Any],
        options: TaskOptions,
        num_envs: int,
        lane_reason: str,
    ) -> None:
        self.agent, self.source, self.seeds = agent, source, options.seeds
        source.check_separate()
        self.lane_reason = lane_reason
        self.observation_space, self.action_space = example.observation_space, example.action_space
        stack = frame_stack(example)
        if stack is not None and not agent.built:
            agent.frame_stack = stack
        agent.setup(self.observation_space, self.action_space, options.seeds, num_envs)
        layout = _layout(self.observation_space)
        if layout not in ("", PLAIN):
            note(f"pictures {self.observation_space.shape} are read as {layout}.")
        self.evaluation_source = self._separate_source(options.evaluation_source)
        overlay = hasattr(example.unwrapped, "set_overlay") and _estimates_values(agent)
        self.kinds = ("episode", *(("policy",) if overlay else ()), *agent.figures_of_spaces())
        self.episodes = 0

    def evaluate(self, *, episodes: int | None = None, stream: int = 0, step: int = 0) -> Evaluation:
        # Episodes that select a checkpoint differ from step to step; those that are reported never meet them.
        path = (stream,) if stream == 0 else (stream, step)
        return _evaluation(self.play(episodes or EPISODES, *path), step)

    def export_inputs(self, number: int, calibration: bool) -> dict[str, np.ndarray]:
        # Streams of their own, so that no episode that is reported on has shown in which range its numbers lie.
        stream = CALIBRATION if calibration else COMPARISON
        seen = Seen(number, self.seeds.generator("evaluation", stream, 2))
        self.play(EXPORT_EPISODES, stream, watch=seen.watch)
        return {"observations": np.stack(seen.rows)}

    def evaluate_with(
        self, call: Callable[..., dict[str, np.ndarray]], episodes: int | None = None
    ) -> Evaluation | None:
        return _evaluation(self.play(episodes or EPISODES, 0, agent=ActingThrough(self.agent, call)), 0)

    def play(
        self, episodes: int, *path: int, agent: Agent | None = None, watch: Callable[..., None] | None = None
    ) -> Played:
        """Play episodes without exploring, in environments made for it: none remembers an earlier evaluation.

        Args:
            episodes: How many.
            path: Which of the independent streams of evaluation seeds: 0 to report, 1 and a step to select.
            agent: What plays in the agent's place; None for the agent.
            watch: As for `agents.playing.rollout.play`.

        Returns:
            The return and the length of each.
        """
        self.agent.evaluation_rng = self.seeds.generator("evaluation", *path, 0)
        starts = [self.seeds.integer("evaluation", *path, 1, i) for i in range(episodes)]
        return self._play(agent or self.agent, starts, WIDTH, self.wrapper_statistics(), watch)

    def _play(
        self,
        agent: Agent,
        starts: list[int],
        width: int,
        statistics: Statistics,
        watch: Callable[..., None] | None = None,
    ) -> Played:
        envs: list[gymnasium.Env[Any, Any]] = []
        try:
            for _ in range(min(width, len(starts))):
                envs.append(self.evaluation_source.make())
            return play(agent, envs, starts, watch=watch, statistics=statistics)
        finally:
            for env in envs:
                env.close()

    def wrapper_statistics(self) -> Statistics:
        """Return the running statistics that the training environments' wrappers have by now, for all who show the
        agent elsewhere: it must see there what it has learnt to see."""
        return self.agent.wrapper_statistics

    def baselines(self) -> dict[str, Evaluation]:
        from agents.baselines import Random

        if isinstance(self.agent, Random):
            return {}
        random = Random()
        try:
            random.setup(self.observation_space, self.action_space, self.seeds)
        except UsageError as error:
            note(f"there is no baseline of random play: {error}")
            return {}
        starts = [self.seeds.integer("evaluation", 2, i) for i in range(BASELINE_EPISODES)]
        return {"random": _evaluation(self._play(random, starts, WIDTH, {}), 0)}

    def render(self, path: Path, kind: str) -> Path:
        self.agent.evaluation_rng = self.seeds.generator("render", 0)
        if kind in self.agent.figures_of_spaces():
            if path.suffix.lower() != ".png":
                raise bad_value("render", "path", str(path), f"a file name that ends in .png for the figure {kind!r}")
            return write_figure(self.agent.figure(kind, self), path)
        env = self.evaluation_source.make_rendered()
        seed, statistics = self.seeds.integer("render", 1), self.wrapper_statistics()
        try:
            return film(self.agent, env, path, seed, kind == "policy", statistics)
        finally:
            env.close()

    def check_description(self, description: Mapping[str, Any]) -> None:
        check_described(description, self.observation_space)
        self.agent.check_description(description)

    def describe(self) -> dict[str, Any]:
        return {
            "source_kind": self.source.kind,
            "evaluation_source_kind": self.evaluation_source.kind if self.evaluates_elsewhere else None,
            "observation_layout": _layout(self.observation_space) or None,
            "observation_space": spaces.to_json(self.observation_space),
            "action_space": spaces.to_json(self.action_space),
            **self.agent.describe(),
        }

    def close(self) -> None:
        self.source.release()
        self.evaluation_source.release()

    @property
    def evaluates_elsewhere(self) -> bool:
        """Whether evaluation has a source of its own."""
        return self.evaluation_source is not self.source

    def _separate_source(self, given: Any) -> EnvironmentSource:
        if given is None:
            return self.source
        source = EnvironmentSource(given)
        source.check_separate()
        env = source.make()
        pairs = {name: getattr(env, name) for name in ("observation_space", "action_space")}
        env.close()
        for name, space in pairs.items():
            if space != getattr(self, name):
                raise bad_value(
                    "Experiment",
                    "evaluation_source",
                    given,
                    f"an environment with the {name} of the source, {getattr(self, name)}",
                    f"its own is {space}; wrap it alike.",
                )
        return source


def _evaluation(played: Played, step: int) -> Evaluation:
    extra = None if played.wrapped is None else {"wrapped_mean": float(np.mean(played.wrapped))}
    return Evaluation.from_episodes(played.returns, played.lengths, extra, step=step)


def _layout(space: gymnasium.Space[Any]) -> str:
    try:
        return encoding(space).layout if isinstance(space, Box) else ""
    except UsageError:
        # No network reads such a space: an agent that would has refused it.
        return ""


def _estimates_values(agent: Agent) -> bool:
    return type(agent).action_values is not Agent.action_values
