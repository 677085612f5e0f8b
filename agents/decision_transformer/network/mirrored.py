"""Predicts the next actions of n episodes in NumPy, with the keys and values of past tokens kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.spaces import Discrete

from agents.decision_transformer.network.network import TOKENS
from agents.decision_transformer.network.tokens import mirrored_return_features, within_bounds
from agents.parts import observations as features
from agents.parts.actions import in_units
from lab.networks import DecoderMirror, Mirror
from lab.networks.in_numpy.decoder_mirror import Affine, standardised

if TYPE_CHECKING:
    from agents.decision_transformer.acting.context import Context


class TrajectoryMirror:
    """A copy of a `TrajectoryTransformer`'s weights, and how its tokens and predictions are made in NumPy.

    Args:
        agent: A built agent for which `fits` holds.
    """

    def __init__(self, agent: Any) -> None:
        network, self.space = agent.acting_network, agent.observation_space
        self.action_space, self.octaves, self.bound = agent.action_space, network.octaves, agent.config.bound
        self.mean, self.spread = agent.mean.numpy(), agent.spread.numpy()
        kinds = network.kinds.numpy()
        self.encode_return, self.encode_action = Affine.of(network.encode_return), Affine.of(network.encode_action)
        for part, kind in ((self.encode_return, kinds[0]), (self.encode_action, kinds[2])):
            part.bias[:] += kind
        self.encode_observation = Mirror(network.encode_observation)
        self.kind = kinds[1]
        self.positions = None if network.positions is None else network.positions.table.numpy()
        self.gamma, self.beta = network.first_norm.gamma.numpy(), network.first_norm.beta.numpy()
        # A step's first place is the action before it: an episode's first step has none.
        self.blocks = DecoderMirror(network.blocks, first=1)
        self.head = Affine.of(network.head, network.last_norm)

    @staticmethod
    def fits(agent: Any) -> bool:
        """Return whether the encoder is a perceptron and the blocks are such that NumPy can follow."""
        network = agent.acting_network
        return Mirror.fits(network.encode_observation) and DecoderMirror.fits(network.blocks)

    def tokens(self, context: Context, rows: np.ndarray, begin: np.ndarray, steps: int) -> np.ndarray:
        """Return tokens of successive steps in the order action before, return-to-go, observation.

        Args:
            context: The episodes in progress.
            rows: int (n,), some of its rows.
            begin: int (n,), the first step of each row.
            steps: How many steps from there on.

        Returns:
            float32 (n, 3 * steps, width).
        """
        held = context.steps
        places = begin[:, None] + np.arange(steps)
        # Where an episode begins, the action before is that of some other one, in a place that nothing looks at.
        now, before = (rows[:, None], places), (rows[:, None], places - 1)
        observed = features.features(self.space, held.observations[now]).reshape(len(rows) * steps, -1)
        states = self.encode_observation((observed - self.mean) / self.spread).reshape(len(rows), steps, -1)
        if isinstance(self.action_space, Discrete):
            acted = self.encode_action.matrix[held.actions[before]] + self.encode_action.bias
        else:
            acted = self.encode_action(in_units(self.action_space, held.actions[before], lead=2))
        asked = mirrored_return_features(held.returns[now], self.octaves)
        joint = np.stack([acted, self.encode_return(asked), states + self.kind], axis=2)
        if self.positions is not None:
            joint[:, :, 0] += self.positions[held.timesteps[before]]
            joint[:, :, 1:] += self.positions[held.timesteps[now]][:, :, None]
        joint = standardised(joint) * self.gamma + self.beta
        return joint.reshape(len(rows), TOKENS * steps, -1)

    def predictions(self, tokens: np.ndarray) -> np.ndarray:
        """Return what the last block's tokens (n, width) predict, float32 (n, a), bounded where the space is."""
        return within_bounds(self.action_space, self.head(standardised(tokens)), self.bound)


class MirroredDecoder:
    """Does what `Decoder` does, in NumPy.

    Args:
        agent: A built agent that has a `mirror`.
        rows: n.
    """

    def __init__(self, agent: Any, rows: int) -> None:
        self.agent, self.rows = agent, rows
        self.mirror: TrajectoryMirror | None = None

    def __call__(self, context: Context, slid: np.ndarray) -> np.ndarray:
        """Return predictions for the newest step of each row, float32 (n, a); see `Decoder`."""
        mirror, newest = self.agent.mirror(), context.count - 1
        steps, left = context.steps.returns.shape[1], context.steps.returns.shape[1] - context.slide
        if mirror is not self.mirror:
            # The weights have changed: nothing kept of them holds.
            self.mirror, self.caches = mirror, mirror.blocks.empty_caches(self.rows, TOKENS * steps)
            slid, left = np.flatnonzero(newest), int(newest.max())
        if len(slid) and left:
            first = np.zeros(len(slid), np.int64)
            mirror.blocks(mirror.tokens(context, slid, first, left), self.caches, first, slid)
        tokens = mirror.tokens(context, np.arange(self.rows), newest, 1)
        return mirror.predictions(mirror.blocks(tokens, self.caches, TOKENS * newest))
