"""A vector environment whose members reset themselves at an episode's end and resume exactly."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from agents import spaces
from agents.base import Agent
from agents.playing.rollout import stacked
from agents.training.restoring.global_random import GlobalRandom
from agents.training.restoring.record import RecordedEnvironment
from agents.training.restoring.verification import MODES, NEXT, PROBATION, Verification
from lab.errors import CheckpointError, UsageError
from lab.messages.notes import warn
from lab.seeding import Seeds

SEEDS_AT_ONCE = 256


class PoolStep(NamedTuple):
    """What one step of n environments gave.

    Attributes:
        observation: What to act on next, (n, ...): after an end, the new episode's first (SAME_STEP).
        reward: float64 (n,).
        terminated, truncated: bool (n,).
        next_observation: What followed the actions, (n, ...): at an end, the episode's true last observation.
        next_mask: Which actions are allowed in that, bool (n, A); None without masks.
    """

    observation: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    next_observation: np.ndarray
    next_mask: np.ndarray | None = None


class SameStepVectorEnv:
    """Steps n environments; an ended one starts its next episode in the same step.

    Environments resume exactly without knowing of it: each episode begins with a seed of its own, which is kept with
    the episode's actions; restoring plays them again and compares the outcome. Fresh environments that follow the
    running ones for some steps find out whether that is enough (see `agents.training.restoring.verification`).

    Args:
        envs: Environments with equal spaces.
        seeds: Environment i's episodes are seeded from the stream `environment` at (i, block), 256 to a block.
        make: Makes a further environment like these; without it nothing is checked before a run is resumed.
        reads_masks: Whether to look for masks of the actions.

    Attributes:
        finished: Return and length of each episode that ended, until somebody takes them.
        exact: Whether restoring raises when an environment does not arrive where it was; otherwise it warns and starts
            the environment's next episode.
        verification: What is known of how the environments can be brought back.
        name: Tells it from all others.
    """

    exact = True

    def __init__(
        self,
        envs: list[gymnasium.Env[Any, Any]],
        seeds: Seeds,
        make: Callable[[], gymnasium.Env[Any, Any]] | None = None,
        reads_masks: bool = False,
    ) -> None:
        self.reads_masks = reads_masks
        self.number = len(envs)
        self.action_space = envs[0].action_space
        shape, self.dtype = spaces.layout(envs[0].observation_space)
        self.shape = (self.number, *shape)
        self.seeds, self.make = seeds, make
        self._blocks: dict[int, tuple[int, list[int]]] = {}
        self.records = [self._record(env, i) for i, env in enumerate(envs)]
        self.verification = Verification(make)
        self.observation = np.empty(self.shape, self.dtype)
        self.finished: list[tuple[float, int]] = []
        self.started = False
        self.taken = 0
        self.name = uuid.uuid4().hex
        # Those that could not be brought back to where they were, until somebody is told.
        self.left: list[int] = []

    @property
    def envs(self) -> list[gymnasium.Env[Any, Any]]:
        """The environments."""
        return [record.env for record in self.records]

    @property
    def masks(self) -> np.ndarray | None:
        """Which actions are allowed now, bool (n, A); None where the environments say nothing of it."""
        if self.records[0].checked.mask is None:
            return None
        return stacked([record.checked.mask for record in self.records])

    @property
    def gave_masks(self) -> bool:
        """Whether an environment's latest reset came with a mask, read or not."""
        return any(record.checked.gave_mask for record in self.records)

    def start(self) -> np.ndarray:
        """Begin the first episodes, if they have not begun; return the present observations (n, ...)."""
        if not self.started:
            for i, record in enumerate(self.records):
                self.observation[i] = record.begin()
            if len({record.checked.mask is None for record in self.records}) > 1:
                raise UsageError(
                    "some of the environments gave info['action_mask'] at their reset and some did not; expected it of "
                    "all or none. Fix: environments that are made alike, or action_masks=False."
                )
            self.started = True
        return self.observation

    def take_up(self, agent: Agent) -> None:
        """Let an agent that is to act here know which episodes are not those that it was last trained in: all, where
        that was elsewhere, else those of environments that could not be brought back to where they were."""
        elsewhere, agent.trains_in = agent.trains_in != self.name, self.name
        left, self.left = list(range(self.number)) if elsewhere else self.left, []
        if left:
            agent.leave_episodes(np.array(left))

    def step(self, actions: np.ndarray) -> PoolStep:
        """Step all environments with actions (n, ...) as the agent gives them."""
        number, records, verification = self.number, self.records, self.verification
        following = np.empty(self.shape, self.dtype)
        rewards: list[Any] = [0.0] * number
        terminated, truncated = [False] * number, [False] * number
        ended: list[int] = []
        for i, action in enumerate(spaces.to_environment(self.action_space, actions)):
            record = records[i]
            # Before the step, since an environment may write into what it is given.
            record.actions.append(action.copy() if action.ndim else action)
            following[i], rewards[i], terminated[i], truncated[i], _ = record.step(action)
            record.total += float(rewards[i])
            if terminated[i] or truncated[i]:
                ended.append(i)
        self.taken += number
        if verification.shadow is not None:
            verification.follow(records, following, list(zip(rewards, terminated, truncated, strict=True)))
        current, next_mask = following, self.masks
        if ended:
            current = following.copy()
            for i in ended:
                self.finished.append((records[i].total, len(records[i].actions)))
                current[i] = records[i].begin(verification.keeps_all)
        if ended or verification.due:
            index = verification.begins(records, self.taken, ended)
            if index is not None:
                verification.begin(records, index, current[index])
        self.observation = current
        # Environments may give whole numbers for rewards; agents are promised float64.
        rewarded = np.array(rewards, np.float64)
        return PoolStep(current, rewarded, np.array(terminated, bool), np.array(truncated, bool), following, next_mask)

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` needs to bring every environment to where it is; the next step may begin a check."""
        if not self.started:
            return {"started": False}
        self.verification.ask()
        whole = self.verification.keeps_all
        return {
            "started": True,
            "environments": [r.save(o, whole) for r, o in zip(self.records, self.observation, strict=True)],
            "observation": self.observation.copy(),
            "finished": [list(pair) for pair in self.finished],
            "taken": self.taken,
            "restoring": self.verification.get_state(),
            "global_random": [None if r.guard is None else r.guard.used for r in self.records],
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Bring every environment to where it was.

        Raises:
            CheckpointError: When playing an episode again gives another outcome, unless `exact` is False.
        """
        self.started = state["started"]
        if not self.started:
            return
        self.left = []
        self.observation = np.array(state["observation"])
        self.finished = [(total, length) for total, length in state["finished"]]
        # Checkpoints from before episodes had seeds of their own hold no more than the above.
        self.taken = state.get("taken", 0)
        self.verification.set_state(state.get("restoring", {"mode": PROBATION, "reason": ""}))
        if self.verification.mode not in MODES:
            raise CheckpointError(
                f"the checkpoint's environments are brought back by {self.verification.mode!r}; expected one of "
                f"{', '.join(MODES)}. Fix: resume it with the version of lab that its config.json names."
            )
        drawn = state.get("global_random", [False] * self.number)
        if len(state["environments"]) != self.number or len(drawn) != self.number:
            raise CheckpointError(
                f"the checkpoint holds {len(state['environments'])} environments; expected {self.number}. "
                "Fix: resume with the num_envs of the run."
            )
        if any("origin" in saved for saved in state["environments"]) and "taken" not in state:
            warn(
                "the run was begun by an earlier version of lab, whose episodes had no seeds of their own: the present "
                "ones are brought back, and those after them are others than that version would have played",
                stacklevel=3,
            )
        for i, saved in enumerate(state["environments"]):
            self._restore(i, saved, drawn[i])

    def close(self) -> None:
        """Close all environments."""
        self.verification.end()
        for env in self.envs:
            env.close()

    def _record(self, env: gymnasium.Env[Any, Any], i: int) -> RecordedEnvironment:
        return RecordedEnvironment(env, partial(self._seed, i), self.reads_masks)

    def _seed(self, i: int, episode: int) -> int:
        # By the block, since deriving one takes as long as a step of a fast environment.
        block, place = divmod(episode, SEEDS_AT_ONCE)
        if self._blocks.get(i, (-1, None))[0] != block:
            words = self.seeds.sequence("environment", i, block).generate_state(SEEDS_AT_ONCE, np.uint32)
            self._blocks[i] = block, (words >> 1).tolist()
        return self._blocks[i][1][place]

    def _restore(self, i: int, saved: Mapping[str, Any], drawn: bool | None) -> None:
        self._renew(i, drawn)
        if self.verification.mode != NEXT:
            try:
                self.records[i].restore(saved)
            except CheckpointError as error:
                if self.exact:
                    raise
                reason = str(error)
            else:
                return
            self._renew(i, drawn)
        else:
            reason = self.verification.reason
        warn(f"environment {i} begins its next episode, not exactly where it was: {reason}", stacklevel=4)
        self.observation[i] = self.records[i].begin_after(saved)
        self.left.append(i)

    def _renew(self, i: int, drawn: bool | None) -> None:
        record = self.records[i]
        if record.number >= 0 and self.make is not None:
            # It has played, and what is played again begins in a fresh one.
            record.env.close()
            record = self.records[i] = self._record(self.make(), i)
        record.set_guard(None if drawn is None else GlobalRandom(bool(drawn)))
