"""Opens what lies inside a run, and follows no link there: neither to read, nor to write, nor to delete.

The way to a run may lead through links, for that is the user's own; only what is inside a run counts. Reading follows
no link either, since a stranger's run could show the reader's own files that way, and waits for no pipe.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from lab.errors import ForeignFileError
from lab.files.faults import unwritable

_SAFE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def refuse_links(path: Path, root: Path) -> None:
    """Check that no part of a path below a folder is a link; parts that are not there are none.

    Args:
        path: Below `root`, or `root` itself.
        root: The run, which may be reached through links.

    Raises:
        ForeignFileError: Naming the link.
    """
    part = root
    for name in path.relative_to(root).parts:
        part = part / name
        if part.is_symlink():
            raise ForeignFileError(
                f"{str(part)!r} is a link; expected a file or folder of the run's own, since links are not followed "
                "inside a run. Fix: put what it leads to in its place, or delete the link."
            )


def is_regular(path: Path, root: Path) -> bool:
    """Return whether a file is there; anything else of that name, or a link on the way, is an error.

    Raises:
        ForeignFileError: For a link, a folder, a pipe, a socket or a device.
    """
    refuse_links(path, root)
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(mode):
        raise _no_file(path, mode)
    return True


def open_to_read(path: Path, root: Path) -> BinaryIO:
    """Open a run's file.

    Raises:
        ForeignFileError: As `is_regular` does.
        OSError: When it is not there or cannot be read.
    """
    if not is_regular(path, root):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return _opened(path, os.O_RDONLY, "rb")


def open_to_append(path: Path, root: Path) -> BinaryIO:
    """Open a run's file to add to it; a file with a second name is copied first, so that the other stays as it was.

    Raises:
        ForeignFileError: As `is_regular` does.
        OSError: When it cannot be opened.
    """
    if is_regular(path, root) and path.lstat().st_nlink > 1:
        _separate(path)
    return _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, "ab")


def read_bytes(path: Path, root: Path, most: int) -> bytes:
    """Return the content of a run's file.

    Raises:
        ForeignFileError: As `is_regular` does.
        OSError: When it is not there, cannot be read, or holds more than `most` bytes.
    """
    with open_to_read(path, root) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it holds more than {most:,} bytes", str(path))
    return content


def make_folder(path: Path, root: Path) -> None:
    """Make a folder of a run that is there.

    A run that was renamed while it trained must not be begun anew under its old name, so `root` is never made.

    Raises:
        ForeignFileError: For a link on the way, or another thing of that name.
        RunDirectoryError: When the folder cannot be made.
    """
    refuse_links(path, root)
    if path.is_dir():
        return
    try:
        path.mkdir()
        flush(path.parent)
    except FileExistsError:
        # Checkpoints are written by two threads, and the other may have made it meanwhile.
        refuse_links(path, root)
        if not path.is_dir():
            raise _no_folder(path) from None
    except OSError as error:
        raise unwritable(path, error) from error


def list_folder(path: Path, root: Path) -> list[os.DirEntry[str]]:
    """Return what a run's folder holds, by name; nothing where it is missing.

    Raises:
        ForeignFileError: For a link on the way, or another thing of that name.
        OSError: When it cannot be read.
    """
    refuse_links(path, root)
    try:
        with os.scandir(path) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise _no_folder(path) from None


def flush(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: Path, flags: int, mode: str) -> BinaryIO:
    descriptor = os.open(path, flags | _SAFE, 0o666)
    try:
        found = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(found):
            raise _no_file(path, found)
        return os.fdopen(descriptor, mode, buffering=0 if mode == "ab" else -1)  # type: ignore[return-value]
    except BaseException:
        os.close(descriptor)
        raise


def _separate(path: Path) -> None:
    copy = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        shutil.copyfile(path, copy, follow_symlinks=False)
        os.replace(copy, path)
    finally:
        with contextlib.suppress(OSError):
            copy.unlink(missing_ok=True)


def _no_file(path: Path, mode: int) -> ForeignFileError:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFLNK: "a link"}
    kind = kinds.get(stat.S_IFMT(mode), "a device")
    return ForeignFileError(f"{str(path)!r} is {kind}; expected a file. Fix: restore it, or delete what is there.")


def _no_folder(path: Path) -> ForeignFileError:
    return ForeignFileError(f"{str(path)!r} is a file; expected a folder. Fix: restore it, or delete what is there.")
