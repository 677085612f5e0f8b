"""A file is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from lab.files.faults import unwritable
from lab.files.leftovers import partial_name


def temporary_sibling(path: str | os.PathLike[str]) -> Path:
    """Return a free hidden name beside `path`, to write and then rename; make missing parent folders.

    Args:
        path: File that the sibling shall become.

    Raises:
        RunDirectoryError: When a folder cannot be made.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    return path.with_name(partial_name(path.name))


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary sibling that takes the place of `path` when the block ends well.

    If the block raises, the sibling is removed and `path` stays as it was. A link of that name is replaced, not
    followed.

    Args:
        path: File to write. A kill -9 inside the block can leave a hidden `.NAME.*.partial*` beside it, which
            `lab.files.leftovers.clean` removes.

    Raises:
        RunDirectoryError: When the disk refuses, in the block or after it.
    """
    partial = temporary_sibling(path)
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        if error.errno is None:
            # Not the system's word but a library's, as when a picture has a mode that its format has not.
            raise
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, whole or not at all and to the disk; see `replacing`."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
        sync(partial)


def sync(path: Path) -> None:
    """Flush a file or directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
