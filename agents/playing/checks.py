"""Holds an environment to its word: what a reset or a step gives is checked against its spaces before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan, prod
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from agents.parts.masking.checks import KEY, read_mask
from agents.playing.wrappers import name_of
from agents.spaces import layout
from lab.errors import UsageError
from lab.messages.notes import note

# So many steps are checked in all that the spaces declare; later ones in what costs next to nothing.
THOROUGH_STEPS = 10
SHORT = 100
_NUMBERS: frozenset[Any] = frozenset((float, int, np.float32, np.float64))
_FLAGS: frozenset[Any] = frozenset((bool, np.bool_))
_WHOLE: frozenset[Any] = frozenset((int, np.int64, np.int32))


class Checked(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Passes on what an environment gives, checked: resets and first steps in full, later steps at little cost.

    Shapes, kinds of numbers, Discrete ranges, finite observations and rewards are checked at every step. Bounds are
    errors where they are relied on: for whole numbers, which would wrap, and for pictures, which are scaled by them. A
    vector of floats outside of its bounds is said once, and used as it is.

    Args:
        env: The environment.
        reads_masks: Whether to look for `info["action_mask"]`, which is given always or never.

    Attributes:
        mask: Which actions are allowed next, bool (A,); None where the environment says nothing of it.
        gave_mask: Whether the latest reset came with a mask, read or not.

    Raises:
        UsageError: From `reset` and `step`, with the step, what came, what is declared, and how to mend it.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], reads_masks: bool = False) -> None:
        super().__init__(env)
        self.reads_masks, self.gave_mask = reads_masks, False
        self.mask: np.ndarray | None = None
        self._was_reset = False
        space: Any = env.observation_space
        self._space = space
        self._shape, self._dtype = layout(space)
        self._floats = self._dtype.kind == "f"
        self._short = len(self._shape) == 1 and prod(self._shape) <= SHORT
        self._discrete = isinstance(space, Discrete)
        self._first, self._last = (int(space.start), int(space.start + space.n) - 1) if self._discrete else (0, 0)
        # The dtype that may pass without a closer look; None for none, as whole numbers might wrap.
        self._seen: np.dtype[Any] | None = None
        self._thorough = THOROUGH_STEPS
        self.step_number = 0

    def reset(self, **keywords: Any) -> tuple[Any, dict[str, Any]]:
        self.step_number = 0
        result: Any = self.env.reset(**keywords)
        if not isinstance(result, tuple) or len(result) != 2 or not isinstance(result[1], Mapping):
            raise self._error(
                f"returned {_shown(result)}", "(observation, info), info a dict", "return both from reset"
            )
        self._begin_masks(result[1])
        if not self._thorough and self._passes(result[0]):
            return result
        return self._observation(result[0]), dict(result[1])

    def step(self, action: Any) -> Any:
        self.step_number += 1
        result: Any = self.env.step(action)
        if self._thorough or result.__class__ is not tuple or len(result) != 5:
            checked = self._look_closely(result)
            if self.reads_masks:
                self._read_mask(checked[4], checked[2])
            return checked
        observation, reward, terminated, truncated, info = result
        if (self.mask is not None or info) and self.reads_masks:
            self._read_mask(info, terminated)
        if (
            reward.__class__ not in _NUMBERS
            or not isfinite(reward)
            or terminated.__class__ not in _FLAGS
            or truncated.__class__ not in _FLAGS
        ):
            return self._look_closely(result)
        return result if self._passes(observation) else self._look_closely(result)

    def _begin_masks(self, info: Mapping[str, Any]) -> None:
        self.gave_mask = KEY in info
        if not self.reads_masks:
            return
        if self.gave_mask and self._was_reset and self.mask is None:
            raise self._late_mask()
        if self.gave_mask or self.mask is not None:
            self.mask = read_mask(self._named, "reset", self.action_space, info)
        self._was_reset = True

    def _read_mask(self, info: Any, terminated: Any) -> None:
        if self.mask is not None:
            given = info if isinstance(info, Mapping) else {}
            self.mask = read_mask(self._named, self._when, self.action_space, given, bool(terminated))
        elif isinstance(info, Mapping) and KEY in info:
            raise self._late_mask()

    def _late_mask(self) -> UsageError:
        fix = "give it after every reset and step, or action_masks=False to go without"
        return self._error(f"gave the first info[{KEY!r}]", "it at the first reset too, or never", fix)

    @property
    def _named(self) -> str:
        return f"the environment {name_of(self.env)}"

    @property
    def _when(self) -> str:
        return f"step {self.step_number} of an episode" if self.step_number else "reset"

    def _passes(self, observation: Any) -> bool:
        """Tell at little cost whether an observation is as those before it."""
        if self._discrete:
            return observation.__class__ in _WHOLE and self._first <= observation <= self._last
        if (
            observation.__class__ is not np.ndarray
            or observation.dtype is not self._seen
            or observation.shape != self._shape
        ):
            return False
        if not self._floats:
            return True
        # The sum of a few Python floats tells of any NaN or infinity at a tenth of what NumPy's isfinite costs.
        return isfinite(sum(observation.tolist())) if self._short else bool(np.isfinite(observation).all())

    def _look_closely(self, result: Any) -> Any:
        if not isinstance(result, tuple) or len(result) != 5:
            expected = "(observation, reward, terminated, truncated, info)"
            raise self._error(f"returned {_shown(result)}", expected, "return all five from step")
        observation = self._observation(result[0])
        reward = self._reward(result[1])
        flags = [self._flag(name, value) for name, value in zip(("terminated", "truncated"), result[2:4], strict=True)]
        self._thorough = max(0, self._thorough - 1)
        return observation, reward, *flags, result[4]

    def _reward(self, value: Any) -> float:
        number = nan
        if not isinstance(value, (str, bytes, complex)) and np.shape(value) == ():
            try:
                number = float(value)
            except (TypeError, ValueError):
                number = nan
        if not isfinite(number):
            raise self._error(f"gave the reward {_shown(value)}", "one finite number", "return float(reward) from step")
        return number

    def _flag(self, name: str, value: Any) -> bool:
        if np.shape(value) != () or np.asarray(value).dtype.kind not in "biu" or value not in (0, 1):
            raise self._error(f"gave {name}={_shown(value)}", "True or False", f"return bool({name}) from step")
        return bool(value)

    def _observation(self, value: Any) -> Any:
        space, shape, dtype = self._space, self._shape, self._dtype
        try:
            array = np.asarray(value)
        except ValueError:
            array = np.empty(0, object)
        fix = "return what observation_space declares, or declare what is returned"
        if array.shape != shape:
            raise self._error(f"gave the observation {_shown(value)} of shape {array.shape}", f"{shape}: {space}", fix)
        if array.dtype.kind not in ("fiub" if self._floats else "iub"):
            raise self._error(f"gave the observation {_shown(value)} ({array.dtype})", f"{dtype} numbers: {space}", fix)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            at = np.argwhere(~np.isfinite(array))[0].tolist()
            bad = f"gave an observation with {array[tuple(at)]} at {at}"
            raise self._error(bad, "finite numbers", "look for the environment's first number that is not finite")
        self._check_bounds(array)
        if isinstance(space, Box) and (array.dtype == dtype or (self._floats and array.dtype.kind == "f")):
            self._seen = array.dtype
        return int(array) if self._discrete else array.astype(dtype, copy=False)

    def _check_bounds(self, array: np.ndarray) -> None:
        space = self._space
        low, high = _bounds(space)
        outside = (array < low) | (array > high)
        if not outside.any():
            return
        vector = self._floats and len(self._shape) == 1
        if self._floats:
            # Rounding to float32 puts values a last bit outside.
            slack = 1e-4 * np.maximum(1.0, np.abs(np.where(array < low, low, high)))
            outside &= (array < low - slack) | (array > high + slack)
            if not outside.any():
                return
        at = np.argwhere(outside)[0].tolist()
        place = tuple(at)
        least, most = (np.broadcast_to(bound, array.shape)[place] for bound in (low, high))
        bad = f"gave an observation with {array[place]}{f' at {at}' if at else ''}"
        expected = f"{least} to {most}: {space if array.ndim < 2 else f'Box of shape {self._shape}'}"
        error = self._error(bad, expected, "declare the bounds that hold, or mend the environment")
        if not vector:
            raise error
        if self._thorough:
            spec = name_of(self.env)
            note(f"{spec} gives observations outside of the bounds that its space declares, first {array[place]} at "
                 f"{at} of [{least}, {most}]; they are used as they are.")  # fmt: skip

    def _error(self, came: str, expected: str, fix: str) -> UsageError:
        return UsageError(f"{self._named} {came} at {self._when}; expected {expected}. Fix: {fix}.")


def _bounds(space: Any) -> tuple[Any, Any]:
    if isinstance(space, Box):
        return space.low, space.high
    if isinstance(space, Discrete):
        return int(space.start), int(space.start + space.n) - 1
    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        return space.start, space.start + space.nvec - 1
    if isinstance(space, gymnasium.spaces.Tuple):
        return _bounds(gymnasium.spaces.MultiDiscrete([s.n for s in space], start=[s.start for s in space]))
    return 0, 1


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        text = np.array2string(value, threshold=6, edgeitems=2, precision=4)
    else:
        text = repr(value)
    text = " ".join(text.split())
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
