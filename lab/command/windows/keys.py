"""Which keys, or where the mouse, stand for which action."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import pygame
from gymnasium.spaces import Box, Discrete

from lab.errors import bad_value

LEFT, RIGHT, UP, DOWN = pygame.K_LEFT, pygame.K_RIGHT, pygame.K_UP, pygame.K_DOWN
# Environments without a map of their own, by name without version: arrows to actions, and None to the idle one.
ARROWS: Mapping[str, Mapping[int | None, int]] = {
    "CartPole": {LEFT: 0, RIGHT: 1},
    "Acrobot": {LEFT: 0, None: 1, RIGHT: 2},
    "MountainCar": {LEFT: 0, None: 1, RIGHT: 2},
    "LunarLander": {None: 0, LEFT: 1, UP: 2, RIGHT: 3},
    "CarRacing": {None: 0, RIGHT: 1, LEFT: 2, UP: 3, DOWN: 4},
    "FrozenLake": {LEFT: 0, DOWN: 1, RIGHT: 2, UP: 3},
    "FrozenLake8x8": {LEFT: 0, DOWN: 1, RIGHT: 2, UP: 3},
    "CliffWalking": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "CliffWalkingSlippery": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "Taxi": {DOWN: 0, UP: 1, RIGHT: 2, LEFT: 3},
    "Blackjack": {DOWN: 0, UP: 1},
    "lab/GridWorld": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "lab/Maze": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "lab/CliffWalk": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "lab/KeyDoor": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "lab/Catch": {None: 0, LEFT: 1, RIGHT: 2},
    "lab/Breakout": {None: 0, LEFT: 1, RIGHT: 2},
    "lab/Snake": {None: 0, LEFT: 1, UP: 2, RIGHT: 3, DOWN: 4},
    "lab/Asterix": {None: 0, LEFT: 1, UP: 2, RIGHT: 3, DOWN: 4},
}
# The arrows' codes of SDL 1, which Gymnasium's MountainCar still gives and no keyboard sends any more.
OLD_CODES = {273: UP, 274: DOWN, 275: RIGHT, 276: LEFT}
# For actions by number, from 0 on, and for the dimensions of a Box beyond two: more and less.
NUMBERS = "0123456789abcdefghijklm"
PAIRS = (("w", "s"), ("e", "d"), ("r", "f"), ("t", "g"), ("y", "h"), ("u", "j"))


@dataclasses.dataclass(frozen=True)
class DiscreteKeys:
    """Actions of a Discrete space, one a set of keys.

    Attributes:
        actions: By the keys that are down, sorted.
        idle: Without a key; None where time then stands still.
        lines: What to tell the player.
    """

    actions: Mapping[tuple[int, ...], int]
    idle: int | None
    lines: Sequence[str]

    def action(self, pressed: Sequence[int], mouse: tuple[float, float] | None = None) -> Any:
        """Return the action, or None where time stands still.

        Args:
            pressed: Codes of the keys that are down, the latest last.
            mouse: Where the mouse is, while its button is down; nothing here looks at it.
        """
        known = {key for keys in self.actions for key in keys}
        down = [key for key in pressed if key in known]
        # All that are down together, else the latest alone.
        found = self.actions.get(tuple(sorted(down)))
        for key in reversed(down):
            found = self.actions.get((key,)) if found is None else found
        return self.idle if found is None else found


@dataclasses.dataclass(frozen=True)
class BoxKeys:
    """Actions of a Box: each number is between its bounds at rest, and at one of them while a key is down.

    Attributes:
        low, high, rest: float (D,), what keys reach, and what is without.
        shape, dtype: Of the space.
        keys: For each dimension, the keys for less and for more.
        lines: What to tell the player.
    """

    low: np.ndarray
    high: np.ndarray
    rest: np.ndarray
    shape: tuple[int, ...]
    dtype: Any
    keys: Sequence[tuple[int, int]]
    lines: Sequence[str]

    def action(self, pressed: Sequence[int], mouse: tuple[float, float] | None = None) -> Any:
        """Return the action.

        Args:
            pressed: Codes of the keys that are down.
            mouse: Where the mouse is, from 0 to 1 to the right and upwards, while its button is down: the first two
                numbers, between their bounds.
        """
        value = self.rest.copy()
        for i, (less, more) in enumerate(self.keys):
            if (less in pressed) != (more in pressed):
                value[i] = self.high[i] if more in pressed else self.low[i]
        for i, part in enumerate(mouse or ()):
            if i < len(value):
                value[i] = self.low[i] + part * (self.high[i] - self.low[i])
        return value.reshape(self.shape).astype(self.dtype)


def keys_for(env: gymnasium.Env[Any, Any], name: str) -> DiscreteKeys | BoxKeys:
    """Return the keys of an environment: its own where it has `get_keys_to_action`.

    Args:
        env: The environment.
        name: Its id.

    Raises:
        UsageError: When its actions are none that a keyboard gives.
    """
    space = env.action_space
    if isinstance(space, Discrete):
        return _discrete(env, space, name)
    if isinstance(space, Box):
        return _box(space)
    raise bad_value("lab play", f"the actions of {name}", space, "a Discrete or a Box space")


def _discrete(env: gymnasium.Env[Any, Any], space: Discrete, name: str) -> DiscreteKeys:
    actions: dict[tuple[int, ...], int] = {}
    first, idle = int(space.start), None
    if env.has_wrapper_attr("get_keys_to_action"):
        for keys, action in env.get_wrapper_attr("get_keys_to_action")().items():
            actions[tuple(sorted(map(_code, keys)))] = int(action)
        idle = actions.pop((), None)
    else:
        base = name.split(":")[-1].rsplit("-v", 1)[0]
        for key, action in ARROWS.get(base, {}).items():
            if action < space.n and key is not None:
                actions[(key,)] = first + action
            elif key is None:
                idle = first + action
    if not any(len(keys) == 1 and chr(keys[0]) in NUMBERS for keys in actions if keys and keys[0] < 128):
        for i in range(min(int(space.n), len(NUMBERS))):
            actions[(ord(NUMBERS[i]),)] = first + i
    meanings = _meanings(env)
    if idle is None:
        # ALE's own keys have one for doing nothing, and nothing for no key.
        idle = next((first + action for action, word in meanings.items() if word == "noop"), None)
    said: dict[int, list[str]] = {}
    for keys, action in actions.items():
        said.setdefault(action, []).append("+".join(pygame.key.name(key) for key in keys))
    lines = [
        f"{' or '.join(names)}: {meanings.get(action, f'action {action}')}" for action, names in sorted(said.items())
    ]
    lines.append("without a key time stands still" if idle is None else f"without a key: {meanings.get(idle, idle)}")
    return DiscreteKeys(actions, idle, lines)


def _box(space: Box) -> BoxKeys:
    size = int(np.prod(space.shape))
    low, high = (np.asarray(end, np.float64).reshape(size) for end in (space.low, space.high))
    # Without bounds a step to either side of 0.
    low, high = np.where(np.isfinite(low), low, -1.0), np.where(np.isfinite(high), high, 1.0)
    names = [("left", "right"), ("down", "up"), *((less, more) for more, less in PAIRS)][:size]
    keys = [(_code(less), _code(more)) for less, more in names]
    lines = [f"{less}, {more}: number {i}, to {low[i]:g} or {high[i]:g}" for i, (less, more) in enumerate(names)]
    lines.append("mouse, button held: " + ("numbers 0 and 1" if size > 1 else "number 0"))
    if size > len(names):
        lines.append(f"numbers {len(names)} to {size - 1} stay at rest")
    return BoxKeys(low, high, np.clip(0.0, low, high), space.shape, space.dtype, keys, lines)


def _code(key: int | str) -> int:
    if isinstance(key, int):
        return OLD_CODES.get(key, key)
    # Not `pygame.key.key_code`, which takes an open window.
    code: int = ord(key.lower()) if len(key) == 1 else getattr(pygame, f"K_{key.upper()}")
    return code


def _meanings(env: gymnasium.Env[Any, Any]) -> dict[int, str]:
    if not env.has_wrapper_attr("get_action_meanings"):
        return {}
    return {i: str(word).lower() for i, word in enumerate(env.get_wrapper_attr("get_action_meanings")())}
