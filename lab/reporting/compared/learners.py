"""Learners of several runs each: how their scores are distributed, and how likely one is to do better than another."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.reporting import scores
from lab.reporting.compared.grouping import Group, source_key
from lab.reporting.curves.columns import Points
from lab.reporting.curves.store import Store, line
from lab.reporting.html.formats import number
from lab.reporting.html.markup import Markup, Sorted, join, table, tag
from lab.results.statistics import (
    LEAST_RUNS,
    Improvement,
    normalised,
    over_runs,
    performance_profile,
    probability_of_improvement,
)

METRIC = "mean"
THRESHOLDS = 101
# Of more learners each is held against the one with the highest interquartile mean alone.
MOST_PAIRS = 15

Scores = dict[str, NDArray[np.float64]]


def scores_of(group: Group) -> NDArray[np.float64] | None:
    """Return a score of each run, (runs,); None where they are too few, a seed repeats or more is not better."""
    records = [record for _, record in group.runs]
    if len(records) < LEAST_RUNS or len({record.seed for record in records}) < len(records):
        return None
    if any(not record.acts or scores.main_metric(record) != METRIC for record in records):
        return None
    found = [number((scores.final(record) or {}).get(METRIC)) for record in records]
    return None if None in found else np.array(found, np.float64)


def of_one_task(groups: Sequence[Group]) -> Scores:
    """Return the scores, (runs, 1), of the learners on one source that have enough of them, by the groups' names."""
    found: Scores = {}
    for group in groups:
        values = scores_of(group)
        if values is not None:
            # Groups that differ in more settings than a name tells may share it.
            count = sum(name.split(" (")[0] == group.name for name in found)
            found[f"{group.name} ({count + 1})" if count else group.name] = values[:, None]
    return found


def of_all_tasks(groups: Sequence[Group]) -> tuple[Scores, int]:
    """Return the scores, (runs, tasks), of the learners that all sources have, and how many sources there are.

    Runs are cut to the fewest that a learner has on any source.
    """
    sources = list(dict.fromkeys(source_key(group.runs[0][1]) for group in groups))
    tasks = [of_one_task([g for g in groups if source_key(g.runs[0][1]) == source]) for source in sources]
    tasks = [task for task in tasks if len(task) > 1]
    if len(tasks) < 2:
        return {}, len(tasks)
    common = [name for name in tasks[0] if all(name in task for task in tasks)]
    runs = {name: min(len(task[name]) for task in tasks) for name in common}
    return {name: np.hstack([task[name][: runs[name]] for task in tasks]) for name in common}, len(tasks)


def learners_compared(found: Scores, title: str, unit: str, store: Store) -> Markup | None:
    """Return a profile of each learner and how likely each is to beat the others; None of fewer than two learners.

    Args:
        found: Their scores, (runs, tasks), by name.
        title: What the profile's thresholds are over.
        unit: What a score is, such as `mean return`.
        store: Takes what is drawn.
    """
    if len(found) < 2:
        return None
    words = "The profile says what fraction of runs scores above each value, with a 95 % band over runs; the table how "
    words += "likely a run of one learner is to score above a run of another, with its 95 % interval: 0.5 is even, and "
    words += "an interval that holds 0.5 tells no difference (Agarwal et al. 2021)."
    parts = [tag("div", _profile(found, title, unit, store), class_="charts overlays"), _improvements(found)]
    return join([*parts, tag("p", words, class_="note")])


def pairs_of(found: Scores) -> list[tuple[str, str]]:
    """Return which learners to hold against each other, the one with the higher interquartile mean first."""
    order = sorted(found, key=lambda name: over_runs(found[name]).value, reverse=True)
    pairs = list(itertools.combinations(order, 2))
    return pairs if len(pairs) <= MOST_PAIRS else [(order[0], other) for other in order[1:]]


def scaled(found: Scores) -> Scores:
    """Return scores on a scale that tasks share: 0 for the lowest run of a task, of any learner, 1 for the highest."""
    if not found:
        return {}
    every = np.concatenate(list(found.values()))
    low, high = every.min(axis=0), every.max(axis=0)
    # Where all runs are alike all of them are the best.
    return {name: normalised(values, np.where(low < high, low, low - 1), high) for name, values in found.items()}


def _profile(found: Mapping[str, NDArray[np.float64]], title: str, unit: str, store: Store) -> Markup:
    every = np.concatenate([values.ravel() for values in found.values()])
    low, high = float(every.min()), float(every.max())
    margin = 0.05 * ((high - low) or abs(high) or 1.0)
    thresholds = np.linspace(low - margin, high + margin, THRESHOLDS)
    lines = []
    for i, (name, values) in enumerate(found.items()):
        profile = performance_profile(values, thresholds)
        key = store.series(("profile", title, name), Points(thresholds, profile.fractions), profile.low, profile.high)
        lines.append(line(f"{name}, {profile.runs} runs", key, i, exact=True))
    words = f"Fraction of runs above a {unit}, by learner"
    return store.chart(f"{title}: fraction of runs above a {unit}", unit, words, lines, "chart overlay")


def _improvements(found: Scores) -> Markup:
    rows = [
        [one, other, *_cells(probability_of_improvement(found[one], found[other]))] for one, other in pairs_of(found)
    ]
    head = ["Learner", "compared with", "Probability of a higher score [95 %]", "0 to 1"]
    return table(head, rows, texts=2, class_="improvements")


def _cells(found: Improvement) -> list[object]:
    ends = {"data_low": found.low, "data_high": found.high}
    return [Sorted(str(found), found.value), tag("span", class_="estimate", data_value=found.value, **ends)]
