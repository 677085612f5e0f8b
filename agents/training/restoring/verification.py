"""Finds out, beside training, whether environments can be brought back exactly, and what that takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.training.restoring.global_random import preserved
from agents.training.restoring.record import RecordedEnvironment, fingerprint, random_state, same
from lab.messages.notes import warn

if TYPE_CHECKING:
    import gymnasium

# How an environment is brought back: while nothing is known and after none was found to need it, by ...
PROBATION, EPISODE, ALL, NEXT = "probation", "episode", "all episodes", "next episode"
MODES = (PROBATION, EPISODE, ALL, NEXT)
PROBATION_STEPS, LONG_PROBATION = 2_000, 20_000
CHECKED_EPISODES = (1, 2, 3, 5, 8, 13, 21, 34)
# Steps that a fresh environment follows, and at most plays again before: of an episode, or of all.
FOLLOWED, REPLAYED = 200, {False: 1_000, True: 5_000}
# More steps than this are not kept to be played again.
KEPT = 1_000_000
# Checkpoints that begin a check: the first ones of a process, and then each one of so many.
FIRST_CHECKPOINTS, EVERY_CHECKPOINT = 4, 8


class Verification:
    """Lets a fresh environment play a running one's episode again and follow it for some steps.

    That is what resuming would do. Where the two part, all episodes since the running one was made are played again
    instead; where they part even so, or that is known too late, the environment cannot be brought back within an
    episode, which is said once and recorded: a resumed run then begins the next episode.

    Nothing here changes what the running environments do.

    Args:
        make: Makes a fresh environment; None to check nothing.

    Attributes:
        mode: `probation` keeps all episodes until it is over; then `episode` plays the running one again, `all
            episodes` those since the environment was made, `next episode` none.
        reason: Why it is not `episode`, or why nothing can be checked.
        due: Whether a check begins at the next step.
        shadow: The check under way.
    """

    def __init__(self, make: Callable[[], gymnasium.Env[Any, Any]] | None) -> None:
        self.make = make
        self.mode = PROBATION
        self.reason = ""
        self.due = False
        self.shadow: _Shadow | None = None
        self._checkpoints = 0
        self._said = False

    @property
    def keeps_all(self) -> bool:
        """Whether episodes that have ended are kept."""
        return self.mode in (PROBATION, ALL)

    def ask(self) -> None:
        """Have a check begin at the next step, if it is worth it again; called as a checkpoint is made."""
        self._checkpoints += 1
        self.due = self._checkpoints <= FIRST_CHECKPOINTS or self._checkpoints % EVERY_CHECKPOINT == 0

    def begins(self, records: Sequence[RecordedEnvironment], taken: int, ended: Sequence[int]) -> int | None:
        """Return which environment is to be followed from here on, if any; called where `due` or an episode ended.

        Args:
            records: All environments, in new episodes where one ended.
            taken: Steps taken so far, of all.
            ended: In which an episode ended at this step.
        """
        if ended and taken >= PROBATION_STEPS and not any(r.guard is None or r.guard.used for r in records):
            # None has drawn from the global generators, and lending them costs a few microseconds a step.
            for record in records:
                record.set_guard(None)
                record.carried.leave_out_unused()
        if self.mode == PROBATION and ended:
            if taken >= LONG_PROBATION or (taken >= PROBATION_STEPS and records[0].number > 1):
                self.mode = EPISODE
            elif 0 in ended and self.shadow is None and records[0].number in CHECKED_EPISODES:
                return 0
        if self.mode == ALL and ended and sum(r.played for r in records) > KEPT:
            self._give_up(f"it needs all episodes since it was made, more than {KEPT:,} steps", records[0])
        if self.due:
            self.due = False
            return taken // len(records) % len(records)
        return None

    def begin(self, records: Sequence[RecordedEnvironment], index: int, observation: np.ndarray) -> None:
        """Bring a fresh environment to where `records[index]` is, to follow it from there.

        Args:
            observation: The present one of `records[index]`.
        """
        self.end()
        record, whole = records[index], self.mode == ALL
        if self.make is None or self.mode == NEXT:
            return
        if (record.played if whole else record.played_since_seed) > REPLAYED[whole]:
            return
        with preserved():
            try:
                fresh = self.make()
            except Exception as error:
                self._cannot_check(f"another environment cannot be made: {error!r}", record)
                return
            if any(fresh.unwrapped is r.env.unwrapped for r in records):
                self._cannot_check("its source returns the same environment again", record)
                return
            self.shadow = _Shadow(index, RecordedEnvironment(fresh, record.seed_of))
            try:
                self.shadow.record.restore(record.save(observation, whole))
            except Exception as error:
                parted = str(error).split(". Fix:")[0].split(". It draws")[0]
                self._parted(records, observation, parted)

    def follow(
        self, records: Sequence[RecordedEnvironment], observations: np.ndarray, outcomes: Sequence[tuple[Any, ...]]
    ) -> None:
        """Let the fresh environment take the running one's last step too, and compare.

        Args:
            observations: What the steps led to, (n, ...).
            outcomes: Reward, terminated and truncated of each environment.
        """
        shadow = self.shadow
        if shadow is None:
            return
        index = shadow.index
        with preserved():
            parted = shadow.follow(records[index], observations[index], outcomes[index])
        if parted:
            self._parted(records, observations[index], parted, ended=any(outcomes[index][1:]))
        elif shadow.left == 0 or any(outcomes[index][1:]):
            if self.mode == ALL and not self._said:
                self._say(
                    "keeps state from one episode to the next: resuming plays all its episodes again", shadow.record
                )
            drawn = shadow.record.guard is not None and shadow.record.guard.used
            self.end()
            if drawn and records[index].guard is None:
                self._give_up("it draws from NumPy's or Python's global generator now and then", records[index])

    def end(self) -> None:
        """End the check under way, without a result."""
        if self.shadow is not None:
            self.shadow.record.env.close()
            self.shadow = None

    def describe(self) -> dict[str, str]:
        """Return in words how a run resumes, for its config."""
        words = {ALL: "exactly, by playing all episodes again", NEXT: "at the next episode's start"}
        described = {"resumes": words.get(self.mode, "exactly")}
        return {**described, "resumes_so_because": self.reason} if self.reason else described

    def get_state(self) -> dict[str, Any]:
        """Return how environments are brought back, and why."""
        return {"mode": self.mode, "reason": self.reason}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        self.end()
        self.mode, self.reason = state["mode"], state["reason"]

    def _parted(
        self, records: Sequence[RecordedEnvironment], observation: np.ndarray, reason: str, ended: bool = False
    ) -> None:
        index = self.shadow.index if self.shadow is not None else 0
        self.end()
        if self.mode != PROBATION:
            self._give_up(reason, records[index])
            return
        # Said only once a check has shown that all episodes are enough.
        self.mode, self.reason = ALL, reason
        if ended:
            self.due = True
        else:
            self.begin(records, index, observation)

    def _give_up(self, reason: str, record: RecordedEnvironment) -> None:
        self.mode, self.reason = NEXT, reason
        self._say(
            "cannot be brought back exactly within an episode: a resumed run goes on from the next episode's start",
            record,
        )

    def _say(self, what: str, record: RecordedEnvironment) -> None:
        self._said = True
        warn(f"{record.env} {what} ({self.reason})", stacklevel=2)

    def _cannot_check(self, reason: str, record: RecordedEnvironment) -> None:
        self.make, self.reason = None, reason
        warn(f"{record.env} cannot be checked for an exact resume: {reason}", stacklevel=2)


class _Shadow:
    def __init__(self, index: int, record: RecordedEnvironment) -> None:
        self.index, self.record = index, record
        self.left = FOLLOWED

    def follow(self, live: RecordedEnvironment, observation: np.ndarray, outcome: tuple[Any, ...]) -> str:
        """Take the running environment's last step and return what differs, or an empty text."""
        action, mine = live.actions[-1], self.record
        self.left -= 1
        try:
            seen, *others = mine.step(action.copy() if action.ndim else action)[:4]
        except Exception as error:
            return f"played again, it raised {error!r}"
        mine.actions.append(action)
        what = ""
        if not same(np.asarray(seen, mine.dtype), observation):
            what = "observation"
        elif repr(float(others[0])) != repr(float(outcome[0])):
            what = "reward"
        elif [bool(x) for x in others[1:]] != [bool(x) for x in outcome[1:]]:
            what = "end"
        elif random_state(mine.env) != random_state(live.env):
            what = "np_random"
        elif self.left == 0:
            what = self._last_look(live)
        return what and f"played again, its step {len(live.actions)} of episode {live.number} gave another {what}"

    def _last_look(self, live: RecordedEnvironment) -> str:
        if fingerprint(self.record.env) != fingerprint(live.env):
            return "state"
        if live.env.render_mode == self.record.env.render_mode == "rgb_array":
            pictures = [np.asarray(record.guarded(record.env.render)) for record in (live, self.record)]
            return "" if same(*pictures) else "picture"
        return ""
