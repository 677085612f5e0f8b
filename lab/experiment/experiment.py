"""Experiment: trains, evaluates and renders any learner with the same few lines."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from lab.callbacks import Callback
from lab.callbacks.checks import listed
from lab.errors import bad_value, check_whole
from lab.experiment import resuming, together
from lab.experiment.base import ExperimentBase
from lab.experiment.exports import export_from
from lab.experiment.loop import Loop
from lab.experiment.options import Options
from lab.experiment.record import Record
from lab.exporting.exported import Exported
from lab.files.links import make_folder
from lab.learner import Learner
from lab.media.training_film import TRAINING, chosen_target, write_training_film
from lab.messages.clashes import clashes_said
from lab.registry import tasks
from lab.results.evaluation import Evaluation
from lab.results.history import History
from lab.runs.directory import RunDirectory
from lab.runs.opening.sources import note_given
from lab.runtime.signals.interruption import Stopped, listen, stoppable
from lab.runtime.threads import start_tensorflow
from lab.seeding import Seeds
from lab.task import TaskOptions


class Experiment(ExperimentBase):
    """A learner, the source of its data, a loop that trains it and a record of what came of it.

    The ladder, each rung a short method to override: `run` -> `train`, `evaluate`, `render` -> `train_chunk`. The hooks
    `on_...` do nothing here; callbacks have the same ones.

    Args:
        learner: An agent, a generator or a predictor.
        source: For an agent an environment id, a `gymnasium.Env`, a factory without arguments or a vector
            environment; for a generator or predictor a data set's name, arrays, a `tf.data.Dataset` or a `Series`.
        evaluation_source: Another source to evaluate and film an agent in; None for fresh environments of `source`.
        seed: The one seed of everything random.
        run_dir: Where the run is written; None writes nothing.
        num_envs: Environments stepped together (agents).
        lane: `host` trains step by step, `compiled` many steps at once as one program where the environment's dynamics
            are TensorFlow functions, `auto` whichever is fastest.
        callbacks: Further `Callback`s.
        evaluate_every: Steps between evaluations, which also keep the best checkpoint; None for never.
        checkpoint_every: Steps between checkpoints; None for a tenth of the learner's default run.
        video_every: Steps between videos or sample grids; None for never.
        progress: True or False to show a progress bar or not; None to show it on a terminal only.
        log_every: Steps between rows of the history; None for the learner's default.

    Attributes:
        options: What it was given as numbers and words, as its files hold it.
        task: What feeds, evaluates and shows the learner.
        loop: Where training stands.
        record: The history, and what is written into the run directory.

    Raises:
        UsageError: On any argument that does not fit, before anything is written.
    """

    def __init__(
        self,
        learner: Learner,
        source: Any,
        *,
        evaluation_source: Any = None,
        seed: int = 0,
        run_dir: str | os.PathLike[str] | None = None,
        num_envs: int = 1,
        lane: str = "auto",
        callbacks: Iterable[Callback] = (),
        evaluate_every: int | None = None,
        checkpoint_every: int | None = None,
        video_every: int | None = None,
        progress: bool | None = None,
        log_every: int | None = None,
    ) -> None:
        if not isinstance(learner, Learner):
            raise bad_value("Experiment", "learner", learner, "an instance of a learner", "pass an instance: DQN().")
        self.options = Options(seed, num_envs, lane, evaluate_every, checkpoint_every, video_every, log_every)
        directory = RunDirectory(run_dir) if run_dir is not None else None
        if directory is not None:
            directory.check_free()
        begins_trained = learner.built
        self.learner = learner
        self.source, self.evaluation_source = source, evaluation_source
        note_given(source)
        note_given(evaluation_source)
        self.seeds = Seeds(seed)
        start_tensorflow(learner.threads)
        with clashes_said():
            self.task = tasks.make(learner, source, TaskOptions(self.seeds, num_envs, lane, evaluation_source))
        self.task.check_evaluation_source(evaluation_source, learner.name)
        self.log_every = self.options.log_every or learner.default_log_every
        self.loop = Loop()
        self.record = Record(directory, self.task.unit, begins_trained or learner.begins_trained)
        self.given_callbacks = listed(callbacks)
        self.callbacks = self.with_standard(self.given_callbacks, progress)

    # ---------------------------------------------------------------- the ladder

    def run(self, steps: int | None = None) -> Evaluation:
        """Train, evaluate and render: the whole job with the defaults."""
        self.train(steps)
        evaluation = self.evaluate()
        if self.directory is not None:
            self.render()
        return evaluation

    def train(self, steps: int | None = None) -> History:
        """Train for a number of further steps.

        Ctrl-C and SIGTERM end it at the next step, after a checkpoint where there is a run directory.

        Args:
            steps: Environment steps for agents (summed over environments), updates for generators and predictors; None
                for what a resumed run has left, else the learner's default.

        Returns:
            The history so far, one row a log point.

        Raises:
            UsageError: When `steps` is not a whole number > 0.
            TrainingDiverged: On a loss or gradient that is not finite.
        """
        self.prepare_training(steps)
        with contextlib.suppress(Stopped), listen(self.loop.control) as interruption, self.training(interruption):
            while self.loop.wants_steps and not interruption.received:
                self.train_chunk()
        interruption.raise_again()
        return self.history

    def train_many(
        self,
        seeds: Iterable[int] | None = None,
        *,
        steps: int | None = None,
        settings: Iterable[Mapping[str, Any]] = ({},),
    ) -> list[Self]:
        """Train several runs side by side, each with the numbers it would have alone.

        The runs are this experiment's with other seeds and settings; it is not trained itself. In the compiled lane one
        program takes their states as a batch, some eight at a time, and divides them among the cores; those that differ
        only in `tensor_settings` (step sizes, epsilon, ...) are compiled once. In the host lane they take turns.

        Args:
            seeds: One run each; None for this experiment's seed alone.
            steps: As for `train`, of each run.
            settings: Changes to the learner's settings; each is trained with each seed.

        Returns:
            The trained experiments, the seeds of the first settings first. With a run directory each has its own below
            it, such as `seed-3` or `learning_rate=0.001,seed-3`.

        Raises:
            UsageError: On seeds, settings or a source that several runs cannot have, before anything is written.
            TrainingDiverged: On a loss or gradient that is not finite, after all other runs have ended.
        """
        return together.train_many(self, seeds, settings, steps)

    def evaluate(self, episodes: int | None = None) -> Evaluation:
        """Evaluate the learner as it is now, greedily and on seeds that training never sees.

        Args:
            episodes: Episodes for agents, samples for generators, examples for predictors; None for the task's default.
        """
        if episodes is not None:
            check_whole("episodes", episodes)
        with stoppable():
            evaluation = self.task.evaluate(episodes=episodes, stream=0, step=self.step)
        self.record.add_evaluation(self, evaluation, "report")
        return evaluation

    def render(self, path: str | os.PathLike[str] | None = None, kind: str | None = None) -> Path:
        """Show the learner at work.

        Args:
            path: `.mp4`, `.gif` or `.png`. A bare name goes into the run's `videos/` or `samples/` (the working
                directory without a run); a path with a folder is taken as it is.
            kind: What to show, one of `task.kinds`, or `training`: a film of the pictures that the run wrote as it went
                on. None for the kind named like the file, else the first.

        Returns:
            The path written.
        """
        target, kind = chosen_target(path, kind, self.task.kinds, self.task.default_suffix)
        if self.directory is not None and target.parent == Path() and not target.is_absolute():
            self.claim()
            folder = self.directory.samples if target.suffix.lower() == ".png" else self.directory.videos
            make_folder(folder, self.directory.path)
            target = folder / target
        pictures = self.directory.samples if self.directory is not None else None
        with stoppable():
            if kind == TRAINING:
                return write_training_film(target, pictures, self.task.kinds, self.task.unit)
            return self.task.render(target, kind)

    def export(
        self, path: str | os.PathLike[str] | None = None, format: str = "saved_model", episodes: int | None = None
    ) -> Exported:
        """Write what the learner has learnt as one file that other programs run, and measure it beside the original.

        Args:
            path: The file, or for `saved_model` the folder; nothing may be there. None for one named after learner and
                format in the run's `exports/`, or in the working directory without a run.
            format: `saved_model`, `litert`, `litert-int8` or `onnx`.
            episodes: Episodes that an agent plays each way; None for the task's default.

        Returns:
            Where it is, and the table: bytes, latency, the greatest difference of outputs, mean return.

        Raises:
            UsageError: When the learner or the format cannot, or something is at the path.
            MissingPackageError: When what the format takes is not installed.
        """
        return export_from(self, path, format, episodes)

    def close(self) -> None:
        """Free environments and files."""
        self.task.close()

    @classmethod
    def resume(
        cls,
        run_dir: str | os.PathLike[str],
        *,
        source: Any = None,
        evaluation_source: Any = None,
        learner: Learner | None = None,
        callbacks: Iterable[Callback] = (),
        progress: bool | None = None,
        exact: bool = True,
        network: Any = None,
    ) -> Self:
        """Open a run where its newest whole checkpoint left it; `train()` then goes on, bit for bit.

        Args:
            run_dir: The run's directory.
            source, evaluation_source: For a run where it was an object, or names what a file alone is not followed to.
            learner: A fresh learner with the run's settings, if its class is not known by name here.
            network: What its learner was given as its network, for a run with one of its user's.
            callbacks: The run's own callbacks, made as they were then.
            progress: As for `Experiment`.
            exact: False lets a run go on from a new episode where its environment cannot be restored exactly.

        Raises:
            RunDirectoryError: When there is no run.
            CheckpointError: When every checkpoint is damaged, or the newest does not fit.
        """
        given = (source, evaluation_source, learner, network)
        return resuming.resume(cls, run_dir, *given, list(callbacks), progress, exact)

    @classmethod
    def resume_many(
        cls,
        run_dir: str | os.PathLike[str],
        *,
        source: Any = None,
        evaluation_source: Any = None,
        learner: type[Learner] | None = None,
        callbacks: Iterable[Callback] = (),
        progress: bool | None = None,
        exact: bool = True,
    ) -> list[Self]:
        """Train the runs of a killed or stopped `train_many` on to their ends, bit for bit; begin those not begun.

        The arguments are those of `resume`, but that `run_dir` is what `train_many` was given, where `runs.json` names
        the runs, and `learner` the learner's class. It returns all runs in the order of `train_many`, and raises what
        that and `resume` do.
        """
        given = {"source": source, "evaluation_source": evaluation_source}
        return together.resume_many(cls, run_dir, given, learner, list(callbacks), progress, exact)

    @classmethod
    def open(
        cls,
        run_dir: str | os.PathLike[str],
        which: str = "best",
        *,
        source: Any = None,
        evaluation_source: Any = None,
        learner: Learner | None = None,
        network: Any = None,
    ) -> Self:
        """Open a run to evaluate and render what it learnt; `resume` is the one to train on.

        Args:
            run_dir: The run's directory.
            which: `best` for the best checkpoint if one was kept, else the newest; `last` for the newest.
            source, evaluation_source, learner, network: As for `resume`.
        """
        return resuming.open_run(cls, run_dir, which, source, evaluation_source, learner, network)
