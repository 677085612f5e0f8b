"""What the command does when runs have been trained: it evaluates them and says how they did."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from lab import registry
from lab.errors import UnconfirmedSource
from lab.files.json_lines import JsonLines
from lab.messages.terminal import say
from lab.runs import checkpoints
from lab.runs.opening.sources import takes_import


def close(experiment: Any) -> None:
    """Evaluate a trained run at its end and at its best, and say what came of it."""
    if experiment.stop_reason:
        say(f"stopped  at step {experiment.step:,}: {experiment.stop_reason}")
    say(f"trained  {experiment.step:,} {experiment.task.unit}")
    last = experiment.evaluate()
    say(f"last     {last!r}")
    say_left_out(last)
    best = _best(experiment)
    if best is not None:
        say(f"best     {best!r}")
    run = str(seen_from_here(experiment.directory.path))
    say(f"next     {shlex.join(['lab', 'render', run, *_word(experiment)])}    {shlex.join(['lab', 'report', run])}")
    experiment.close()


def close_many(runs: list[Any], parent: Path) -> None:
    """Evaluate several trained runs, and say how each and each setting did."""
    from lab.results.lines import line_over_runs

    results: dict[str, dict[str, Any]] = {}
    for run in runs:
        last = run.evaluate()
        best = _best(run) or last
        name = run.directory.path.name
        stopped = f"  stopped at step {run.step:,}: {run.stop_reason}" if run.stop_reason else ""
        setting = name.rpartition("seed-")[0].rstrip(",") or "all"
        results.setdefault(setting, {})[f"seed {run.seeds.seed}"] = best
        say(f"{name:32} last {last.main} {last[last.main]:10.4g}   best {best[best.main]:10.4g}{stopped}")
        run.close()
    # Settings are never pooled: they are what is to be compared.
    for setting, found in results.items():
        say(f"{setting:8} {line_over_runs(found)}")
    say(f"next     {shlex.join(['lab', 'report', str(seen_from_here(parent))])}")


def owes_report(experiment: Any) -> bool:
    """Return whether a trained run was killed before `close` had written all evaluations that it makes."""
    steps = {experiment.step, *([] if (best := _best_path(experiment)) is None else [checkpoints.step_of(best)])}
    rows = JsonLines(experiment.directory.evaluations).read()
    return not steps <= {row["step"] for row in rows if row.get("purpose") == "report"}


def say_left_out(evaluation: Any) -> None:
    """Say which metrics an evaluation lacks, and why."""
    # Several metrics are left out for one reason.
    for reason in dict.fromkeys(evaluation.left_out.values()):
        say(f"left out {reason}")


def _best(experiment: Any) -> Any:
    path = _best_path(experiment)
    if path is None:
        return None
    sources = {"source": experiment.source, "evaluation_source": experiment.evaluation_source}
    opened = type(experiment).open(experiment.directory.path, **sources)
    evaluation = opened.evaluate()
    opened.close()
    return evaluation


def _best_path(experiment: Any) -> Path | None:
    path = experiment.directory.find_checkpoint("best")
    return path if path is not None and path.name.startswith("best-") else None


def by_module(learner: Any) -> list[str]:
    """Return the arguments that name the class of a learner which no installed package declares."""
    kind = type(learner)
    known = registry.is_installed(learner.name, *registry.LEARNERS)
    return [] if known else ["--learner", f"{kind.__module__}:{kind.__qualname__}"]


def _word(experiment: Any) -> list[str]:
    """Return the arguments by which a further command follows what the run's file alone is not enough for."""
    name = experiment.source
    word = by_module(experiment.learner)
    if not isinstance(name, str):
        return word
    # A module that `module:id` names is loaded here, and will not be where the next command runs.
    needed = takes_import(name)
    try:
        experiment.learner.named_source(name, experiment.directory.path)
    except UnconfirmedSource:
        needed = True
    return [*word, "--source", name] if needed else word


def seen_from_here(path: Path) -> Path:
    """Return a path as a user would write it: relative where it lies below the working directory."""
    return Path(os.path.relpath(path)) if path.is_absolute() and path.is_relative_to(Path.cwd()) else path
