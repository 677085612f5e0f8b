"""Callbacks: what happens beside training, at intervals and events; `lab.callbacks.run.Run` says what they may use."""

from lab.callbacks.base import Callback
from lab.callbacks.evaluating import Evaluate
from lab.callbacks.guards import NaNGuard
from lab.callbacks.loggers import MLFlowLogger, TensorBoardLogger, TrackioLogger, WandbLogger
from lab.callbacks.periodic import Checkpoint, RenderEvery
from lab.callbacks.recorders import CSVLogger, JSONLLogger, Progress
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
    "MLFlowLogger",
    "NaNGuard",
    "Progress",
    "RenderEvery",
    "StopAtReturn",
    "TensorBoardLogger",
    "TrackioLogger",
    "WandbLogger",
]
