"""How much memory a replay takes, said before it is taken, and how much there is."""

from __future__ import annotations

from pathlib import Path

from lab.errors import bad_value
from lab.messages.notes import note

# Replays below it are not worth a line.
WORTH_SAYING = 256 << 20
# Limits of a container: of the second and the first version of control groups, with what is in use.
LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available(meminfo: str = "/proc/meminfo", limits: tuple[tuple[str, str], ...] = LIMITS) -> int | None:
    """Return how many bytes this process could still take, of the machine and of its control group; None if unknown."""
    found = []
    for line in _text(meminfo).splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            found.append(int(value.split()[0]) << 10)
    for limit, used in limits:
        most, taken = _text(limit).strip(), _text(used).strip()
        # A first version's "no limit" is a number beyond every machine.
        if most.isdigit() and taken.isdigit() and int(most) < 1 << 60:
            found.append(max(0, int(most) - int(taken)))
    return min(found, default=None)


def state_memory(capacity: int, size: int, what: str) -> None:
    """Say what a replay will take once it is full, before any of it is taken.

    Args:
        capacity: Transitions.
        size: Bytes.
        what: How they lie, in words.

    Raises:
        UsageError: When there is less.
    """
    there = available()
    if there is not None and size > there:
        fits = capacity * there * 8 // 10 // size
        raise bad_value(
            "Replay",
            "replay_capacity",
            capacity,
            f"a replay that fits in memory: {what}, it takes {in_words(size)} of {in_words(there)}",
            f"replay_capacity={fits:,} or less; frames stacked by gymnasium.wrappers.FrameStackObservation, right "
            "around the environment given, are kept once.",
        )
    if size >= WORTH_SAYING:
        note(f"the replay of {capacity:,} transitions takes {in_words(size)} once it is full, {what}.")


def in_words(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / 1e9:,.2f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size:,} bytes"


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError):
        return ""
