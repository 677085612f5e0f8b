"""What agents share that make their networks by settings, or take a user's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import gymnasium

from agents.parts import observations
from agents.parts.networks.given import built, first_difference, layers_of, spec_of
from agents.parts.networks.named import AUTO, MLP
from agents.structured import Packed
from lab.errors import CheckpointError, UsageError
from lab.networks.given import TakesNetwork

if TYPE_CHECKING:
    import keras

SETTINGS = ("architecture", "width", "hidden_sizes", "filters", "activation")
# The networks of which others are copies.
TELLING = ("online", "actor", "critic")
# In a run's config.json.
LAYERS = "network_layers"


class Networks(TakesNetwork):
    """Makes an agent's networks: by its settings, or as its user gave them.

    Args:
        config: The settings, or their fields as keywords.
        network: A `keras.Model`, or a function from a `NetworkSpec` to one, in place of the networks of the settings.
            Of a model each network is a copy, which begins with its weights. All that it holds must be weights that
            train. Such a run is resumed and loaded by giving the same again.
    """

    not_state: tuple[str, ...] = ("given",)
    carried: ClassVar[tuple[str, ...]] = ("given",)
    config: Any
    built: bool
    observation_space: gymnasium.Space[Any]

    def make_network(self, outputs: int | tuple[int, ...], seed: int, role: str = "values") -> keras.Model:
        """Build a network from features float32 (B, d) to linear outputs.

        Args:
            outputs: How many, or the shape of a row's.
            seed: Of the initial weights.
            role: What they are, for a user's function; see `NetworkSpec`.
        """
        if self.given is not None:
            shape = outputs if isinstance(outputs, tuple) else (outputs,)
            return built(type(self).__name__, self.given, spec_of(self, shape, role, seed))
        c = self.config
        options = {name: getattr(c, name) for name in ("activation", "architecture", "width") if hasattr(c, name)}
        return observations.network(self.observation_space, c.filters, c.hidden_sizes, outputs, seed, **options)

    def check_observation_space(self) -> None:
        """Raise `UsageError` where neither the networks of the settings nor the user's take the observations."""
        architecture = getattr(self.config, "architecture", AUTO)
        given, own = self.given is not None, getattr(type(self), "network", None)
        if given and own is not None and not own.__module__.startswith("agents."):
            name = type(self).__name__
            raise UsageError(
                f"{name} received a network, and overrides `network`, which makes another. Fix: one of both, "
                f"such as DQN(network=...) or {name}()."
            )
        observations.check_observations(type(self).__name__, self.observation_space, architecture, given)

    def unread_of_networks(self) -> dict[str, str]:
        """Return the settings of the networks that have no effect, each with the reason."""
        names = {field.name for field in dataclasses.fields(self.config)}
        found, space, picture = {}, self.observation_space, observations.is_picture(self.observation_space)
        architecture = getattr(self.config, "architecture", AUTO)
        if self.given is not None:
            found = dict.fromkeys(SETTINGS, "the network is the user's own")
        elif architecture in (AUTO, MLP):
            found["width"] = "only the networks by name have one"
            if not picture or architecture == MLP:
                found["filters"] = "the observations are no pictures" if not picture else "architecture is 'mlp'"
            elif not isinstance(space, Packed):
                found["activation"] = "networks for pictures have relu"
        else:
            found["filters"] = f"{architecture} has its own"
            if not isinstance(space, Packed):
                found |= dict.fromkeys(("hidden_sizes", "activation"), f"{architecture} has its own")
        return {name: why for name, why in found.items() if name in names}

    def describe(self) -> dict[str, Any]:
        found = super().describe()
        return {**found, LAYERS: self._layers()} if found else found

    def _layers(self) -> list[str]:
        return layers_of(*(getattr(self, name, None) for name in TELLING))

    def check_description(self, description: Mapping[str, Any]) -> None:
        super().check_description(description)
        theirs = description.get(LAYERS)
        if self.given is None or not self.built or not isinstance(theirs, list):
            return
        differing = first_difference(self._layers(), list(map(str, theirs)))
        if differing:
            raise CheckpointError(
                f"the network given is not the run's: {differing}. Fix: give the network that the run was trained with."
            )
