"""Environments named by an id: whether one is registered, and which one a run's file means."""

from __future__ import annotations

import gymnasium

from lab.errors import MissingPackageError, UsageError, nearest
from lab.runs.opening.sources import registered_environment


def named_id(name: str) -> str:
    """Return the id of the environment that a file names, for `EnvironmentSource`; nothing is imported.

    Raises:
        UnconfirmedSource: When it would take an import.
        UsageError: When no environment is registered under that name.
    """
    found = registered_environment(name)
    check_id(found)
    return found


def check_id(name: str) -> None:
    """Raise `UsageError` where no environment is registered under an id, with the nearest one."""
    try:
        gymnasium.spec(name)
    except gymnasium.error.NamespaceNotFound as error:
        raise MissingPackageError(
            f"no installed package has the environment {name!r}: {error} Fix: install the package that brings the "
            f"namespace {name.split('/')[0]!r} (for ALE: pip install 'keras-lab[atari]')."
        ) from error
    except gymnasium.error.Error as error:
        known = [i for i in gymnasium.registry if not i.startswith(("phys2d", "tabular"))]
        bases = {i.rsplit("-v", 1)[0]: i for i in known}
        hint = (
            nearest(name, known)
            if name.rsplit("-v", 1)[0] not in bases
            else (f"did you mean {bases[name.rsplit('-v', 1)[0]]!r}?")
        )
        raise UsageError(f"no environment is called {name!r}; {hint} (see `lab list environments`)") from error
