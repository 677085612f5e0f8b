"""Several runs side by side: one table of scores, and curves of those that learnt from the same source."""

from __future__ import annotations

import dataclasses
import json

from lab.reporting import scores
from lab.reporting.charts import Points, overlay_chart, series
from lab.reporting.html.formats import duration, interval, label, number, setting, shown
from lab.reporting.html.markup import Markup, join, table, tag
from lab.reporting.records import RunRecord
from lab.results.statistics import LEAST_RUNS, over_runs

CURVES = ("return", "loss")
DIFFERENCES = 3


@dataclasses.dataclass
class Group:
    """Runs that differ in nothing but the seed."""

    name: str
    source: str
    runs: list[tuple[int, RunRecord]]


def comparison(records: list[RunRecord]) -> Markup:
    """Return the section that comes before those of the single runs."""
    groups = grouped(records)
    parts: list[Markup] = [_overview(groups)]
    for source in dict.fromkeys(_source_key(record) for record in records):
        alike = [group for group in groups if _source_key(group.runs[0][1]) == source]
        if sum(len(group.runs) for group in alike) > 1:
            parts.append(_overlays(alike))
    return tag("section", tag("h2", "All runs" if len(parts) == 1 else "Comparison"), *parts, id="comparison")


def grouped(records: list[RunRecord]) -> list[Group]:
    """Return runs by learner, source, settings, lane and length; each has its number on the page beside it."""
    found: dict[str, list[tuple[int, RunRecord]]] = {}
    for i, record in enumerate(records, 1):
        key = [record.learner, _source_key(record), _options(record)]
        found.setdefault(json.dumps(key, sort_keys=True), []).append((i, record))
    groups = list(found.values())
    return [Group(_name(runs[0][1], groups), runs[0][1].source, runs) for runs in groups]


def _source_key(record: RunRecord) -> str:
    # Objects have no name; those whose data look different are certainly not the same.
    named = record.config["source"]
    return json.dumps([named, None if isinstance(named, str) else record.task], sort_keys=True)


def _options(record: RunRecord) -> dict[str, object]:
    # Whatever decides a run's numbers beside learner, source and seed.
    asked = {"num_envs": record.config["num_envs"], "lane": record.config.get("lane_used")}
    return {**asked, "steps": record.config["steps"], **record.settings}


def _name(record: RunRecord, groups: list[list[tuple[int, RunRecord]]]) -> str:
    alike = [runs[0][1] for runs in groups if runs[0][1].learner == record.learner]
    alike = [other for other in alike if _source_key(other) == _source_key(record)]
    options, mine = [_options(other) for other in alike], _options(record)
    differ = [name for name in mine if any(other.get(name) != mine[name] for other in options)]
    if not differ:
        return record.learner
    return f"{record.learner}, " + ", ".join(f"{name} {setting(mine[name])}" for name in differ[:DIFFERENCES])


def _overview(groups: list[Group]) -> Markup:
    head = ["Run", "Learner", "Source", "Metric", "Score", "IQM [95 %]", "Baselines", "Seed", "Steps", "Time"]
    rows: list[list[object]] = []
    for group in groups:
        for i, record in group.runs:
            link = tag("a", record.path.name, href=f"#run-{i}")
            facts = [str(record.seed), shown(record.step), _time(record)]
            rows.append([link, group.name, group.source, *_score(record), *facts])
        if len(group.runs) > 1:
            rows.append([tag("em", _together(group)), group.name, group.source, *_joint_score(group), "", "", ""])
    note = "Agents are scored by the mean return of greedy episodes on seeds that training never sees. The "
    note += "interquartile mean (IQM) of one run is that of its episodes; its 95 % bootstrap interval says what other "
    note += "episodes would give, and nothing of other seeds. That of several runs is the IQM of their scores, each "
    note += "run one sample, and its interval is over runs (that of rliable; Agarwal et al. 2021)."
    return join([table(head, rows, texts=4), tag("p", note, class_="note")])


def _time(record: RunRecord) -> str:
    others = scores.trained_together(record) - 1
    return duration(record.seconds) + (f" (part of {others + 1} runs' time)" if others > 0 else "")


def _score(record: RunRecord) -> list[str]:
    row, metric = scores.final(record), scores.main_metric(record)
    if row is None or metric is None:
        return ["not evaluated", *[shown(None)] * 3]
    others = ", ".join(f"{name} {shown(value)}" for name, value in scores.references(record, metric, row).items())
    kind = "" if row.get("purpose") != scores.TRAINING else " (during training)"
    return [label(metric) + kind, shown(row.get(metric)), scores.middle(row), others or shown(None)]


def _together(group: Group) -> str:
    seeds = {str(record.seed) for _, record in group.runs}
    count, early = len(group.runs), sum(record.step < record.config["steps"] for _, record in group.runs)
    name = f"mean of {count} seeds" if len(seeds) == count else f"mean of {count} runs, a seed repeats"
    return name + (f", {early} ended early" if early else "")


def _joint_score(group: Group) -> list[str]:
    records = [record for _, record in group.runs]
    metric = next((m for m in map(scores.main_metric, records) if m is not None), None)
    rows = [row for row in map(scores.final, records) if row is not None]
    values = [value for value in (number(row.get(metric)) for row in rows) if value is not None] if metric else []
    if metric is None or not values:
        return ["not evaluated", *[shown(None)] * 3]
    extremes = f"from {shown(min(values))} to {shown(max(values))}"
    during = sum(row.get("purpose") == scores.TRAINING for row in rows)
    kind = f" ({during} during training)" if during else ""
    seeds = {record.seed for record in records}
    return [label(metric) + kind, shown(sum(values) / len(values)), _over_runs(values, len(seeds)), extremes]


def _over_runs(values: list[float], seeds: int) -> str:
    """Return the IQM over runs with its interval, or why there is none."""
    found, count = over_runs(values), f"of {len(values)} run" + "s" * (len(values) > 1)
    if found.low is None or found.high is None:
        return f"{shown(found.value)} {count}, no interval of fewer than {LEAST_RUNS}"
    if seeds < len(values):
        # The same run twice is no second sample.
        return f"{shown(found.value)} {count}, no interval: a seed repeats"
    return f"{shown(found.value)} {interval(found.low, found.high)} {count}"


def _overlays(groups: list[Group]) -> Markup:
    records = [record for group in groups for _, record in group.runs]
    unit, charts = records[0].unit, []
    metric = next((m for m in map(scores.main_metric, records) if m is not None), None)
    if metric is not None:
        curves = {group.name: _series(group, metric, scores.TRAINING) for group in groups}
        known = {k: v for record in records for k, v in scores.references(record, metric).items()}
        if any(map(any, curves.values())):
            charts.append(overlay_chart(curves, f"evaluation: {label(metric)}", unit, known))
    for name in CURVES:
        curves = {group.name: _series(group, name, None) for group in groups}
        if any(map(any, curves.values())):
            charts.append(overlay_chart(curves, label(name), unit, {}))
    words = "Runs that differ in the seed alone share a colour: thin lines are runs, the bold one is their IQM at the "
    words += "steps that all of them have, and the band reaches from the lowest to the highest."
    shown_note = tag("p", words, class_="note") if any(len(group.runs) > 1 for group in groups) else None
    return join([tag("h3", f"On {groups[0].source}"), tag("div", *charts, class_="charts overlays"), shown_note])


def _series(group: Group, name: str, purpose: str | None) -> list[Points]:
    found = [
        series(record.metrics if purpose is None else scores.of_purpose(record, purpose), name)
        for _, record in group.runs
    ]
    return [points for points in found if points]
