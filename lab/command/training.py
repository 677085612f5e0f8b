"""`lab train` and `lab resume`."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import Any

from agents import tuned_settings
from lab import registry
from lab.command.closing import close, close_many, owes_report
from lab.errors import UsageError, bad_value
from lab.messages.field_names import offered
from lab.messages.terminal import say
from lab.runs import population

EVALUATIONS = 16


def train(options: argparse.Namespace) -> None:
    """Train a learner on a source, or several runs of it side by side."""
    from lab.callbacks.loggers import loggers
    from lab.experiment.experiment import Experiment

    learner_class = registry.learner(options.learner)
    settings, keywords = _split_settings(learner_class, options.set)
    steps = options.steps or learner_class.default_steps
    tuned = ""
    if options.tuned:
        chosen = tuned_settings.tuned(options.learner, options.source)
        # What the user sets comes before what the file has.
        settings, keywords = {**chosen.settings, **settings}, {"num_envs": chosen.num_envs, **keywords}
        steps = options.steps or chosen.steps
        tuned = f"tuned    {chosen}"
    elif options.source in tuned_settings.known().get(options.learner, {}):
        tuned = "tuned    no: there are settings for this environment, which --tuned takes"
    many = options.seeds is not None or bool(options.vary)
    seeds = range(options.seed, options.seed + (options.seeds or 1))
    label = f"seeds{seeds[0]}-{seeds[-1]}" if many else f"seed{options.seed}"
    source = Path(options.source).stem if options.source.endswith(".npz") else options.source
    directory = options.run or free_directory(Path("runs"), f"{options.learner}-{source}-{label}")
    for name in ("evaluate_every", "checkpoint_every", "video_every"):
        if getattr(options, name) is not None:
            keywords[name] = getattr(options, name)
    keywords.setdefault("evaluate_every", max(1, steps // EVALUATIONS))
    keywords = {"seed": options.seed, "run_dir": directory, "callbacks": loggers(options.log), **keywords}
    settings_of_each = _varied(learner_class, options.vary)
    experiment = Experiment(learner_class(**settings), options.source, **keywords)
    if many:
        say(f"runs     {directory}")
        _say_how(experiment, tuned)
        close_many(experiment.train_many(seeds, steps=steps, settings=settings_of_each), directory)
        return
    experiment.prepare_training(steps)
    experiment.claim()
    say(f"run      {directory}")
    _say_how(experiment, tuned)
    experiment.train(steps)
    close(experiment)


def _say_how(experiment: Any, tuned: str) -> None:
    say(f"lane     {experiment.task.lane}: {experiment.task.lane_reason}")
    if tuned:
        say(tuned)


def resume(options: argparse.Namespace) -> None:
    """Go on with a run, or with several that were begun side by side."""
    from lab.callbacks.loggers import loggers
    from lab.experiment.experiment import Experiment

    given = {"source": options.source, "callbacks": loggers(options.log), "exact": not options.inexact}
    if population.is_population(options.run):
        if options.steps:
            raise UsageError("--steps: these are several runs. Fix: leave it out, or resume one of them.")
        say(f"resumed  the runs of {options.run}")
        close_many(Experiment.resume_many(options.run, **given), options.run)
        return
    experiment = Experiment.resume(options.run, **given)
    left = options.steps or max(0, experiment.target_step - experiment.step)
    if not experiment.target_step and not left:
        raise UsageError(f"{options.run} was stopped before it had been told its steps. Fix: --steps N.")
    if left or experiment.is_unfinished:
        # Said by the one process that may write the run.
        with experiment.writing_alone():
            say(f"resumed  {options.run} at step {experiment.step:,}")
            experiment.train(left or None)
    elif owes_report(experiment):
        say(f"resumed  {options.run}: it has all of its {experiment.step:,} steps, and lacks its evaluation")
    else:
        say(f"{options.run} has all of its {experiment.step:,} steps; `--steps N` trains N more")
        return
    close(experiment)


def free_directory(parent: Path, name: str) -> Path:
    """Return a directory below `parent` that does not exist yet: `name`, or `name-2`, `name-3` and so on."""
    name = name.replace("/", "-")
    candidate, number = parent / name, 1
    while candidate.exists():
        number += 1
        candidate = parent / f"{name}-{number}"
    return candidate


def _varied(learner_class: Any, given: list[str]) -> list[dict[str, Any]]:
    from lab.config import parse

    varied = []
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or not text:
            raise bad_value("--vary", "an item", item, "KEY=VALUE,VALUE,...")
        separator = ";" if ";" in text else ","
        varied.append([parse(learner_class.Settings, {name: part}) for part in text.split(separator)])
    return [{k: v for one in chosen for k, v in one.items()} for chosen in itertools.product(*varied)]


def _split_settings(learner_class: Any, given: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    import dataclasses
    import typing

    from lab.config import parse, read_text
    from lab.experiment.options import NAMES, Options

    # The seed has an argument of its own.
    hints = {**typing.get_type_hints(Options), "evaluation_source": Any, "progress": bool | None}
    keywords = [*(name for name in NAMES if name != "seed"), "evaluation_source", "progress"]
    fields = [f.name for f in dataclasses.fields(learner_class.Settings)]
    texts: dict[str, str] = {}
    chosen: dict[str, Any] = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals:
            raise bad_value("--set", "an item", item, "KEY=VALUE")
        if name in fields:
            texts[name] = text
        elif name in keywords:
            chosen[name] = read_text("--set", name, hints[name], text)
        else:
            raise UsageError(f"--set: no setting is called {name!r}; {offered(name, [*fields, *keywords])}")
    return parse(learner_class.Settings, texts), chosen
