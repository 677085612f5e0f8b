"""Completion of the command in bash, zsh and fish, by argcomplete: learners, environments and data sets too."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from lab import registry
from lab.errors import MissingPackageError
from lab.messages.terminal import say


def completion(options: argparse.Namespace) -> None:
    """Print what a shell evaluates to complete the command."""
    for line in _argcomplete().shellcode(["lab"], shell=options.shell).strip("\n").split("\n"):
        say(line.replace("\t", "    "))


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks how its line may go on, and end the process; else do nothing."""
    for command in _commands(parser):
        for action in command._actions:
            completer = COMPLETERS.get(action.dest)
            if completer is not None:
                action.completer = completer  # type: ignore[attr-defined]
    _argcomplete().autocomplete(parser, always_complete_options=False)


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found = [action.choices.values() for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [command for commands in found for command in commands]


def _learners(**_: Any) -> list[str]:
    return registry.names(*registry.LEARNERS)


def _sources(parsed_args: Any = None, **_: Any) -> list[str]:
    """Return environments for agents and `lab play`, data sets for the others; both where that is not known."""
    learner = getattr(parsed_args, "learner", None)
    acts = learner in registry.names("lab.agents")
    names = [] if acts else registry.names("lab.datasets")
    if acts or learner is None or learner not in _learners():
        import gymnasium

        registry.load_environments()
        names = [*names, *gymnasium.registry]
    return sorted(names)


def _environments(**_: Any) -> list[str]:
    import gymnasium

    registry.load_environments()
    return sorted(gymnasium.registry)


COMPLETERS = {"learner": _learners, "source": _sources, "named_source": _sources, "environment": _environments}


def _argcomplete() -> Any:
    try:
        import argcomplete
    except ImportError as error:
        raise MissingPackageError(
            f"completion takes the package argcomplete ({error}). "
            f"Fix: pip install {shlex.quote('keras-lab[completion]')}."
        ) from error
    return argcomplete
