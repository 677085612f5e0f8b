"""Networks by name, and one encoder for each entry of a Dict or Tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.parts.networks.inputs import HISTORY, PICTURE, VECTOR, Part, parts_of
from lab.config import setting
from lab.errors import bad_value

if TYPE_CHECKING:
    import gymnasium
    import keras

AUTO, MLP, TRANSFORMER = "auto", "mlp", "transformer"
OF_PICTURES = ("nature_cnn", "impala_resnet", "minatar_cnn")
ARCHITECTURES = (AUTO, MLP, *OF_PICTURES, TRANSFORMER)
# An entry's encoder draws with seeds that no other one's reaches.
APART = 1_000


def architecture_setting() -> Any:
    """Return the setting that chooses a network by name."""
    return setting(
        AUTO,
        "the network; auto: dense layers, for pictures behind convolutions; transformer: over stacked observations",
        choices=ARCHITECTURES,
    )


def width_setting() -> Any:
    """Return the setting that makes the published networks wider."""
    return setting(1, "multiples of the filters of the networks by name, and of the transformer's 64", at_least=1)


def check_architecture(owner: str, space: gymnasium.Space[Any], architecture: str) -> None:
    """Raise `UsageError` where no part of an observation is what the architecture is for."""
    if architecture in (AUTO, MLP):
        return
    wanted = HISTORY if architecture == TRANSFORMER else PICTURE
    kinds = [part.kind for part in parts_of(space)]
    if wanted in kinds:
        return
    if wanted == HISTORY:
        expected = "'auto', for an observation is no history, a Box (K, d) of the last K observations"
        fix = "gymnasium.wrappers.FrameStackObservation(env, K), or envs.tensor.Stacked(dynamics, K)."
    else:
        expected, fix = f"'auto' or {MLP!r}, for {space} is no picture", "leave it out."
    raise bad_value(owner, "architecture", architecture, expected, fix)


def named(
    space: gymnasium.Space[Any],
    architecture: str,
    width: int,
    filters: tuple[int, ...],
    hidden_sizes: tuple[int, ...],
    outputs: int,
    seed: int,
    activation: str,
) -> keras.Model:
    """Build a network by name from features float32 (B, d) to linear outputs (B, outputs).

    A picture or a history alone goes through the published network. Of several entries each has an encoder: the
    network by name without its last layer where it is for that kind, 3x3 convolutions for other pictures, and its own
    numbers for vectors. What they give lies side by side before the dense layers of `hidden_sizes`.

    Args:
        space: Of the observations.
        architecture, width, filters, hidden_sizes, outputs, seed, activation: As for `observations.network`.
    """
    import keras

    from lab.networks.initializers import initializer_for

    parts = parts_of(space)
    if len(parts) == 1:
        return _published(parts[0], architecture, outputs, width, seed, flat=True)
    features = keras.Input((parts[-1].stop,), name="features")
    seen = []
    for i, part in enumerate(parts):
        seen.append(_encoded(part, part.taken(features), architecture, width, filters, seed + APART * (i + 1)))
    x = keras.layers.Concatenate()(seen)
    for i, units in enumerate(hidden_sizes):
        x = keras.layers.Dense(units, activation, kernel_initializer=keras.initializers.HeUniform(seed=seed + i))(x)
    start = initializer_for(None, seed + len(hidden_sizes))
    return keras.Model(features, keras.layers.Dense(outputs, kernel_initializer=start)(x))


def _encoded(part: Part, x: Any, architecture: str, width: int, filters: tuple[int, ...], seed: int) -> Any:
    import keras

    from lab.networks import convnet, features_of

    if part.kind == VECTOR or architecture == MLP:
        return x if len(part.shape) == 1 else keras.layers.Flatten()(x)
    if (part.kind == HISTORY) == (architecture == TRANSFORMER) and architecture != AUTO:
        return features_of(_published(part, architecture, 1, width, seed))(x)
    flat = keras.layers.Flatten()(x)
    if part.kind == HISTORY:
        return flat
    # Without its last layer: what the convolutions see.
    whole = convnet(part.shape, filters, (), 1, seed)
    return keras.Model(whole.inputs, whole.layers[-1].input)(flat)


def _published(part: Part, architecture: str, outputs: int, width: int, seed: int, flat: bool = False) -> keras.Model:
    from lab import networks

    name = "history_transformer" if architecture == TRANSFORMER else architecture
    made: Any = getattr(networks, name)
    found: keras.Model = made(part.shape, outputs, width=width, seed=seed, flat=flat)
    return found
