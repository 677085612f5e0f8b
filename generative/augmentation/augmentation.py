"""Augmentation: by how much training rows are changed at random, each time they are met."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from generative.spec import DataSpec
from lab.config import Settings, setting
from lab.errors import bad_value

FILLS = ("edge", "reflect", "low")
WARPS = ("flip_horizontal", "flip_vertical", "rotation", "shift", "zoom", "shear")


@dataclasses.dataclass(frozen=True)
class Augmentation(Settings):
    """How training rows are varied; `data.augmented(Augmentation(...))` attaches it, and the defaults change nothing.

    Every row of every update is changed by amounts of its own, evenly distributed between the limits, in the order of
    the fields: one bilinear reading for all that moves pixels, then light and noise, then the user's function. It
    runs within the compiled update; the amounts depend on the experiment's seed and the number of the update alone, so
    that a resumed run meets the same rows. Rows that are held out are never changed.
    """

    flip_horizontal: bool = setting(False, "mirror left and right, every other time")
    flip_vertical: bool = setting(False, "mirror top and bottom, every other time")
    rotation: float = setting(0.0, "turn by up to so much either way, degrees", at_least=0.0, at_most=180.0)
    shear: float = setting(0.0, "lean upright lines by up to so much either way, degrees", at_least=0.0, at_most=60.0)
    zoom: float = setting(0.0, "grow or shrink by up to this fraction", at_least=0.0, below=1.0)
    shift: float = setting(
        0.0, "move along each axis by up to so much either way, fraction of the side", at_least=0.0, at_most=1.0
    )
    fill: str = setting("edge", "what comes in from outside: edge, reflect, or low, the range's end", choices=FILLS)
    brightness: float = setting(
        0.0, "lighten or darken by up to so much, fraction of the range", at_least=0.0, at_most=1.0
    )
    noise: float = setting(
        0.0, "standard deviation of Gaussian noise, fraction of the range", at_least=0.0, at_most=1.0
    )
    function: Callable[[Any, Any], Any] | None = setting(  # noqa: RUF009 - setting returns a field
        None, "(float32 rows (B, ...) in [-1, 1], int32 seed (2,) for tf.random.stateless_...) -> such rows"
    )

    def check(self) -> None:
        if self.function is not None and not callable(self.function):
            raise bad_value("Augmentation", "function", self.function, "a function of (rows, seed), or None")

    @property
    def warps(self) -> bool:
        """Whether it moves pixels."""
        return any(getattr(self, name) for name in WARPS)

    @property
    def words(self) -> str:
        """What it does, in short: the fields that differ from their defaults."""
        changed = [f for f in dataclasses.fields(self) if getattr(self, f.name) != f.default]
        parts = ((f.name, getattr(self, f.name)) for f in changed)
        return ", ".join(f"{name} {getattr(value, '__qualname__', value)}" for name, value in parts) or "nothing"

    def check_fits(self, spec: DataSpec) -> None:
        """Check that rows have what it changes.

        Raises:
            UsageError: When pixels shall move in rows that are no images.
        """
        if self.warps and not spec.is_image:
            named = ", ".join(name for name in WARPS if getattr(self, name))
            raise bad_value(
                "Augmentation", named, f"rows of shape {spec.shape}", "images", "noise and a function serve any rows."
            )
