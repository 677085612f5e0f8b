"""Sliders: a row of numbers that the mouse moves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pygame

from lab.command.windows.window import INK, LINE, MARK, Window

HEIGHT = 2 * LINE


@dataclasses.dataclass
class Slider:
    """One number between bounds.

    Attributes:
        name: What it is.
        low, high: Its bounds.
        value: As it stands.
        whole: Whether it is a whole number.
        words: What its values are called, from `low` on; empty for the numbers themselves.
    """

    name: str
    low: float
    high: float
    value: float
    whole: bool = False
    words: Sequence[str] = ()

    def put(self, part: float) -> None:
        """Take the value at a part of the way from the lowest to the highest."""
        value = self.low + min(1.0, max(0.0, part)) * (self.high - self.low)
        self.value = float(round(value)) if self.whole else value

    @property
    def part(self) -> float:
        """The part of the way at which it stands."""
        span = self.high - self.low
        return 0.0 if span == 0 else min(1.0, max(0.0, (self.value - self.low) / span))

    @property
    def said(self) -> str:
        """The name and the value."""
        if self.words:
            return f"{self.name}: {self.words[int(self.value - self.low)]}"
        return f"{self.name}: {int(self.value)}" if self.whole else f"{self.name}: {self.value:.3g}"


class Sliders:
    """Sliders one below the other; one of them is held while the mouse's button is down.

    Args:
        sliders: From the top.
        left, top, width: Where they stand, in pixels.
    """

    def __init__(self, sliders: Sequence[Slider], left: int, top: int, width: int) -> None:
        self.sliders, self.left, self.top, self.width = list(sliders), left, top, width
        self.held: Slider | None = None

    def take(self, event: Any) -> Slider | None:
        """Return the slider that an event moved, if any."""
        if event.type == pygame.MOUSEBUTTONUP:
            self.held = None
        if event.type == pygame.MOUSEBUTTONDOWN:
            x, y = event.pos
            row = (y - self.top) // HEIGHT
            inside = self.left - LINE <= x <= self.left + self.width + LINE
            self.held = self.sliders[row] if inside and 0 <= row < len(self.sliders) else None
        if self.held is None or event.type not in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION):
            return None
        before = self.held.value
        self.held.put((event.pos[0] - self.left) / self.width)
        return self.held if self.held.value != before else None

    def draw(self, window: Window) -> None:
        """Draw them all."""
        for i, slider in enumerate(self.sliders):
            top = self.top + i * HEIGHT
            window.text(slider.said, self.left, top, MARK if slider is self.held else INK)
            line = top + LINE + 6
            pygame.draw.line(window.screen, INK, (self.left, line), (self.left + self.width, line), 2)
            pygame.draw.circle(window.screen, MARK, (self.left + round(slider.part * self.width), line), 7)
