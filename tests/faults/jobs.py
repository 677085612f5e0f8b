"""The runs that faults are put into: every learner, in both lanes, with several environments, and whole commands."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from tests import contracts

TEACHER = "LAB_FAULTS_TEACHER"
STEPS, CHECKPOINT, EVALUATE, LOG, VIDEO = 121, 25, 31, 20, 60
# Commands as a user gives them, with the report rows, best checkpoints and closing evaluations of the command line.
COMMANDS: dict[str, list[str]] = {
    "train dqn": ["train", "dqn", "CartPole-v1", "--steps", "600", "--checkpoint-every", "150", "--evaluate-every",
                  "250", "--video-every", "400", "--set", "lane=host", "--set", "hidden_sizes=8", "--set",
                  "learning_starts=64", "--set", "log_every=100"],
    "train dqn compiled": ["train", "dqn", "CartPole-v1", "--steps", "900", "--checkpoint-every", "200",
                           "--evaluate-every", "300", "--set", "lane=compiled", "--set", "hidden_sizes=8", "--set",
                           "learning_starts=64", "--set", "log_every=150"],
    "train q_learning": ["train", "q_learning", "lab/GridWorld-v0", "--steps", "3000", "--checkpoint-every", "700",
                         "--evaluate-every", "1000", "--set", "log_every=300", "--set", "num_envs=2"],
    "train autoencoder": ["train", "autoencoder", "gaussians", "--steps", "120", "--checkpoint-every", "30",
                          "--evaluate-every", "50", "--video-every", "60", "--set", "hidden_sizes=8", "--set",
                          "log_every=20"],
    "train_many q_learning": ["train", "q_learning", "lab/GridWorld-v0", "--seeds", "3", "--steps", "2000",
                              "--checkpoint-every", "500", "--evaluate-every", "900", "--set", "log_every=250"],
    "train_many dqn": ["train", "dqn", "CartPole-v1", "--seeds", "2", "--steps", "500", "--checkpoint-every", "150",
                       "--evaluate-every", "250", "--set", "hidden_sizes=8", "--set", "learning_starts=64",
                       "--set", "log_every=100", "--set", "lane=host"],
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Job:
    """Something that trains in a run directory and can be resumed.

    Args:
        label: Its name on the command line of `tests.faults`.
        case: The learner's contract case; None for a command.
        num_envs: Environments side by side.
    """

    label: str
    case: Any = None
    num_envs: int = 1

    @property
    def many(self) -> bool:
        """Whether the run directory holds several runs."""
        return self.label.startswith("train_many")

    def train(self, run: Path) -> int:
        """Train from the beginning, in this process."""
        if self.case is None:
            from lab.cli import main

            return main([*COMMANDS[self.label], "--run", str(run)])
        keywords: dict[str, Any] = {"num_envs": self.num_envs} if self.num_envs > 1 else {}
        experiment = small(self.case).experiment(
            run, checkpoint_every=CHECKPOINT, evaluate_every=EVALUATE, video_every=VIDEO, **keywords
        )
        experiment.train(STEPS)
        return 0

    def resume(self, run: Path) -> int:
        """Go on to the end, in this process, as a user would."""
        if self.case is None:
            from lab.cli import main

            return main(["resume", str(run)])
        from lab.errors import UsageError

        try:
            experiment = small(self.case).resume(run)
            if experiment.step < experiment.target_step:
                experiment.train()
        except UsageError as error:
            # As the command line does.
            import sys

            print(f"lab: error: {' '.join(str(error).split())}", file=sys.stderr)
            return 2
        return 0


def small(case: Any) -> Any:
    """Return a case that learns from the one teacher all processes share, if it has any."""
    teacher = os.environ.get(TEACHER)
    if teacher and callable(case.settings):
        contracts.teacher_run = lambda: teacher  # type: ignore[assignment]
    return case


def jobs() -> dict[str, Job]:
    """Return every job by its label."""
    found = [Job(case.label, case) for case in contracts.cases()]
    found += [Job(f"{case.label} x3", case, 3) for case in contracts.cases() if case.interacts]
    return {job.label: job for job in [*found, *(Job(label) for label in COMMANDS)]}


def make_teacher(path: Path) -> int:
    """Write the teacher's run, in a child."""
    import shutil

    shutil.copytree(contracts.teacher_run(), path)
    return 0
