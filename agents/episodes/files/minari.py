"""Exchanges recorded episodes with Minari's data sets (the extra `minari`)."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from agents import spaces
from lab import registry
from lab.errors import MissingPackageError, UsageError


def from_minari(dataset: Any) -> dict[str, Any]:
    """Return the episodes of a Minari data set, as the keywords of `Episodes.from_arrays`.

    Args:
        dataset: A `minari.MinariDataset`, or the id of one that is on this machine.

    Raises:
        MissingPackageError: Without the extra `minari`.
        UsageError: For an id that is not on this machine, or spaces that are not one array.
    """
    if isinstance(dataset, str):
        dataset = _load(dataset)
    space, action_space = dataset.observation_space, dataset.action_space
    for one in (space, action_space):
        spaces.layout(one)
    found = list(dataset.iterate_episodes())
    first = action_space.start if isinstance(action_space, Discrete) else 0
    spec, notes = dataset.env_spec, dataset.storage.metadata
    return {
        "observations": np.concatenate([np.asarray(e.observations)[:-1] for e in found]),
        "final_observations": np.stack([np.asarray(e.observations)[-1] for e in found]),
        "actions": np.concatenate([np.asarray(e.actions) for e in found]) - first,
        "rewards": np.concatenate([np.asarray(e.rewards, np.float64) for e in found]),
        "terminated": [bool(e.terminations[-1]) for e in found],
        "truncated": [bool(e.truncations[-1]) for e in found],
        "lengths": [len(e.rewards) for e in found],
        "observation_space": space,
        "action_space": action_space,
        # Only where the id alone makes the environment again.
        "environment": spec.id if spec is not None and not spec.kwargs and not spec.additional_wrappers else None,
        "policy": str(notes.get("algorithm_name") or notes.get("dataset_id") or "minari"),
    }


def to_minari(episodes: Any, dataset_id: str, **notes: Any) -> Any:
    """Write episodes as a new Minari data set, without loss; return the `minari.MinariDataset`.

    Minari keeps it where it keeps all of them: in `MINARI_DATASETS_PATH` or the user's home.

    Args:
        episodes: The recording.
        dataset_id: Such as "cartpole/dqn-v0".
        notes: Further keywords of `minari.create_dataset_from_buffers`, such as `author` and `description`.

    Raises:
        MissingPackageError: Without the extra `minari`.
    """
    minari = _package()
    from minari.data_collector import EpisodeBuffer

    registry.load_environments()
    name, action_space = episodes.card.environment, episodes.action_space
    buffers = []
    for number, e in enumerate(episodes):
        # Minari says how every step ended; it has no episodes that simply stop, so those count as cut off.
        terminated, truncated = (np.zeros(len(e.rewards), bool) for _ in range(2))
        terminated[-1], truncated[-1] = e.terminated, e.truncated or not e.terminated
        buffers.append(
            EpisodeBuffer(
                id=number,
                observations=e.observations,
                actions=spaces.to_environment(action_space, e.actions),
                rewards=e.rewards,
                terminations=terminated,
                truncations=truncated,
            )
        )
    given = {"algorithm_name": episodes.card.policy, "jpeg_encoding": False, **notes}
    return minari.create_dataset_from_buffers(
        dataset_id,
        buffers,
        env=name if name in gymnasium.registry else None,
        observation_space=episodes.observation_space,
        action_space=action_space,
        **given,
    )


def _load(dataset_id: str) -> Any:
    minari = _package()
    try:
        return minari.load_dataset(dataset_id)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(
            f"no Minari data set {dataset_id!r} is on this machine ({error}). "
            f"Fix: download it first: minari download {dataset_id}."
        ) from error


def _package() -> Any:
    try:
        import h5py  # noqa: F401 - without it Minari fails late, with a message of its own
        import minari
    except ImportError as error:
        raise MissingPackageError(
            f"Minari's data sets need a package that is not installed: {error}. Fix: pip install 'keras-lab[minari]'."
        ) from error
    return minari
