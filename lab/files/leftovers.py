"""The hidden names under which files are written before they get their own, and what a dead process left of them."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import time
import uuid
import zlib
from pathlib import Path

from lab.errors import ForeignFileError
from lab.files.links import list_folder

FOLDERS = ("", "checkpoints", "videos", "samples", "exports")
# `.NAME.HOST-PID-TAG.partial` of files, with a further suffix where a library wants one; without host and process in
# earlier versions. `.NAME.tmp-PID` of checkpoints, and `.NAME.old-PID` of one that another takes the place of.
_PARTIAL = re.compile(r"\..+\.(?:(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]{1,10})-)?[0-9a-f]{12}\.partial(\.[a-z0-9]+)?")
_CHECKPOINT = re.compile(r"\.(?P<name>.+)\.(?P<kind>tmp|old)-(?P<pid>[0-9]{1,10})")
# After which a file of another machine, whose processes cannot be asked for, counts as left behind.
SECONDS = 24 * 3600.0
_BEGAN = time.time()


def partial_name(name: str) -> str:
    """Return a hidden name of its own for each writer: two that write the same path must not write into one file."""
    return f".{name}.{_host()}-{os.getpid()}-{uuid.uuid4().hex[:12]}.partial"


def clean(run: Path) -> list[Path]:
    """Remove the temporary files that dead processes left in a run, and return what was removed.

    A checkpoint that was about to be replaced gets its name back where its successor did not take it. What cannot be
    removed stays for the next time. Only the process that writes the run may call this, not one that looks at it.

    Args:
        run: The run's directory.
    """
    found = []
    for path in _left(run):
        with contextlib.suppress(OSError):
            _remove(path)
            found.append(path)
    return found


def removable(run: Path) -> list[Path]:
    """Return what `clean` would delete now; who asks must hold the run's lock, as for `clean`."""
    return [path for path in _left(run) if not _is_restored(path)]


def _left(run: Path) -> list[Path]:
    found = []
    for folder in FOLDERS:
        try:
            entries = list_folder(run / folder, run)
        except (OSError, ForeignFileError):
            continue
        for entry in entries:
            with contextlib.suppress(OSError):
                if _is_dead(Path(entry.path)):
                    found.append(Path(entry.path))
    return found


def is_leftover(path: Path) -> bool:
    """Return whether a dead process left this temporary file behind, so that nothing is lost without it."""
    return _PARTIAL.fullmatch(path.name) is not None and _is_dead(path)


def _remove(path: Path) -> None:
    if _is_restored(path):
        os.rename(path, path.with_name(_CHECKPOINT.fullmatch(path.name)["name"]))  # type: ignore[index]
    elif path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_restored(path: Path) -> bool:
    """Return whether it is a checkpoint that gets its name back, as its successor did not take it."""
    match = _CHECKPOINT.fullmatch(path.name)
    return match is not None and match["kind"] == "old" and not os.path.lexists(path.with_name(match["name"]))


def _is_dead(path: Path) -> bool:
    if _CHECKPOINT.fullmatch(path.name):
        # Only who holds the run's lock writes checkpoints, and that is who cleans up, before it writes any. Whether
        # there is a process of that number tells nothing: numbers are given out again.
        return True
    match = _PARTIAL.fullmatch(path.name)
    if match is None:
        return False
    written, parts = path.lstat().st_mtime, match.groupdict()
    if parts["pid"] is None or (parts.get("host") or _host()) != _host():
        return written < time.time() - SECONDS
    process = int(parts["pid"])
    if process == os.getpid():
        # A container gives each of its processes the number that the one before had.
        return written < _BEGAN
    return not _is_alive(process) or _began_after(process, written)


def _began_after(process: int, moment: float) -> bool:
    """Return whether a living process is younger than a moment, so that its number was another's then."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        started = float(words[19]) / os.sysconf("SC_CLK_TCK")
        up = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return False
    # A second, for clocks that are not read at once.
    return time.time() - up + started > moment + 1.0


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"
