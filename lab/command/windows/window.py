"""A window of pygame: pictures, lines of text, and what was pressed."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any, Self

import numpy as np
import pygame

from lab.errors import UsageError, printable

INK, PAPER, MARK = (238, 238, 238), (28, 30, 34), (96, 165, 250)
LINE = 22
MARGIN = 12


def check_display() -> None:
    """Raise `UsageError` where there is no screen: SDL would open a window that nobody sees."""
    asked = os.environ.get("SDL_VIDEODRIVER")
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if asked in ("dummy", "offscreen") or (sys.platform == "linux" and not shown):
        raise UsageError(
            "this command opens a window, and there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set, or "
            "SDL_VIDEODRIVER says so). Fix: run it where there is one; `lab render` writes films without."
        )


class Window:
    """A window that is open within its `with`.

    Args:
        title: Of the window.
        width, height: In pixels.
    """

    def __init__(self, title: str, width: int, height: int) -> None:
        self.title, self.size = printable(title), (width, height)

    def __enter__(self) -> Self:
        pygame.display.init()
        pygame.font.init()
        try:
            self.screen = pygame.display.set_mode(self.size)
        except pygame.error as error:
            raise UsageError(f"no window can be opened: {error}. Fix: run this where there is a screen.") from error
        pygame.display.set_caption(self.title)
        self.font, self.clock = pygame.font.Font(None, LINE), pygame.time.Clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pygame.display.quit()

    def events(self) -> list[Any]:
        """Return what happened since the last call."""
        return pygame.event.get()

    def clear(self) -> None:
        """Begin a new picture."""
        self.screen.fill(PAPER)

    def image(self, frame: np.ndarray, left: int, top: int, width: int, height: int) -> None:
        """Draw a frame, uint8 (H, W, 3), as large as fits into a place, in its own proportions."""
        rows, columns = frame.shape[:2]
        scale = min(width / columns, height / rows)
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
        # Small pictures keep their pixels; large ones are smoothed.
        resize = pygame.transform.scale if scale >= 1.0 else pygame.transform.smoothscale
        surface = resize(pygame.surfarray.make_surface(np.ascontiguousarray(frame.swapaxes(0, 1))), size)
        self.screen.blit(surface, (left + (width - size[0]) // 2, top + (height - size[1]) // 2))

    def text(self, words: str, left: int, top: int, colour: tuple[int, int, int] = INK) -> None:
        """Write a line."""
        self.screen.blit(self.font.render(printable(words), True, colour), (left, top))

    def show(self, frames_per_second: float) -> None:
        """Show what was drawn, and wait until the next picture is due."""
        pygame.display.flip()
        self.clock.tick(max(1.0, frames_per_second))
