"""The networks of forecasters by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.networks.forecasters.conv1d import conv1d_forecaster
from lab.networks.forecasters.linear import linear_forecaster
from lab.networks.forecasters.recurrent import recurrent_forecaster
from lab.networks.forecasters.transformer import transformer_forecaster

if TYPE_CHECKING:
    import keras

MOST_TOKENS = 64


def make_network(name: str, sizes: dict[str, int], dropout: float, seed: int, dtype: str) -> keras.Model:
    """Return the forecaster of a name; levels are taken off before it, so that it takes none itself.

    Args:
        name: One of `settings.ARCHITECTURES`.
        sizes: `context`, `horizon`, `channels`, `targets`, `quantiles` and `future`.
        dropout: Of all but the linear one.
        seed, dtype: As for `linear_forecaster`.
    """
    options: dict[str, Any] = {**sizes, "relative": False, "seed": seed, "dtype": dtype}
    if name == "linear":
        return linear_forecaster(**options)
    options["dropout"] = dropout
    if name == "conv1d":
        return conv1d_forecaster(**options)
    if name == "transformer":
        return transformer_forecaster(patch=_patch(sizes["context"]), **options)
    return recurrent_forecaster(cell=name, **options)


def _patch(context: int) -> int:
    """Return the smallest divisor of a context that makes few enough tokens of it: attention costs their square."""
    return next(n for n in range(1, context + 1) if context % n == 0 and context // n <= MOST_TOKENS)
