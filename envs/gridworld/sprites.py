"""Draw the pieces of a grid world picture; every function fills one cell, given as a square rectangle in pixels.

Shapes are drawn hard-edged and several times too large; the renderer's shrinking is what smooths them.
"""

from __future__ import annotations

import math

import pygame

from envs.gridworld.maps import MOVES

Color = tuple[int, int, int]

PAGE = (226, 230, 238)
FLOOR = (250, 250, 252)
LINE = (218, 223, 233)
ICE, SCRATCH = (228, 242, 250), (246, 251, 255)
WATER, WATER_EDGE, WATER_LIGHT = (38, 92, 142), (22, 58, 100), (110, 164, 206)
WALL_TOP, WALL_SIDE = (92, 104, 128), (58, 67, 88)
PIT_FLOOR, PIT_EDGE, PIT_GLOW = (58, 30, 46), (33, 16, 30), (236, 96, 62)
GOAL_TILE, STAR, STAR_EDGE = (222, 243, 226), (252, 196, 52), (206, 138, 18)
START_RING = (178, 188, 208)
BODY, BODY_LIGHT, BODY_EDGE = (88, 80, 226), (122, 116, 245), (48, 42, 150)
WHITE, INK = (255, 255, 255), (30, 34, 52)
POSITIVE, NEGATIVE = (20, 138, 172), (214, 72, 54)

# Neither end is the goal's green, colour-blind viewers can tell them apart, and ink stays readable at full strength.
TINT_STRENGTH = 0.78


def mix(first: Color, second: Color, share: float) -> Color:
    """Blend two colours; `share` in [0, 1] of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def tint_of(value: float, scale: float) -> Color:
    """Give the floor's colour for a value, on a diverging scale that is plain at zero and full at +-scale."""
    share = min(abs(value) / scale, 1.0) if scale > 0.0 else 0.0
    return mix(FLOOR, POSITIVE if value > 0.0 else NEGATIVE, TINT_STRENGTH * share)


def draw_start(surface: pygame.Surface, cell: pygame.Rect) -> None:
    """Draw a start: a quiet ring on the floor."""
    pygame.draw.circle(surface, START_RING, cell.center, cell.w * 0.36, max(1, round(cell.w * 0.035)))


def draw_goal(surface: pygame.Surface, cell: pygame.Rect) -> None:
    """Draw a goal: a golden star on a green tile."""
    pygame.draw.rect(surface, GOAL_TILE, cell)
    for radius, color in ((0.40, STAR_EDGE), (0.34, STAR)):
        _draw_star(surface, color, (cell.centerx, cell.centery + cell.w * 0.02), cell.w * radius, cell.w * 0.03)


def _draw_star(
    surface: pygame.Surface, color: Color, center: tuple[float, float], radius: float, rounding: float
) -> None:
    points = []
    for corner in range(10):
        reach = (radius if corner % 2 == 0 else radius * 0.52) - rounding
        angle = math.pi * (corner / 5 - 0.5)
        points.append((center[0] + reach * math.cos(angle), center[1] + reach * math.sin(angle)))
    pygame.draw.polygon(surface, color, points)
    for first, second in zip(points, points[1:] + points[:1], strict=True):
        pygame.draw.line(surface, color, first, second, round(2 * rounding))
        pygame.draw.circle(surface, color, first, rounding)


