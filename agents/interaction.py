"""InteractionTask: an agent trains, is judged and is filmed in environments (the host lane)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents import spaces
from agents.base import Agent, Transition
from agents.filming import film
from agents.pool import Pool
from agents.rollout import play
from agents.sources import EnvironmentSource
from lab.errors import UsageError
from lab.evaluation import Evaluation
from lab.task import Control, Task, TaskOptions

if TYPE_CHECKING:
    import gymnasium

# As many to select a checkpoint as to report one: with few, the luckiest checkpoint wins, not the best.
EPISODES = 100
BASELINE_EPISODES = 20
WIDTH = 10


class InteractionTask(Task):
    """Steps a pool of environments with an agent, which observes and updates after each step.

    Args:
        agent: The agent; it is built for the environment's spaces here.
        source: As for `EnvironmentSource`.
        options: Seeds, the number of environments and the lane.
    """

    unit = "environment steps"
    default_suffix = ".mp4"
    lane_reason = "the environment's dynamics are Python"
    # All of it is given anew when a run is opened, except the judges: environments that each evaluation resets.
    not_state: tuple[str, ...] = (
        "agent",
        "source",
        "kinds",
        "seeds",
        "judges",
        "action_space",
        "observation_space",
    )

    def __init__(self, agent: Agent, source: Any, options: TaskOptions) -> None:
        if options.lane == "compiled":
            raise UsageError(
                f"lane received 'compiled', but {source!r} steps in Python; the compiled lane needs an environment "
                "whose dynamics are TensorFlow functions. Fix: lane='auto' or 'host'."
            )
        self.agent = agent
        self.source = EnvironmentSource(source)
        self.seeds = options.seeds
        envs = self.source.training(self.source.num_envs or options.num_envs)
        self.observation_space, self.action_space = envs[0].observation_space, envs[0].action_space
        agent.setup(self.observation_space, self.action_space, options.seeds, len(envs))
        self.pool = Pool(envs, options.seeds)
        self.judges: list[gymnasium.Env[Any, Any]] = []
        overlay = hasattr(envs[0].unwrapped, "set_overlay") and _estimates_values(agent)
        self.kinds = ("episode", "policy") if overlay else ("episode",)
        self.episodes = 0
        self.sums: dict[str, float] = {}
        self.rounds = 0

    def advance(self, steps: int, control: Control) -> int:
        agent, pool = self.agent, self.pool
        observation = pool.start()
        taken = 0
        while taken < steps and not control.stop:
            actions = agent.act_batch(observation, True)
            step = pool.step(actions)
            agent.observe(
                Transition(observation, actions, step.reward, step.terminated, step.truncated, step.next_observation)
            )
            observation = step.observation
            taken += pool.number
            metrics = agent.update()
            if metrics is not None:
                self._gather(metrics)
                if control.on_update is not None:
                    control.taken = taken
                    control.on_update(metrics)
        return taken

    def drain(self) -> dict[str, float]:
        finished = self.pool.finished
        self.episodes += len(finished)
        row: dict[str, float] = {"episodes": self.episodes}
        if finished:
            row["return"] = float(np.mean([total for total, _ in finished]))
            row["length"] = float(np.mean([length for _, length in finished]))
        row.update({name: total / self.rounds for name, total in self.sums.items()})
        row.update(self.agent.gauges())
        self.pool.finished, self.sums, self.rounds = [], {}, 0
        return row

    def evaluate(self, *, episodes: int | None = None, stream: int = 0, step: int = 0) -> Evaluation:
        episodes = episodes or EPISODES
        while len(self.judges) < min(WIDTH, episodes):
            self.judges.append(self.source.make())
        # Episodes that select a checkpoint differ from step to step; those that are reported never meet them.
        path = (stream,) if stream == 0 else (stream, step)
        self.agent.evaluation_rng = self.seeds.generator("evaluation", *path, 0)
        starts = [self.seeds.integer("evaluation", *path, 1, i) for i in range(episodes)]
        return Evaluation.from_episodes(*play(self.agent, self.judges, starts), step=step)

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

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.pool.exact = self.exact
        super().set_state(state)

    def close(self) -> None:
        self.pool.close()
        for env in self.judges:
            env.close()

    def _gather(self, metrics: Mapping[str, float]) -> None:
        self.rounds += 1
        for name, value in metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + value


def _estimates_values(agent: Agent) -> bool:
    return type(agent).action_values is not Agent.action_values
