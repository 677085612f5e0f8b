"""The commands that use what runs have learnt, or say what there is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lab.command.closing import say_left_out
from lab.command.training import free_directory
from lab.messages.terminal import say


def evaluate(options: argparse.Namespace) -> None:
    """Evaluate the best checkpoint of a run."""
    from lab.experiment.experiment import Experiment

    experiment = Experiment.open(options.run, source=options.source)
    evaluation = experiment.evaluate(options.episodes)
    if options.json:
        say(json.dumps(evaluation.to_dict()))
    else:
        for name, value in evaluation.items():
            say(f"{name:28} {value:.6g}")
        if "iqm_low" in evaluation:
            say(f"the interval of the IQM is over the {evaluation['episodes']} episodes of this one run")
        say_left_out(evaluation)
    experiment.close()


def render(options: argparse.Namespace) -> None:
    """Make a video or picture of a run."""
    from lab.experiment.experiment import Experiment

    experiment = Experiment.open(options.run, source=options.source)
    output = options.output
    if output is not None and output.parent == Path():
        # What a user names on the command line is meant from where they stand.
        output = Path.cwd() / output
    say(experiment.render(output, kind=options.kind))
    experiment.close()


def export(options: argparse.Namespace) -> None:
    """Write what a run learnt as one file that other programs run."""
    from lab.experiment.experiment import Experiment

    experiment = Experiment.open(options.run, source=options.source)
    exported = experiment.export(options.output, options.format, options.episodes)
    for line in [json.dumps(exported.to_dict())] if options.json else str(exported).splitlines():
        say(line)
    experiment.close()


def record(options: argparse.Namespace) -> None:
    """Record episodes to learn from."""
    from agents.episodes.command import record_to

    chosen = {name: getattr(options, name) for name in ("episodes", "seed", "explore", "epsilon")}
    record_to(options.output, options.policy, options.source, options.which, options.append, **chosen)


def report(options: argparse.Namespace) -> None:
    """Write one page about runs."""
    from lab.reporting import write_report

    say(write_report(options.runs, options.output))


def demo(options: argparse.Namespace) -> None:
    """Run the whole job, small and real."""
    from lab.command.demo import run_demo

    run_demo(options.run or free_directory(Path("runs"), "demo"), quick=options.quick)
