"""Negative controls: a checkpoint with one item of its state altered must end elsewhere, or be refused.

Without them, equal ends after a kill would prove little: the comparison might be unable to differ.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lab.runs import checkpoints
from lab.testing.state import IDLE_TASK
from tests.faults import children, outcomes
from tests.faults.jobs import jobs
from tests.faults.kills import act, reference
from tests.faults.tally import Tally, chosen

CONTROLLED = ("q_learning", "dqn", "dqn-2", "cql", "tiny", "dqn x3")
# Beside what the contract calls idle: what is only for people, or is set again when a run is opened.
IDLE = {"callbacks.progress", "callbacks.jsonl_logger", "callbacks.checkpoint", "callbacks.na_n_guard",
        "callbacks.render_every", "experiment.target_step"}  # fmt: skip
# Its updates have no metrics of which rounds would be the divisor.
IDLE_OF = {"q_learning": {"task.rounds"}}


def check(label: str, home: Path) -> Tally:
    """Alter each item of one job's state in turn."""
    job, tally = jobs()[label], Tally()
    whole, events, _ = reference(job, home)
    stopped = home / "stopped"
    for at in range(events * 6 // 10, events):
        shutil.rmtree(stopped, ignore_errors=True)
        children.run(act, job, stopped, "train", at, folder=home)
        if checkpoints.listed(stopped / "checkpoints", "step"):
            break
    # What a kill leaves behind is not what is altered here.
    path = checkpoints.listed(stopped / "checkpoints", "step")[-1]
    state, notes = checkpoints.read(path)
    idle = {f"learner.{name}" for name in job.case.idle} | {f"task.{n}" for n in (*IDLE_TASK, *job.case.idle)} | IDLE
    idle |= IDLE_OF.get(label, set())
    for part, items in state.items():
        for item in items:
            name = f"{part}.{item}"
            altered, changed = _altered(items[item])
            if not changed or name in idle:
                continue
            run = home / "altered"
            shutil.rmtree(run, ignore_errors=True)
            shutil.copytree(stopped, run)
            kept = run / "checkpoints" / path.name
            checkpoints.write(kept, {**state, part: {**items, item: altered}}, notes)
            ended = children.run(job.resume, run, folder=home)
            again = f"python -m tests.faults controls --exactly '{label}'"
            if ended.traceback:
                # Values no run can have are for the part `damage`; here it has at least been noticed.
                tally.add("negative control", "refused")
            elif ended.code:
                tally.add("negative control", "refused")
            elif outcomes.differing(outcomes.outcome(run), outcomes.outcome(whole)):
                tally.add("negative control", "survived")
            else:
                tally.add("negative control", "silent", f"{label}: {name} was altered and nobody noticed", again)
    return tally


def resign(checkpoint: Path) -> None:
    """Write the sums anew, as whoever forges a checkpoint would."""
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    for name in manifest["files"]:
        data = (checkpoint / name).read_bytes()
        manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (checkpoint / "manifest.json").write_text(json.dumps(manifest))


def _altered(value: Any) -> tuple[Any, bool]:
    # Every number in it, so that whatever part is used differs.
    if isinstance(value, dict):
        pairs = {k: _altered(v) for k, v in value.items()}
        return {k: v for k, (v, _) in pairs.items()}, any(changed for _, changed in pairs.values())
    if isinstance(value, list):
        found = [_altered(v) for v in value]
        return [v for v, _ in found], any(changed for _, changed in found)
    if isinstance(value, np.ndarray) and value.size:
        if value.dtype == bool:
            return ~value, True
        if value.dtype.kind in "iu":
            # Downwards, as numbers below.
            return np.where(value > 0, value - np.ones((), value.dtype), np.ones((), value.dtype)), True
        if value.dtype.kind == "f":
            return (value + np.ones((), value.dtype)).astype(value.dtype), True
    if isinstance(value, bool):
        return not value, True
    if isinstance(value, (int, float)):
        # Downwards, for a counter that is ahead is often set right by what it counts next.
        return value - 1 if value > 0 else value + 1, True
    return value, False


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each job."""
    return [(label, functools.partial(check, label)) for label in chosen(options, CONTROLLED)]
