"""write_report: one HTML page about runs that opens from disk, needs no network and runs no script."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from lab.errors import UsageError, bad_value
from lab.files.atomic import replacing
from lab.reporting.comparison import comparison
from lab.reporting.html.markup import Markup, join, tag
from lab.reporting.html.style import STYLE
from lab.reporting.media import Budget
from lab.reporting.records import RunRecord, read_run
from lab.reporting.sections import run_section
from lab.runs import population
from lab.version import __version__

# Even if a string of a run's files found a way into the markup, a browser would neither run it nor load anything.
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; img-src data:; media-src data:; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'"
)


def write_report(runs: Sequence[str | os.PathLike[str]], output: str | os.PathLike[str] | None = None) -> Path:
    """Write one page about runs, whole or not at all; the runs are only read.

    Args:
        runs: Run directories, each once, or directories of runs that were trained side by side; several are also
            compared.
        output: The page, `.html`; None for report.html in the first run.

    Returns:
        The page's path.

    Raises:
        UsageError: For no run, one that is named twice or is no run, or an output that cannot be written.
    """
    if isinstance(runs, (str, os.PathLike)):
        raise bad_value("report", "runs", str(runs), "a list of run directories", f"write_report([{str(runs)!r}])")
    given = [Path(run) for run in runs if Path(run).name != population.NAME]
    paths = [path for run in given for path in _members(run)]
    if not paths:
        raise bad_value("report", "runs", "none", "at least one run directory")
    _check_once(paths)
    target = Path(output) if output is not None else given[0] / "report.html"
    if target.suffix.lower() not in (".html", ".htm"):
        raise bad_value("report", "output", str(target), "a name that ends in .html")
    page = page_of([read_run(path) for path in paths])
    try:
        with replacing(target) as partial:
            partial.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"report: {target} cannot be written ({error.strerror}); expected a free or older file in a writable "
            "directory. Fix: choose another output."
        ) from error
    return target


def _members(run: Path) -> list[Path]:
    # Runs that were trained side by side are named by the directory around them; `RUNS/*` names its plan too.
    return population.directories(run) if population.is_population(run) else [run]


def page_of(records: list[RunRecord]) -> str:
    """Return the page about runs."""
    budget = Budget()
    sections = [comparison(records)] if len(records) > 1 else []
    sections += [run_section(record, i, budget) for i, record in enumerate(records, 1)]
    names = [f"{record.learner} on {record.source}" for record in records]
    title = names[0] if len(records) == 1 else f"{len(records)} runs"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · lab report"),
        # Without it browsers ask a server for one.
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(STYLE)),
    )
    body = tag(
        "body",
        tag("header", tag("h1", "Lab report"), tag("p", title), _contents(records, names)),
        tag("main", *sections),
        tag("footer", f"Written by lab {__version__} from the runs' own files; opens without a network."),
    )
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _contents(records: list[RunRecord], names: list[str]) -> Markup | None:
    if len(names) == 1:
        return None
    if len(set(names)) < len(names):
        names = [record.path.name for record in records]
    links = [tag("a", name, href=f"#run-{i}") for i, name in enumerate(names, 1)]
    return tag("nav", join([tag("a", "overview", href="#comparison"), *links]), aria_label="Runs")


def _check_once(paths: list[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in paths:
        if path.resolve() in seen:
            fix = f"leave it or {seen[path.resolve()]} out; they are one."
            raise bad_value("report", "runs", str(path), "each run once", fix)
        seen[path.resolve()] = path
