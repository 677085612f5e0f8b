"""A file is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


def temporary_sibling(path: str | os.PathLike[str]) -> Path:
    """Return a free hidden name beside `path`, to write and then rename; make missing parent folders.

    Args:
        path: File that the sibling shall become.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own for each writer: two that write the same path must not write into one file.
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.partial")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary sibling that takes the place of `path` when the block ends well.

    If the block raises, the sibling is removed and `path` stays as it was.

    Args:
        path: File to write. A kill -9 inside the block can leave a hidden `.NAME.*.partial*` beside it.
    """
    partial = temporary_sibling(path)
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
