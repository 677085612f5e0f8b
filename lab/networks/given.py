"""A user's own Keras model as a learner's network: given anew to whoever opens the run, never read from its files."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from lab.errors import UsageError, bad_value

# A keras.Model, or a function to one.
Given: TypeAlias = Any
# What a run's config.json says of a network that its user gave.
GIVEN = "given"


class TakesNetwork:
    """Takes a network of its user's in the place of its own; what a learner mixes in before `Learner`.

    Args:
        config: The settings, or their fields as keywords.
        network: A `keras.Model`, or a function to one.

    Attributes:
        given: That, or None.
    """

    given: Given | None = None

    def __init__(self, config: Any = None, /, *, network: Given | None = None, **settings: Any) -> None:
        name = type(self).__name__
        if config is not None and hasattr(config, "trainable_variables"):
            raise UsageError(f"{name} received a model as its settings. Fix: {name}(network=...).")
        super().__init__(config, **settings)  # type: ignore[call-arg]
        self.take_network(network)

    def take_network(self, network: Given | None) -> None:
        """Take over the user's network, before the learner is built.

        Raises:
            UsageError: When it is neither a model nor a function.
        """
        if network is not None and not callable(network):
            fix = f"architecture={network!r} for one by name." if isinstance(network, str) else "network=make_network."
            raise bad_value(type(self).__name__, "network", network, "a keras.Model, or a function to one", fix)
        self.given = network

    def describe(self) -> dict[str, Any]:
        """Return what a run's config.json shall say of the network, as JSON values."""
        return {"network": GIVEN} if self.given is not None else {}

    def check_description(self, description: Mapping[str, Any]) -> None:
        """Raise `UsageError` where the run had a network of its user's, and this learner has none."""
        if description.get("network") == GIVEN and self.given is None:
            name = type(self).__name__
            raise UsageError(
                "the run was trained with a network of its user's, which its files cannot make. Fix: give the same "
                f"again, as Experiment.resume(run, network=...) or learner={name}(network=...), and "
                f"{name}.load(run, network=...) or `open` in place of `resume` to use it."
            )


@contextlib.contextmanager
def keras_seeded(seed: int) -> Iterator[None]:
    """Let what Keras draws from Python's global generator, where a layer has no seed, follow from a seed."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def as_taken(model: Any, inputs: Mapping[str, Any]) -> Any:
    """Return inputs as a model takes them: one alone, several by name where it has such names or a dict, else in order.

    Args:
        model: A `keras.Model`.
        inputs: By name.
    """
    names = list(inputs)
    if len(names) == 1:
        return inputs[names[0]]
    known = getattr(model, "input_names", None)
    if known is not None and sorted(known) != sorted(names):
        return [inputs[name] for name in names]
    return dict(inputs)
