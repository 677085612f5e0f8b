"""`lab train` and `lab resume`."""

from __future__ import annotations

import argparse
import itertools
import shlex
from pathlib import Path
from typing import Any

from agents import tuned_settings
from lab.command.closing import close, close_many, owes_report
from lab.command.from_file import FromFile
from lab.errors import UsageError, bad_value
from lab.messages.field_names import offered
from lab.messages.terminal import say
from lab.runs import population
from lab.runs.opening.learners import named_learner

EVALUATIONS = 16


def train(options: argparse.Namespace) -> None:
    """Train a learner on a source, or several runs of it side by side."""
    from lab.callbacks.loggers import loggers
    from lab.experiment.experiment import Experiment

    file = FromFile.read(options.config)
    learner_class = named_learner(learner_named(options, file))
    settings, keywords = _split_settings(learner_class, options.set)
    source = options.named_source or options.source or file.source
    if source is None:
        raise UsageError("lab train: SOURCE is missing. Fix: name it, as in lab train dqn CartPole-v1.")
    intervals = {name: getattr(options, name) for name in ("evaluate_every", "checkpoint_every", "video_every")}
    keywords |= {name: every for name, every in intervals.items() if every is not None}
    if options.seed is not None:
        keywords["seed"] = options.seed
    # What the user sets comes before what the file has, and both before what was tuned.
    settings = {**file.settings(learner_class, settings), **settings}
    keywords = {**file.keywords(keywords), **keywords}
    steps = options.steps or file.steps or learner_class.default_steps
    tuned = ""
    if options.tuned:
        chosen = tuned_settings.tuned(learner_class.name, source)
        settings, keywords = {**chosen.settings, **settings}, {"num_envs": chosen.num_envs, **keywords}
        steps = options.steps or file.steps or chosen.steps
        tuned = f"tuned    {chosen}"
    elif source in tuned_settings.known().get(learner_class.name, {}) and options.config is None:
        tuned = "tuned    no: there are settings for this environment, which --tuned takes"
    learner = learner_class(**settings)
    if options.prefill is not None:
        if not hasattr(learner, "prefill"):
            raise UsageError(f"--prefill: {learner_class.name} has no replay. Fix: leave it out.")
        learner.prefill(options.prefill)
    opened = _followed(learner, options, file, keywords)
    many = options.seeds is not None or bool(options.vary)
    seed = keywords.setdefault("seed", 0)
    seeds = range(seed, seed + (options.seeds or 1))
    label = f"seeds{seeds[0]}-{seeds[-1]}" if many else f"seed{seed}"
    directory = options.run or free_directory(Path("runs"), f"{learner_class.name}-{stem_of(source)}-{label}")
    keywords.setdefault("evaluate_every", max(1, steps // EVALUATIONS))
    keywords = {"run_dir": directory, "callbacks": loggers(options.log), **keywords}
    settings_of_each = _varied(learner_class, options.vary)
    experiment = Experiment(learner, opened, **keywords)
    # As it was named, also where a file's was looked up under another name.
    experiment.source = source
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


def learner_named(options: argparse.Namespace, file: FromFile) -> str:
    """Return the learner's name, of the command line or else of the settings file."""
    name: str | None = options.learner or file.learner
    if name is None:
        raise UsageError("lab train: LEARNER is missing. Fix: name it, as in lab train dqn CartPole-v1.")
    return name


def _followed(learner: Any, options: argparse.Namespace, file: FromFile, keywords: dict[str, Any]) -> str:
    """Return the source to open; the file's own, and its evaluation source in `keywords`, only as far as they may."""
    elsewhere = keywords.get("evaluation_source")
    named_by_user = any(item.startswith("evaluation_source=") for item in options.set)
    if elsewhere is not None and not named_by_user:
        word = shlex.join(["--set", f"evaluation_source={elsewhere}"])
        keywords["evaluation_source"] = file.followed(learner, elsewhere, word)
    given: str | None = options.named_source or options.source
    if given is not None:
        return given
    source = file.source or ""
    return file.followed(learner, source, shlex.join(["--source", source]))


def check_no_workers(options: argparse.Namespace) -> None:
    """Check that a run, which is no sweep, is resumed without words for a sweep's workers."""
    if options.backend != "local" or options.resources or options.workers or options.ray_address:
        raise UsageError(
            f"{options.run} is no sweep, which alone trains on workers. Fix: leave out --backend and its own."
        )


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


def stem_of(source: str) -> str:
    """Return what a run's directory is called after: a file of episodes by its name alone."""
    return Path(source).stem if source.endswith(".npz") else source


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
