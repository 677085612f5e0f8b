"""What stands between a network's outputs and each kind of target: the loss, answers in the user's unit, scores."""

from __future__ import annotations

from predictors.data.field import Field
from predictors.heads.classes import ClassHead
from predictors.heads.head import Head
from predictors.heads.numbers import NumberHead
from predictors.heads.quantiles import QuantileHead

__all__ = ["ClassHead", "Head", "NumberHead", "QuantileHead", "head_for"]


def head_for(field: Field, smoothing: float = 0.0, error: str = "mse") -> Head:
    """Return the head for a target.

    Args:
        field: The target.
        smoothing: As for `ClassHead`.
        error: As for `NumberHead`.
    """
    return ClassHead(field, smoothing) if field.kind == "class" else NumberHead(field, error)
