"""What agents export: one function of raw observations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from agents import spaces
from lab.exporting import Exportable, Input


def of_policy(agent: Any, rows: Callable[[Any], Any], greedy: Callable[[Any], Any]) -> Exportable:
    """Return a policy for export: the logits of one choice among several, else the actions of greedy play.

    Args:
        agent: Whose; its `rows_in_numpy` and `act_batch` compute the same for arrays.
        rows: From a tensor of observations (n, ...) to the policy's outputs (n, d).
        greedy: From those to actions (n, ...).
    """
    agent.settle()
    logits = isinstance(agent.action_space, Discrete)
    name, original = ("logits", agent.rows_in_numpy) if logits else ("actions", agent.act_batch)
    function = rows if logits else lambda observed: greedy(rows(observed))
    return of_observations(agent.observation_space, name, function, original)


def of_observations(
    space: gymnasium.Space[Any],
    output: str,
    function: Callable[..., Any],
    original: Callable[[np.ndarray], np.ndarray],
    not_in_int8: str = "",
) -> Exportable:
    """Return a function of observations, as the environment gives them, for export.

    Args:
        space: Of the observations.
        output: What the function's output is called.
        function: From a tensor of observations (n, ...) to a tensor (n, ...).
        original: The same for arrays, as the agent itself computes it.
        not_in_int8: See `Exportable`.
    """
    shape, dtype = spaces.layout(space)
    return Exportable(
        function=lambda observations: {output: function(observations)},
        original=lambda observations: {output: original(observations)},
        inputs={"observations": Input(shape, str(dtype))},
        outputs=(output,),
        not_in_int8=not_in_int8,
    )
