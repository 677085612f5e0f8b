"""The demo: three small runs, each trained, evaluated and shown, and one report about them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import registry
from lab.callbacks import Callback, Evaluate, StopAtReturn
from lab.messages.terminal import say
from lab.reporting import write_report
from lab.reporting.html.formats import duration, label, shown
from lab.reporting.records import read_run
from lab.reporting.scores import references
from lab.runs.directory import RunDirectory

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment
    from lab.results.evaluation import Evaluation

SEED = 1


@dataclasses.dataclass(frozen=True)
class Job:
    """One run of the demo.

    Attributes:
        learner: Its name, which is the run directory's too.
        source: What it learns from.
        story: What it learns, in a line.
        steps: Steps at most.
        quick_steps: Steps of the quick demo.
        log_every: Steps between rows.
        evaluate_every: Steps between evaluations.
        episodes: Episodes or samples of these; None for the task's default.
        solved: The mean return that ends the run early; None for none.
        settings: The learner's, where they are not the defaults.
        shown: The files to render, by what they show.
    """

    learner: str
    source: str
    story: str
    steps: int
    quick_steps: int
    log_every: int
    evaluate_every: int
    shown: Mapping[str, str]
    episodes: int | None = None
    solved: float | None = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


JOBS = (
    Job(
        "q_learning",
        "lab/GridWorld-v0",
        "a table of action values",
        steps=60_000,
        quick_steps=2_000,
        log_every=1_000,
        evaluate_every=5_000,
        settings={"epsilon_steps": 40_000, "epsilon_end": 0.05},
        shown={"policy": "policy.mp4", "episode": "episode.mp4"},
    ),
    Job(
        "dqn",
        "CartPole-v1",
        "a neural network, until solved",
        steps=60_000,
        quick_steps=1_200,
        log_every=500,
        evaluate_every=2_500,
        # As many as twenty can pass by luck where a hundred, as the report plays, would not.
        episodes=50,
        solved=475.0,
        shown={"episode": "episode.mp4"},
    ),
    Job(
        "autoencoder",
        "digits",
        "handwritten digits through 8 numbers",
        steps=2_000,
        quick_steps=100,
        log_every=50,
        evaluate_every=200,
        shown={
            "reconstructions": "reconstructions.png",
            "samples": "samples.png",
            "latent": "latent.png",
            "interpolation": "interpolation.gif",
        },
    ),
)


def run_demo(directory: Path, quick: bool = False) -> Path:
    """Train, evaluate and show the three learners, and write one report; the report's path is printed last.

    Args:
        directory: A new or empty directory; each run gets one of its own in it.
        quick: Take only as many steps as show that everything works.

    Returns:
        The report's path.

    Raises:
        UsageError: When the directory holds files already or cannot be written.
    """
    directory = Path(directory)
    RunDirectory(directory).check_free()
    started = time.perf_counter()
    say(f"lab demo: three runs below {directory}" + ("" if quick else ", about two minutes on 2 cores"))
    for number, job in enumerate(JOBS, 1):
        print()
        say(f"{number}/{len(JOBS)} {job.learner} on {job.source}: {job.story}")
        run_job(job, directory / job.learner, quick)
    report = write_report([directory / job.learner for job in JOBS], directory / "report.html")
    print()
    say(f"done in {duration(time.perf_counter() - started)}; open the report in a browser:")
    say(report)
    return report


def run_job(job: Job, run: Path, quick: bool) -> None:
    """Train, evaluate and show one learner, and say how it did.

    Args:
        job: What to do.
        run: Its directory.
        quick: Whether to take a few steps only.
    """
    from lab.experiment.experiment import Experiment

    started = time.perf_counter()
    steps = job.quick_steps if quick else job.steps
    every = min(job.evaluate_every, steps // 2)
    callbacks: list[Callback] = [Evaluate(every, job.episodes)]
    if job.solved is not None:
        callbacks.append(StopAtReturn(job.solved))
    experiment = Experiment(
        registry.learner(job.learner)(**job.settings),
        job.source,
        seed=SEED,
        run_dir=run,
        callbacks=callbacks,
        log_every=min(job.log_every, steps // 10),
    )
    try:
        experiment.train(steps)
        _say("trained", f"{experiment.step:,} {experiment.task.unit}", started)
        if job.solved is not None:
            _say("solved" if experiment.stop_reason else "not yet", experiment.stop_reason or "the steps are used up")
        started = time.perf_counter()
        evaluation = experiment.evaluate()
        _say("scored", _score(evaluation, experiment), started)
        started = time.perf_counter()
        for kind, name in job.shown.items():
            experiment.render(name, kind=kind)
        _say("shown", ", ".join(job.shown.values()), started)
    finally:
        experiment.close()


def _say(what: str, words: str, since: float | None = None) -> None:
    took = "" if since is None else f"   ({duration(time.perf_counter() - since)})"
    say(f"    {what:<8} {words}{took}")


def _score(evaluation: Evaluation, experiment: Experiment) -> str:
    main = evaluation.main
    score = f"{label(main)} {shown(evaluation[main])}"
    if "episodes" in evaluation:
        score += f" over {shown(evaluation['episodes'])} episodes"
    return score + "".join(f"; {name} {shown(value)}" for name, value in _baselines(evaluation, experiment).items())


def _baselines(evaluation: Evaluation, experiment: Experiment) -> dict[str, float]:
    directory = experiment.directory
    return references(read_run(directory.path), evaluation.main, evaluation.to_dict()) if directory is not None else {}
