"""What one step of environments gave, and the batches that are learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Transition(NamedTuple):
    """One step of n environments; arrays in the host lane, tensors in a compiled program.

    Attributes:
        observation: What the actions were chosen from, (n, ...).
        action: (n, ...); for Discrete spaces whole-number indices from 0, whatever the space's start.
        reward: (n,), as the environment gave it; float64 in the host lane, float32 in programs.
        terminated: bool (n,), the task itself ended: nothing follows, so the return ends here.
        truncated: bool (n,), the episode was cut off: the return would have gone on.
        next_observation: What followed the actions, (n, ...); at an episode's end its true last observation.
        extras: What the policy gave beside the actions, by name, each (n, ...): a log-probability, a value.
        action_mask, next_action_mask: Which actions were allowed, and are in what followed, bool (n, A); () where the
            environment has no masks.
    """

    observation: Any
    action: Any
    reward: Any
    terminated: Any
    truncated: Any
    next_observation: Any
    extras: Mapping[str, Any] = {}
    action_mask: Any = ()
    next_action_mask: Any = ()

    @property
    def discount(self) -> Any:
        """What the return keeps of what follows: float (n,), 0 where the task terminated and 1 elsewhere."""
        if isinstance(self.terminated, np.ndarray):
            return 1.0 - self.terminated.astype(np.float32)
        import tensorflow as tf

        return 1.0 - tf.cast(self.terminated, tf.float32)


class Batch(NamedTuple):
    """Transitions to learn from, as tensors.

    Attributes:
        observation, next_observation: (B, ...) as the space has them; after n steps the latter is the n-th.
        action: int32 (B,) for Discrete spaces, else float32 (B, ...).
        reward: float32 (B,); over n steps their discounted sum.
        discount: float32 (B,), the weight of what follows in the return: gamma^n, and 0 where the task terminated
            within. An episode that was cut off bootstraps, with the steps it had.
        weights: float32 (B,), of the rows in the loss; 1 but for samplers that prefer some rows.
        indices: int32 (B,), where the rows lie in the replay; of rollouts ().
        extras: As in `Transition`, of the first step.
        action_mask, next_action_mask: Which actions were allowed for `observation`, and are for `next_observation`,
            bool (B, A); () without masks.
    """

    observation: Any
    action: Any
    reward: Any
    discount: Any
    next_observation: Any
    weights: Any = ()
    indices: Any = ()
    extras: Mapping[str, Any] = {}
    action_mask: Any = ()
    next_action_mask: Any = ()
