"""The section of one run: headline numbers, curves, evaluations, videos, settings."""

from __future__ import annotations

from lab.media.plotting import SMOOTH_ABOVE
from lab.reporting import scores
from lab.reporting.charts import evaluation_chart, metric_chart
from lab.reporting.html.formats import duration, file_size, interval, label, setting, shown
from lab.reporting.html.markup import Markup, join, pairs, table, tag
from lab.reporting.media import Budget, figures
from lab.reporting.records import CheckpointRecord, RunRecord, metric_names

MOST_CHARTS = 24
# Counters rise by their nature, which a curve does not make clearer; agents' further numbers stand in the table.
NOT_DRAWN = frozenset({"episodes", "epochs", "samples", "examples", "mean", "std", "min", "max", "length_mean"})
FIRST = ("return", "loss")
SCHEDULES = ("epsilon", "learning_rate")
OPTIONS = ("num_envs", "lane_used", "evaluate_every", "checkpoint_every", "video_every", "log_every", "steps")
OPTION_LABELS = {"steps": "steps asked for", "lane_used": "lane"}


def run_section(record: RunRecord, number: int, budget: Budget) -> Markup:
    """Return the section of a run.

    Args:
        record: The run.
        number: Its number on the page, from 1.
        budget: What the page may still embed.
    """
    notes = [*record.notes, *scores.left_out(record)]
    shown_files = figures(record.path, budget, notes)
    parts = [
        tag("h2", record.learner, tag("span", " on "), record.source),
        _headline(record),
        _curves(record, notes),
        _evaluations(record),
        _part("Videos and figures", tag("div", *shown_files, class_="media-grid") if shown_files else None),
        _details(record),
        _notes(notes),
    ]
    return tag("section", *parts, id=f"run-{number}", class_="run")


def _headline(record: RunRecord) -> Markup:
    steps = record.config["steps"]
    asked = f"of {steps:,} asked for" if steps > record.step else record.unit
    tiles = [
        *_score_tiles(record),
        _tile("Steps", shown(record.step), asked),
        _tile("Training time", duration(record.seconds), _shared(record, "by the clock, with evaluations")),
        _tile("Speed", shown(_rounded(record.steps_per_second)), _shared(record, "steps a second")),
        _tile("Seed", str(record.seed), f"run {record.path.name}"),
    ]
    return tag("div", *tiles, class_="tiles")


def _score_tiles(record: RunRecord) -> list[Markup]:
    row, metric = scores.final(record), scores.main_metric(record)
    if row is None or metric is None:
        return [_tile("Score", "–", "not evaluated yet", "score")]
    name = label(metric)
    where = "during training" if row.get("purpose") == scores.TRAINING else f"at step {row['step']:,}"
    others = [f"{title} {shown(value)}" for title, value in scores.references(record, metric, row).items()]
    title = name[:1].upper() + name[1:]
    tiles = [_tile(title, shown(row.get(metric)), "; ".join([where, *others]), "score")]
    if shown(row.get("iqm")) != shown(None):
        ends = interval(row.get("iqm_low"), row.get("iqm_high"))
        small = f"of {shown(row.get('episodes'))} episodes; 95 % interval over these {ends}"
        tiles.append(_tile("Interquartile mean", shown(row.get("iqm")), small))
    return tiles


def _tile(title: str, value: str, small: str, kind: str = "") -> Markup:
    parts = (tag("span", title, class_="name"), tag("strong", value), tag("span", small, class_="small"))
    return tag("div", *parts, class_=f"tile {kind}".strip())


def _curves(record: RunRecord, notes: list[str]) -> Markup:
    training, reported = scores.of_purpose(record, scores.TRAINING), scores.reports(record)
    # A single evaluation is no curve; the table shows it.
    evaluated = metric_names(training) if len(training) > 1 else []
    constants = {name for metric in evaluated for name in scores.references(record, metric)}
    ends = {f"{name}{end}" for name in evaluated for end in ("_low", "_high")}
    evaluated = [name for name in evaluated if name not in NOT_DRAWN | constants | ends]
    logged = [name for name in metric_names(record.metrics) if name not in NOT_DRAWN]
    logged.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST) + (name in SCHEDULES))
    charts = [
        evaluation_chart(training, reported, name, record.unit, scores.references(record, name))
        for name in evaluated[:MOST_CHARTS]
    ]
    charts += [metric_chart(record.metrics, name, record.unit) for name in logged[: MOST_CHARTS - len(charts)]]
    left_out = len(evaluated) + len(logged) - len(charts)
    if left_out:
        notes.append(f"{left_out:,} more metrics are not drawn (at most {MOST_CHARTS} charts a run).")
    if not charts:
        return _part("Learning curves", tag("p", "No row was logged yet.", class_="note"))
    words = []
    if ends & {*metric_names(training)}:
        over = "episodes" if record.acts else "examples"
        words.append(f"Bands are 95 % bootstrap intervals over the {over} of an evaluation, not over runs.")
    if len(record.metrics) > SMOOTH_ABOVE:
        pale = "the pale one is every logged row and the bold one the mean of the latest 5 % of the rows."
        words.append(f"Of a pale and a bold line, {pale}")
    said = tag("p", " ".join(words), class_="note") if words else None
    return _part("Learning curves", join([tag("div", *charts, class_="charts"), said]))


def _evaluations(record: RunRecord) -> Markup:
    head, rows = scores.table_of(record)
    if not rows:
        return _part("Evaluations", tag("p", "Not evaluated yet.", class_="note"))
    count = len(scores.of_purpose(record, scores.TRAINING))
    words = f"Of {count:,} evaluations during training the table holds the best and the last. " if count > 2 else ""
    words += "A report is made on seeds or rows that neither training nor the choice of the best checkpoint saw."
    return _part("Evaluations", join([table(head, rows), tag("p", words, class_="note")]))


def _details(record: RunRecord) -> Markup:
    options = [
        (OPTION_LABELS.get(key, label(key)), setting(record.config[key]))
        for key in OPTIONS
        if record.config.get(key) is not None and (key != "num_envs" or record.acts)
    ]
    reason = record.config.get("lane_reason")
    if reason:
        options.insert(2, ("why this lane", setting(reason)))
    settings = [(tag("code", name), setting(value)) for name, value in record.settings.items()]
    saved = [(_title(c), join([tag("code", c.digest[:12]), f" {file_size(c.size)}"])) for c in record.checkpoints]
    packages = [(name, setting(value)) for name, value in record.versions.items()]
    blocks = [pairs("Run", options), pairs("Checkpoints (SHA-256)", saved), pairs("Versions", packages)]
    first = tag("div", pairs("Settings", settings), class_="settings")
    return _part("How it was made", join([first, tag("div", *blocks, class_="details")]))


def _title(checkpoint: CheckpointRecord) -> str:
    return f"best, step {checkpoint.step:,}" if checkpoint.kind == "best" else f"step {checkpoint.step:,}"


def _notes(notes: list[str]) -> Markup | None:
    return tag("aside", tag("h3", "Notes"), tag("ul", *(tag("li", note) for note in notes))) if notes else None


def _part(title: str, content: Markup | None) -> Markup:
    return join([tag("h3", title), content]) if content is not None else join([])


def _shared(record: RunRecord, words: str) -> str:
    others = scores.trained_together(record) - 1
    plural = "run" if others == 1 else "runs"
    return f"{words}; its part of the time beside {others} other {plural}" if others > 0 else words


def _rounded(value: float | None) -> float | None:
    return value if value is None or value < 100 else float(round(value))
