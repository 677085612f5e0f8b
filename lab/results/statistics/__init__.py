"""Averages, profiles and comparisons of runs, and their uncertainty, after Agarwal et al. 2021 (arXiv:2108.13264)."""

from lab.results.statistics.averages import iqm, normalised, optimality_gap
from lab.results.statistics.improvement import Improvement, probability_of_improvement
from lab.results.statistics.intervals import Statistic, bootstrap_interval, stratified_bootstrap_interval
from lab.results.statistics.profiles import PerformanceProfile, performance_profile
from lab.results.statistics.runs import LEAST_RUNS, RunsEstimate, over_runs

__all__ = [
    "LEAST_RUNS",
    "Improvement",
    "PerformanceProfile",
    "RunsEstimate",
    "Statistic",
    "bootstrap_interval",
    "iqm",
    "normalised",
    "optimality_gap",
    "over_runs",
    "performance_profile",
    "probability_of_improvement",
    "stratified_bootstrap_interval",
]
