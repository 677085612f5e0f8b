"""Sweeps: a learner's best settings, looked for in trials that are runs (extra `tune`: Optuna)."""

from lab.sweep.journal import Trial
from lab.sweep.spaces import Choice, Range
from lab.sweep.sweep import Sweep
from lab.sweep.workers.backend import Ray

__all__ = ["Choice", "Range", "Ray", "Sweep", "Trial"]
