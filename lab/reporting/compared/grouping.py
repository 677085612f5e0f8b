"""Which runs differ in nothing but the seed, and in what the others differ."""

from __future__ import annotations

import dataclasses
import json

from lab.reporting.html.formats import setting
from lab.reporting.records import RunRecord

DIFFERENCES = 3


@dataclasses.dataclass
class Group:
    """Runs that differ in nothing but the seed."""

    name: str
    source: str
    runs: list[tuple[int, RunRecord]]


def headings(records: list[RunRecord]) -> list[str]:
    """Return what each run is headed by: learner and source, and what tells it from the others of these."""
    found = []
    for record in records:
        alike = [r for r in records if (r.learner, source_key(r)) == (record.learner, source_key(record))]
        seeds = {other.seed for other in alike}
        facts = _facts(record, alike)
        facts += [f"seed {record.seed}"] if len(seeds) > 1 else []
        found.append(", ".join([f"{record.learner} on {record.source}", *facts]))
    # Runs that differ in nothing are told apart by their folders.
    return [
        f"{name}, {record.path.name}" if found.count(name) > 1 else name
        for name, record in zip(found, records, strict=True)
    ]


def grouped(records: list[RunRecord]) -> list[Group]:
    """Return runs by learner, source, settings, lane and length; each has its number on the page beside it."""
    found: dict[str, list[tuple[int, RunRecord]]] = {}
    for i, record in enumerate(records, 1):
        key = [record.learner, source_key(record), options_of(record)]
        found.setdefault(json.dumps(key, sort_keys=True), []).append((i, record))
    groups = list(found.values())
    return [Group(_name(runs[0][1], groups), runs[0][1].source, runs) for runs in groups]


def source_key(record: RunRecord) -> str:
    """Return what runs on the same source have in common."""
    # Objects have no name; those whose data look different are certainly not the same.
    named = record.config["source"]
    return json.dumps([named, None if isinstance(named, str) else record.task], sort_keys=True)


def options_of(record: RunRecord) -> dict[str, object]:
    """Return whatever decides a run's numbers beside learner, source and seed."""
    asked = {"num_envs": record.config["num_envs"], "lane": record.config.get("lane_used")}
    return {**asked, "steps": record.config["steps"], **record.settings}


def _name(record: RunRecord, groups: list[list[tuple[int, RunRecord]]]) -> str:
    alike = [runs[0][1] for runs in groups if runs[0][1].learner == record.learner]
    alike = [other for other in alike if source_key(other) == source_key(record)]
    return ", ".join([record.learner, *_facts(record, alike)])


def _facts(record: RunRecord, alike: list[RunRecord]) -> list[str]:
    options = [options_of(other) for other in alike]
    return [
        f"{name} {_short(value, [other.get(name) for other in options])}"
        for name, value in _differing(record, alike)[:DIFFERENCES]
    ]


def _short(value: object, all_values: list[object]) -> str:
    """Return a setting with four significant digits, where these tell it from the others'."""
    if not isinstance(value, float):
        return setting(value)
    alike = {other for other in all_values if isinstance(other, float) and f"{other:.4g}" == f"{value:.4g}"}
    return f"{value:.4g}" if len(alike) <= 1 else setting(value)


def _differing(record: RunRecord, alike: list[RunRecord]) -> list[tuple[str, object]]:
    """Return a run's options in which others differ from it."""
    others, mine = [options_of(other) for other in alike], options_of(record)
    return [(name, value) for name, value in mine.items() if any(other.get(name) != value for other in others)]
