"""`lab tour`: a first experiment of each kind, with a word on what it does, what it wrote and what to try next."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lab.command.demo import Job, run_job
from lab.command.training import free_directory
from lab.messages.terminal import say
from lab.runs.directory import RunDirectory

FILES = {
    "config.json": "what was trained: learner, settings, source, seed, versions",
    "settings.toml": "what `lab train --config` trains the same run with",
    "metrics.jsonl": "a row of numbers for each log point",
    "evaluations.jsonl": "a row for each evaluation, the baselines first",
    "checkpoints": "step-...: all that resuming takes; best-...: the best evaluation's",
    "videos": "films",
    "samples": "pictures",
}


class Stop(NamedTuple):
    """One experiment of the tour.

    Attributes:
        kind: Of learner.
        words: What it does, a line each.
        job: What is trained and shown.
        next: Commands to try, with `RUN` for the run.
    """

    kind: str
    words: Sequence[str]
    job: Job
    next: Sequence[str]


STOPS = (
    Stop(
        "an agent: it acts in an environment, and learns from the rewards",
        (
            "Q-learning keeps a table of how much each action in each cell is worth, and moves each entry towards the",
            "reward plus the best of the next cell. A step is one action; the score is the mean return, the sum of",
            "rewards of an episode, without exploring. Random play stands beside it.",
        ),
        Job(
            "q_learning",
            "lab/GridWorld-v0",
            "a table of action values",
            steps=20_000,
            quick_steps=1_000,
            log_every=500,
            evaluate_every=5_000,
            settings={"epsilon_steps": 10_000, "epsilon_end": 0.05},
            shown={"episode": "episode.gif", "policy": "policy.png"},
        ),
        (
            "lab train q_learning lab/GridWorld-v0",
            "lab play lab/GridWorld-v0",
            "lab train dqn CartPole-v1 --steps 20000",
            "lab evaluate RUN --episodes 100",
        ),
    ),
    Stop(
        "a generator: it learns what data look like, and makes more",
        (
            "An autoencoder squeezes each handwritten digit into 8 numbers, its latent, and draws it again from these.",
            "A step is one update on a batch; the score is the mean squared error of digits that it never saw. PCA",
            "with as many numbers stands beside it.",
        ),
        Job(
            "autoencoder",
            "digits",
            "handwritten digits through 8 numbers",
            steps=600,
            quick_steps=60,
            log_every=50,
            evaluate_every=200,
            shown={"reconstructions": "reconstructions.png", "samples": "samples.png"},
        ),
        ("lab explore RUN", "lab train diffusion digits --video-every 100", "lab render RUN -o interpolation.gif"),
    ),
    Stop(
        "a predictor: it learns to answer from examples with answers",
        (
            "A classifier learns which digit a picture shows. A step is one update on a batch; the score is over",
            "pictures that it never saw. The confusion matrix says which digits it takes for which.",
        ),
        Job(
            "classifier",
            "digits",
            "which digit a picture shows",
            steps=300,
            quick_steps=40,
            log_every=20,
            evaluate_every=100,
            shown={"confusion": "confusion.png", "mistakes": "mistakes.png"},
        ),
        ("lab train classifier glyphs", "lab export RUN --format litert", "lab train regressor friedman"),
    ),
)


def tour(options: argparse.Namespace) -> None:
    """Train a first experiment of each kind, and say what came of it."""
    directory = options.run or free_directory(Path("runs"), "tour")
    RunDirectory(directory).check_free()
    say(f"lab tour: {len(STOPS)} small experiments below {directory}")
    runs = []
    for number, stop in enumerate(STOPS, 1):
        run = directory / stop.job.learner
        print()
        say(f"{number}/{len(STOPS)} {stop.kind}")
        for line in stop.words:
            say(f"    {line}")
        run_job(stop.job, run, options.quick)
        if number == 1:
            for line in _files(run):
                say(f"    {line}")
        else:
            say(f"    wrote    as many files in {run}")
        for command in stop.next:
            say(f"    try      {command.replace('RUN', shlex.quote(str(run)))}")
        runs.append(str(run))
    print()
    say("all three on one page, then how the commands go on:")
    say(f"    {shlex.join(['lab', 'report', *runs, '-o', str(directory / 'report.html')])}")
    say("    lab --help, lab list, lab train LEARNER --help")


def _files(run: Path) -> list[str]:
    width = max(map(len, FILES))
    return [f"wrote    {name:{width}} {words}" for name, words in FILES.items() if (run / name).exists()]
