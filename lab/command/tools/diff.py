"""`lab diff`: two runs side by side."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from lab.messages.terminal import complain, say
from lab.reporting import scores
from lab.reporting.records import RunRecord, metric_names, read_run

WIDTH = 32
OPTIONS = ("learner", "source", "evaluation_source", "seed", "num_envs", "lane_used", "steps")
INTERVALS = ("evaluate_every", "checkpoint_every", "video_every", "log_every")
NOTHING = "-"


def diff(options: argparse.Namespace) -> int:
    """Show where two runs differ; return 1 where they do, else 0."""
    records = [read_run(run) for run in options.runs]
    for record in records:
        for note in record.notes:
            complain(f"lab: note: {record.path}: {note}")
    pairs = compared(*records)
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if options.json:
        say(json.dumps({"differences": differing, "alike": len(pairs) - len(differing)}))
        return int(bool(differing))
    shown = pairs if options.all else differing
    if shown:
        _say_row("", *(str(run) for run in options.runs))
    for name, (mine, theirs) in shown.items():
        _say_row(name, _shown(mine), _shown(theirs))
    if not differing:
        say(f"no difference in {len(pairs)} values")
    return int(bool(differing))


def compared(mine: RunRecord, theirs: RunRecord) -> dict[str, tuple[Any, Any]]:
    """Return each value of two runs by name: settings, conditions, how far they came, final metrics, weights.

    What the clock decides is left out, and so is where the runs lie.
    """
    left, right = facts(mine), facts(theirs)
    return {name: (left.get(name), right.get(name)) for name in dict.fromkeys((*left, *right))}


def facts(record: RunRecord) -> dict[str, Any]:
    """Return what there is to compare of a run, by name."""
    config = record.config
    found = {name: config.get(name) for name in (*OPTIONS, *INTERVALS)}
    found |= {f"settings.{name}": value for name, value in record.settings.items()}
    parts = config.get("conditions")
    newest = parts[-1] if isinstance(parts, list) and parts else {"versions": record.versions}
    for name, value in newest.items():
        if name == "versions" and isinstance(value, Mapping):
            found |= {f"versions.{package}": version for package, version in value.items()}
        elif name != "step":
            found[f"conditions.{name}"] = value
    found["last step"] = record.step
    # By the newest row that has each: not every row has all.
    latest = {name: float(record.metrics.series(name).values[-1]) for name in record.metrics.names}
    found |= {f"metrics.{name}": int(v) if v.is_integer() else v for name, v in latest.items()}
    row = scores.final(record)
    if row is not None:
        # Of the weights of that step: the best ones, or those that training ended with.
        found |= {f"evaluation.{name}": row[name] for name in ("step", *metric_names([row])) if name in row}
    for kind in ("step", "best"):
        kept = [one for one in record.checkpoints if one.kind == kind]
        if kept:
            found[f"checkpoint.{kind}"] = f"{kept[-1].step} sha256 {kept[-1].digest[:12]}"
    return found


def _say_row(name: str, mine: str, theirs: str) -> None:
    say(f"{name:{WIDTH}} {mine:{WIDTH}} {theirs}".rstrip())


def _shown(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
