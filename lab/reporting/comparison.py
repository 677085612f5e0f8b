"""Several runs side by side: one table of scores, and curves of those that learnt from the same source."""

from __future__ import annotations

from lab.reporting import scores
from lab.reporting.charts import overlay_chart
from lab.reporting.compared.differences import differences
from lab.reporting.compared.grouping import Group, grouped, source_key
from lab.reporting.compared.learners import METRIC, Scores, learners_compared, of_all_tasks, of_one_task, scaled
from lab.reporting.curves.columns import Columns, Points
from lab.reporting.curves.store import Store
from lab.reporting.html.formats import duration, interval, label, number, shown
from lab.reporting.html.markup import Markup, Sorted, join, table, tag
from lab.reporting.records import RunRecord
from lab.reporting.states import state_of
from lab.results.statistics import LEAST_RUNS, over_runs

CURVES = ("return", "loss", "generator_loss", "discriminator_loss")


def comparison(records: list[RunRecord], names: list[str], store: Store) -> Markup:
    """Return the section that comes before those of the single runs.

    Args:
        records: The runs.
        names: What each is headed by.
        store: Takes what is drawn.
    """
    groups = grouped(records)
    parts: list[Markup] = [tag("div", _overview(groups), data_part="comparison-table")]
    for i, source in enumerate(dict.fromkeys(source_key(record) for record in records)):
        alike = [group for group in groups if source_key(group.runs[0][1]) == source]
        if sum(len(group.runs) for group in alike) > 1:
            parts.append(tag("div", _overlays(alike, store), data_part=f"comparison-curves-{i}"))
            parts += _learners(of_one_task(alike), f"on {alike[0].source}", label(METRIC), store, i)
    everywhere, tasks = of_all_tasks(groups)
    parts += _learners(scaled(everywhere), f"on all {tasks} sources", "normalised score", store, "all")
    title = "All runs" if len(parts) == 1 else "Comparison"
    parts.append(tag("div", differences(records, names), data_part="comparison-settings"))
    return tag("section", tag("h2", title), *parts, id="comparison")


def _learners(found: Scores, where: str, unit: str, store: Store, part: object) -> list[Markup]:
    shown_parts = learners_compared(found, where, unit, store)
    if shown_parts is None:
        return []
    words = "Normalised: 0 is the lowest run of each source, 1 the highest." if part == "all" else None
    note = tag("p", words, class_="note") if words else None
    return [tag("div", tag("h3", f"Learners {where}"), shown_parts, note, data_part=f"comparison-learners-{part}")]


def _overview(groups: list[Group]) -> Markup:
    head = ["Run", "Learner", "Source", "Metric", "Score", "IQM [95 %]", "Baselines", "Seed", "Steps", "Time", "State"]
    rows: list[list[object]] = []
    for group in groups:
        for i, record in group.runs:
            link = tag("a", record.path.name, href=f"#run-{i}")
            facts = [str(record.seed), shown(record.step), Sorted(_time(record), record.seconds), state_of(record)[0]]
            rows.append([link, group.name, group.source, *_score(record), *facts])
        if len(group.runs) > 1:
            rows.append([tag("em", _together(group)), group.name, group.source, *_joint_score(group), "", "", "", ""])
    note = "Agents are scored by the mean return of greedy episodes on seeds that training never sees. The "
    note += "interquartile mean (IQM) of one run is that of its episodes; its 95 % bootstrap interval says what other "
    note += "episodes would give, and nothing of other seeds. That of several runs is the IQM of their scores, each "
    note += "run one sample, and its interval is over runs (that of rliable; Agarwal et al. 2021)."
    return join([table(head, rows, texts=4, class_="sortable runs"), tag("p", note, class_="note")])


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


def _overlays(groups: list[Group], store: Store) -> Markup:
    records = [record for group in groups for _, record in group.runs]
    unit, charts = records[0].unit, []
    metric = next((m for m in map(scores.main_metric, records) if m is not None), None)
    if metric is not None:
        curves = {group.name: _series(group, metric, True) for group in groups}
        known = {k: v for record in records for k, v in scores.references(record, metric).items()}
        if any(curves.values()):
            charts.append(overlay_chart(store, curves, f"evaluation: {label(metric)}", unit, known, exact=True))
    for name in CURVES:
        curves = {group.name: _series(group, name, False) for group in groups}
        if any(curves.values()):
            charts.append(overlay_chart(store, curves, label(name), unit, {}))
    words = "Runs that differ in the seed alone share a colour: thin lines are runs, the bold one is their IQM at the "
    words += "steps that all of them have, and the band reaches from the lowest to the highest."
    shown_note = tag("p", words, class_="note") if any(len(group.runs) > 1 for group in groups) else None
    return join([tag("h3", f"On {groups[0].source}"), tag("div", *charts, class_="charts overlays"), shown_note])


def _series(group: Group, name: str, evaluated: bool) -> list[tuple[tuple[object, ...], Points]]:
    found: list[tuple[tuple[object, ...], Points]] = []
    for run, record in group.runs:
        columns = Columns(scores.of_purpose(record, scores.TRAINING)) if evaluated else record.metrics
        found.append(((run, "plain evaluation" if evaluated else "log", name), columns.series(name)))
    return [(key, points) for key, points in found if len(points.steps)]
