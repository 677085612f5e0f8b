"""Scores: which evaluations of a run to show, and which of their numbers is the score."""

from __future__ import annotations

import dataclasses

from lab.reporting.html.formats import interval, number, shown
from lab.reporting.html.markup import legible
from lab.reporting.records import Row, RunRecord, metric_names

BASELINE, TRAINING = "baseline", "training"
REPORTS_SHOWN = 3
MOST_REASONS = 8
# How many were evaluated says nothing of how well they did.
COUNTS = frozenset({"episodes", "samples", "examples"})


@dataclasses.dataclass(frozen=True)
class Line:
    """One evaluation of the table, and what to call it."""

    title: str
    row: Row


def of_purpose(record: RunRecord, purpose: str) -> list[Row]:
    """Return the evaluations of a purpose, as they were written."""
    return [row for row in record.evaluations if row.get("purpose") == purpose]


def reports(record: RunRecord) -> list[Row]:
    """Return the evaluations that are neither a baseline nor made during training, each once."""
    found: list[Row] = []
    for row in record.evaluations:
        if row.get("purpose") not in (BASELINE, TRAINING):
            # `lab evaluate` again gives the same row again.
            found = [*(other for other in found if other != row), row]
    return found


def final(record: RunRecord) -> Row | None:
    """Return the evaluation that stands for the run: the last report, or else the last one during training."""
    rows = reports(record) or of_purpose(record, TRAINING)
    return rows[-1] if rows else None


def left_out(record: RunRecord) -> list[str]:
    """Return why metrics are missing in the evaluation that stands for the run, each reason once."""
    reasons = (final(record) or {}).get("left_out")
    given = list(reasons.values()) if isinstance(reasons, dict) else []
    return [f"Left out: {legible(reason)}" for reason in dict.fromkeys(map(str, given))][:MOST_REASONS]


def main_metric(record: RunRecord) -> str | None:
    """Return the metric that is the score: `mean` for agents, else what the best checkpoint was selected by."""
    names = metric_names(record.evaluations)
    if "mean" in names:
        return "mean"
    selected = [name for c in record.checkpoints if c.kind == "best" for name in c.score if name in names]
    return selected[0] if selected else next((name for name in names if name not in COUNTS), None)


def middle(row: Row) -> str:
    """Return an evaluation's IQM with its interval over the episodes of that one run, or a dash."""
    if number(row.get("iqm")) is None:
        return shown(None)
    ends = interval(row.get("iqm_low"), row.get("iqm_high"))
    return f"{shown(row['iqm'])} {ends} of {shown(row.get('episodes'))} episodes"


def trained_together(record: RunRecord) -> int:
    """Return how many runs shared the clock with this one, itself among them, at its last row."""
    return int(number(record.metrics.last.get("time_runs_together")) or 1)


def best_training(record: RunRecord) -> Row | None:
    """Return the evaluation during training that the best checkpoint was kept for, if any."""
    steps = [c.step for c in record.checkpoints if c.kind == "best"]
    return next((row for row in reversed(of_purpose(record, TRAINING)) if row["step"] in steps[-1:]), None)


def lines(record: RunRecord) -> list[Line]:
    """Return the evaluations worth a line: baselines, best and last during training, and the newest reports."""
    found = [
        Line(f"baseline: {row.get('learner', 'unnamed')}{_note(row)}", row) for row in of_purpose(record, BASELINE)
    ]
    training, best = of_purpose(record, TRAINING), best_training(record)
    if training:
        last = training[-1]
        if best is not None and best is not last:
            found.append(Line("during training, best (kept)", best))
        found.append(Line("during training, last" + (" and best (kept)" if best is last else ""), last))
    found += [Line(str(row.get("purpose", "unnamed")), row) for row in reports(record)[-REPORTS_SHOWN:]]
    return found


def _note(row: Row) -> str:
    """Return in brackets what a baseline says of itself, such as that it was cut short for the sake of time."""
    reasons = row.get("left_out")
    note = reasons.get("note") if isinstance(reasons, dict) else None
    return f" ({legible(note)})" if isinstance(note, str) else ""


def references(record: RunRecord, metric: str, beside: Row | None = None) -> dict[str, float]:
    """Return what to hold a metric against: baselines of agents, and metrics such as `mse_pca` beside `mse`.

    A metric whose name goes on another's and that never changes during training is a constant of the data.

    Args:
        record: The run.
        metric: The metric.
        beside: The evaluation whose constants to return; None for those of training, which has other held-out data.
    """
    found = {}
    for row in of_purpose(record, BASELINE):
        value = number(row.get(metric))
        if value is not None:
            found[str(row.get("learner", "baseline"))] = value
    rows = of_purpose(record, TRAINING) or reports(record)
    constants = [{name: row[name] for name in row if name.startswith(f"{metric}_")} for row in rows]
    for name in metric_names(constants):
        values = {number(row.get(name)) for row in rows}
        if len(values) == 1 and name not in (f"{metric}_low", f"{metric}_high"):
            value = values.pop() if beside is None else number(beside.get(name))
            if value is not None:
                found[name] = value
    return found


def table_of(record: RunRecord) -> tuple[list[str], list[list[str]]]:
    """Return the evaluation table: its head, and one line of cells an evaluation."""
    chosen = lines(record)
    names = metric_names([line.row for line in chosen])
    if "mean" in names and "iqm" in names:
        hidden = {"mean", "std", "iqm", "iqm_low", "iqm_high", "episodes", "min", "max", "length_mean"}
        extra = [name for name in names if name not in hidden]
        head = [
            "Evaluation",
            "Step",
            "Mean",
            "Std",
            "IQM",
            "95 % over episodes",
            "Min",
            "Max",
            "Length",
            *extra,
            "Episodes",
        ]
        keys = ["mean", "std", "iqm", "", "min", "max", "length_mean", *extra, "episodes"]
    else:
        keys = [*(n for n in names if n not in COUNTS), *(n for n in names if n in COUNTS)]
        head = ["Evaluation", "Step", *keys]
    cells = []
    for line in chosen:
        row = line.row
        values = [shown(row.get(k)) if k else interval(row.get("iqm_low"), row.get("iqm_high")) for k in keys]
        cells.append([line.title, shown(row["step"]), *values])
    return head, cells
