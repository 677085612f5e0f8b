"""The picture of a linkage that runs over the ground, seen by a camera that goes along."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from envs.drawing import canvas as drawing
from envs.drawing.canvas import Canvas, Point
from envs.locomotion.linkage import Linkage

WIDTH, HEIGHT = 600, 400
METRE = 160.0
GROUND_LINE = 330.0
# Where the camera keeps the centre of mass.
LEFT = WIDTH / 2 - 40
SKY, NEAR, FAR, SHADOW = (238, 242, 247), (222, 216, 200), (214, 222, 232), (205, 198, 180)
TORSO_COLOUR, TORSO_WIDTH = drawing.BLUE, 44.0
LEG_COLOURS, LEG_WIDTHS = (drawing.RED, drawing.GOLD, drawing.INK), (26.0, 20.0, 14.0)


def picture(linkage: Linkage, pose: Any, behind: int) -> np.ndarray:
    """Draw one body, uint8 (400, 600, 3).

    Args:
        linkage: A torso and legs of three links.
        pose: An `envs.locomotion.linkage.Pose` of NumPy values, without the leading axis.
        behind: How many of the last links are on the far side.
    """
    canvas = Canvas(WIDTH, HEIGHT, SKY)
    middle = float(pose.centre[0])
    _draw_ground(canvas, middle)
    directions = np.asarray(pose.angles, np.float64) + linkage.rest
    units = np.stack([np.cos(directions), np.sin(directions)], axis=1)

    def at(link: int, along: float) -> Point:
        x, y = pose.centre + linkage.offsets([(link, along)])[0] @ units
        # The foot stands on its sole, which is half its width below its axis.
        return LEFT + METRE * (x - middle), GROUND_LINE - LEG_WIDTHS[-1] / 2 - METRE * y

    hip, _ = at(0, 0.0)
    canvas.line((hip - 46, GROUND_LINE + 12), (hip + 46, GROUND_LINE + 12), SHADOW, 9)
    number = len(linkage.links)
    far, near = range(number - behind, number), range(1, number - behind)
    for i in reversed(far):
        colour = _paler(LEG_COLOURS[(i - 1) % 3])
        canvas.line(at(i, linkage.links[i].back), at(i, linkage.links[i].front), colour, LEG_WIDTHS[(i - 1) % 3])
    torso = linkage.links[0]
    for i in reversed(near):
        canvas.line(at(i, linkage.links[i].back), at(i, linkage.links[i].front), LEG_COLOURS[i - 1], LEG_WIDTHS[i - 1])
    canvas.line(at(0, torso.back), at(0, torso.front), TORSO_COLOUR, TORSO_WIDTH)
    for i in near:
        canvas.circle(*at(i, 0.0), 5.0, drawing.PAPER)
    canvas.text(f"{middle:.1f} m", 16, 14, 28)
    canvas.text(f"{float(pose.velocity[0]):+.1f} m/s", 16, 40, 22, drawing.MUTED)
    return canvas.pixels()


def _paler(colour: drawing.Colour) -> drawing.Colour:
    red, green, blue = ((value + sky) // 2 for value, sky in zip(colour, SKY, strict=True))
    return red, green, blue


def _draw_ground(canvas: Canvas, middle: float) -> None:
    # Hills that pass by at a third of the speed give the eye something to hold on to.
    shift = middle / 3
    hills = [
        (x, GROUND_LINE - 46 - 22 * math.sin(1.1 * (x / METRE + shift)) - 12 * math.sin(2.7 * (x / METRE + shift)))
        for x in range(0, WIDTH + 20, 20)
    ]
    canvas.polygon([*hills, (WIDTH, GROUND_LINE), (0, GROUND_LINE)], FAR)
    canvas.rectangle(0, GROUND_LINE, WIDTH, HEIGHT - GROUND_LINE, NEAR)
    canvas.line((0, GROUND_LINE), (WIDTH, GROUND_LINE), drawing.MUTED, 2)
    first = math.floor(middle - 3)
    for mark in range(first, first + 7):
        x = LEFT + METRE * (mark - middle)
        canvas.line((x, GROUND_LINE), (x, GROUND_LINE + 10), drawing.MUTED, 2)
        canvas.text(str(mark), x, GROUND_LINE + 24, 18, drawing.MUTED, centred=True)
