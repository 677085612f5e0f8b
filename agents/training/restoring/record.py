"""An environment whose episodes can be played again: seeds and actions, and proof that the outcome is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils import seeding

from agents import spaces
from agents.playing.checks import Checked
from agents.training.restoring.carried import Carried
from agents.training.restoring.global_random import GlobalRandom
from lab.errors import CheckpointError, UsageError

# ALE reads its ROM again at every `reset(seed=...)`, which takes as long as some hundreds of steps.
RESEED_ALE_AFTER = 4_000


class RecordedEnvironment:
    """Begins an environment's episodes with seeds of their own and keeps what playing them again needs.

    Args:
        env: The environment.
        seed_of: Gives the seed of an episode by its number.
        reads_masks: Whether to look for masks of the actions.

    Attributes:
        step: Steps the environment; with `guard`, under its own state of the global generators.
        number: The running episode's; -1 before the first.
        actions, total: Of the running episode: every action so far, and the return.
        guard: The environment's state of the global generators, or None to leave those alone.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed_of: Callable[[int], int], reads_masks: bool = False) -> None:
        self.env, self.seed_of = env, seed_of
        # Carried state is looked for in the environment itself, so the checks stand beside it, not around it.
        self.checked = Checked(env, reads_masks)
        self.reseed_after = RESEED_ALE_AFTER if hasattr(env.unwrapped, "ale") else 0
        _, self.dtype = spaces.layout(env.observation_space)
        self.number = -1
        self.actions: list[Any] = []
        self.total = 0.0
        self._seed: int | None = None
        self._past: list[tuple[int | None, np.ndarray]] = []
        # Where in `_past` the episode stands that began with the latest seed, and how many steps ago that was.
        self._seeded, self._since = 0, 0
        self._legacy: dict[str, Any] | None = None
        self._was_reset = False
        self._sets_np_random = hasattr(env.unwrapped, "_np_random")
        for space in (env.action_space, getattr(env.unwrapped, "action_space", env.action_space)):
            # An environment that samples its own action space would else draw from the system's entropy.
            space.seed(seed_of(0))
        self.carried = Carried(env)
        self._first_start = self._seeded_start = self.carried.capture()
        self.set_guard(GlobalRandom())

    def set_guard(self, guard: GlobalRandom | None) -> None:
        """Lend the environment a state of the global generators, or no longer."""
        self.guard = guard
        self.step = self.checked.step if guard is None else partial(guard.call, self.checked.step)

    def guarded(self, function: Callable[..., Any], **keywords: Any) -> Any:
        """Return `function(**keywords)`, called under the environment's own state of the global generators."""
        return function(**keywords) if self.guard is None else self.guard.call(function, **keywords)

    @property
    def played(self) -> int:
        """How many steps playing all that is kept again takes."""
        return sum(len(actions) for _, actions in self._past) + len(self.actions)

    @property
    def played_since_seed(self) -> int:
        """How many steps playing again what follows the latest seed takes."""
        return sum(len(actions) for _, actions in self._past[self._seeded :]) + len(self.actions)

    def begin(self, keep_all: bool = False) -> Any:
        """Begin the next episode and return its first observation.

        Args:
            keep_all: Whether to keep the episodes before it, all since the environment was made.
        """
        self._since += len(self.actions)
        seeds = self.number < 0 or self._since >= self.reseed_after
        if self.number >= 0 and (keep_all or not seeds):
            self._past.append((self._seed, np.array(self.actions)))
        elif seeds:
            self._past = []
        self.number += 1
        self._legacy = None
        if seeds:
            self._seeded, self._since = len(self._past), 0
            self._seeded_start = self.carried.capture()
            if not self._past:
                self._first_start = self._seeded_start
        self._seed = self.seed_of(self.number) if seeds else None
        self.actions, self.total = [], 0.0
        return self._reset(self._seed)

    def begin_after(self, saved: Mapping[str, Any]) -> Any:
        """Begin the episode after the one that `saved` was in, where that one cannot be brought back."""
        self.number = int(saved.get("number", 0))
        self._past, self.actions, self._since = [], [], self.reseed_after
        if "carried" in saved:
            self.carried.restore(saved["carried"])
        return self.begin()

    def save(self, observation: np.ndarray, whole: bool = False) -> dict[str, Any]:
        """Return what `restore` needs to bring a fresh environment to where this one is.

        Args:
            observation: The present one, in the space's dtype.
            whole: Whether with all episodes since the environment was made, or those since its latest seed.
        """
        outcome = {
            "hash": _hash(self.env, observation, self.total),
            "state_hash": fingerprint(self.env),
            "carried": self.carried.capture(),
        }
        if self._legacy is not None:
            return {"origin": self._legacy, "actions": np.array(self.actions), "number": self.number, **outcome}
        entries = [*self._past[0 if whole else self._seeded :], (self._seed, np.array(self.actions))]
        parts = [actions for _, actions in entries]
        return {
            "number": self.number,
            "seeds": np.array([-1 if seed is None else seed for seed, _ in entries], np.int64),
            "lengths": np.array([len(part) for part in parts], np.int64),
            "actions": np.concatenate([part for part in parts if len(part)] or parts[-1:]),
            "start": self._first_start if whole else self._seeded_start,
            **outcome,
        }

    def restore(self, saved: Mapping[str, Any]) -> Any:
        """Play again what was saved and return the present observation.

        Raises:
            CheckpointError: When the outcome is another one.
        """
        try:
            observation = self._replay(saved)
        except UsageError:
            raise
        except Exception as error:
            raise CheckpointError(f"{self.env}, played again, raised {error!r}. {_FIX}") from error
        what = self._difference(np.asarray(observation, self.dtype), saved)
        if what:
            raise CheckpointError(
                f"{self.env} did not arrive where it was when its episode was played again: {what} differs. It draws "
                f"random numbers that reset(seed=...) does not decide, or keeps state between episodes. {_FIX}"
            )
        if "carried" in saved:
            self.carried.restore(saved["carried"], generators=False)
            if self.guard is None:
                self.carried.keep(saved["carried"]["generators"])
        return observation

    def _replay(self, saved: Mapping[str, Any]) -> Any:
        self.number = int(saved.get("number", 0))
        if "origin" in saved:
            # Written before episodes had seeds of their own.
            self._legacy = dict(saved["origin"])
            return self._play(self._legacy.get("seed"), saved["actions"], self._legacy.get("random_state"))
        self._first_start = saved["start"]
        self.carried.restore(saved["start"])
        seeds = [None if seed < 0 else int(seed) for seed in saved["seeds"]]
        ends = np.cumsum(saved["lengths"])
        self._past, observation = [], None
        for number, (seed, end, length) in enumerate(zip(seeds, ends, saved["lengths"], strict=True)):
            if number:
                self._past.append((self._seed, np.array(self.actions)))
                self._since += len(self.actions)
            if seed is not None:
                self._seeded, self._since = len(self._past), 0
                self._seeded_start = self._first_start if not number else self.carried.capture()
            self._seed = seed
            observation = self._play(seed, saved["actions"][end - length : end])
        return observation

    def _play(self, seed: int | None, actions: np.ndarray, random_state: Any = None) -> Any:
        self.actions, self.total = [], 0.0
        if random_state is not None:
            self.env.unwrapped.np_random.bit_generator.state = random_state
        observation = self._reset(seed)
        for action in actions:
            # The environment may write into what it is given.
            self.actions.append(action.copy() if action.ndim else action)
            observation, reward, *_ = self.step(action.copy() if action.ndim else action)
            self.total += float(reward)
        return observation

    def _difference(self, observation: np.ndarray, saved: Mapping[str, Any]) -> str:
        if _hash(self.env, observation, self.total) != saved["hash"]:
            return "its observation, return or np_random"
        if fingerprint(self.env) != saved.get("state_hash", ""):
            return "" if "state_hash" not in saved else "its own state"
        mine, theirs = self.carried.generators(), saved.get("carried", {}).get("generators", {})
        # Spaces that an environment makes anew in reset have generators begun by entropy, mostly for nothing.
        compared = [name for name in theirs if name in mine and not name.endswith("_np_random")]
        different = [name for name in compared if not same(mine[name], theirs[name])]
        return f"the random generator {different[0]}" if different else ""

    def _reset(self, seed: int | None) -> Any:
        if seed is None:
            return self.guarded(self.checked.reset)[0]
        if self.guard is not None:
            self.guard.seed(seed)
        base: Any = self.env.unwrapped
        if self._sets_np_random:
            base._np_random, base._np_random_seed = given, _ = seeding.np_random(seed)
        try:
            observation = self.guarded(self.checked.reset, seed=seed)[0]
        except TypeError as error:
            if "seed" not in str(error):
                raise
            raise UsageError(
                f"{self.env}: reset received seed={seed} and raised {error}; expected reset(*, seed=None, "
                "options=None), as Gymnasium has it. Fix: give reset these keywords, and call super().reset(seed=seed)."
            ) from error
        # An environment whose reset leaves its np_random alone is given one with each seed.
        self._sets_np_random = self._sets_np_random and base._np_random is given
        if not self._was_reset:
            self._was_reset = True
            self.carried.find()
        return observation


