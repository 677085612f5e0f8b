"""Callbacks: what happens beside training, at intervals and events."""

from lab.callbacks.base import Callback
from lab.callbacks.checkpointing import Checkpoint
from lab.callbacks.evaluating import Evaluate
from lab.callbacks.guards import NaNGuard
from lab.callbacks.logs import CSVLogger, JSONLLogger
from lab.callbacks.progress import Progress
from lab.callbacks.rendering import RenderEvery
from lab.callbacks.schedules import LearningRateSchedule
from lab.callbacks.stopping import EarlyStopping, StopAtReturn

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "Evaluate",
    "JSONLLogger",
    "LearningRateSchedule",
    "NaNGuard",
    "Progress",
    "RenderEvery",
    "StopAtReturn",
]
