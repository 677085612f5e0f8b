"""A canvas for pictures of environments: smooth shapes and short texts, without a display."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pygame

Colour = tuple[int, int, int]
Point = tuple[float, float]

INK: Colour = (38, 42, 51)
PAPER: Colour = (250, 249, 245)
MUTED: Colour = (137, 143, 156)
BLUE: Colour = (52, 104, 192)
RED: Colour = (206, 66, 58)
GREEN: Colour = (62, 146, 86)
GOLD: Colour = (233, 176, 48)
SAND: Colour = (232, 226, 212)

# Shapes are drawn at twice the size and shrunk smoothly, which is what rounds their edges.
SCALE = 2


class Canvas:
    """Draws on a picture; all measures are output pixels, from the upper left corner.

    Args:
        width, height: Of the picture; even numbers, which videos need.
        background: The colour it starts with.
    """

    def __init__(self, width: int, height: int, background: Colour = PAPER) -> None:
        self.size = (width, height)
        self._surface = pygame.Surface((width * SCALE, height * SCALE))
        self._surface.fill(background)

    def rectangle(
        self, left: float, top: float, width: float, height: float, colour: Colour, radius: float = 0.0
    ) -> None:
        """Fill a rectangle, with rounded corners where `radius` > 0."""
        box = pygame.Rect(*(round(SCALE * v) for v in (left, top, width, height)))
        pygame.draw.rect(self._surface, colour, box, border_radius=round(SCALE * radius))

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle around a point."""
        pygame.draw.circle(self._surface, colour, (SCALE * x, SCALE * y), SCALE * radius)

    def line(self, start: Point, end: Point, colour: Colour, width: float = 1.0) -> None:
        """Draw a line with round ends."""
        first, second = pygame.Vector2(start) * SCALE, pygame.Vector2(end) * SCALE
        half, along = SCALE * width / 2, second - first
        if along.length() > 0:
            side = pygame.Vector2(-along.y, along.x).normalize() * half
            pygame.draw.polygon(self._surface, colour, [first + side, second + side, second - side, first - side])
        for end_point in (first, second):
            pygame.draw.circle(self._surface, colour, end_point, half)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        pygame.draw.polygon(self._surface, colour, [(SCALE * x, SCALE * y) for x, y in points])

    def text(self, words: str, x: float, y: float, size: int, colour: Colour = INK, centred: bool = False) -> None:
        """Write a line of text with its upper left corner, or the middle of its upper edge, at a point."""
        if not pygame.font.get_init():
            pygame.font.init()
        picture = pygame.font.Font(None, SCALE * size).render(words, True, colour)
        left = SCALE * x - (picture.get_width() / 2 if centred else 0)
        self._surface.blit(picture, (left, SCALE * y))

    def pixels(self) -> np.ndarray:
        """Return the picture, uint8 (height, width, 3)."""
        small = pygame.transform.smoothscale(self._surface, self.size)
        return np.ascontiguousarray(pygame.surfarray.array3d(small).swapaxes(0, 1))
