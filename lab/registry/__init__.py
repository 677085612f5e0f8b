"""Where learners, environments and data sets are found by name.

Built-in and third-party ones join through package entry points (`lab.agents`, `lab.generators`, `lab.predictors`,
`lab.environments`, `lab.datasets`), which only an installed, trusted package can declare, or by being defined in the
running program. A run's files hold names only; nothing is ever imported because a file said so.
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
import sys
import warnings
from typing import Any

from lab.errors import MissingPackageError, UsageError, nearest

# The groups of learners, in the order in which a name is looked up.
LEARNERS = ("lab.agents", "lab.generators", "lab.predictors")

_defined: dict[str, dict[str, Any]] = {}


def snake_case(name: str) -> str:
    """Return a class name as the command line writes it: `QLearning` becomes `q_learning`, and `A2C` `a2c`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", name).lower()


@functools.cache
def _entry_points(group: str) -> dict[str, importlib.metadata.EntryPoint]:
    # Python also finds packages where the user stands, which may be a stranger's run with a package in it.
    path = [folder for folder in sys.path if folder not in ("", ".")]
    found: dict[str, importlib.metadata.EntryPoint] = {}
    for distribution in importlib.metadata.distributions(path=path):
        for entry in distribution.entry_points.select(group=group):
            found.setdefault(entry.name, entry)
    return found


def register(group: str, name: str, thing: Any) -> None:
    """Make a thing known by name in this process; a later one of the same name replaces it."""
    _defined.setdefault(group, {})[name] = thing


def names(*groups: str) -> list[str]:
    """Return every name known in the groups, sorted, without importing what they name."""
    return sorted({name for group in groups for name in (*_entry_points(group), *_defined.get(group, {}))})


def is_installed(name: str, *groups: str) -> bool:
    """Return whether an installed package declares a thing of that name."""
    return any(name in _entry_points(group) for group in groups)


def provides(name: str, thing: Any) -> bool:
    """Return whether a class is the one that an installed package declares under that name."""
    for group in LEARNERS:
        entry = _entry_points(group).get(name)
        if entry is not None:
            # Packages hand out their classes from modules within.
            package, _, attribute = entry.value.partition(":")
            return bool(thing.__qualname__ == attribute and thing.__module__.split(".")[0] == package.split(".")[0])
    return False


def find(name: str, *groups: str, what: str) -> Any:
    """Return the thing of that name.

    Args:
        name: As `lab list` prints it.
        groups: Where to look, in order; what this process defined comes first.
        what: The word for the thing in an error message.

    Raises:
        UsageError: When nothing has that name; the message offers the nearest names.
    """
    for group in groups:
        if name in _defined.get(group, {}):
            return _defined[group][name]
    for group in groups:
        if name in _entry_points(group):
            return _loaded(_entry_points(group)[name], what)
    raise UsageError(f"no {what} is called {name!r}; {nearest(name, names(*groups))} (see `lab list`)")


def _loaded(entry: importlib.metadata.EntryPoint, what: str) -> Any:
    # Not before something fails: to ask who provides what takes reading the records of every installed package.
    from lab.messages.clashes import clashes_said

    try:
        with clashes_said():
            return entry.load()
    except MissingPackageError:
        raise
    except (ImportError, AttributeError) as error:
        package = entry.dist.name if entry.dist is not None else "the package that brings it"
        raise MissingPackageError(
            f"the {what} {entry.name!r} cannot be loaded from {entry.value}: {error}. "
            f"Fix: install {package} anew, with all that it needs."
        ) from error


def learner(name: str) -> Any:
    """Return the learner class of that name; see `find`."""
    return find(name, *LEARNERS, what="learner")


@functools.cache
def load_environments() -> None:
    """Let every installed package register its environments with Gymnasium, once a process."""
    # What a package does to Python's warnings as it is imported must not outlast its import.
    with warnings.catch_warnings():
        for entry in _entry_points("lab.environments").values():
            _loaded(entry, "environments")()
