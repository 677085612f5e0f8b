"""Whose word a source is: what the user names is followed, what a file names is only looked up."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from lab import registry
from lab.errors import UnconfirmedSource, UsageError

# Folders, parted as in PATH, in which a run may look for the data that it names: the user's word once for all.
FOLDERS = "LAB_DATA"
# Namespaces of Gymnasium whose packages register their environments only when they are imported.
REGISTERED_BY = {"ALE": "ale_py"}

_given: set[tuple[str, str]] = set()


class Naming(Protocol):
    """A learner, as far as it knows what sources are called."""

    def named_source(self, name: str, run: Path) -> str:
        """Return the source to open for one that a run's file names."""


def source_name(source: Any) -> str | None:
    """Return a source's name or path, or None for an object that a file cannot name."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return getattr(source, "source_name", None)


def note_given(source: Any) -> None:
    """Take note of a source that this program, and not a file, has named; where it has no name do nothing."""
    name = source_name(source)
    if isinstance(name, str):
        _given.add((os.getcwd(), name))


def is_given(name: str) -> bool:
    """Return whether this program, and not a file, has named a source, from where it stands now."""
    return (os.getcwd(), name) in _given


def from_run(learner: Naming, config: dict[str, Any], run: Path, verb: str) -> str:
    """Return the source that a run's config.json names, for this process to open.

    Args:
        learner: Of the run; it knows what the name stands for.
        config: Has the name.
        run: The run's directory.
        verb: The command, for the error.

    Raises:
        UnconfirmedSource: When it would be imported, or searched for outside the run; the message says how the user
            gives a word for it.
    """
    name: str = config["source"]
    if is_given(name):
        return name
    try:
        return learner.named_source(name, run)
    except UnconfirmedSource as why:
        argument = shlex.join(["--source", name])
        method = "resume" if verb == "resume" else "open"
        raise UnconfirmedSource(
            f"{run} names the source {name!r}, which {why} Fix: if you trust it, name it yourself: add `{argument}` "
            f"to the command, or Experiment.{method}(run, source={name!r}). Relative paths begin "
            "at the working directory."
        ) from why


def check_path(name: str, run: Path, what: str) -> Path:
    """Return a path that a run's file names, if it lies within the run or where the user lets runs look for data.

    Args:
        name: Relative paths begin at the working directory, as they did when the run was made.
        run: The run's directory.
        what: The word for what lies there.

    Raises:
        UnconfirmedSource: When it lies elsewhere.
    """
    try:
        place = Path(name).expanduser().resolve()
        folders = [folder for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]
        allowed = [run.resolve(), *(Path(folder).expanduser().resolve() for folder in folders)]
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"the path {name!r} cannot be followed: {error}.") from error
    if not any(place.is_relative_to(folder) for folder in allowed):
        raise UnconfirmedSource(
            f"is {what} outside the run, and a run's files are not followed there without your word (or the "
            f"environment variable {FOLDERS}, for folders in which runs may look for data)."
        )
    return place


def import_module(name: str) -> ModuleType:
    """Import and return a module because the user says so; it may lie in the working directory.

    Raises:
        UsageError: When there is none; what is wrong within it is raised as it is.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"the module received {name!r}; expected a dotted name, such as my_package.my_environments.")
    # As the last place, and for this import alone: else whatever lies where the user stands could later be taken for
    # a package that is not installed.
    folder = os.getcwd()
    sys.path.append(folder)
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the module {name!r} cannot be imported: {error}. Fix: install its package, or stand where it is."
        ) from error
    finally:
        if folder in reversed(sys.path):
            del sys.path[len(sys.path) - 1 - sys.path[::-1].index(folder)]


def imported_environment(name: str) -> str:
    """Import the module in an environment's `module:id`, as the user says, and return the id alone.

    The package that registers the id's namespace, such as ale_py for `ALE/Pong-v5`, is imported where it is installed.
    """
    registry.load_environments()
    module, colon, rest = name.partition(":")
    if colon:
        import_module(module)
    found = rest if colon else name
    package = _package_to_import(found)
    if package is not None:
        importlib.import_module(package)
    return found


def registered_environment(name: str) -> str:
    """Return the id in what a file calls an environment, by which Gymnasium imports nothing but what is registered.

    Raises:
        UnconfirmedSource: When it is `module:id` and the module is not loaded, or of a namespace whose package is not;
            the text goes on after "which".
    """
    registry.load_environments()
    module, colon, rest = name.partition(":")
    found = rest if colon else name
    wanted = module if colon and module not in sys.modules else None if colon else _package_to_import(found)
    if wanted is not None:
        raise UnconfirmedSource(
            f"would import the module {wanted!r}, and nothing is imported because a file says so (your word for it is "
            f"--import {shlex.quote(wanted)}, or `import` in Python)."
        )
    if ":" in found:
        raise UsageError(f"no environment is called {name!r}.")
    return found


def takes_import(name: str) -> bool:
    """Return whether an environment's name is followed only where something is imported first."""
    return ":" in name or name.partition("/")[0] in REGISTERED_BY


def _package_to_import(name: str) -> str | None:
    """Return the installed package that registers an id's namespace and is not loaded, or None."""
    package = REGISTERED_BY.get(name.partition("/")[0])
    if package is None or package in sys.modules or importlib.util.find_spec(package) is None:
        return None
    return package
