"""`lab compare`: learners of several runs each, by statistics over runs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from lab.errors import UsageError
from lab.messages.terminal import complain, say
from lab.reporting.compared.grouping import Group, grouped, source_key
from lab.reporting.compared.learners import Scores, of_all_tasks, of_one_task, pairs_of, scaled, scores_of
from lab.reporting.live.found import members
from lab.reporting.records import read_run
from lab.results.statistics import LEAST_RUNS, over_runs, probability_of_improvement

EVERYWHERE = "all sources, scores normalised: 0 is the lowest run of each, 1 the highest"


def compare(options: argparse.Namespace) -> int:
    """Say what learners come to over their runs, and how likely a run of one is to beat a run of another."""
    tables = {name: scores for name, scores in tables_of(options.runs).items() if scores}
    found = {
        name: comparison_of(scores, None if name == EVERYWHERE else options.target) for name, scores in tables.items()
    }
    if not found:
        raise UsageError(
            f"compare received {len(options.runs)} runs, of which no learner has {LEAST_RUNS} of different seeds that "
            f"were evaluated; expected at least {LEAST_RUNS} runs of an agent on a source. "
            "Fix: lab train AGENT ENVIRONMENT --seeds 3, and the runs' folder."
        )
    if options.json:
        say(json.dumps(found))
        return 0
    for name, about in found.items():
        say(f"on {name}" if name != EVERYWHERE else f"over {name}")
        for learner, numbers in about["learners"].items():
            say(f"  {learner}: " + ", ".join(f"{words} {value}" for words, value in _shown(numbers).items()))
        for pair in about["pairs"]:
            say(f"  {pair['learner']} scores above {pair['other']} with probability {pair['text']}")
    return 0


def tables_of(runs: list[Path]) -> dict[str, Scores]:
    """Return the scores of the learners on each source, and over all sources where they share several."""
    paths = [path for run in runs for path in members(run)]
    paths = list({path.resolve(): path for path in paths}.values())
    records = [read_run(path) for path in paths]
    for record in records:
        for note in record.notes:
            complain(f"lab: note: {record.path}: {note}")
    groups = grouped(records)
    for group in groups:
        if scores_of(group) is None:
            why = f"{len(group.runs)} run(s); it takes {LEAST_RUNS} of different seeds, each with a mean return"
            complain(f"lab: note: {group.name} on {group.source} is left out: {why}")
    by_source: dict[str, list[Group]] = {}
    for group in groups:
        by_source.setdefault(source_key(group.runs[0][1]), []).append(group)
    found = {alike[0].source: of_one_task(alike) for alike in by_source.values()}
    return {**found, EVERYWHERE: scaled(of_all_tasks(groups)[0])}


def comparison_of(scores: Scores, target: float | None) -> dict[str, Any]:
    """Return statistics of each learner and of each pair, as JSON values."""
    learners: dict[str, dict[str, Any]] = {}
    for name, values in scores.items():
        numbers: dict[str, Any] = {"runs": len(values)}
        for statistic in ("iqm", "median", *(["optimality_gap"] if target is not None else [])):
            gap = target if statistic == "optimality_gap" else None
            estimate = over_runs(values, statistic, target=gap)
            numbers[statistic] = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
        learners[name] = {**numbers, "worst": float(values.min()), "best": float(values.max())}
    pairs = []
    for one, other in pairs_of(scores):
        found = probability_of_improvement(scores[one], scores[other])
        ends = {"probability": found.value, "low": found.low, "high": found.high}
        pairs.append({"learner": one, "other": other, **ends, "text": str(found)})
    return {"learners": learners, "pairs": pairs}


def _shown(numbers: dict[str, Any]) -> dict[str, str]:
    found = {}
    for name, value in numbers.items():
        words = {"iqm": "IQM", "optimality_gap": "optimality gap"}.get(name, name)
        if isinstance(value, dict):
            found[words] = f"{value['value']:.4g} [{value['low']:.4g}, {value['high']:.4g}]"
        else:
            found[words] = f"{value:.4g}"
    return found
