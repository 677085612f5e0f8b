"""The `lab` command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from lab import registry
from lab.errors import TrainingDiverged, UsageError, bad_value, nearest
from lab.quiet import load_tensorflow
from lab.version import __version__

LISTS = {
    "agents": "lab.agents",
    "generators": "lab.generators",
    "environments": "",
    "datasets": "lab.datasets",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        print(f"{self.prog}: error: {message} (see `{self.prog} --help`)", file=sys.stderr)
        raise SystemExit(2)


def parser(train_epilog: str = "`lab train LEARNER --help` lists the learner's settings") -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    top = _Parser(prog="lab", description="Train, evaluate and render agents and generators on Keras 3.")
    top.add_argument("--version", action="version", version=f"lab {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a learner on a source",
        description="Train a learner.",
        epilog=train_epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("learner", metavar="LEARNER", help="such as dqn, q_learning, autoencoder; see `lab list`")
    train.add_argument("source", metavar="SOURCE", help="an environment id such as CartPole-v1, or a data set's name")
    train.add_argument("--steps", type=_whole, help="environment steps (agents) or updates (generators)")
    train.add_argument("--seed", type=int, default=0, help="the one seed of everything random (default 0)")
    train.add_argument("--run", type=Path, help="directory of the run (default: a new one below runs/)")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the learner or a keyword of Experiment, such as learning_rate=1e-3 or num_envs=8; repeatable",
    )
    train.add_argument("--evaluate-every", type=_whole, help="steps between evaluations (default: a tenth of the run)")
    train.add_argument("--checkpoint-every", type=_whole, help="steps between checkpoints")
    train.add_argument("--video-every", type=_whole, help="steps between videos or sample grids (default: never)")

    resume = commands.add_parser("resume", help="go on with a run, bit for bit", description="Go on with a run.")
    resume.add_argument("run", metavar="RUN", type=Path)
    resume.add_argument("--steps", type=_whole, help="further steps (default: what the run has left)")

    evaluate = commands.add_parser("evaluate", help="judge a run's best checkpoint", description="Judge a run.")
    evaluate.add_argument("run", metavar="RUN", type=Path)
    evaluate.add_argument("--episodes", type=_whole, help="episodes (agents) or samples (generators)")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")

    render = commands.add_parser("render", help="make a video or picture of a run", description="Render a run.")
    render.add_argument("run", metavar="RUN", type=Path)
    render.add_argument("-o", "--output", type=Path, metavar="FILE", help="a .mp4, .gif or .png (default: in the run)")
    render.add_argument("--kind", help="what to show, such as episode, policy, samples, reconstructions, latent")

    report = commands.add_parser("report", help="write one HTML page about runs", description="Report runs.")
    report.add_argument("runs", metavar="RUN", type=Path, nargs="+")
    report.add_argument("-o", "--output", type=Path, metavar="FILE.html", help="the page (default: in the first run)")

    listing = commands.add_parser("list", help="list what can be named", description="List what can be named.")
    listing.add_argument("what", nargs="?", choices=sorted(LISTS), help="only these")
    listing.add_argument("--json", action="store_true", help="print one JSON object")

    demo = commands.add_parser("demo", help="the whole job, small and real, in minutes", description="Run the demo.")
    demo.add_argument("--run", type=Path, help="directory for the demo's runs (default: a new one below runs/)")
    demo.add_argument("--quick", action="store_true", help="a few steps of each, only to see that all works")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 2 for a usage error, 1 for a run that diverged, 130 for Ctrl-C."""
    # Before TensorFlow, pygame and SDL load, or they would talk over the output and take the signals.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    try:
        options = _parser_for(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
        if options.command in ("train", "resume", "evaluate", "render", "demo"):
            _check_early(options)
            load_tensorflow()
        return int(globals()[f"_{options.command}"](options) or 0)
    except UsageError as error:
        print(f"lab: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except TrainingDiverged as error:
        print(f"lab: training diverged: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as in `lab list | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser_for(arguments: list[str]) -> argparse.ArgumentParser:
    # `lab train dqn --help` lists DQN's settings; only then is it worth loading the learner.
    named = [a for a in arguments[1:] if not a.startswith("-")]
    if arguments[:1] == ["train"] and named and {"-h", "--help"} & set(arguments):
        return parser(settings_help(named[0]))
    return parser()


def settings_help(learner: str) -> str:
    """Return a line for each setting of a learner, with its default and unit."""
    import dataclasses

    fields = dataclasses.fields(registry.learner(learner).Settings)
    lines = [f"  {f.name + '=' + _plain(f.default):36} {f.metadata.get('doc', '')}" for f in fields]
    return "\n".join([f"settings of {learner}, for --set:", *lines])


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value).lower() if value is None else str(value)


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


def _train(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    learner_class = registry.learner(options.learner)
    settings, keywords = _split_settings(learner_class, options.set)
    steps = options.steps or learner_class.default_steps
    directory = options.run or free_directory(Path("runs"), f"{options.learner}-{options.source}-seed{options.seed}")
    for name in ("evaluate_every", "checkpoint_every", "video_every"):
        if getattr(options, name) is not None:
            keywords[name] = getattr(options, name)
    keywords.setdefault("evaluate_every", max(1, steps // 10))
    keywords = {"seed": options.seed, "run_dir": directory, **keywords}
    experiment = Experiment(learner_class(**settings), options.source, **keywords)
    print(f"run      {directory}")
    print(f"lane     {experiment.task.lane}: {experiment.task.lane_reason}", flush=True)
    experiment.train(steps)
    _finish(experiment)


def _resume(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    experiment = Experiment.resume(options.run)
    left = options.steps or max(0, experiment.target_step - experiment.step)
    if not left:
        print(f"{options.run} has all of its {experiment.step:,} steps; `--steps N` trains N more")
        return
    print(f"resumed  {options.run} at step {experiment.step:,}", flush=True)
    experiment.train(left)
    _finish(experiment)


def _finish(experiment: Any) -> None:
    evaluation = experiment.evaluate()
    if experiment.stop_reason:
        print(f"stopped  at step {experiment.step:,}: {experiment.stop_reason}")
    print(f"trained  {experiment.step:,} {experiment.task.unit}")
    print(f"scored   {evaluation!r}")
    run = experiment.directory.path
    run = Path(os.path.relpath(run)) if run.is_relative_to(Path.cwd()) else run
    print(f"next     lab render {run}    lab report {run}")
    experiment.close()


def _evaluate(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    experiment = Experiment.open(options.run)
    evaluation = experiment.evaluate(options.episodes)
    if options.json:
        print(json.dumps(evaluation.to_dict()))
    else:
        for name, value in evaluation.items():
            print(f"{name:28} {value:.6g}")
    experiment.close()


def _render(options: argparse.Namespace) -> None:
    from lab.experiment import Experiment

    experiment = Experiment.open(options.run)
    output = options.output
    if output is not None and output.parent == Path():
        # What a user names on the command line is meant from where they stand.
        output = Path.cwd() / output
    print(experiment.render(output, kind=options.kind))
    experiment.close()


def _report(options: argparse.Namespace) -> None:
    from lab.reporting import write_report

    print(write_report(options.runs, options.output))


def _list(options: argparse.Namespace) -> None:
    found = {what: _names(what) for what in LISTS if options.what in (None, what)}
    if options.json:
        print(json.dumps(found))
        return
    for what, names in found.items():
        if options.what is None:
            print(f"{what}:")
        for name in names:
            print(f"  {name}" if options.what is None else name)


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
            raise UsageError(f"--set: no setting is called {name!r}; {nearest(name, [*fields, *keywords])}")
    return parse(learner_class.Settings, texts), chosen


def _whole(text: str) -> int:
    try:
        number = int(text.replace("_", "").replace(",", ""))
    except ValueError:
        number = 0
    if number <= 0:
        raise argparse.ArgumentTypeError(f"received {text!r}; expected a whole number > 0")
    return number
