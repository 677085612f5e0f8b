"""How a learner is copied and pickled: built anew from its settings, and given the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from lab.errors import bad_value
from lab.runtime.threads import start_tensorflow

# Where what no user wrote is defined.
HOMES = ("lab.", "agents.", "generative.", "predictors.")


class Copied:
    """Copies itself by being built anew, because Keras' objects do not copy reliably."""

    # What its user gave it besides settings, such as a network, and a copy is given too.
    carried: ClassVar[tuple[str, ...]] = ()
    built: bool
    config: Any

    def take_network(self, network: Any) -> None:
        """Take over a network of the user's, before it is built (hook); see `lab.networks.given`."""
        if network is not None:
            raise bad_value(type(self).__name__, "network", network, "None, for it builds its own", "leave it out.")

    def check_description(self, description: Mapping[str, Any]) -> None:
        """Raise `UsageError` where what `describe` wrote into a run cannot be built here (hook)."""

    def __copy__(self) -> Self:
        """Return a learner that shares with this one all that it holds, as a shallow copy does."""
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Keras' objects do not copy their weights reliably, and compiled programs not at all: a copy is built anew.
        if not self.built:
            return super().__reduce_ex__(protocol)
        this: Any = self
        # Of what is no state, a user's own is what the user gave it; ours is made anew.
        theirs = [c for c in type(self).__mro__ if not c.__module__.startswith(HOMES)]
        named = {name for c in theirs for name in vars(c).get("not_state", ())}
        given = {name: value for name, value in vars(self).items() if name in named or name in self.carried}
        # Before it is built, which is when a path would be followed.
        given["follows"] = this.follows
        return remade, (type(self), self.config.to_dict(), given, this.setup_arguments(), this.get_state())


def remade(
    kind: type[Any],
    settings: Mapping[str, Any],
    given: Mapping[str, Any],
    arguments: tuple[Any, ...],
    state: Mapping[str, Any],
) -> Any:
    """Build a learner as another one was built, and give it that one's state: what copies are made by."""
    learner = kind.from_settings(settings)
    vars(learner).update(given)
    start_tensorflow(learner.threads)
    learner.setup(*arguments)
    learner.set_state(state)
    return learner
