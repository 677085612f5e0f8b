"""Experiment: the loops around a learner, the record they keep, and opening runs again. Loads on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.runtime.loading import load

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment

__all__ = ["Experiment"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(load("lab.experiment.experiment"), name)
    raise AttributeError(f"module 'lab.experiment' has no attribute {name!r}")
