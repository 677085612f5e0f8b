"""write_sweep_report: one HTML page about a sweep, and its figures as PNGs; it opens from disk and runs no script."""

from __future__ import annotations

import base64
import os
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import MissingPackageError, UsageError, bad_value
from lab.files.atomic import replacing
from lab.files.links import make_folder
from lab.media.plotting import write_figure
from lab.reporting.html.document import whole_page
from lab.reporting.html.markup import Markup, join, pairs, table, tag
from lab.sweep.showing import charts
from lab.sweep.showing.importance import importance
from lab.sweep.spaces import plain
from lab.sweep.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = "figures"
# Of a sweep of thousands the page keeps the best.
MOST_ROWS = 200


def write_sweep_report(run_dir: str | os.PathLike[str], output: str | os.PathLike[str] | None = None) -> Path:
    """Write a page about a sweep, whole or not at all, and its figures into the sweep's `figures/`.

    Args:
        run_dir: The sweep's directory; nothing in it is run or imported.
        output: The page, `.html`; None for report.html in the sweep.

    Returns:
        The page's path.

    Raises:
        UsageError: When it is no sweep, or the page cannot be written.
    """
    sweep = Sweep.open(run_dir)
    target = Path(output) if output is not None else sweep.directory / "report.html"
    if target.suffix.lower() not in (".html", ".htm"):
        raise bad_value("report", "output", str(target), "a name that ends in .html")
    figures, note = _figures(sweep)
    folder = sweep.directory / FIGURES
    try:
        if figures:
            folder.mkdir(exist_ok=True)
            make_folder(folder, sweep.directory)
        pictures = {name: write_figure(figure, folder / f"{name}.png").read_bytes() for name, figure in figures.items()}
        with replacing(target) as partial:
            partial.write_text(_page(sweep, pictures, note), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"report: {target} cannot be written ({error.strerror}); expected a writable directory. "
            "Fix: choose another output."
        ) from error
    return target


def _figures(sweep: Sweep) -> tuple[dict[str, Figure], str]:
    trials, note = sweep.trials, ""
    if not any(trial.value is not None for trial in trials):
        return {}, "No trial has a score yet."
    metric, higher = sweep.journal.metric or ("score", True)
    found = {"history": charts.history_chart(trials, metric, higher)}
    try:
        shares = importance(sweep.plan, sweep.spaces, trials, higher)
        if shares:
            found["importance"] = charts.importance_chart(shares)
        else:
            note = "Too few complete trials, or all of one score, to say which settings matter."
    except MissingPackageError as error:
        note = f"Which settings matter is left out: {error}"
    found["slices"] = charts.slices_chart(trials, sweep.spaces, metric)
    if charts.scored(trials):
        found["parallel"] = charts.parallel_chart(trials, sweep.spaces, metric, higher, sweep.best)
    return found, note


WORDS = {
    "history": "Score of each trial by its number, with the best so far",
    "importance": "Share of each setting in what the better trials have in common",
    "slices": "Score over each setting, a point a trial; later trials are darker, crosses were pruned",
    "parallel": "A line for each complete trial across its settings; better ones are darker, the best is red",
}


def _page(sweep: Sweep, pictures: dict[str, bytes], note: str) -> str:
    plan, best = sweep.plan, sweep.best
    states = [trial.state for trial in sweep.trials]
    metric, higher = sweep.journal.metric or ("score", True)
    tiles = [
        ("best score", "none" if best is None else f"{best.value:.6g}"),
        ("trials", f"{sum(t.ended for t in sweep.trials)} of {plan.trials}"),
        *(
            (state, str(states.count(state)))
            for state in ("complete", "pruned", "failed", "running")
            if state in states
        ),
    ]
    about = [
        ("metric", f"{metric}, {'more' if higher else 'less'} is better"),
        ("score", f"{plan.score} evaluation, {plan.statistic} over seeds"),
        ("steps of a run", f"{plan.steps:,}, evaluated every {plan.evaluate_every:,}"),
        ("seeds", ", ".join(map(str, plan.seeds[:20])) + ("" if len(plan.seeds) <= 20 else ", …")),
        ("sampler, pruner", f"{plan.sampler}, {plan.pruner}, {plan.together} trials together, seed {plan.seed}"),
        *((f"search {name}", str(space)) for name, space in sweep.spaces.items()),
    ]  # fmt: skip
    head = tag("div", *(tag("div", *_tile(*tile), class_="tile score") for tile in tiles), class_="tiles")
    found = None
    if best is not None:
        settings = [(name, plain(value, ", ")) for name, value in best.settings.items()]
        found = tag("div", pairs(f"Best: {best.path.name}", settings), class_="details")
    main = [
        tag("section", head, found, tag("p", note, class_="note") if note else None),
        tag("section", tag("h2", "Study"), tag("div", *starmap(_figure, pictures.items()), class_="media-grid")),
        tag("section", tag("h2", "Trials"), *_trials(sweep)),
        tag("section", pairs("Plan", about)),
    ]
    title = f"{plan.learner} on {plan.source or 'an object'}"
    return whole_page("Lab sweep", title, main=join(main), of="sweep's")


def _tile(name: str, value: str) -> tuple[Markup, Markup]:
    return tag("span", name, class_="name"), tag("strong", value)


def _figure(name: str, png: bytes) -> Markup:
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return tag("figure", tag("img", src=source, alt=WORDS[name]), tag("figcaption", WORDS[name]), class_="media")


def _trials(sweep: Sweep) -> list[Markup]:
    sign = -1.0 if sweep.journal.metric is None or sweep.journal.metric[1] else 1.0
    order = {"complete": 0, "pruned": 1, "running": 2, "failed": 3}
    trials = sorted(sweep.trials, key=lambda t: (order[t.state], sign * (t.value or 0.0), t.number))
    head = ("trial", "state", "score", "step", *sweep.spaces, "why")
    rows = [
        (
            trial.path.name, trial.state, "" if trial.value is None else f"{trial.value:.6g}", f"{trial.step:,}",
            *(plain(trial.settings[name], ", ") for name in sweep.spaces), trial.reason,
        )
        for trial in trials[:MOST_ROWS]
    ]  # fmt: skip
    found = [table(head, rows, texts=len(head))]
    if len(trials) > MOST_ROWS:
        found.append(tag("p", f"{len(trials) - MOST_ROWS:,} more are left out.", class_="note"))
    return found
