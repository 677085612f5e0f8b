"""The picture of the lander: ground, pad, hull, legs and flames."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from envs.drawing import canvas as drawing
from envs.drawing.canvas import Canvas, Point
from envs.lander.body import FEET, HULL
from envs.lander.ground import POSTS, SPACING

WIDTH, HEIGHT = 600, 440
METRE = 30.0
# Of the pad, from the picture's upper edge.
PAD_LINE = 345.0
NIGHT, DUST, EDGE, STAR = (24, 28, 44), (108, 106, 116), (154, 151, 160), (120, 126, 150)
METAL, SHADE, FLAME, CORE = (214, 217, 226), (150, 156, 174), (236, 132, 52), (250, 222, 120)
SKY = tuple((float(x), float(y)) for x, y in np.random.default_rng(7).uniform((0, 0), (WIDTH, 290), (40, 2)).round(1))


def picture(body: Any, heights: np.ndarray, thrust: np.ndarray) -> np.ndarray:
    """Draw one lander, uint8 (440, 600, 3).

    Args:
        body: An `envs.lander.body.Body` of NumPy values, without the leading axis.
        heights: float32 (11,), the ground's.
        thrust: float32 (2,), of the main engine and of the side engines.
    """
    canvas = Canvas(WIDTH, HEIGHT, NIGHT)
    for i, (x, y) in enumerate(SKY):
        canvas.circle(x, y, 0.6 + 0.5 * (i % 3 == 0), STAR)
    _draw_ground(canvas, heights)
    (x, y), angle = (float(v) for v in body.position), float(body.angle)
    cosine, sine = math.cos(angle), math.sin(angle)

    def at(right: float, up: float) -> Point:
        return _place(x + cosine * right - sine * up, y + sine * right + cosine * up)

    _draw_flames(canvas, at, float(thrust[0]), float(thrust[1]))
    for foot_x, foot_y in FEET:
        _draw_leg(canvas, at, heights, foot_x, foot_y)
    canvas.polygon([at(*corner) for corner in HULL], METAL)
    canvas.polygon([at(-0.57, -0.4), at(0.57, -0.4), at(0.57, -0.22), at(-0.57, -0.22)], SHADE)
    canvas.circle(*at(0.0, 0.2), 6.0, drawing.BLUE)
    canvas.circle(*at(0.05, 0.25), 2.0, METAL)
    speed = math.hypot(*(float(v) for v in body.velocity))
    canvas.text(f"height {y - 0.6:5.1f} m", 14, 12, 20, EDGE)
    canvas.text(f"speed {speed:4.1f} m/s", 14, 32, 20, EDGE)
    top = PAD_LINE / METRE
    if y > top + 0.6:
        canvas.polygon([_place(x, top - 0.1), _place(x - 0.3, top - 0.6), _place(x + 0.3, top - 0.6)], drawing.RED)
    return canvas.pixels()


def _place(x: float, y: float) -> Point:
    return WIDTH / 2 + METRE * x, PAD_LINE - METRE * y


def _draw_ground(canvas: Canvas, heights: np.ndarray) -> None:
    posts = [_place(SPACING * (i - (POSTS - 1) / 2), float(height)) for i, height in enumerate(heights)]
    canvas.polygon([*posts, (WIDTH, HEIGHT), (0, HEIGHT)], DUST)
    for start, end in itertools.pairwise(posts):
        canvas.line(start, end, EDGE, 2)
    canvas.line(posts[4], posts[6], drawing.GOLD, 4)
    for post in (4, 6):
        left, top = posts[post]
        canvas.line((left, top), (left, top - 26), METAL, 2)
        canvas.polygon([(left, top - 26), (left + 16, top - 20), (left, top - 14)], drawing.GREEN)


def _draw_leg(canvas: Canvas, at: Any, heights: np.ndarray, foot_x: float, foot_y: float) -> None:
    left, top = at(foot_x, foot_y)
    posts = SPACING * (np.arange(POSTS) - (POSTS - 1) / 2)
    # A leg that gives way ends on the ground, not in it.
    top = min(top, _place(0.0, float(np.interp((left - WIDTH / 2) / METRE, posts, heights)))[1])
    canvas.line(at(math.copysign(0.45, foot_x), -0.3), (left, top), SHADE, 4)
    canvas.line((left - 5, top), (left + 5, top), METAL, 3)


def _draw_flames(canvas: Canvas, at: Any, main: float, side: float) -> None:
    if main > 0.0:
        length = 0.5 + 0.7 * main
        canvas.polygon([at(-0.24, -0.4), at(0.24, -0.4), at(0.0, -0.4 - length)], FLAME)
        canvas.polygon([at(-0.12, -0.4), at(0.12, -0.4), at(0.0, -0.4 - 0.6 * length)], CORE)
    if side != 0.0:
        edge, tip = math.copysign(0.5, side), math.copysign(0.5 + 0.5 * abs(side), side)
        canvas.polygon([at(edge, 0.6), at(edge, 0.36), at(tip, 0.48)], FLAME)
