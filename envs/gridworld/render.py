"""Compose pictures of a grid world: a board drawn once, and the agent put on it for each frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pygame
from numpy.typing import NDArray

from envs.drawing.window import Window
from envs.gridworld import sprites
from envs.gridworld.maps import GOAL, MOVES, PIT, START, WALL, GridMap

if TYPE_CHECKING:
    from envs.drawing.overlay import Overlay

# Shapes are drawn this many times larger and then shrunk, which smooths every edge and letter alike.
OVERSAMPLING = 4
BOARD_PIXELS = 576
SMALLEST_CELL, LARGEST_CELL = 8, 96
SMALLEST_CELL_WITH_TEXT = 32


class GridWorldRenderer:
    """Draw frames of one map on surfaces in memory; only `show` touches a display.

    Args:
        grid: the map.
        fps: frames a second of the window.
        theme: "stone", or "ice" for a frozen lake whose pits are holes in the ice.

    Attributes:
        size: width and height of a frame in pixels, both even, as video codecs want.
        cell_size: side of a cell in pixels.
        margin: pixels around the board.
    """

    def __init__(self, grid: GridMap, fps: int, theme: str = "stone") -> None:
        rows, columns = grid.shape
        self.grid = grid
        self.cell_size = 2 * (min(max(BOARD_PIXELS // max(rows, columns), SMALLEST_CELL), LARGEST_CELL) // 2)
        self.margin = max(4, 2 * (self.cell_size // 10))
        self.size = (columns * self.cell_size + 2 * self.margin, rows * self.cell_size + 2 * self.margin)
        self._fps = fps
        self._ice = theme == "ice"
        self._window: Window | None = None
        self._board: pygame.Surface | None = None
        self._board_overlay: Overlay | None = None
        self._agents: dict[tuple[int, str, int], pygame.Surface] = {}

    def cell_rect(self, cell: int, scale: int = 1) -> pygame.Rect:
        """Give a cell's square in the frame, in pixels times `scale`."""
        row, column = divmod(cell, self.grid.shape[1])
        side, margin = self.cell_size * scale, self.margin * scale
        return pygame.Rect(margin + column * side, margin + row * side, side, side)

    def frame(self, cell: int | None, facing: int, overlay: Overlay) -> NDArray[np.uint8]:
        """Draw a frame; returns a new uint8 array (height, width, 3)."""
        # Surfarray counts columns first; turning its pictures round takes several times as long.
        pixels = pygame.image.tobytes(self._compose(cell, facing, overlay), "RGB")
        return np.frombuffer(pixels, np.uint8).reshape(self.size[1], self.size[0], 3).copy()

    def show(self, cell: int | None, facing: int, overlay: Overlay) -> None:
        """Draw a frame in this renderer's own window, at most `fps` of them a second."""
        if self._window is None:
            self._window = Window("GridWorld", self.size, self._fps)
        self._window.show(self._compose(cell, facing, overlay))

    def close(self) -> None:
        """Close the window and drop all surfaces; pygame itself stays up for whoever else uses it."""
        if self._window is not None:
            self._window.close()
            self._window = None
        self._board = None
        self._agents.clear()

    def _compose(self, cell: int | None, facing: int, overlay: Overlay) -> pygame.Surface:
        if self._board is None or self._board_overlay is not overlay:
            self._board, self._board_overlay = self._draw_board(overlay), overlay
        picture = self._board.copy()
        if cell is not None:
            mood = {GOAL: "happy", PIT: "fallen"}.get(self.grid.kinds[cell], "calm")
            rect = self.cell_rect(cell)
            if self._has_numbers(overlay):
                # Smaller and higher, for the number below to stay readable.
                rect = pygame.Rect(rect.x + round(0.1 * rect.w), rect.y, round(0.8 * rect.w), round(0.8 * rect.w))
            picture.blit(self._agent(facing, mood, rect.w), rect, special_flags=pygame.BLEND_PREMULTIPLIED)
        return picture

    def _agent(self, facing: int, mood: str, size: int) -> pygame.Surface:
        key = (facing, mood, size)
        if key not in self._agents:
            side = size * OVERSAMPLING
            # Opaque colours on clear black are premultiplied as they stand, and so is their average: no dark fringe.
            large = pygame.Surface((side, side), pygame.SRCALPHA, 32)
            sprites.draw_agent(large, large.get_rect(), facing, mood)
            self._agents[key] = pygame.transform.smoothscale(large, (size, size))
        return self._agents[key]

    def _draw_board(self, overlay: Overlay) -> pygame.Surface:
        large = pygame.Surface((self.size[0] * OVERSAMPLING, self.size[1] * OVERSAMPLING), 0, 32)
        large.fill(sprites.PAGE)
        kinds = self.grid.kinds
        for cell, color in enumerate(self._floor_colors(overlay)):
            pygame.draw.rect(large, color, self.cell_rect(cell, OVERSAMPLING))
        for cell, kind in enumerate(kinds):
            if kind == GOAL:
                sprites.draw_goal(large, self.cell_rect(cell, OVERSAMPLING))
        self._draw_lines(large)
        if self._ice and overlay.values is None:
            for cell in self._open_cells():
                sprites.draw_scratches(large, self.cell_rect(cell, OVERSAMPLING), variant=cell)
        for cell, kind in enumerate(kinds):
            rect = self.cell_rect(cell, OVERSAMPLING)
            if kind == START and overlay.values is None and overlay.policy is None:
                sprites.draw_start(large, rect)
            elif kind == PIT:
                row, column = divmod(cell, self.grid.shape[1])
                draw = sprites.draw_hole if self._ice else sprites.draw_pit
                draw(large, rect, self._joined(cell), variant=column + 3 * row)
            elif kind == WALL:
                sprites.draw_wall(large, rect, self._joined(cell))
        self._draw_overlay(large, overlay)
        return pygame.transform.smoothscale(large, self.size)

    def _joined(self, cell: int) -> tuple[bool, bool, bool, bool]:
        rows, columns = self.grid.shape
        row, column = divmod(cell, columns)
        up, right, down, left = (
            0 <= row + move[0] < rows
            and 0 <= column + move[1] < columns
            and self.grid.rows[row + move[0]][column + move[1]] == self.grid.rows[row][column]
            for move in MOVES
        )
        return up, right, down, left

    def _draw_lines(self, large: pygame.Surface) -> None:
        rows, columns = self.grid.shape
        left, top = self.margin * OVERSAMPLING, self.margin * OVERSAMPLING
        width, height = columns * self.cell_size * OVERSAMPLING, rows * self.cell_size * OVERSAMPLING
        # As wide as one pixel of the frame and centred on the edge between two cells.
        half = OVERSAMPLING // 2
        for row in range(rows + 1):
            y = top + row * self.cell_size * OVERSAMPLING - half
            large.fill(sprites.LINE, (left - half, y, width + OVERSAMPLING, OVERSAMPLING))
        for column in range(columns + 1):
            x = left + column * self.cell_size * OVERSAMPLING - half
            large.fill(sprites.LINE, (x, top - half, OVERSAMPLING, height + OVERSAMPLING))

    def _open_cells(self) -> list[int]:
        return [cell for cell, kind in enumerate(self.grid.kinds) if kind not in (GOAL, PIT, WALL)]

    def _scale(self, values: NDArray[np.float64]) -> float:
        shown = np.abs(values[self._open_cells()])
        return float(shown[np.isfinite(shown)].max(initial=0.0))

    def _floor_colors(self, overlay: Overlay) -> list[sprites.Color]:
        colors = [sprites.ICE if self._ice else sprites.FLOOR] * len(self.grid.kinds)
        if overlay.values is not None:
            scale = self._scale(overlay.values)
            for cell in self._open_cells():
                if math.isfinite(overlay.values[cell]):
                    colors[cell] = sprites.tint_of(float(overlay.values[cell]), scale)
        return colors

    def _has_numbers(self, overlay: Overlay) -> bool:
        return overlay.values is not None and self.cell_size >= SMALLEST_CELL_WITH_TEXT

    def _draw_overlay(self, large: pygame.Surface, overlay: Overlay) -> None:
        rise = 0.1 if self._has_numbers(overlay) else 0.0
        if overlay.policy is not None:
            for cell in self._open_cells():
                if overlay.policy[cell] >= 0:
                    sprites.draw_arrow(large, self.cell_rect(cell, OVERSAMPLING), int(overlay.policy[cell]), rise)
        if overlay.values is not None and self._has_numbers(overlay):
            self._draw_numbers(large, overlay.values)

    def _draw_numbers(self, large: pygame.Surface, values: NDArray[np.float64]) -> None:
        # Fetched anew each time: another environment's close() may have shut the font module down in between.
        pygame.font.init()
        side = self.cell_size * OVERSAMPLING
        font = pygame.font.Font(None, round(side * 0.32))
        scale = self._scale(values)
        digits = 2 if scale < 10 else 1 if scale < 100 else 0
        for cell in self._open_cells():
            if not math.isfinite(values[cell]):
                continue
            # Adding zero turns a rounded minus zero into zero.
            number = round(float(values[cell]), digits) + 0.0
            text = font.render(f"{number:.{digits}f}", True, sprites.INK)
            if text.get_width() > 0.86 * side:
                text = pygame.transform.smoothscale_by(text, 0.86 * side / text.get_width())
            rect = self.cell_rect(cell, OVERSAMPLING)
            large.blit(text, text.get_rect(center=(rect.centerx, round(rect.y + 0.82 * side))))
