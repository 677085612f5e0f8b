"""The section of one run: headline numbers, curves, evaluations, videos, settings."""

from __future__ import annotations

from lab.reporting import scores
from lab.reporting.charts import evaluation_chart, metric_chart
from lab.reporting.curves.store import LEAST_POINTS, Store
from lab.reporting.html.formats import duration, file_size, interval, label, setting, shown, when
from lab.reporting.html.markup import Markup, join, pairs, table, tag
from lab.reporting.media import Budget, figures
from lab.reporting.records import CheckpointRecord, RunRecord, metric_names
from lab.reporting.states import state_of

MOST_CHARTS = 24
# Counters rise by their nature, which a curve does not make clearer; agents' further numbers stand in the table.
NOT_DRAWN = frozenset({"episodes", "epochs", "samples", "examples", "mean", "std", "min", "max", "length_mean"})
FIRST = ("return", "loss")
PLAYERS = ("generator_loss", "discriminator_loss", "critic_loss")
MOST_SESSIONS = 12
SCHEDULES = ("epsilon", "learning_rate")
OPTIONS = ("num_envs", "lane_used", "evaluate_every", "checkpoint_every", "video_every", "log_every", "steps")
OPTION_LABELS = {"steps": "steps asked for", "lane_used": "lane"}


def run_section(
    record: RunRecord, number: int, name: str, budget: Budget, store: Store, folded: bool = False
) -> Markup:
    """Return the section of a run.

    Args:
        record: The run.
        number: Its number on the page, from 1.
        name: What it is headed by.
        budget: What the page may still embed.
        store: Takes what is drawn.
        folded: Whether it opens at a click only.
    """
    notes = [*record.notes, *scores.left_out(record)]
    shown_files = figures(record.path, budget, notes)
    media = tag("div", *shown_files, class_="media-grid") if shown_files else None
    parts = {
        "head": join([_headline(record), _command(record)]),
        "curves": _curves(record, number, store, notes),
        "evaluations": _evaluations(record),
        "media": _part("Videos and figures", media),
        "details": _details(record),
        "notes": _notes(notes),
    }
    blocks = [tag("div", content, data_part=f"run-{number}-{part}") for part, content in parts.items()]
    title = tag("h2", name)
    if folded:
        head = tag("summary", title, tag("span", f"seed {record.seed}, {record.path.name}"))
        return tag("details", head, *blocks, id=f"run-{number}", class_="run")
    return tag("section", title, *blocks, id=f"run-{number}", class_="run")


def _headline(record: RunRecord) -> Markup:
    steps = record.config["steps"]
    asked = f"of {steps:,} asked for" if steps > record.step else record.unit
    state, why = state_of(record)
    tiles = [
        *_score_tiles(record),
        _tile("State", state, why, f"state {state}"),
        _tile("Steps", shown(record.step), asked),
        _tile("Training time", duration(record.seconds), _shared(record, "by the clock, with evaluations")),
        _tile("Speed", shown(_rounded(record.steps_per_second)), _shared(record, "steps a second")),
        _tile("Seed", str(record.seed), f"run {record.path.name}"),
    ]
    bar = tag("progress", max=steps, value=record.step, aria_label="Steps taken") if record.running and steps else None
    return join([tag("div", *tiles, class_="tiles"), bar])


def _command(record: RunRecord) -> Markup | None:
    """Return when, where and by which command the run was begun, as far as it tells."""
    if not record.sessions:
        return None
    first = record.sessions[0]
    more = f"; trained on {len(record.sessions) - 1} more times" if len(record.sessions) > 1 else ""
    words = f"Begun {when(first.time)} on {first.machine}{more}."
    return tag("p", words, tag("code", first.command), class_="note command")


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


def _curves(record: RunRecord, run: int, store: Store, notes: list[str]) -> Markup:
    training, reported = scores.of_purpose(record, scores.TRAINING), scores.reports(record)
    # A single evaluation is no curve; the table shows it.
    evaluated = metric_names(training) if len(training) > 1 else []
    constants = {name for metric in evaluated for name in scores.references(record, metric)}
    ends = {f"{name}{end}" for name in evaluated for end in ("_low", "_high")}
    evaluated = [name for name in evaluated if name not in NOT_DRAWN | constants | ends]
    charts = [
        evaluation_chart(store, run, training, reported, name, record.unit, scores.references(record, name))
        for name in evaluated[:MOST_CHARTS]
    ]
    logged = _logged(record.metrics.names)
    for names, title in logged[: MOST_CHARTS - len(charts)]:
        charts.append(metric_chart(store, run, record.metrics, names, title, record.unit))
    left_out = len(evaluated) + len(logged) - len(charts)
    if left_out:
        notes.append(f"{left_out:,} more metrics are not drawn (at most {MOST_CHARTS} charts a run).")
    if not charts:
        return _part("Learning curves", tag("p", "No row was logged yet.", class_="note"))
    words = []
    if ends & {*metric_names(training)}:
        over = "episodes" if record.acts else "examples"
        words.append(f"Bands are 95 % bootstrap intervals over the {over} of an evaluation, not over runs.")
    if len(record.metrics) > LEAST_POINTS:
        words.append("Where a curve has more rows than points, a point is a mean and the pale band reaches from the ")
        words[-1] += "least to the greatest of its rows, so that no spike is lost."
    said = tag("p", " ".join(words), class_="note") if words else None
    return _part("Learning curves", join([tag("div", *charts, class_="charts"), said]))


def _logged(names: list[str]) -> list[tuple[dict[str, str], str]]:
    """Return the charts of log rows: the label of each line by its metric, and a title."""
    left = [name for name in names if name not in NOT_DRAWN]
    left.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST) + (name in SCHEDULES))
    found = [({name: label(name)}, label(name)) for name in left if name not in PLAYERS]
    players = {name: label(name) for name in PLAYERS if name in left}
    # Of two players neither's loss says anything without the other's.
    title = "losses of both players" if len(players) > 1 else next(iter(players.values()), "")
    return [(players, title), *found] if players else found


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
    blocks += [pairs("Trained", _sessions(record))] if record.sessions else []
    inner = join([first, tag("div", *blocks, class_="details")])
    return _part("How it was made", inner)


def _sessions(record: RunRecord) -> list[tuple[object, object]]:
    """Return when each process trained the run, on what and by which command, the latest ones."""
    found: list[tuple[object, object]] = []
    for session in record.sessions[-MOST_SESSIONS:]:
        ended = session.ended
        last = session is record.sessions[-1]
        end = f"{ended.why}, {when(ended.time)}" if ended else "running" if last and record.running else "no end known"
        about = (tag("code", session.command), f" on {session.machine}; {end}")
        found.append((f"{when(session.time)}, step {session.step:,}", join(about)))
    return found


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
