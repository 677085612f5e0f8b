"""The arguments of `lab sweep`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

# Of `lab.sweep.plan`, which loads more than `lab --help` should wait for.
SAMPLERS = ("random", "tpe", "gp")
PRUNERS = ("none", "halving", "hyperband")
EXAMPLE = """\
--search takes learning_rate alone (where to look is declared beside the setting), learning_rate=1e-5:1e-2:log,
update_every=4:64:4, batch_size=32,64,128 or hidden_sizes=64,64;128,128; --space a TOML file of a table [search] with
lines as batch_size = [32, 64]. `lab resume DIR` goes on with a sweep, `lab report DIR` writes a page about it, and
`lab evaluate DIR` opens its best trial.
example: lab sweep dqn CartPole-v1 --search learning_rate --search batch_size=32,64,128 --trials 32 --seeds 2"""


def add_sweep(commands: Any) -> None:
    """Add the command to those of the parser."""
    sweep = commands.add_parser(
        "sweep",
        help="look for a learner's best settings, in trials that are runs",
        description="Look for a learner's best settings (extra tune: Optuna).",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sweep.add_argument("learner", metavar="LEARNER", help="such as dqn or my_module:MyAgent; see `lab list`")
    sweep.add_argument("source", metavar="SOURCE", help="as for `lab train`")
    sweep.add_argument(
        "--import", dest="imports", action="append", default=[], metavar="MODULE",
        help="first import a module that defines learners or registers environments or data sets; repeatable",
    )  # fmt: skip
    sweep.add_argument(
        "--search", action="append", default=[], metavar="KEY[=SPACE]", help="a setting to look for; repeatable"
    )
    sweep.add_argument("--space", type=Path, metavar="FILE.toml", help="a file of settings to look for")
    sweep.add_argument("--trials", type=whole, default=20, help="how many (default 20)")
    sweep.add_argument("--steps", type=whole, help="of each run (default: the learner's)")
    sweep.add_argument("--seeds", type=whole, default=1, metavar="N", help="runs of each trial, from --seed on")
    sweep.add_argument("--seed", type=int, default=0, help="of the suggestions, and of the first run of each trial")
    sweep.add_argument("--sampler", choices=SAMPLERS, default="tpe", help="what suggests (default tpe)")
    sweep.add_argument("--pruner", choices=PRUNERS, default="none", help="what ends trials early (default none)")
    sweep.add_argument("--reduction", type=whole, default=3, help="one of so many goes on at each rung (default 3)")
    sweep.add_argument(
        "--together", type=whole, metavar="N",
        help="trials suggested and trained together (default: 8 runs' in the compiled lane, else 1)",
    )  # fmt: skip
    sweep.add_argument("--metric", help="what is scored (default: the evaluation's main metric)")
    sweep.add_argument("--score", choices=("last", "best"), default="last", help="which evaluation (default last)")
    sweep.add_argument("--statistic", choices=("mean", "iqm"), default="mean", help="over seeds (default mean)")
    sweep.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as for `lab train`; repeatable")
    sweep.add_argument("--run", type=Path, help="directory of the sweep (default: a new one below runs/)")
    sweep.add_argument("--evaluate-every", type=whole, help="steps between evaluations (default: an eighth of the run)")
    sweep.add_argument("--checkpoint-every", type=whole, help="steps between checkpoints")
    add_backend(sweep)


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Add where a sweep's runs train."""
    parser.add_argument(
        "--backend", choices=("local", "ray"), default="local",
        help="where a sweep's runs train: in this process, or on workers of Ray (extra ray); the outcome is the same",
    )  # fmt: skip
    parser.add_argument("--resources", metavar="NAME=N,...", help="of one worker (default cpus=1); also gpus=1")
    parser.add_argument("--workers", type=whole, metavar="N", help="at most so many (default: as many as fit)")
    parser.add_argument(
        "--ray-address", metavar="ADDRESS", help="of a running cluster; auto for this machine's (default: a new one)"
    )


def whole(text: str) -> int:
    """Return a whole number > 0 of the command line; commas and underscores may part its digits."""
    try:
        number = int(text.replace("_", "").replace(",", ""))
    except ValueError:
        number = 0
    if number <= 0:
        raise argparse.ArgumentTypeError(f"received {text!r}; expected a whole number > 0")
    return number
