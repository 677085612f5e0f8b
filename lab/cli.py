"""The `lab` command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from lab import registry
from lab.command.arguments import parser_for
from lab.errors import TrainingDiverged, UsageError, bad_value
from lab.messages.terminal import complain, printable_warnings
from lab.runs.opening.sources import import_module
from lab.runtime.quiet import load_tensorflow, set_quiet_defaults
from lab.runtime.signals.interruption import ending_cleanly

# Where each is defined; only the one that is asked for is loaded.
COMMANDS = {
    **{name: ("lab.command.training", name) for name in ("train", "resume")},
    **{name: ("lab.command.using", name) for name in ("evaluate", "render", "export", "record", "report", "demo")},
    **{name: ("lab.command.watching", name) for name in ("watch", "top")},
    **{name: ("lab.command.sweeping", name) for name in ("sweep", "resume_sweep", "report_sweep")},
    "list": ("lab.command.tools.listing", "list_names"),
    "diff": ("lab.command.tools.diff", "diff"),
    "compare": ("lab.command.tools.compare", "compare"),
    "clean": ("lab.command.tools.clean", "clean"),
    "tour": ("lab.command.tour", "tour"),
    "play": ("lab.command.windows.play", "play"),
    "explore": ("lab.command.windows.explore", "explore"),
    "completion": ("lab.command.tools.completion", "completion"),
}
# These train or open a run: what is wrong is said before the seconds that TensorFlow takes to load.
HEAVY = ("train", "resume", "evaluate", "render", "export", "record", "demo", "sweep", "tour", "play", "explore")

# These take one run, and of a sweep its best trial's.
OF_A_RUN = ("evaluate", "render", "export", "explore", "record", "diff")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 2 for a usage error, 1 for a run that diverged, 130 for Ctrl-C."""
    try:
        # Before TensorFlow, pygame and SDL load, or they would talk over the output and take the signals.
        set_quiet_defaults()
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
    found = parser_for(arguments)
    if "_ARGCOMPLETE" in os.environ:
        from lab.command.tools.completion import complete

        complete(found)
    options = found.parse_args(arguments)
    for module in getattr(options, "imports", ()):
        import_module(module)
    if options.command in OF_A_RUN:
        _take_best_of_sweeps(options)
    if options.command in HEAVY:
        _check_early(options)
        load_tensorflow()
    if getattr(options, "learner_class", None) is not None:
        _import_learner(options)
    return command(_carried_out_by(options))(options) or 0


def _take_best_of_sweeps(options: argparse.Namespace) -> None:
    from lab.runs.population import is_sweep

    def run_of(named: Any) -> Any:
        if not is_sweep(named):
            return named
        from lab.sweep.best import best_run

        trial, run = best_run(named)
        # Beside the output, which may be one JSON object.
        complain(f"lab: note: {named} holds a sweep; this is about its best trial, {trial.number}: {run}")
        return type(named)(run)

    for name in ("run", "policy"):
        if hasattr(options, name):
            setattr(options, name, run_of(getattr(options, name)))
    if hasattr(options, "runs"):
        options.runs = [run_of(run) for run in options.runs]


def _carried_out_by(options: argparse.Namespace) -> str:
    # A sweep is resumed and reported by the same words as a run.
    named: str = options.command
    if named not in ("resume", "report"):
        return named
    from lab.runs.population import is_sweep

    if (named == "resume" and is_sweep(options.run)) or (named == "report" and any(map(is_sweep, options.runs))):
        return f"{named}_sweep"
    return named


def command(name: str) -> Callable[[argparse.Namespace], int | None]:
    """Return the function that carries out a command."""
    home, function = COMMANDS[name]
    found: Callable[[argparse.Namespace], int | None] = getattr(importlib.import_module(home), function)
    return found


def _check_early(options: argparse.Namespace) -> None:
    # What can be known to be wrong without the seconds that TensorFlow takes to load is said at once.
    from lab.callbacks.loggers import check_package
    from lab.command.from_file import FromFile
    from lab.command.sweeping import check_early
    from lab.command.training import check_no_workers, learner_named
    from lab.runs import population
    from lab.runs.directory import RunDirectory
    from lab.runtime.conditions import take_up

    for service in getattr(options, "log", ()):
        check_package(service)
    if options.command == "sweep" or (options.command == "resume" and population.is_sweep(options.run)):
        check_early(options)
        return
    if options.command == "resume":
        check_no_workers(options)
    if options.command == "train":
        named = learner_named(options, FromFile.read(options.config))
        if ":" not in named and named not in registry.names(*registry.LEARNERS):
            registry.learner(named)
    if options.command in ("train", "demo", "tour") and options.run is not None:
        RunDirectory(options.run).check_free()
    elif options.command == "resume" and population.is_population(options.run):
        population.read(options.run)
        for begun in population.directories(options.run)[:1]:
            take_up(RunDirectory(begun).read_config())
    elif options.command == "resume":
        take_up(RunDirectory(options.run).read_config())
    elif options.command in ("evaluate", "render", "export", "explore"):
        RunDirectory(options.run).read_config()
        if options.command == "export":
            _check_export(options)
    elif options.command == "record":
        _check_record(options)


def _import_learner(options: argparse.Namespace) -> None:
    from lab.runs import population
    from lab.runs.directory import RunDirectory
    from lab.runs.opening.learners import check_named, imported_learner

    learner = imported_learner(options.learner_class)
    if population.is_sweep(options.run):
        from lab.sweep import plan

        config = {"learner": plan.read(options.run).learner}
    elif population.is_population(options.run):
        config = {"learner": population.read(options.run).learner}
    else:
        config = RunDirectory(options.run).read_config()
    check_named(options.learner_class, learner, config, options.run)


def _check_export(options: argparse.Namespace) -> None:
    from lab.exporting.exporting import check_free
    from lab.exporting.formats import format_named

    kind = format_named(options.format)
    if options.output is not None:
        check_free(options.output, kind)


def _check_record(options: argparse.Namespace) -> None:
    from lab.runs.directory import RunDirectory

    if options.output.suffix != ".npz":
        raise bad_value("record", "--output", str(options.output), "a file name that ends in .npz")
    if options.output.exists() and not options.append:
        raise UsageError(f"{options.output} exists. Fix: --append adds to it, or give another name.")
    if options.policy == "random" and options.source is None:
        raise bad_value("record", "SOURCE", options.source, "an environment's id after random")
    if options.policy != "random":
        RunDirectory(options.policy).read_config()
