"""What a Decision Transformer looks at in the last steps of an episode."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents import spaces
from agents.decision_transformer.data.windows import Steps
from agents.playing.rollout import Stage


class Attention(NamedTuple):
    """How much the tokens of an episode's last steps look at each other.

    Attributes:
        shares: float32 (blocks, tokens, tokens), the mean over heads; a token's shares of those before it sum to one.
        first: The first step, counted from the episode's beginning.
        heads: How many heads a block has.
    """

    shares: np.ndarray
    first: int
    heads: int


def attend(agent: Any, task: Any) -> Attention:
    """Play an episode and see what the agent looks at in the steps of its context at the end.

    Args:
        agent: A trained agent.
        task: The experiment's, `experiment.task`.
    """
    steps = last_steps(agent, task)
    blocks = agent.acting_network.attention(agent.window(steps))
    shares = np.stack([np.asarray(block)[0].mean(axis=0) for block in blocks])
    return Attention(shares, int(steps.timesteps[0, 0]), agent.config.heads)


def last_steps(agent: Any, task: Any) -> Steps:
    """Play an episode and return the steps in the context at its end, of batches of 1."""
    stage = Stage(task.evaluation_source.make(), task.wrapper_statistics())
    env = stage.env
    shape, dtype = spaces.layout(env.observation_space)
    try:
        agent.begin_episode()
        observation, ended = stage.reset(task.seeds.integer("render", 1)), False
        while not ended:
            batch = np.asarray(observation, dtype).reshape(1, *shape)
            action = spaces.to_environment(env.action_space, agent.act_batch(batch))[0]
            observation, reward, terminated, truncated = stage.step(action)
            agent.observe_rewards(float(reward))
            ended = bool(terminated or truncated)
        context = agent.context
        if context is None:
            raise RuntimeError("an agent that has acted has a context")
        return Steps(*(stream[:, : context.count[0]].copy() for stream in context.steps))
    finally:
        agent.end_episodes()
        env.close()
