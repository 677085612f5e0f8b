"""Show pictures in a window of one's own, so that several environments can be watched in one process."""

from __future__ import annotations

import os

import pygame


class Window:
    """Hold one window; pygame's `display.set_mode` would give all environments the same."""

    def __init__(self, title: str, size: tuple[int, int], fps: int) -> None:
        self._title = title
        self._size = size
        self._fps = fps
        self._clock = pygame.time.Clock()
        self._window: pygame.Window | None = None
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Tell whether the window is on screen."""
        return self._window is not None

    def show(self, picture: pygame.Surface) -> None:
        """Put a picture on the window and wait for the next frame's time; do nothing once the user has closed it."""
        if self._closed:
            return
        # Another environment may have shut pygame's display down since the last frame, and its windows with it.
        if self._window is None or not pygame.display.get_init():
            # SDL would otherwise take SIGTERM for a click on the window's cross, and the process would live on.
            os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
            # Dropped before there is a display again: the next may lie where the lost one lay, and would go with it.
            self._window = None
            pygame.display.init()
            self._window = pygame.Window(self._title, self._size)
        if self._user_closes():
            self.close()
            return
        self._window.get_surface().blit(picture, (0, 0))
        self._window.flip()
        self._clock.tick(self._fps)

    def close(self) -> None:
        """Destroy the window for good."""
        self._closed = True
        if self._window is not None:
            self._window.destroy()
            self._window = None

    def _user_closes(self) -> bool:
        closes = False
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                closes = True
            elif event.type == pygame.WINDOWCLOSE:
                if event.window is self._window:
                    closes = True
                else:
                    # All windows share one queue: what belongs to another environment is put back for it to find.
                    pygame.event.post(event)
        return closes
