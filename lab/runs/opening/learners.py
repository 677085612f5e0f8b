"""Whose word a learner's class is: the user may name one as `module:Class`, a file only by its registered name."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import registry
from lab.errors import UsageError, bad_value
from lab.runs.opening.sources import import_module


def named_learner(name: str) -> Any:
    """Return the learner class that the user names, by its registered name or as `module:Class`.

    Raises:
        UsageError: When there is none of that name.
    """
    return imported_learner(name) if ":" in name else registry.learner(name)


def imported_learner(name: str) -> Any:
    """Import and return the learner class that `module:Class` stands for, as the user says.

    Raises:
        UsageError: When the module or the class is missing, it is no learner's, or an installed learner has its name.
    """
    module, _, attribute = name.partition(":")
    expected = "module:Class with a subclass of Agent, Generator or Predictor"
    loaded = import_module(module)
    try:
        found = functools.reduce(getattr, attribute.split("."), loaded)
    except AttributeError:
        raise bad_value("lab", "the learner", name, expected, f"{module} has no {attribute!r}.") from None
    if not (isinstance(found, type) and getattr(found, "group", "") in registry.LEARNERS and found.name):
        raise bad_value("lab", "the learner", name, expected)
    learner: Any = found
    if registry.is_installed(learner.name, *registry.LEARNERS) and not registry.provides(learner.name, learner):
        raise UsageError(
            f"the learner {name} would be called {learner.name!r}, as an installed one is, and its runs would be "
            "opened as that one. Fix: give the class another name."
        )
    # As the last of its name, whatever else the import defined.
    registry.register(learner.group, learner.name, learner)
    return learner


def learner_of(config: Mapping[str, Any], run: Path) -> Any:
    """Return the learner class that a run's config.json names; nothing is imported but installed packages' own.

    Args:
        config: Has the name.
        run: The run's directory.

    Raises:
        UsageError: When no learner of that name is known here; the message says how the user names its class.
    """
    name: str = config["learner"]
    if name not in registry.names(*registry.LEARNERS):
        raise UsageError(
            f"{run} was trained by the learner {name!r}, which neither this program nor an installed package defines. "
            "Fix: if it is yours, name its class: add `--learner MODULE:CLASS` to the command, or import it in Python."
        )
    return registry.learner(name)


def check_named(name: str, learner: Any, config: Mapping[str, Any], run: Path) -> None:
    """Raise `UsageError` where the class that the user names for a run is not that of its learner."""
    if learner.name != config["learner"]:
        raise bad_value("--learner", str(run), name, f"the class of its learner, {config['learner']!r}")
