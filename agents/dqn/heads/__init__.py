"""What a DQN's outputs mean: values, or the distribution of returns in one of three forms; see `head_of`."""

from __future__ import annotations

from typing import Any

from agents.dqn.heads.categorical import Categorical
from agents.dqn.heads.head import Expected, Head
from agents.dqn.heads.implicit import Implicit
from agents.dqn.heads.quantile import Quantile

__all__ = ["Categorical", "Expected", "Head", "Implicit", "Quantile", "head_of"]

KINDS: dict[str, type[Head]] = {"none": Expected, "categorical": Categorical, "quantile": Quantile}
KINDS["implicit"] = Implicit


def head_of(config: Any, actions: int) -> Head:
    """Return the head that the setting `distribution` names, for a number of actions."""
    return KINDS[config.distribution](config, actions)
