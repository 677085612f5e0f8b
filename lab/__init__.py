"""What every experiment shares: the loop, checkpoints, history, callbacks, reports.

Names load on first use, so that `import lab` stays quick and brings no TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.runtime.loading import load
from lab.version import __version__

if TYPE_CHECKING:
    from lab.callbacks import Callback
    from lab.config import Settings, setting
    from lab.errors import CheckpointError, TrainingDiverged, UsageError
    from lab.experiment.experiment import Experiment
    from lab.learner import Learner
    from lab.results.evaluation import Evaluation
    from lab.results.history import History
    from lab.sweep import Sweep
    from lab.task import Task

_HOMES = {
    "Callback": "lab.callbacks",
    "CheckpointError": "lab.errors",
    "Evaluation": "lab.results.evaluation",
    "Experiment": "lab.experiment.experiment",
    "History": "lab.results.history",
    "Learner": "lab.learner",
    "Settings": "lab.config",
    "Sweep": "lab.sweep",
    "Task": "lab.task",
    "TrainingDiverged": "lab.errors",
    "UsageError": "lab.errors",
    "setting": "lab.config",
}

__all__ = [
    "Callback",
    "CheckpointError",
    "Evaluation",
    "Experiment",
    "History",
    "Learner",
    "Settings",
    "Sweep",
    "Task",
    "TrainingDiverged",
    "UsageError",
    "__version__",
    "setting",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(load(_HOMES[name]), name)
    raise AttributeError(f"module 'lab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
