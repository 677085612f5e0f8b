"""`lab sweep`, and `lab resume` and `lab report` of a sweep."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from lab import registry
from lab.command.closing import by_module, seen_from_here
from lab.command.training import _split_settings, free_directory, stem_of
from lab.errors import UsageError
from lab.messages.terminal import say
from lab.runs.opening.learners import named_learner
from lab.sweep import plan as plans
from lab.sweep.journal import Trial
from lab.sweep.spaces import from_arguments, plain


def check_early(options: argparse.Namespace) -> None:
    """Say what can be known to be wrong without the seconds that TensorFlow takes to load."""
    from lab.runtime.conditions import take_up
    from lab.sweep.opening import first_config
    from lab.sweep.suggesting.samplers import optuna

    optuna()
    backend(options)
    if options.command == "resume":
        if options.log:
            raise UsageError(f"--log {options.log[0]}: the runs of a sweep log to no service. Fix: leave it out.")
        if options.steps:
            raise UsageError("--steps: this is a sweep, whose runs have as many steps each. Fix: leave it out.")
        begun = first_config(plans.read(options.run), Path(options.run))
        if begun is not None:
            take_up(begun)
        return
    if ":" not in options.learner and options.learner not in registry.names(*registry.LEARNERS):
        registry.learner(options.learner)
    from_arguments(options.search, options.space)
    if options.run is not None:
        from lab.sweep.plan import check_free

        check_free(options.run)


def backend(options: argparse.Namespace) -> Any:
    """Return the backend that a command names.

    Raises:
        UsageError: When its arguments do not fit.
        MissingPackageError: When it is not installed.
    """
    from lab.sweep.workers.backend import Ray, backend_of, resources_of

    given = {"--resources": options.resources, "--workers": options.workers, "--ray-address": options.ray_address}
    used = [name for name, value in given.items() if value is not None]
    if options.backend != "ray":
        if used:
            raise UsageError(f"{used[0]}: this is for --backend ray. Fix: add it, or leave {used[0]} out.")
        return "local"
    resources = {"cpus": 1.0} if options.resources is None else resources_of(options.resources)
    imports = list(getattr(options, "imports", ()))
    # Workers import by name what they are sent, from where this process does.
    for learner in (getattr(options, "learner", None), getattr(options, "learner_class", None)):
        if isinstance(learner, str) and ":" in learner:
            imports.append(learner.partition(":")[0])
    found = Ray(resources, options.workers, options.ray_address, tuple(imports))
    backend_of(found)
    return found


def sweep(options: argparse.Namespace) -> None:
    """Look for a learner's best settings."""
    from lab.sweep import Sweep

    learner_class = named_learner(options.learner)
    settings, keywords = _split_settings(learner_class, options.set)
    keywords.pop("progress", None)
    for name in ("evaluate_every", "checkpoint_every"):
        if getattr(options, name) is not None:
            keywords[name] = getattr(options, name)
    chosen = ("trials", "steps", "seeds", "seed", "sampler", "pruner", "reduction", "together", "metric")
    found = Sweep(
        learner_class(**settings),
        options.source,
        from_arguments(options.search, options.space),
        run_dir=options.run or free_directory(Path("runs"), f"sweep-{learner_class.name}-{stem_of(options.source)}"),
        backend=backend(options),
        **{name: getattr(options, name) for name in (*chosen, "score", "statistic")},
        **keywords,
    )
    say(f"sweep    {seen_from_here(found.directory)}")
    say(f"lane     {found.pattern.task.lane}: {found.pattern.task.lane_reason}")
    for name, space in found.spaces.items():
        say(f"search   {name} in {space}")
    _run(found)


def resume_sweep(options: argparse.Namespace) -> None:
    """Go on with a sweep."""
    from lab.sweep import Sweep

    found = Sweep.resume(options.run, source=options.source, exact=not options.inexact, backend=backend(options))
    ended = sum(trial.ended for trial in found.trials)
    say(f"resumed  {options.run}: {ended} of {found.plan.trials} trials have ended")
    _run(found)


def report_sweep(options: argparse.Namespace) -> None:
    """Write a page about a sweep."""
    from lab.sweep.showing.page import write_sweep_report

    if len(options.runs) > 1:
        raise UsageError("report received a sweep and others; a sweep has a page of its own. Fix: name it alone.")
    say(write_sweep_report(options.runs[0], options.output))


def _run(found: Any) -> None:
    best = found.run(on_end=lambda trial: say(_line(trial)))
    states = [trial.state for trial in found.trials]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    say(f"trials   {len(states)}: {counted}")
    if best is None:
        say("best     none: no trial is complete")
    else:
        say(f"best     {_line(best)}")
        run = str(seen_from_here(best.path / f"seed-{found.plan.seeds[0]}"))
        say(f"next     {shlex.join(['lab', 'evaluate', run, *by_module(found.pattern.learner)])}")
    say(f"next     {shlex.join(['lab', 'report', str(seen_from_here(found.directory))])}")


def _line(trial: Trial) -> str:
    settings = " ".join(f"{name}={plain(value)}" for name, value in trial.settings.items())
    value = "" if trial.value is None else f"{trial.value:.6g}"
    return f"{trial.path.name} {trial.state:8} {value:>10}  {settings}{f'  ({trial.reason})' if trial.reason else ''}"
