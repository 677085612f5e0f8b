"""write_sweep_report: one HTML page about a sweep, and its figures as PNGs; it opens from disk and runs no script."""

from __future__ import annotations

import base64
import hashlib
import html
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import MissingPackageError, UsageError, bad_value, printable
from lab.files.atomic import replacing
from lab.files.links import make_folder
from lab.media.plotting import write_figure
from lab.sweep.journal import Trial
from lab.sweep.showing import charts
from lab.sweep.showing.importance import importance
from lab.sweep.showing.style import STYLE
from lab.sweep.sweep import Sweep
from lab.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = "figures"
# Of a sweep of thousands the page keeps the best.
MOST_ROWS = 200
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


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
    title = f"{plan.learner} on {plan.source or 'an object'}"
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
    images = "".join(
        f'<figure><img src="data:image/png;base64,{base64.b64encode(data).decode()}" alt="{_text(WORDS[name])}">'
        f"<figcaption>{_text(WORDS[name])}</figcaption></figure>"
        for name, data in pictures.items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{_text(title)} · lab sweep</title><style>{STYLE}</style></head><body>"
        f"<header><h1>Sweep</h1><p>{_text(title)}</p></header><main>"
        f'<section><div class="tiles">{"".join(_tile(*tile) for tile in tiles)}</div>{_best(sweep, best)}'
        f"{f'<p class=note>{_text(note)}</p>' if note else ''}</section>"
        f'<section><h2>Study</h2><div class="figures">{images}</div></section>'
        f"<section><h2>Trials</h2>{_table(sweep)}</section>"
        f"<section><h2>Plan</h2><dl>{''.join(_pair(*one) for one in about)}</dl></section></main>"
        f"<footer>Written by lab {__version__} from the sweep's own files; opens without a network.</footer>"
        "</body></html>\n"
    )


def _best(sweep: Sweep, best: Trial | None) -> str:
    if best is None:
        return ""
    pairs = "".join(_pair(name, value) for name, value in best.settings.items())
    return f"<h2>Best: {_text(best.path.name)}</h2><dl>{pairs}</dl>"


def _table(sweep: Sweep) -> str:
    sign = -1.0 if sweep.journal.metric is None or sweep.journal.metric[1] else 1.0
    order = {"complete": 0, "pruned": 1, "running": 2, "failed": 3}
    rows = sorted(sweep.trials, key=lambda t: (order[t.state], sign * (t.value or 0.0), t.number))
    head = "".join(f"<th>{_text(name)}</th>" for name in ("trial", "state", "score", "step", *sweep.spaces, "why"))
    lines = [
        "<tr>"
        + "".join(
            f"<td>{_text(cell)}</td>"
            for cell in (
                trial.path.name, trial.state, "" if trial.value is None else f"{trial.value:.6g}", f"{trial.step:,}",
                *(_value(trial.settings[name]) for name in sweep.spaces), trial.reason,
            )
        )
        + "</tr>"
        for trial in rows[:MOST_ROWS]
    ]  # fmt: skip
    more = f"<p class=note>{len(rows) - MOST_ROWS:,} more are left out.</p>" if len(rows) > MOST_ROWS else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>{more}'
    )


def _tile(name: str, value: str) -> str:
    return f'<div class="tile"><span>{_text(name)}</span><strong>{_text(value)}</strong></div>'


def _pair(name: str, value: Any) -> str:
    return f"<div><dt>{_text(name)}</dt><dd>{_text(_value(value))}</dd></div>"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _text(value: object) -> str:
    return html.escape(printable(str(value)[:400]), quote=True)
