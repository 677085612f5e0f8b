"""The table of what runs differ in, one column a run."""

from __future__ import annotations

from lab.reporting import scores
from lab.reporting.compared.grouping import options_of
from lab.reporting.html.formats import duration, label, setting, shown
from lab.reporting.html.markup import Markup, join, legible, table, tag
from lab.reporting.records import RunRecord
from lab.reporting.states import state_of

# Columns of the table, of which the page's script shows those that are chosen.
MOST_RUNS = 40
NONE = "–"


def differences(records: list[RunRecord], names: list[str]) -> Markup:
    """Return a table of runs side by side: what they came to, and the settings in which they differ before those in
    which they do not.

    Args:
        records: The runs.
        names: What each is headed by.
    """
    shown_runs = records[:MOST_RUNS]
    facts = [_facts(record) for record in shown_runs]
    rows = [[name, *(fact[name] for fact in facts)] for name in facts[0]]
    options = [{"learner": r.learner, "source": r.source, **options_of(r)} for r in shown_runs]
    known = list(dict.fromkeys(name for option in options for name in option))
    values = {name: [setting(option[name]) if name in option else NONE for option in options] for name in known}
    differ = [name for name in known if len(set(values[name])) > 1]
    alike = [name for name in known if len(set(values[name])) == 1]
    rows += [[tag("code", name), *values[name]] for name in differ]
    rows += [[tag("code", name, class_="alike"), *values[name]] for name in alike]
    head = ["", *(tag("a", legible(name, 80), href=f"#run-{i}") for i, name in enumerate(names[:MOST_RUNS], 1))]
    words = [] if len(records) <= MOST_RUNS else [f"The first {MOST_RUNS} of {len(records)} runs."]
    words += [] if differ else ["These runs have the same settings."]
    note = tag("p", " ".join(words), class_="note") if words else None
    return join([tag("h3", "Side by side"), note, table(head, rows, texts=len(head), class_="sides")])


def _facts(record: RunRecord) -> dict[str, str]:
    row, metric = scores.final(record), scores.main_metric(record)
    score = NONE if row is None or metric is None else f"{shown(row.get(metric))} {label(metric)}"
    state, why = state_of(record)
    cells = {"score": score, "steps": shown(record.step), "time": duration(record.seconds), "seed": str(record.seed)}
    return {**cells, "state": f"{state}: {why}" if why else state}
