"""How transitions lie in memory: numbers as the columns of one row, bytes apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from agents import spaces
from agents.transitions import Transition
from lab.errors import UsageError

MASKS = ("action_mask", "next_action_mask")
# float32 holds whole numbers up to here exactly.
EXACT = 1 << 24


class Layout:
    """Says where the parts of a transition lie in a float32 row, and which lie in arrays of their own.

    One row a transition, because each array that is written or read costs as much as a layer of a small network.
    Bytes, such as pictures, and whole numbers that float32 does not hold lie apart, in their own dtype.

    Args:
        observation_space, action_space: Of one environment.
        extras: Shapes of what rides along, by name.
        masks: Of how many actions masks are kept, before the step and after; 0 for none.

    Attributes:
        width: Columns of a row.
        bytes: Memory of one transition.
        apart: dtype of observations that lie apart, or None.
    """

    def __init__(
        self,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        extras: Mapping[str, tuple[int, ...]],
        masks: int = 0,
    ) -> None:
        self.shape, dtype = spaces.layout(observation_space)
        large = spaces.largest_whole(observation_space) > EXACT
        bytes_ = isinstance(observation_space, Box) and dtype == np.uint8
        self.apart: np.dtype[Any] | None = dtype if bytes_ or large else None
        self.whole_observations = dtype.kind in "iu"
        self.whole_actions = spaces.layout(action_space)[1].kind in "iub"
        if spaces.largest_whole(action_space) > EXACT:
            raise UsageError(
                f"a replay received the action space {action_space}; expected whole numbers of at most {EXACT:,}, "
                "as float32 holds them. Fix: a wrapper that takes fewer or smaller actions."
            )
        action_shape = () if isinstance(action_space, Discrete) else spaces.layout(action_space)[0]
        columns: dict[str, tuple[int, ...]] = {
            "action": action_shape,
            "reward": (),
            "terminated": (),
            "truncated": (),
            **{f"extras.{name}": tuple(shape) for name, shape in extras.items()},
        }
        if self.apart is None:
            columns |= {"observation": self.shape, "next_observation": self.shape}
        self.masks = MASKS if masks else ()
        columns |= dict.fromkeys(self.masks, (masks,))
        self.shapes = columns
        self.columns: dict[str, slice] = {}
        self.width = 0
        for name, shape in columns.items():
            size = math.prod(shape)
            self.columns[name] = slice(self.width, self.width + size)
            self.width += size

        self.named_extras = tuple(extras)
        # Of one transition in memory.
        self.bytes = 4 * self.width + (0 if self.apart is None else 2 * math.prod(self.shape) * self.apart.itemsize)
        self.plan = [(name, column.start, column.stop, columns[name]) for name, column in self.columns.items()]

    @classmethod
    def of(cls, agent: Any) -> Layout:
        """Return how the transitions of an agent lie."""
        return cls(agent.observation_space, agent.action_space, agent.extras, cls.masks_of(agent))

    @staticmethod
    def masks_of(agent: Any) -> int:
        """Return of how many actions an agent's transitions have masks; 0 for none."""
        return int(agent.action_space.n) if getattr(agent, "masked", None) else 0

    # ---------------------------------------------------------------- in NumPy

    def write(self, rows: np.ndarray, apart: tuple[np.ndarray, ...], place: Any, transition: Transition) -> None:
        """Put one step of n environments into rows (C, width), and into the arrays apart, at n places."""
        t = transition
        if len(t.reward) == 1 and not self.named_extras:
            # One environment is the common case, and numbers are written faster than arrays of one.
            row = rows[place.start if isinstance(place, slice) else place[0]]
            for name, start, stop, shape in self.plan:
                value = getattr(t, name)[0]
                row[start if not shape else slice(start, stop)] = value if len(shape) <= 1 else value.reshape(-1)
            if self.apart is not None:
                apart[0][place], apart[1][place] = t.observation, t.next_observation
            return
        self.write_numbers(rows, place, transition)
        if self.apart is not None:
            apart[0][place], apart[1][place] = t.observation, t.next_observation

    def write_numbers(self, rows: np.ndarray, place: Any, transition: Transition) -> None:
        """Put what lies in rows (C, width) of one step of n environments at n places."""
        t, columns, number = transition, self.columns, len(transition.reward)
        for name in self.shapes:
            value = t.extras[name[7:]] if name.startswith("extras.") else getattr(t, name)
            column = columns[name]
            if column.stop - column.start == 1:
                rows[place, column.start] = value if value.ndim == 1 else value.reshape(number)
            else:
                rows[place, column] = value.reshape(number, -1)

    # ---------------------------------------------------------------- in TensorFlow

    def packed(self, transition: Transition) -> tuple[Any, tuple[Any, ...]]:
        """Return one step of n environments as a float32 row each, (n, width), and what lies apart, (n, ...)."""
        import tensorflow as tf

        t, number = transition, transition.reward.shape[0]
        parts = []
        for name in self.shapes:
            value = t.extras[name[7:]] if name.startswith("extras.") else getattr(t, name)
            parts.append(tf.reshape(tf.cast(value, tf.float32), (number, -1)))
        return tf.concat(parts, axis=-1), (t.observation, t.next_observation) if self.apart is not None else ()

    def unpacked(self, rows: Any, apart: tuple[Any, ...]) -> Transition:
        """Return transitions as tensors from rows float32 (..., width) and what lies apart, (..., *shape)."""
        import tensorflow as tf

        lead = rows.shape[:-1]
        sizes = [column.stop - column.start for column in self.columns.values()]
        found = {}
        for (name, shape), part in zip(self.shapes.items(), tf.split(rows, sizes, axis=-1), strict=True):
            found[name] = tf.reshape(part, (*lead, *shape))
        if self.apart is not None:
            found["observation"], found["next_observation"] = apart
        elif self.whole_observations:
            for name in ("observation", "next_observation"):
                found[name] = tf.cast(found[name], tf.int32)
        return Transition(
            observation=found["observation"],
            action=tf.cast(found["action"], tf.int32) if self.whole_actions else found["action"],
            reward=found["reward"],
            terminated=found["terminated"] > 0.5,
            truncated=found["truncated"] > 0.5,
            next_observation=found["next_observation"],
            extras={name[7:]: value for name, value in found.items() if name.startswith("extras.")},
            **{name: found[name] > 0.5 for name in self.masks},
        )
