"""The plan of runs that train side by side, kept beside them, so that a kill loses none of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import RunDirectoryError, UsageError
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
)
from lab.runs.opening.config import LANES, MOST_ENVIRONMENTS

NAME = "runs.json"
# Of a sweep, which holds such directories: what it is, `lab.sweep.plan` knows.
SWEEP = "sweep.json"
FORMAT = 1
MOST = 100_000


class Member(NamedTuple):
    """One run of a population.

    Attributes:
        name: Of its directory, below the population's.
        seed: Its seed.
        settings: All settings of its learner, as JSON values.
    """

    name: str
    seed: int
    settings: dict[str, Any]


class Population(NamedTuple):
    """What it takes to begin each run of a population anew.

    Attributes:
        learner: The learner's name.
        source: The source's name, or None for an object that a file cannot name.
        steps: Steps of each run.
        options: Keywords of `Experiment` but the seed, as JSON values.
        callbacks: The names of each run's callbacks.
        members: The runs, in their order.
    """

    learner: str
    source: str | None
    steps: int
    options: dict[str, Any]
    callbacks: list[str]
    members: list[Member]


def is_population(directory: str | os.PathLike[str]) -> bool:
    """Return whether a directory holds runs that were begun side by side."""
    return os.path.lexists(Path(directory) / NAME)


def is_sweep(directory: str | os.PathLike[str]) -> bool:
    """Return whether a directory holds a sweep."""
    return os.path.lexists(Path(directory) / SWEEP)


def directories(directory: str | os.PathLike[str]) -> list[Path]:
    """Return the directories of a population's runs that have begun, in their order; see `read`."""
    found = [Path(directory) / member.name for member in read(directory).members]
    return [path for path in found if (path / "config.json").is_file()]


def write(directory: Path, population: Population) -> None:
    """Write the plan, whole or not at all, before the first run begins."""
    document = {
        "format": FORMAT,
        **population._asdict(),
        "members": [member._asdict() for member in population.members],
    }
    write_whole(directory / NAME, json.dumps(document, indent=1, sort_keys=True) + "\n")


def read(directory: str | os.PathLike[str]) -> Population:
    """Read a plan.

    Raises:
        RunDirectoryError: When there is none, or it cannot be one.
    """
    root = Path(directory).absolute()
    path = root / NAME
    try:
        found = check(parse(read_bytes(path, root, MOST_BYTES)), _PLAN)
    except UsageError:
        raise
    except (OSError, SchemaError) as error:
        raise RunDirectoryError(f"{path} cannot be read: {error}. Fix: restore the file.") from error
    del found["format"]
    return Population(**{**found, "members": [Member(**member) for member in found["members"]]})


def _name(value: Any, where: str) -> str:
    # It leads to files that are written, which must stay below the population's directory.
    text(255)(value, where)
    if not value or value != Path(value).name or value.startswith("."):
        raise SchemaError(f"{where} is {value!a}; expected the name of a folder")
    return str(value)


_MEMBER = entries({"name": _name, "seed": whole(), "settings": entries({}, more=anything())})
_OPTIONS = entries(
    {"num_envs": whole(1, MOST_ENVIRONMENTS), "lane": text(choices=LANES), "log_every": whole(1)},
    maybe={
        **dict.fromkeys(("evaluate_every", "checkpoint_every", "video_every"), optional(whole(1))),
        **dict.fromkeys(("evaluation_source", "evaluation_source_kind"), optional(text())),
    },
)
_PLAN = entries(
    {
        "format": whole(FORMAT, FORMAT),
        "learner": text(),
        "source": optional(text()),
        "steps": whole(1),
        "options": _OPTIONS,
        "callbacks": items(text()),
        "members": items(_MEMBER, MOST, 1),
    }
)
