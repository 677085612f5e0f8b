"""Small offline actor-critics, and a recording whose best actions are known."""

import numpy as np
from gymnasium.spaces import Box, Discrete

from agents import Episodes
from lab.seeding import Seeds
from tests.agents.off_policy.helpers import ACTIONS, VECTOR

SMALL = {"hidden_sizes": (8,), "batch_size": 6}


def made(kind, actions=ACTIONS, observations=VECTOR, **settings):
    agent = kind(**{**SMALL, **settings})
    agent.setup(observations, actions, Seeds(3))
    return agent


def bandit(actions, number=600, seed=0):
    """Return episodes of one step, in which actions are uniform and the observed number says which is best.

    Of Box(-2, 2), the best is half of the number, and of two the first where it is negative; each pays 0, and others
    less.
    """
    rng = np.random.default_rng(seed)
    seen = rng.uniform(-2, 2, (number, 1)).astype(np.float32)
    if isinstance(actions, Discrete):
        done = rng.integers(2, size=number)
        paid = -1.0 * (done != (seen[:, 0] >= 0.0))
    else:
        done = rng.uniform(-2, 2, (number, 1)).astype(np.float32)
        paid = -np.abs(done[:, 0] - 0.5 * seen[:, 0])
    return Episodes.from_arrays(
        observations=seen,
        actions=done,
        rewards=paid,
        terminated=np.ones(number, bool),
        truncated=np.zeros(number, bool),
        lengths=np.ones(number, int),
        final_observations=seen,
        observation_space=Box(-2, 2, (1,)),
        action_space=actions,
    )