_FIX = (
    "Fix: draw from self.np_random only, or go on from the next episode with `lab resume RUN --inexact` or "
    "Experiment.resume(run_dir, exact=False)."
)


def fingerprint(env: gymnasium.Env[Any, Any]) -> str:
    """Return a hash of the environment's own state where it shows one that is known, else an empty text."""
    base: Any = env.unwrapped
    parts: list[bytes] = []
    if hasattr(base, "ale") and hasattr(base, "clone_state"):
        # ALE's generator of sticky actions is in its state only when it is asked for.
        parts.append(base.clone_state(include_rng=True).serialize())
    data = getattr(base, "data", None)
    if all(hasattr(data, name) for name in ("qpos", "qvel", "time")):
        parts += [np.asarray(getattr(data, name)).tobytes() for name in ("qpos", "qvel", "time")]
    state = getattr(base, "__dict__", {}).get("state")
    if isinstance(state, (int, float, tuple, list, np.ndarray, np.generic)):
        try:
            numbers = np.asarray(state)
        except ValueError:
            numbers = np.empty(0, object)
        if numbers.dtype.kind in "biuf":
            parts.append(numbers.tobytes())
    return hashlib.sha256(b"".join(parts)).hexdigest() if parts else ""


def same(a: Any, b: Any) -> bool:
    """Return whether two nested dicts of arrays and numbers are equal, bit for bit."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        x, y = np.asarray(a), np.asarray(b)
        return x.shape == y.shape and x.dtype == y.dtype and x.tobytes() == y.tobytes()
    return bool(a == b)


def random_state(env: gymnasium.Env[Any, Any]) -> Any:
    """Return the state of `np_random`, or None where there is none; asking for it would make one."""
    rng = getattr(env.unwrapped, "_np_random", None)
    return rng.bit_generator.state if isinstance(rng, np.random.Generator) else None


def _hash(env: gymnasium.Env[Any, Any], observation: np.ndarray, total: float) -> str:
    numbers = repr((total, random_state(env)))
    return hashlib.sha256(np.ascontiguousarray(observation).tobytes() + numbers.encode()).hexdigest()
