"""Sessions: when, where and by which command each process trained a run, and why it ended.

They stand in the run's config.json for people and reports; nothing that is computed reads them.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import printable
from lab.files.reading.schema import LARGEST, SchemaError, check, entries, items, optional, text, whole

KEY = "sessions"
# Of a run resumed more often the first and the latest stay.
MOST = 200
LONGEST_COMMAND, LONGEST_WHY = 2_000, 400

_ENDED = entries({"step": whole(), "time": text(40), "why": text(LONGEST_WHY)})
_SESSION = entries(
    {"step": whole(0, LARGEST), "time": text(40), "command": text(LONGEST_COMMAND), "machine": text(200)},
    maybe={"ended": optional(_ENDED)},
)
_SESSIONS = items(_SESSION, MOST)


class Ended(NamedTuple):
    """The end of a session: at which step and UTC time, and why."""

    step: int
    time: str
    why: str


class Session(NamedTuple):
    """One process's training of a run.

    Attributes:
        step: From which on it trained.
        time: When it began, UTC, as ISO 8601.
        command: The `lab` command in full; of another program its name alone, since its arguments are not ours to keep.
        machine: Operating system, kind of processor and how many.
        ended: How it ended; None while it goes on, and where the process was killed.
    """

    step: int
    time: str
    command: str
    machine: str
    ended: Ended | None = None


def sessions_of(config: Mapping[str, Any] | None) -> list[Session]:
    """Return the sessions that a config.json tells of; none where they are missing or damaged."""
    try:
        found = check((config or {}).get(KEY, []), _SESSIONS, KEY)
    except SchemaError:
        return []
    return [Session(**{**one, "ended": Ended(**one["ended"]) if one.get("ended") else None}) for one in found]


class Log:
    """The sessions of a run, of which this process adds the last."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []

    def begin(self, config: Mapping[str, Any] | None, step: int) -> None:
        """Add a session that begins at a step, to those that the run's config.json tells of."""
        before = sessions_of(config)
        kept = before if len(before) < MOST else [before[0], *before[-MOST + 2 :]]
        self.sessions = [*kept, Session(step, _now(), command(), machine())]

    def end(self, step: int, why: str) -> None:
        """End the last session, if one was begun."""
        if self.sessions:
            ended = Ended(step, _now(), printable(why)[:LONGEST_WHY])
            self.sessions[-1] = self.sessions[-1]._replace(ended=ended)

    def to_json(self, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what config.json holds of them; of those that it holds already where none was begun here."""
        found = self.sessions or sessions_of(config)
        return {KEY: [{**s._asdict(), "ended": s.ended._asdict() if s.ended else None} for s in found]}


def command() -> str:
    """Return what this process was called by."""
    program = Path(sys.argv[0] if sys.argv else "")
    if program.name == "__main__.py" and program.parent.name:
        program = program.parent
    if program.name != "lab":
        return printable(program.name)[:LONGEST_COMMAND] or "python"
    return printable(shlex.join(["lab", *sys.argv[1:]]))[:LONGEST_COMMAND]


def machine() -> str:
    """Return what kind of machine this is; not its name, which a shared run has no need of."""
    return printable(f"{platform.system()} {platform.machine()}, {os.cpu_count()} logical CPUs")[:200]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
