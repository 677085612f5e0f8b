"""write_report: one HTML page about runs that opens from disk, needs no network and runs no script but its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import UsageError, bad_value
from lab.files.atomic import replacing
from lab.reporting.compared.grouping import headings
from lab.reporting.comparison import comparison
from lab.reporting.curves.store import Store
from lab.reporting.html.assets import SCRIPT
from lab.reporting.html.document import whole_page
from lab.reporting.html.markup import Markup, join, tag
from lab.reporting.live.found import members
from lab.reporting.media import Budget
from lab.reporting.records import RunRecord, read_run
from lab.reporting.sections import run_section
from lab.runs import population

# More runs are folded up, and found by the table alone.
MOST_OPEN, MOST_LINKS = 4, 12


class Content(NamedTuple):
    """What a page holds: its title, its links, its sections, and what its script draws."""

    title: str
    links: Markup | None
    sections: list[Markup]
    data: dict[str, Any]


def write_report(runs: Sequence[str | os.PathLike[str]], output: str | os.PathLike[str] | None = None) -> Path:
    """Write one page about runs, whole or not at all; the runs are only read.

    Args:
        runs: Run directories, each once, or directories that hold runs; several are also compared.
        output: The page, `.html`; None for report.html in the first run.

    Returns:
        The page's path.

    Raises:
        UsageError: For no run, one that is named twice or is no run, or an output that cannot be written.
    """
    if isinstance(runs, (str, os.PathLike)):
        raise bad_value("report", "runs", str(runs), "a list of run directories", f"write_report([{str(runs)!r}])")
    given = [Path(run) for run in runs if Path(run).name != population.NAME]
    paths = [path for run in given for path in members(run)]
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


def page_of(records: list[RunRecord]) -> str:
    """Return the page about runs."""
    return document(content_of(records), SCRIPT, live=False)


def content_of(records: list[RunRecord], budget: Budget | None = None) -> Content:
    """Return what a page about runs holds.

    Args:
        records: The runs.
        budget: What the page may embed; None for the default.
    """
    budget, store = budget or Budget(), Store()
    names = headings(records)
    sections = [comparison(records, names, store)] if len(records) > 1 else []
    folded = len(records) > MOST_OPEN
    sections += [
        run_section(record, i, name, budget, store, folded=folded)
        for i, (record, name) in enumerate(zip(records, names, strict=True), 1)
    ]
    title = names[0] if len(records) == 1 else f"{len(records)} runs"
    links = _contents(records, names) if len(records) > 1 else None
    return Content(title, links, sections, {**store.to_json(), "traces": budget.traces})


def document(content: Content, script: str, live: bool, more: Mapping[str, Any] | None = None) -> str:
    """Return a whole page.

    Args:
        content: What it holds.
        script: Its script.
        live: Whether a server on this machine sends media and events.
        more: Further data for the script.
    """
    data = json.dumps({**content.data, **(more or {})}, separators=(",", ":"))
    controls = tag("div", id="controls")
    frame: dict[str, Any] = {"of": "runs'", "script": script, "data": data, "live": live}
    return whole_page("Lab report", content.title, content.links, controls, main=join(content.sections), **frame)


def _contents(records: list[RunRecord], names: list[str]) -> Markup:
    links = [tag("a", "overview", href="#comparison")]
    if len(records) <= MOST_LINKS:
        links += [tag("a", name, href=f"#run-{i}") for i, name in enumerate(names, 1)]
    return tag("nav", *links, aria_label="Runs")


def _check_once(paths: list[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in paths:
        if path.resolve() in seen:
            fix = f"leave it or {seen[path.resolve()]} out; they are one."
            raise bad_value("report", "runs", str(path), "each run once", fix)
        seen[path.resolve()] = path
