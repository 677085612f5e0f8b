"""InteractionTask: an agent trains in environments that step in Python (the host lane)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents.base import Agent
from agents.functional import FunctionalAgent
from agents.playing.statistics import Statistics, gathered, take_over
from agents.training.environments import EnvironmentSource
from agents.training.refusal import say_ignored
from agents.training.task import AgentTask
from agents.training.vector_env import SameStepVectorEnv
from agents.transitions import Transition
from lab.errors import UsageError
from lab.task import Control, TaskOptions


class InteractionTask(AgentTask):
    """Steps environments with an agent, which observes and updates after each step.

    Args:
        agent: The agent; it is built for the environment's spaces here.
        source: Where environments come from.
        options: Seeds and the number of environments.
        lane_reason: Why this is the lane, for the run's config.
    """

    lane = "host"

    def __init__(self, agent: Agent, source: EnvironmentSource, options: TaskOptions, lane_reason: str) -> None:
        envs = source.training(source.num_envs or options.num_envs)
        super().__init__(agent, source, envs[0], options, len(envs), lane_reason)
        self.pool = SameStepVectorEnv(envs, options.seeds, source.make_training, agent.honours_masks)
        self.sums: dict[str, float] = {}
        self.rounds = 0
        if isinstance(agent, FunctionalAgent):
            for block in agent.recorded_steps(agent.memory):
                for i in range(len(block.reward)):
                    agent.memory.add(Transition(*(part[i] for part in block[:6])))

    def check_training(self) -> None:
        kind = type(self.agent)
        if kind.learns and kind.observe is Agent.observe and kind.update is Agent.update:
            raise UsageError(
                f"{kind.__name__} can neither observe nor update, so training would change nothing. Fix: override "
                "`observe` or `update`, or say learns = False, for an agent that acts by a fixed rule."
            )
        if isinstance(self.agent, FunctionalAgent) and self.agent.prefilled and not self.agent.steps:
            # Only a first episode tells.
            self.pool.start()
            self.agent.refuse_masks(self.pool.masks is not None and self.agent.honours_masks)
        self.source.claim()

    def wrapper_statistics(self) -> Statistics:
        if self.pool.started:
            self.agent.wrapper_statistics = gathered(self.pool.envs)
        return super().wrapper_statistics()

    def untaught(self, steps: int) -> str:
        memory: Any = getattr(self.agent, "memory", None)
        return str(memory.untaught(self.agent, steps)) if hasattr(memory, "untaught") else ""

    def advance(self, steps: int, control: Control) -> int:
        agent, pool = self.agent, self.pool
        observation = pool.start()
        pool.take_up(agent)
        agent.meet_masks(pool.masks is not None)
        honours = agent.honours_masks
        if pool.gave_masks and not honours:
            say_ignored(agent)
        taken = 0
        agent.begin_training()
        try:
            while taken < steps and not control.stop:
                mask = pool.masks if honours else None
                if mask is not None:
                    agent.allow(mask)
                actions = agent.act_batch(observation, True)
                step = pool.step(actions)
                ends = (step.terminated, step.truncated)
                transition = Transition(observation, actions, step.reward, *ends, step.next_observation)
                if mask is not None:
                    transition = transition._replace(action_mask=mask, next_action_mask=step.next_mask)
                agent.observe(transition)
                observation = step.observation
                taken += pool.number
                metrics = agent.update()
                if metrics is not None:
                    self._gather(metrics)
                    if control.on_update is not None:
                        control.taken = taken
                        if control.looks:
                            agent.end_training()
                        control.on_update(metrics)
                        if control.looks:
                            agent.begin_training()
        finally:
            agent.allow(None)
            agent.end_training()
        # The agent's checkpoints hold them, so that it is shown alike wherever it is opened.
        self.wrapper_statistics()
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

    def describe(self) -> dict[str, Any]:
        masks = {"action_masks": self.agent.honours_masks} if self.pool.started and self.pool.gave_masks else {}
        return {**super().describe(), **self.pool.verification.describe(), **masks}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.pool.exact = self.exact
        super().set_state(state)
        if self.pool.started:
            self.agent.trains_in = self.pool.name
            take_over(self.pool.envs, self.agent.wrapper_statistics)

    def close(self) -> None:
        self.pool.close()
        super().close()

    def _gather(self, metrics: Mapping[str, float]) -> None:
        self.rounds += 1
        for name, value in metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
