"""The plan of a sweep, sweep.json: all that decides which trials there are and what they score."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from lab.errors import RunDirectoryError, UsageError, bad_value, check_whole
from lab.files.atomic import write_whole
from lab.files.links import read_bytes
from lab.files.reading.schema import (
    MOST_BYTES,
    SchemaError,
    anything,
    check,
    entries,
    items,
    optional,
    parse,
    text,
    whole,
)  # fmt: skip
from lab.runs.directory import RunDirectory
from lab.runs.opening.config import CONSTANTS, LANES, MOST_ENVIRONMENTS
from lab.runs.population import SWEEP as NAME
from lab.runs.population import is_sweep
from lab.sweep.spaces import IN_FILE

FORMAT = 1
MOST_TRIALS = 10_000
MOST_SEEDS = 1_000
LARGEST_SEED = 2**53

SAMPLERS = ("random", "tpe", "gp")
PRUNERS = ("none", "halving", "hyperband")
SCORES = ("last", "best")
STATISTICS = ("mean", "iqm")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a sweep is; see `lab.sweep.Sweep` for the words.

    Attributes:
        learner: The learner's name.
        source: The source's name, or None for an object that a file cannot name.
        spaces: By setting, as `Range.to_json` and `Choice.to_json` give them.
        settings: The settings that all trials share.
        options: Keywords of `Experiment` but the seed, as JSON values.
        callbacks: The names of each run's callbacks.
        optuna: The version of Optuna that suggests.
    """

    learner: str
    source: str | None
    spaces: dict[str, Any]
    settings: dict[str, Any]
    steps: int
    trials: int
    seeds: list[int]
    seed: int
    sampler: str
    pruner: str
    reduction: int
    together: int
    score: str
    statistic: str
    metric: str | None
    options: dict[str, Any]
    callbacks: list[str]
    optuna: str

    def __post_init__(self) -> None:
        for name, least, most in (
            ("steps", 1, None), ("trials", 1, MOST_TRIALS), ("together", 1, MOST_TRIALS), ("reduction", 2, 100)
        ):  # fmt: skip
            check_whole(name, getattr(self, name), owner="Sweep", least=least)
            if most is not None and getattr(self, name) > most:
                raise bad_value("Sweep", name, getattr(self, name), f"at most {most:,}")
        check_whole("seed", self.seed, owner="Sweep", least=0)
        for name, allowed in (
            ("sampler", SAMPLERS), ("pruner", PRUNERS), ("score", SCORES), ("statistic", STATISTICS)
        ):  # fmt: skip
            if getattr(self, name) not in allowed:
                raise bad_value("Sweep", name, getattr(self, name), "one of " + ", ".join(map(repr, allowed)))
        for seed in self.seeds:
            check_whole("seeds", seed, owner="Sweep", least=0)
        if not 0 < len(self.seeds) <= MOST_SEEDS or len(set(self.seeds)) < len(self.seeds):
            raise bad_value("Sweep", "seeds", self.seeds, f"1 to {MOST_SEEDS:,} seeds, each once")
        every = self.options.get("evaluate_every")
        if every is not None and every > self.steps:
            raise bad_value("Sweep", "evaluate_every", every, f"at most the {self.steps:,} steps of a run")

    @property
    def evaluate_every(self) -> int:
        """Steps between evaluations, of which each may end a trial."""
        return int(self.options["evaluate_every"])

    def batch(self, first: int) -> range:
        """Return the numbers of the trials that are suggested and trained together from the one of that number on."""
        return range(first, min(first + self.together, self.trials))


def check_free(run_dir: str | os.PathLike[str]) -> Path:
    """Return a directory in which a new sweep may be written.

    Raises:
        RunDirectoryError: When it holds a sweep or anything else, or cannot be written.
    """
    directory = RunDirectory(run_dir)
    if is_sweep(directory.path):
        raise RunDirectoryError(
            f"{directory.path} already holds a sweep. Fix: choose another directory, or go on with it: "
            f"`lab resume {directory.path}` or Sweep.resume(...)."
        )
    directory.check_free()
    return directory.path


def write(directory: Path, plan: Plan) -> None:
    """Write the plan, whole or not at all, before the first trial begins."""
    document = {"format": FORMAT, **dataclasses.asdict(plan)}
    write_whole(directory / NAME, json.dumps(document, indent=1) + "\n")


def read(directory: str | os.PathLike[str]) -> Plan:
    """Read a plan.

    Raises:
        RunDirectoryError: When there is none, or it cannot be one.
    """
    root = Path(directory).absolute()
    path = root / NAME
    try:
        found = check(parse(read_bytes(path, root, MOST_BYTES), constants=CONSTANTS), _PLAN)
        del found["format"]
        return Plan(**found)
    except FileNotFoundError:
        raise RunDirectoryError(
            f"{root} is no sweep: it has no {NAME}. Fix: give the directory that `lab sweep` printed."
        ) from None
    except RunDirectoryError:
        raise
    except (OSError, SchemaError, UsageError) as error:
        raise RunDirectoryError(f"{path} cannot be read: {error}. Fix: restore the file.") from error


_OPTIONS = entries(
    {"num_envs": whole(1, MOST_ENVIRONMENTS), "lane": text(choices=LANES), "evaluate_every": whole(1)},
    maybe={
        **dict.fromkeys(("checkpoint_every", "video_every", "log_every"), optional(whole(1))),
        **dict.fromkeys(("evaluation_source", "evaluation_source_kind"), optional(text())),
    },
)
_PLAN = entries(
    {
        "format": whole(FORMAT, FORMAT),
        "learner": text(200),
        "source": optional(text()),
        "spaces": IN_FILE,
        "settings": entries({}, more=anything()),
        "steps": whole(1),
        "trials": whole(1, MOST_TRIALS),
        "seeds": items(whole(0, LARGEST_SEED), MOST_SEEDS, 1),
        "seed": whole(0, LARGEST_SEED),
        "sampler": text(choices=SAMPLERS),
        "pruner": text(choices=PRUNERS),
        "reduction": whole(2, 100),
        "together": whole(1, MOST_TRIALS),
        "score": text(choices=SCORES),
        "statistic": text(choices=STATISTICS),
        "metric": optional(text(200)),
        "options": _OPTIONS,
        "callbacks": items(text(200), 1_000),
        "optuna": text(100),
    }
)
