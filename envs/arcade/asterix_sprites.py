"""Draw the figures of Asterix, each in the cell around a point."""

from __future__ import annotations

import math

from envs.arcade.pixel import BAR, CELL, SIDE, Board
from envs.drawing.canvas import Colour, Point

LEAF: Colour = (92, 132, 74)
DUST: Colour = (196, 172, 128)


def draw_hedge(board: Board, row: int) -> None:
    """Draw a hedge along a row in which nothing walks."""
    board.rectangle(0, BAR + row * CELL, SIDE * CELL, CELL, LEAF)
    for column in range(SIDE * 2):
        x, y = (column + 0.5) * CELL / 2, BAR + (row + 0.5) * CELL
        board.circle(x, y + 0.18 * CELL * (-1) ** column, 0.2 * CELL, (108, 150, 86))
        board.circle(x, y - 0.26 * CELL * (-1) ** column, 0.09 * CELL, (74, 112, 60))


def draw_treasure(board: Board, middle: Point, direction: int) -> None:
    """Draw a cauldron of gold."""
    x, y = middle
    _draw_dust(board, middle, direction)
    for across, up in ((-0.17, 0.14), (0.0, 0.2), (0.17, 0.14), (-0.08, 0.26), (0.09, 0.27)):
        board.circle(x + across * CELL, y - up * CELL, 0.12 * CELL, (206, 142, 30))
        board.circle(x + across * CELL, y - (up + 0.015) * CELL, 0.095 * CELL, (255, 208, 72))
    board.circle(x, y + 0.12 * CELL, 0.31 * CELL, (54, 60, 76))
    board.circle(x - 0.1 * CELL, y + 0.08 * CELL, 0.08 * CELL, (98, 108, 130))
    board.rectangle(x - 0.34 * CELL, y - 0.14 * CELL, 0.68 * CELL, 0.14 * CELL, (78, 86, 106), 0.07 * CELL)


def draw_enemy(board: Board, middle: Point, direction: int) -> None:
    """Draw a round, spiked, frowning enemy that looks where it goes."""
    x, y = middle
    _draw_dust(board, middle, direction)
    for spike in range(10):
        angle = math.tau * spike / 10
        tip = (x + 0.46 * CELL * math.cos(angle), y + 0.46 * CELL * math.sin(angle))
        sides = [
            (x + 0.3 * CELL * math.cos(angle + turn), y + 0.3 * CELL * math.sin(angle + turn)) for turn in (-0.28, 0.28)
        ]
        board.polygon([tip, *sides], (122, 24, 52))
    board.circle(x, y, 0.34 * CELL, (122, 24, 52))
    board.circle(x, y, 0.34 * CELL - 2, (208, 52, 78))
    for side in (-0.13, 0.13):
        eye = x + (side + 0.06 * direction) * CELL
        board.circle(eye, y - 0.01 * CELL, 0.09 * CELL, (255, 255, 255))
        board.circle(eye + 0.035 * direction * CELL, y + 0.01 * CELL, 0.045 * CELL, (30, 20, 30))
        outer, inner = eye + 0.1 * CELL * (1 if side > 0 else -1), eye - 0.08 * CELL * (1 if side > 0 else -1)
        board.line((outer, y - 0.16 * CELL), (inner, y - 0.07 * CELL), (82, 12, 36), 3)
    board.line((x - 0.1 * CELL, y + 0.2 * CELL), (x + 0.1 * CELL, y + 0.2 * CELL), (82, 12, 36), 3)


def draw_player(board: Board, middle: Point, touched: bool) -> None:
    """Draw the player: a blond, moustached head under a winged helmet, ringed in red if an enemy touches it."""
    x, y = middle
    ring, ground = ((178, 20, 40), (250, 136, 120)) if touched else ((44, 84, 160), (112, 168, 236))
    blond, steel, wing = (240, 180, 60), (150, 162, 182), (252, 252, 255)
    board.circle(x, y, 0.44 * CELL, ring)
    board.circle(x, y, 0.44 * CELL - 2.5, ground)
    for sign in (-1, 1):
        board.polygon([(x + sign * 0.2 * CELL, y - 0.12 * CELL), (x + sign * 0.26 * CELL, y - 0.42 * CELL),
                       (x + sign * 0.34 * CELL, y - 0.34 * CELL), (x + sign * 0.38 * CELL, y - 0.24 * CELL),
                       (x + sign * 0.36 * CELL, y - 0.12 * CELL)], wing)  # fmt: skip
    board.circle(x, y + 0.04 * CELL, 0.25 * CELL, (250, 214, 182))
    board.rectangle(x - 0.25 * CELL, y - 0.28 * CELL, 0.5 * CELL, 0.24 * CELL, steel, 0.12 * CELL)
    board.rectangle(x - 0.27 * CELL, y - 0.12 * CELL, 0.54 * CELL, 0.08 * CELL, (104, 116, 140), 0.04 * CELL)
    for sign in (-1, 1):
        board.circle(x + sign * 0.09 * CELL, y + 0.03 * CELL, 0.04 * CELL, (34, 36, 52))
        board.line((x, y + 0.15 * CELL), (x + sign * 0.2 * CELL, y + 0.2 * CELL), blond, 5)
    board.circle(x, y + 0.1 * CELL, 0.06 * CELL, (232, 168, 132))


def _draw_dust(board: Board, middle: Point, direction: int) -> None:
    x, y = middle
    for up, start, end in ((0.22, 0.56, 0.78), (0.0, 0.6, 0.95), (-0.22, 0.56, 0.78)):
        height = y - up * CELL
        board.line((x - direction * start * CELL, height), (x - direction * end * CELL, height), DUST, 3)
