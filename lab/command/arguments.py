"""The arguments of the `lab` command, and their help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lab.command.sweep_arguments import add_backend, add_sweep, whole
from lab.messages.terminal import complain
from lab.version import __version__

LISTS = {
    "agents": "lab.agents",
    "generators": "lab.generators",
    "predictors": "lab.predictors",
    "environments": "",
    "datasets": "lab.datasets",
}
# Of `lab.callbacks.loggers`, which `lab --help` need not load.
SERVICES = ("tensorboard", "wandb", "mlflow", "trackio")
SHELLS = ("bash", "zsh", "fish")
# Of `lab.exporting.formats`, which loads NumPy: `lab --help` must not wait for that.
FORMATS = ("saved_model", "litert", "litert-int8", "onnx")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        complain(f"{self.prog}: error: {message} (see `{self.prog} --help`)")
        raise SystemExit(2)


def parser(train_epilog: str = "`lab train LEARNER --help` lists the learner's settings") -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    top = _Parser(prog="lab", description="Train, evaluate and render agents, generators and predictors on Keras 3.")
    top.add_argument("--version", action="version", version=f"lab {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a learner on a source",
        description="Train a learner.",
        epilog="example: lab train dqn CartPole-v1 --set learning_rate=1e-3 --run runs/dqn\n" + train_epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument(
        "learner", metavar="LEARNER", nargs="?", help="such as dqn, autoencoder or my_module:MyAgent; see `lab list`"
    )
    train.add_argument(
        "source",
        metavar="SOURCE",
        nargs="?",
        help="an environment's id such as CartPole-v1 or my_module:My-v0, a data set's name, a file of episodes",
    )
    train.add_argument("--config", type=Path, metavar="FILE.toml", help="a settings file, as each run has one")
    train.add_argument("--source", dest="named_source", metavar="SOURCE", help="SOURCE, in place of the file's")
    _add_import(train)
    train.add_argument("--steps", type=whole, help="environment steps (agents) or updates (generators, predictors)")
    train.add_argument("--seed", type=int, help="the one seed of everything random (default 0)")
    train.add_argument(
        "--seeds", type=whole, metavar="N", help="train N seeds at once, from --seed on, each a run below --run"
    )
    train.add_argument("--run", type=Path, help="directory of the run (default: a new one below runs/)")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the learner or a keyword of Experiment: learning_rate=1e-3, num_envs=8; repeatable",
    )
    train.add_argument(
        "--tuned",
        action="store_true",
        help="steps, num_envs and settings that the agent learns this environment with, of agents/tuned_settings.toml; "
        "--steps and --set come before them",
    )
    train.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="KEY=VALUE,VALUE",
        help="train a run with each value of a setting, each with each seed; `;` parts values that hold commas",
    )
    train.add_argument("--prefill", type=Path, metavar="FILE.npz", help="episodes that an agent's replay begins with")
    train.add_argument(
        "--evaluate-every", type=whole, help="steps between evaluations (default: a sixteenth of the run)"
    )
    train.add_argument("--checkpoint-every", type=whole, help="steps between checkpoints")
    train.add_argument("--video-every", type=whole, help="steps between videos or sample grids (default: never)")
    _add_log(train)

    add_sweep(commands)

    resume = commands.add_parser("resume", help="go on with a run, bit for bit", description="Go on with a run.")
    resume.add_argument("run", metavar="RUN", type=Path)
    _add_word(resume)
    resume.add_argument("--steps", type=whole, help="further steps (default: what the run has left)")
    _add_log(resume)
    resume.add_argument(
        "--inexact",
        action="store_true",
        help="go on from a new episode, or with the data at hand, where the source cannot be brought back exactly",
    )
    add_backend(resume)

    evaluate = commands.add_parser("evaluate", help="evaluate a run's best checkpoint", description="Evaluate a run.")
    evaluate.add_argument("run", metavar="RUN", type=Path)
    _add_word(evaluate)
    evaluate.add_argument(
        "--episodes", type=whole, help="episodes (agents), samples (generators) or test examples (predictors)"
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")

    render = commands.add_parser("render", help="make a video or picture of a run", description="Render a run.")
    render.add_argument("run", metavar="RUN", type=Path)
    _add_word(render)
    render.add_argument("-o", "--output", type=Path, metavar="FILE", help="a .mp4, .gif or .png (default: in the run)")
    render.add_argument("--kind", help="what to show, such as episode, policy, samples, latent, training")

    export = commands.add_parser(
        "export",
        help="write what a run learnt as one file that other programs run",
        description="Write a run's best checkpoint as one file, and measure it beside the original.",
    )
    export.add_argument("run", metavar="RUN", type=Path)
    _add_word(export)
    export.add_argument("--format", required=True, choices=FORMATS, help="the kind of file")
    export.add_argument("-o", "--output", type=Path, metavar="PATH", help="the file (default: in the run's exports/)")
    export.add_argument("--episodes", type=whole, help="episodes that an agent plays each way (default 100)")
    export.add_argument("--json", action="store_true", help="print one JSON object")

    record = commands.add_parser(
        "record",
        help="record episodes of a run's agent, to learn from",
        description="Record episodes as one .npz: of a run's agent in its environment, or of random play in any.",
    )
    record.add_argument("policy", metavar="RUN", help="a run's directory, or random")
    record.add_argument("source", metavar="SOURCE", nargs="?", help="the environment's id (default: the run's own)")
    _add_import(record)
    record.add_argument("-o", "--output", type=Path, metavar="FILE.npz", required=True, help="the file")
    record.add_argument("--episodes", type=whole, default=100, help="how many (default 100)")
    record.add_argument("--epsilon", type=float, default=0.0, help="probability of a uniform action (default 0)")
    record.add_argument("--explore", action="store_true", help="explore as in training")
    record.add_argument("--seed", type=int, default=0, help="the one seed of everything random (default 0)")
    record.add_argument("--which", choices=("best", "last"), default="best", help="the run's checkpoint")
    record.add_argument("--append", action="store_true", help="add to the file if there is one")

    report = commands.add_parser("report", help="write one HTML page about runs", description="Report runs.")
    report.add_argument("runs", metavar="RUN", type=Path, nargs="+", help="runs, folders of runs, or one sweep")
    report.add_argument("-o", "--output", type=Path, metavar="FILE.html", help="the page (default: in the first run)")

    watch = commands.add_parser("watch", help="show runs that go on in a browser", description="Serve a live page.")
    table = commands.add_parser("top", help="show runs that go on in the terminal", description="Show a live table.")
    for command in (watch, table):
        command.add_argument(
            "runs", metavar="RUN", type=Path, nargs="*", help="runs or folders of them (default: runs/)"
        )
    watch.add_argument("--port", type=int, help="of 127.0.0.1; 0 for any free one (default: the first from 8420 on)")
    table.add_argument("--once", action="store_true", help="print the table once")

    listing = commands.add_parser("list", help="list what can be named", description="List what can be named.")
    listing.add_argument("what", nargs="?", choices=sorted(LISTS), help="only these")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    _add_import(listing)

    demo = commands.add_parser("demo", help="the whole job, small and real, in minutes", description="Run the demo.")
    demo.add_argument("--run", type=Path, help="directory for the demo's runs (default: a new one below runs/)")
    demo.add_argument("--quick", action="store_true", help="a few steps of each, only to see that all works")
    tour = commands.add_parser(
        "tour",
        help="a first experiment of each kind, with a word on each",
        description="Train an agent, a generator and a predictor for some seconds each, and say what they do, which "
        "files they made and what to try next.",
        epilog="example: lab tour",
    )
    tour.add_argument("--run", type=Path, help="directory for its runs (default: a new one below runs/)")
    tour.add_argument("--quick", action="store_true", help="a few steps of each, only to see that all works")
    _add_windows(commands)
    _add_tools(commands)
    return top


def _add_windows(commands: Any) -> None:
    play = commands.add_parser(
        "play",
        help="play an environment with keyboard or mouse",
        description="Play an environment in a window, which shows the keys, the step and the return.",
        epilog="example: lab play CartPole-v1 --record mine.npz, then lab train behavior_cloning mine.npz",
    )
    play.add_argument("environment", metavar="ENV", help="its id, such as CartPole-v1 or my_module:My-v0")
    _add_import(play)
    play.add_argument(
        "--record", type=Path, metavar="PATH", help="add whole episodes to PATH.npz, or to PATH/episodes.npz"
    )
    play.add_argument("--seed", type=int, help="of the episodes (default: another one each time)")
    play.add_argument("--fps", type=float, help="steps a second (default: the environment's frames a second)")

    explore = commands.add_parser(
        "explore",
        help="move a generator's latents, seed, class, steps and guidance with sliders",
        description="Open a window in which sliders move what a generator of pictures draws from.",
        epilog="example: lab explore runs/vae",
    )
    explore.add_argument("run", metavar="RUN", type=Path)
    explore.add_argument(
        "--learner", dest="learner_class", metavar="MODULE:CLASS", help="the run's learner, where it is one of your own"
    )
    _add_import(explore)


def _add_tools(commands: Any) -> None:
    diff = commands.add_parser(
        "diff",
        help="show where two runs differ",
        description="Show where two runs differ: settings, conditions, versions, final metrics, weights. "
        "Exit status 0 where they do not, 1 where they do.",
        epilog="example: lab diff runs/a runs/b",
    )
    diff.add_argument("runs", metavar="RUN", type=Path, nargs=2)
    diff.add_argument("--all", action="store_true", help="also what is alike")
    diff.add_argument("--json", action="store_true", help="print one JSON object")

    compare = commands.add_parser(
        "compare",
        help="compare learners of several runs each",
        description="Say what agents come to over their runs (interquartile mean and median with intervals), and how "
        "likely a run of one is to score above a run of another. Runs that differ in the seed alone are one learner.",
        epilog="example: lab compare runs/dqn runs/double --target 475",
    )
    compare.add_argument("runs", metavar="RUN", type=Path, nargs="+", help="runs, or folders of runs trained together")
    compare.add_argument("--target", type=float, help="a score that is good enough: also say how far runs fall short")
    compare.add_argument("--json", action="store_true", help="print one JSON object")

    clean = commands.add_parser(
        "clean",
        help="delete checkpoints that runs can do without",
        description="Say which checkpoints runs can do without, and delete them with --yes: all but the newest whole "
        "one and the best. A run that a process is writing is left alone.",
        epilog="example: lab clean runs --yes",
    )
    clean.add_argument("runs", metavar="RUN", type=Path, nargs="*", help="runs, or folders of runs (default: runs)")
    clean.add_argument("--yes", action="store_true", help="delete them; without it nothing is")

    completion = commands.add_parser(
        "completion",
        help="print what completes this command in a shell",
        description="Print what a shell evaluates so that Tab completes commands, options, learners and sources.",
        epilog='example: eval "$(lab completion bash)" in ~/.bashrc; lab completion fish | source',
    )
    completion.add_argument("shell", choices=SHELLS)


def _add_import(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--import", dest="imports", action="append", default=[], metavar="MODULE",
        help="first import a module that defines learners or registers environments or data sets; repeatable",
    )  # fmt: skip


def _add_log(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--log", action="append", default=[], choices=SERVICES, help="also log to this service; repeatable"
    )


def _add_word(command: argparse.ArgumentParser) -> None:
    # A run's own file is not followed to what it names outside the run.
    command.add_argument(
        "--source", help="the run's source, where it is a path outside the run, a module's, or an object without name"
    )
    command.add_argument(
        "--learner", dest="learner_class", metavar="MODULE:CLASS", help="the run's learner, where it is one of your own"
    )
    _add_import(command)


def parser_for(arguments: list[str]) -> argparse.ArgumentParser:
    """Return the parser; for `lab train dqn --help` one that lists DQN's settings, which takes loading DQN."""
    named = [a for a in arguments[1:] if not a.startswith("-")]
    if arguments[:1] == ["train"] and named and {"-h", "--help"} & set(arguments):
        return parser(settings_help(named[0]))
    return parser()


def settings_help(learner: str) -> str:
    """Return a line for each setting of a learner, with its default and unit."""
    import dataclasses

    from lab.runs.opening.learners import named_learner

    fields = dataclasses.fields(named_learner(learner).Settings)
    lines = [f"  {f.name + '=' + _plain(f.default):36} {f.metadata.get('doc', '')}" for f in fields]
    return "\n".join([f"settings of {learner}, for --set:", *lines])


def _plain(value: Any) -> str:
    return (
        ",".join(map(str, value)) if isinstance(value, tuple) else str(value).lower() if value is None else str(value)
    )
