"""Builds a learner from what a run's config.json says, within what the run can have held."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from lab.errors import CheckpointError, RunDirectoryError, UsageError

if TYPE_CHECKING:
    import tensorflow as tf

    from lab.runs.directory import RunDirectory


class Described(Protocol):
    """A learner, as far as a run's config.json describes it."""

    most_numbers: int | None

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make one of settings."""

    def take_network(self, network: Any) -> None:
        """Take over a network of the user's."""


L = TypeVar("L", bound=Described)

# Numbers in one variable that a run may declare whatever its checkpoints hold, 128 MiB of them; beyond it, only as
# many as the largest of its checkpoints has room for.
FREE = 1 << 25
# A learner has some copies of a network: its target, its average, the moments of its gradients.
COPIES = 8
MOST_VARIABLES = 1 << 14


def made_from(config: Mapping[str, Any], directory: RunDirectory, learner_class: type[L], network: Any = None) -> L:
    """Return the learner that a run's config.json describes, not built yet.

    Args:
        config: Has its settings.
        directory: The run's.
        learner_class: Its class.
        network: Of the user's, which it takes over; see `lab.networks.given`.

    Raises:
        RunDirectoryError: When its settings are none of that learner's.
        UsageError: When it takes no such network.
    """
    with as_run_errors(directory, "settings"):
        learner = learner_class.from_settings(config["settings"])
    learner.most_numbers = room(directory.checkpoints)
    if network is not None:
        learner.take_network(network)
    return learner


@contextlib.contextmanager
def as_run_errors(directory: RunDirectory, what: str) -> Iterator[None]:
    """Raise `RunDirectoryError` for whatever making something of a part of config.json raises."""
    try:
        yield
    except (RunDirectoryError, CheckpointError):
        raise
    except MemoryError as error:
        raise _unbuildable(directory, what, f"they ask for more memory than there is ({error})") from error
    except LookupError as error:
        raise _unbuildable(directory, what, f"they lack {error}") from error
    except (UsageError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        raise _unbuildable(directory, what, str(error)) from error


def _unbuildable(directory: RunDirectory, what: str, why: str) -> RunDirectoryError:
    fix = "" if "Fix: " in why else " Fix: restore the file."
    return RunDirectoryError(f"{directory.config_path}: nothing can be made of its {what}: {why.rstrip('.')}.{fix}")


def room(checkpoints: Path) -> int:
    """Return how many numbers the largest of a run's checkpoints has room for, at least `FREE`."""
    folders = [folder for folder in checkpoints.iterdir() if folder.is_dir()] if checkpoints.is_dir() else []
    # Large arrays lie in files of their own.
    sizes = [sum(file.stat().st_size for file in folder.glob("*.safetensors") if file.is_file()) for folder in folders]
    return max([FREE, *(size // 2 for size in sizes)])


@contextlib.contextmanager
def variables_within(most: int | None) -> Iterator[None]:
    """Refuse to make a TensorFlow variable of more numbers than a run can have held, before it takes memory.

    Args:
        most: Numbers in one variable; `COPIES` times as many in all of them. None for no limit.

    Raises:
        UsageError: From within, when the limit is reached.
    """
    if most is None:
        yield
        return
    import tensorflow as tf

    total = number = 0
    graph = tf.Graph()

    def creator(make: Callable[..., Any], **given: Any) -> Any:
        nonlocal total, number
        shape = _shape(given.get("initial_value"), graph)
        size = math.prod(shape)
        total, number = total + size, number + 1
        if size > most or total > COPIES * most or number > MOST_VARIABLES:
            raise UsageError(
                f"the settings and shapes ask for a variable of shape {shape}, the {number:,}th, after "
                f"{total - size:,} numbers in others; expected at most {most:,} in one, {COPIES} times as many in all "
                f"and {MOST_VARIABLES:,} variables, beyond what its checkpoints hold. Fix: restore config.json, or "
                "give the learner yourself: Experiment.resume(run, learner=...)."
            )
        return make(**given)

    with tf.variable_creator_scope(creator):
        yield


def _shape(value: Any, graph: tf.Graph) -> tuple[int, ...]:
    """Return the shape of what a variable begins with, which for a function is found without calling it for real."""
    if callable(value):
        with graph.as_default():
            value = value()
    return tuple(getattr(value, "shape", ()))
