"""The `lab` command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from lab import registry
from lab.arguments import LISTS, parser_for
from lab.errors import TrainingDiverged, UsageError, bad_value
from lab.field_names import offered
from lab.interruption import ending_cleanly
from lab.quiet import load_tensorflow
from lab.runs.sources import import_module
from lab.terminal import complain, printable_warnings, say

EVALUATIONS = 16


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 2 for a usage error, 1 for a run that diverged, 130 for Ctrl-C."""
    # Before TensorFlow, pygame and SDL load, or they would talk over the output and take the signals.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    try:
        with ending_cleanly(), printable_warnings():
            return _run(sys.argv[1:] if arguments is None else arguments)
    except UsageError as error:
        complain(f"lab: error: {error}")
        return 2
    except MemoryError as error:
        complain(f"lab: error: this asks for more memory than there is. {error}")
        return 2
    except TrainingDiverged as error:
        complain(f"lab: training diverged: {error}")
        return 1
    except KeyboardInterrupt:
        complain("lab: interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as in `lab list | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str]) -> int:
    options = parser_for(arguments).parse_args(arguments)
    for module in getattr(options, "imports", ()):
        import_module(module)
    if options.command in ("train", "resume", "evaluate", "render", "record", "demo"):
        _check_early(options)
        load_tensorflow()
    return int(globals()[f"_{options.command}"](options) or 0)


def _check_early(options: argparse.Namespace) -> None:
    # What can be known to be wrong without the seconds that TensorFlow takes to load is said at once.
    from lab.run_directory import RunDirectory

    if options.command == "train":
        known = registry.names("lab.agents", "lab.generators")
        if options.learner not in known:
            registry.learner(options.learner)
    if options.command in ("train", "demo") and options.run is not None:
        RunDirectory(options.run).check_free()
    elif options.command in ("resume", "evaluate", "render"):
        RunDirectory(options.run).read_config()
    elif options.command == "record":
        _check_record(options)


def _check_record(options: argparse.Namespace) -> None:
    from lab.run_directory import RunDirectory

    if options.output.suffix != ".npz":
        raise bad_value("record", "--output", str(options.output), "a file name that ends in .npz")
    if options.output.exists() and not options.append:
        raise UsageError(f"{options.output} exists. Fix: --append adds to it, or give another name.")
    if options.policy == "random" and options.source is None:
        raise bad_value("record", "SOURCE", options.source, "an environment's id after random")
    if options.policy != "random":
        RunDirectory(options.policy).read_config()


def _train(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    learner_class = registry.learner(options.learner)
    settings, keywords = _split_settings(learner_class, options.set)
    steps = options.steps or learner_class.default_steps
    many = options.seeds is not None or bool(options.vary)
    seeds = range(options.seed, options.seed + (options.seeds or 1))
    label = f"seeds{seeds[0]}-{seeds[-1]}" if many else f"seed{options.seed}"
    source = Path(options.source).stem if options.source.endswith(".npz") else options.source
    directory = options.run or free_directory(Path("runs"), f"{options.learner}-{source}-{label}")
    for name in ("evaluate_every", "checkpoint_every", "video_every"):
        if getattr(options, name) is not None:
            keywords[name] = getattr(options, name)
    keywords.setdefault("evaluate_every", max(1, steps // EVALUATIONS))
    keywords = {"seed": options.seed, "run_dir": directory, **keywords}
    population = _population(learner_class, options.vary)
    experiment = Experiment(learner_class(**settings), options.source, **keywords)
    if many:
        say(f"runs     {directory}")
        say(f"lane     {experiment.task.lane}: {experiment.task.lane_reason}")
        _finish_many(experiment.train_many(seeds, steps=steps, settings=population), directory)
        return
    experiment.prepare_training(steps)
    say(f"run      {directory}")
    say(f"lane     {experiment.task.lane}: {experiment.task.lane_reason}")
    experiment.train(steps)
    _finish(experiment)


def _finish_many(runs: list[Any], parent: Path) -> None:
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
    say(f"next     lab report {_shown(parent)}")


def _best(experiment: Any) -> Any:
    path = experiment.directory.find_checkpoint("best")
    if path is None or not path.name.startswith("best-"):
        return None
    sources = {"source": experiment.source, "evaluation_source": experiment.evaluation_source}
    opened = type(experiment).open(experiment.directory.path, **sources)
    evaluation = opened.evaluate()
    opened.close()
    return evaluation


def _shown(path: Path) -> Path:
    return Path(os.path.relpath(path)) if path.is_absolute() and path.is_relative_to(Path.cwd()) else path


def _resume(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    experiment = Experiment.resume(options.run, source=options.source)
    left = options.steps or max(0, experiment.target_step - experiment.step)
    if not left and not experiment.is_unfinished:
        say(f"{options.run} has all of its {experiment.step:,} steps; `--steps N` trains N more")
        return
    say(f"resumed  {options.run} at step {experiment.step:,}")
    experiment.train(left or None)
    _finish(experiment)


def _finish(experiment: Any) -> None:
    if experiment.stop_reason:
        say(f"stopped  at step {experiment.step:,}: {experiment.stop_reason}")
    say(f"trained  {experiment.step:,} {experiment.task.unit}")
    last = experiment.evaluate()
    say(f"last     {last!r}")
    _say_left_out(last)
    best = _best(experiment)
    if best is not None:
        say(f"best     {best!r}")
    run = _shown(experiment.directory.path)
    say(f"next     lab render {run}    lab report {run}")
    experiment.close()


def _evaluate(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    experiment = Experiment.open(options.run, source=options.source)
    evaluation = experiment.evaluate(options.episodes)
    if options.json:
        say(json.dumps(evaluation.to_dict()))
    else:
        for name, value in evaluation.items():
            say(f"{name:28} {value:.6g}")
        if "iqm_low" in evaluation:
            say(f"the interval of the IQM is over the {evaluation['episodes']} episodes of this one run")
        _say_left_out(evaluation)
    experiment.close()


def _say_left_out(evaluation: Any) -> None:
    # Several metrics are left out for one reason.
    for reason in dict.fromkeys(evaluation.left_out.values()):
        say(f"left out {reason}")


def _render(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    experiment = Experiment.open(options.run, source=options.source)
    output = options.output
    if output is not None and output.parent == Path():
        # What a user names on the command line is meant from where they stand.
        output = Path.cwd() / output
    say(experiment.render(output, kind=options.kind))
    experiment.close()


def _record(options: argparse.Namespace) -> None:
    from agents.episodes.command import record_to

    chosen = {name: getattr(options, name) for name in ("episodes", "seed", "explore", "epsilon")}
    record_to(options.output, options.policy, options.source, options.which, options.append, **chosen)


def _report(options: argparse.Namespace) -> None:
    from lab.reporting import write_report

    say(write_report(options.runs, options.output))


def _list(options: argparse.Namespace) -> None:
    found = {what: _names(what) for what in LISTS if options.what in (None, what)}
    if options.json:
        say(json.dumps(found))
        return
    for what, names in found.items():
        if options.what is None:
            say(f"{what}:")
        for name in names:
            say(f"  {name}" if options.what is None else name)


def _demo(options: argparse.Namespace) -> None:
    from lab.demo import run_demo

    run_demo(options.run or free_directory(Path("runs"), "demo"), quick=options.quick)


def free_directory(parent: Path, name: str) -> Path:
    """Return a directory below `parent` that does not exist yet: `name`, or `name-2`, `name-3` and so on."""
    name = name.replace("/", "-")
    candidate, number = parent / name, 1
    while candidate.exists():
        number += 1
        candidate = parent / f"{name}-{number}"
    return candidate


def _names(what: str) -> list[str]:
    if what != "environments":
        return registry.names(LISTS[what])
    import gymnasium

    registry.load_environments()
    return sorted(gymnasium.registry)


def _population(learner_class: Any, given: list[str]) -> list[dict[str, Any]]:
    import itertools

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
    import inspect
    import typing

    from lab.config import parse, read_text
    from lab.experiment import Experiment

    taken = ("self", "learner", "source", "seed", "run_dir", "callbacks")
    signature = inspect.signature(Experiment.__init__)
    hints = typing.get_type_hints(Experiment.__init__)
    keywords = [name for name in signature.parameters if name not in taken]
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
