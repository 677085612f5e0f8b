"""AgentTask: how an agent is judged, filmed and described, in whichever lane it trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents import spaces
from agents.base import Agent
from agents.filming import film
from agents.rollout import play
from agents.sources import EnvironmentSource
from lab.errors import bad_value
from lab.evaluation import EPISODE_METRICS, Evaluation
from lab.plotting import write_figure
from lab.task import Task, TaskOptions

if TYPE_CHECKING:
    import gymnasium

# As many to select a checkpoint as to report one: with few, the luckiest checkpoint wins, not the best.
EPISODES = 100
BASELINE_EPISODES = 20
WIDTH = 10


class AgentTask(Task):
    """Judges and films an agent in the environments that its source makes; a lane adds `advance`.

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
    # All of it is given anew when a run is opened, except the judges: environments that each evaluation resets.
    counters: tuple[str, ...] = ("episodes",)
    not_state: tuple[str, ...] = (
        "agent",
        "source",
        "kinds",
        "seeds",
        "judges",
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
        self.lane_reason = lane_reason
        self.observation_space, self.action_space = example.observation_space, example.action_space
        agent.setup(self.observation_space, self.action_space, options.seeds, num_envs)
        self.judges: list[gymnasium.Env[Any, Any]] = []
        overlay = hasattr(example.unwrapped, "set_overlay") and _estimates_values(agent)
        self.kinds = ("episode", *(("policy",) if overlay else ()), *agent.figures)
        self.episodes = 0

    def evaluate(self, *, episodes: int | None = None, stream: int = 0, step: int = 0) -> Evaluation:
        # Episodes that select a checkpoint differ from step to step; those that are reported never meet them.
        path = (stream,) if stream == 0 else (stream, step)
        return Evaluation.from_episodes(*self.play(episodes or EPISODES, *path), step=step)

    def play(self, episodes: int, *path: int) -> tuple[list[float], list[int]]:
        """Play episodes without exploring.

        Args:
            episodes: How many.
            path: Which of the independent streams of evaluation seeds: 0 to report, 1 and a step to select.

        Returns:
            The return and the length of each.
        """
        while len(self.judges) < min(WIDTH, episodes):
            self.judges.append(self.source.make())
        self.agent.evaluation_rng = self.seeds.generator("evaluation", *path, 0)
        starts = [self.seeds.integer("evaluation", *path, 1, i) for i in range(episodes)]
        return play(self.agent, self.judges, starts)

    def baselines(self) -> dict[str, Evaluation]:
        from agents.baselines import Random

        if isinstance(self.agent, Random):
            return {}
        random = Random()
        random.setup(self.observation_space, self.action_space, self.seeds)
        starts = [self.seeds.integer("evaluation", 2, i) for i in range(BASELINE_EPISODES)]
        return {"random": Evaluation.from_episodes(*play(random, [self.source.make()], starts), step=0)}

    def render(self, path: Path, kind: str) -> Path:
        self.agent.evaluation_rng = self.seeds.generator("render", 0)
        if kind in self.agent.figures:
            if path.suffix.lower() != ".png":
                raise bad_value("render", "path", str(path), f"a file name that ends in .png for the figure {kind!r}")
            return write_figure(self.agent.figure(kind, self), path)
        env = self.source.make_rendered()
        try:
            return film(self.agent, env, path, self.seeds.integer("render", 1), overlay=kind == "policy")
        finally:
            env.close()

    def describe(self) -> dict[str, Any]:
        return {
            "source_kind": self.source.kind,
            "observation_space": spaces.to_json(self.observation_space),
            "action_space": spaces.to_json(self.action_space),
        }

    def close(self) -> None:
        for env in self.judges:
            env.close()


def _estimates_values(agent: Agent) -> bool:
    return type(agent).action_values is not Agent.action_values
