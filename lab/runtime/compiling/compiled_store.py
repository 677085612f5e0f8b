"""Where compiled programs lie between processes: whole, of this user, and of one processor and its settings."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from lab.runtime.processor import this_processor

# Beyond it the oldest go; each process reads and copies all of it. One program takes about a MiB.
MOST_BYTES = 1 << 25
# A full disk would end a compilation that XLA wants to keep.
LEAST_FREE = 1 << 30
SESSION = "session-"
LOCK = ".lock"
PARTIAL = ".partial"
# A session that has not taken its lock yet is left alone for so many seconds.
PATIENCE = 60.0
# Variables by which programs are compiled in another way.
UNREAD = ("TF_CPP_MIN_LOG_LEVEL", "TF_CPP_MAX_VLOG_LEVEL", "TF2_BEHAVIOR")
PREFIXES = ("TF_", "XLA_", "ONEDNN_", "DNNL_", "OMP_")


class Session:
    """One process's folder: XLA reads and writes here, and nobody else does.

    Args:
        root: Private; the stores lie below it.

    Attributes:
        folder: Its path.
        filled: Whether it has been filled.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.filled = root, False
        self.folder = Path(tempfile.mkdtemp(prefix=SESSION, dir=root))
        self._process = os.getpid()
        self._lock = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        _locked(self._lock)
        self._store: Path | None = None
        self._had: set[str] = set()

    def fill(self, cut: tuple[int, ...]) -> None:
        """Take all that is whole in the store of processes like this one.

        Args:
            cut: Numbers of threads and processors, by which programs are cut into parts.
        """
        self.filled = True
        # A disk that refuses costs the time that compiling takes.
        with contextlib.suppress(OSError):
            store = self.root / identity(cut)
            store.mkdir(mode=0o700, exist_ok=True)
            # What was compiled before it was known with how many threads is nobody's.
            self._had = {path.name for path in self.folder.iterdir()}
            if is_private(store):
                for entry in _entries(store):
                    self._take(entry)
                self._store = store

    def _take(self, entry: Path) -> None:
        name, _, expected = entry.name.rpartition("@")
        content = _own(entry)
        if content is None or hashlib.sha256(content).hexdigest() != expected:
            entry.unlink(missing_ok=True)
        elif name not in self._had:
            # Written and not linked: what becomes of one file must not become of the other. Renamed, because another
            # thread may be looking for it.
            (self.folder / PARTIAL).write_bytes(content)
            (self.folder / PARTIAL).replace(self.folder / name)
            self._had.add(name)

    def close(self) -> None:
        """Store what was compiled, and remove the folder."""
        if os.getpid() != self._process:
            return
        with contextlib.suppress(OSError):
            if self._store is not None:
                for path in sorted(self.folder.iterdir()):
                    if path.name.endswith(".pb") and path.name not in self._had:
                        self._keep(path, self._store)
                _shorten(self._store)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def _keep(self, path: Path, store: Path) -> None:
        content = _own(path)
        if content:
            path.replace(store / f"{path.name}@{hashlib.sha256(content).hexdigest()}")


def opened(root: Path) -> Session | None:
    """Return a folder for this process, or None where that is not safe.

    Args:
        root: A folder; it is made.
    """
    for missing in reversed([path for path in (root, *root.parents) if not path.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    root = root.resolve()
    if not is_private(root) or shutil.disk_usage(root).free < LEAST_FREE:
        return None
    _remove_left(root)
    return Session(root)


def identity(cut: tuple[int, ...]) -> str:
    """Return a name for all that a compiled program depends on beside itself: a folder's."""
    import tensorflow as tf

    here = this_processor()
    chosen = sorted(i for i in os.environ.items() if i[0].startswith(PREFIXES) and i[0] not in UNREAD)
    versions = (tf.version.VERSION, tf.version.GIT_VERSION, tf.version.COMPILER_VERSION)
    parts = (versions, here.kind, here.model, sorted(here.features), cut, chosen)
    return f"tensorflow-{tf.version.VERSION}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"


def is_private(path: Path) -> bool:
    """Return whether a folder is this user's, and no other user can write into it or put another in its place.

    Args:
        path: Without links.
    """
    me = os.geteuid()
    for number, each in enumerate((path, *path.parents)):
        found = each.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ((me,) if number == 0 else (me, 0)):
            return False
        # In a sticky folder, such as /tmp, nobody renames what is another's.
        if found.st_mode & 0o022 and (number == 0 or not found.st_mode & stat.S_ISVTX):
            return False
    return True


def _entries(store: Path) -> list[Path]:
    return [path for path in sorted(store.iterdir()) if path.name.rpartition("@")[0].endswith(".pb")]


def _own(path: Path) -> bytes | None:
    """Return the content of a regular file of this user, and None of anything else."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(file, "rb") as reader:
        found = os.fstat(reader.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > MOST_BYTES:
            return None
        return reader.read()


def _shorten(store: Path) -> None:
    left = MOST_BYTES
    for path in sorted(_entries(store), key=lambda entry: -entry.lstat().st_mtime):
        left -= path.lstat().st_size
        if left < 0:
            path.unlink(missing_ok=True)


def _remove_left(root: Path) -> None:
    """Remove the folders of processes that were killed."""
    for path in root.glob(f"{SESSION}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.lstat().st_mtime < PATIENCE:
                continue
            lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if _locked(lock):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _locked(file: int) -> bool:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
