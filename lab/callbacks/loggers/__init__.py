"""Loggers: callbacks that send what a run logs to services that people look at."""

from __future__ import annotations

from collections.abc import Iterable

from lab.callbacks.base import Callback, named
from lab.callbacks.loggers.logger import Logger, check_package
from lab.callbacks.loggers.mlflow import MLFlowLogger
from lab.callbacks.loggers.tensorboard import TensorBoardLogger
from lab.callbacks.loggers.trackio import TrackioLogger
from lab.callbacks.loggers.wandb import WandbLogger

LOGGERS: dict[str, type[Logger]] = {
    kind.service: kind for kind in (TensorBoardLogger, WandbLogger, MLFlowLogger, TrackioLogger)
}

__all__ = ["LOGGERS", "Logger", "MLFlowLogger", "TensorBoardLogger", "TrackioLogger", "WandbLogger"]


def loggers(services: Iterable[str]) -> list[Callback]:
    """Return a logger for each service, once.

    Raises:
        MissingPackageError: When one's package is not installed.
    """
    chosen = list(dict.fromkeys(services))
    for service in chosen:
        check_package(service)
    return [LOGGERS[service]() for service in chosen]


def service_of(callback: str) -> str:
    """Return the service that a callback's name in a run's files is of; empty where it is no logger's."""
    return next((s for s, kind in LOGGERS.items() if next(iter(named([kind()]))) == callback.split("#")[0]), "")