def draw_pit(surface: pygame.Surface, cell: pygame.Rect, same: tuple[bool, bool, bool, bool], variant: int) -> None:
    """Draw a pit that runs on into the neighbours (up, right, down, left) that are pits too.

    The embers lie in one of four ways, by `variant` modulo four, lest neighbours look stamped.
    """
    inset = cell.w * 0.05
    hole = _grown(cell, inset, same)
    radii = _radii(round(cell.w * 0.2), same)
    pygame.draw.rect(surface, PIT_FLOOR, hole, **radii)
    if not same[0]:
        depth = pygame.Rect(hole.x, hole.y, hole.w, round(cell.w * 0.2))
        top = {key: radius for key, radius in radii.items() if "top" in key}
        pygame.draw.rect(surface, PIT_EDGE, depth, **top)
    for x, y, size in ((0.30, 0.62, 0.055), (0.66, 0.72, 0.075), (0.52, 0.42, 0.04), (0.80, 0.48, 0.03)):
        center = (
            cell.x + (x if variant % 2 == 0 else 1.0 - x) * cell.w,
            cell.y + (y if variant // 2 % 2 == 0 else 1.12 - y) * cell.w,
        )
        pygame.draw.circle(surface, mix(PIT_FLOOR, PIT_GLOW, 0.45), center, cell.w * size * 1.6)
        pygame.draw.circle(surface, PIT_GLOW, center, cell.w * size)


def draw_hole(surface: pygame.Surface, cell: pygame.Rect, same: tuple[bool, bool, bool, bool], variant: int) -> None:
    """Draw a hole in the ice that runs on into the neighbours (up, right, down, left) that are holes too."""
    hole = _grown(cell, cell.w * 0.07, same)
    radii = _radii(round(cell.w * 0.3), same)
    pygame.draw.rect(surface, WATER_EDGE, hole, **radii)
    water = hole.copy()
    if not same[0]:
        water.y, water.h = water.y + round(cell.w * 0.09), water.h - round(cell.w * 0.09)
    pygame.draw.rect(surface, WATER, water, **radii)
    shift = (variant % 3 - 1) * 0.06
    for x, y, length in ((0.26, 0.52, 0.24), (0.5, 0.68, 0.3)):
        start = (cell.x + (x + shift) * cell.w, cell.y + y * cell.w)
        pygame.draw.line(surface, WATER_LIGHT, start, (start[0] + length * cell.w, start[1]), round(cell.w * 0.03))


def draw_scratches(surface: pygame.Surface, cell: pygame.Rect, variant: int) -> None:
    """Draw light scratches on ice, in one of three ways."""
    for x, y, length in ((0.2, 0.3, 0.22), (0.55, 0.62, 0.18), (0.4, 0.85, 0.3))[: 1 + variant % 3]:
        start = (cell.x + x * cell.w, cell.y + y * cell.w)
        end = (start[0] + length * cell.w, start[1] - 0.5 * length * cell.w)
        pygame.draw.line(surface, SCRATCH, start, end, round(cell.w * 0.025))


def draw_wall(surface: pygame.Surface, cell: pygame.Rect, same: tuple[bool, bool, bool, bool]) -> None:
    """Draw a raised block that joins the neighbours (up, right, down, left) that are walls too."""
    block = _grown(cell, cell.w * 0.03, same)
    radii = _radii(round(cell.w * 0.16), same)
    pygame.draw.rect(surface, WALL_SIDE, block, **radii)
    top = block.copy()
    if not same[2]:
        top.h -= round(cell.w * 0.15)
    pygame.draw.rect(surface, WALL_TOP, top, **radii)


def _grown(cell: pygame.Rect, inset: float, same: tuple[bool, bool, bool, bool]) -> pygame.Rect:
    up, right, down, left = (0 if joined else round(inset) for joined in same)
    return pygame.Rect(cell.x + left, cell.y + up, cell.w - left - right, cell.h - up - down)


def _radii(radius: int, same: tuple[bool, bool, bool, bool]) -> dict[str, int]:
    up, right, down, left = same
    return {
        "border_top_left_radius": 0 if up or left else radius,
        "border_top_right_radius": 0 if up or right else radius,
        "border_bottom_left_radius": 0 if down or left else radius,
        "border_bottom_right_radius": 0 if down or right else radius,
    }


def draw_arrow(surface: pygame.Surface, cell: pygame.Rect, action: int, rise: float) -> None:
    """Draw the arrow of an action, its middle `rise` cells above the cell's."""
    down, right = MOVES[action]
    center = pygame.Vector2(cell.centerx, cell.centery - rise * cell.w)
    ahead, aside = pygame.Vector2(right, down) * cell.w, pygame.Vector2(-down, right) * cell.w
    outline = ((-0.19, 0.035), (0.02, 0.035), (0.02, 0.12), (0.20, 0.0), (0.02, -0.12), (0.02, -0.035), (-0.19, -0.035))
    pygame.draw.polygon(surface, INK, [center + along * ahead + across * aside for along, across in outline])


def draw_agent(surface: pygame.Surface, cell: pygame.Rect, facing: int, mood: str) -> None:
    """Draw the agent looking where it went; `mood` is "calm", "happy" (at a goal) or "fallen" (in a pit)."""
    size = cell.w * (0.72 if mood == "fallen" else 1.0)
    look = pygame.Vector2(MOVES[facing][1], MOVES[facing][0])
    middle = pygame.Vector2(cell.center)

    def spot(x: float, y: float) -> pygame.Vector2:
        return middle + pygame.Vector2(x, y) * size

    def box(x: float, y: float, width: float, height: float) -> pygame.Rect:
        rect = pygame.Rect(0, 0, round(width * size), round(height * size))
        rect.center = round(spot(x, y).x), round(spot(x, y).y)
        return rect

    pygame.draw.ellipse(surface, (0, 0, 0, 60), box(0, 0.31, 0.56, 0.16))
    for foot in (-0.13, 0.13):
        pygame.draw.ellipse(surface, BODY_EDGE, box(foot, 0.29, 0.18, 0.13))
    for color, grow in ((BODY_EDGE, 0.0), (BODY, 0.06)):
        pygame.draw.rect(surface, color, box(0, -0.01, 0.64 - grow, 0.62 - grow), border_radius=round(size * 0.27))
    pygame.draw.ellipse(surface, BODY_LIGHT, box(0, -0.205, 0.34, 0.10))
    for side in (-0.125, 0.125):
        x, y = side + 0.07 * look.x, -0.04 + 0.05 * look.y
        if mood == "happy":
            pygame.draw.arc(surface, WHITE, box(x, y + 0.03, 0.17, 0.19), 0.15, math.pi - 0.15, round(size * 0.05))
        elif mood == "fallen":
            for slant in (-1, 1):
                ends = (spot(x - 0.06, y - 0.06 * slant), spot(x + 0.06, y + 0.06 * slant))
                pygame.draw.line(surface, WHITE, *ends, round(size * 0.045))
        else:
            pygame.draw.ellipse(surface, WHITE, box(x, y, 0.17, 0.21))
            pygame.draw.circle(surface, INK, spot(x + 0.035 * look.x, y + 0.05 * look.y), size * 0.055)
            pygame.draw.circle(surface, WHITE, spot(x + 0.035 * look.x + 0.018, y + 0.05 * look.y - 0.02), size * 0.018)
    if mood == "happy":
        pygame.draw.arc(surface, WHITE, box(0.05 * look.x, 0.08, 0.22, 0.18), math.pi, 2 * math.pi, round(size * 0.04))
