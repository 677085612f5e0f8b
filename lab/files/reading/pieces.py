"""Large arrays of a checkpoint in pieces, each a file named by what it holds, so that only what is new is written.

A replay of gigabytes changes in few places from one checkpoint to the next. A piece that the checkpoint before has
becomes a second name of the same file (a hard link); files of checkpoints are never written to again. Where the file
system has no such links, every piece is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import ForeignFileError
from lab.files import links
from lab.files.reading import tensors

# Bytes of an array from which it lies in pieces, and of a piece.
LARGE, PIECE = 64 << 20, 16 << 20
# Pieces of one array: that many are listed in a manifest at most.
MOST = 1024
NAME = "piece"
# Files that this process has written or read whole: their sums, by what the system says of them.
_sound: dict[tuple[int, ...], str] = {}
MOST_KNOWN = 1 << 16


def is_large(array: np.ndarray) -> bool:
    """Return whether an array lies in pieces."""
    return array.nbytes >= LARGE and len(array) > 1


def write(
    folder: Path, arrays: Mapping[str, np.ndarray], earlier: list[Path], root: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write arrays into a new checkpoint's folder, or link the pieces that earlier ones have.

    Args:
        folder: Of the new checkpoint.
        arrays: By name, each large.
        earlier: Folders of checkpoints that are there.
        root: The run's, below which no link is followed.

    Returns:
        What the manifest says of the files, and of each array: `dtype`, `shape` and its pieces in order.

    Raises:
        CheckpointError: For a dtype that the format does not have.
        OSError: When a file cannot be written.
    """
    files: dict[str, Any] = {}
    laid_out: dict[str, Any] = {}
    for name, array in arrays.items():
        names = []
        rows = rows_of(array)
        for begin in range(0, len(array), rows):
            parts = tensors.parts_of({NAME: array[begin : begin + rows]})
            about = tensors.sum_of(parts)
            file = f"piece-{about['sha256']}.safetensors"
            names.append(file)
            if file not in files and not _linked(folder / file, about, earlier, root):
                tensors.write_parts(folder / file, parts)
                _remember((folder / file).lstat(), about["sha256"])
            files[file] = about
        laid_out[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "files": names}
    return files, laid_out


def rows_of(array: np.ndarray) -> int:
    """Return the rows of a piece: as many while an array grows, up to `MOST` times `PIECE`."""
    row = array.nbytes // len(array)
    return max(1, PIECE // row) * max(1, -(-array.nbytes // (MOST * PIECE)))


def _linked(target: Path, about: Mapping[str, Any], earlier: list[Path], root: Path) -> bool:
    for folder in earlier:
        source = folder / target.name
        try:
            if links.is_regular(source, root) and _is_sound(source, about, root):
                os.link(source, target, follow_symlinks=False)
                return True
        except (OSError, ForeignFileError):
            # Gone meanwhile, or a file system without such links: then it is written.
            continue
    return False


def _is_sound(path: Path, about: Mapping[str, Any], root: Path) -> bool:
    """Return whether a file holds what its name says: damage must not spread into new checkpoints.

    What this process wrote or has read is not read again, as long as the system says that nobody has changed it.
    """
    stat = path.lstat()
    if stat.st_size != about["bytes"]:
        return False
    if _sound.get(_key(stat)) == about["sha256"]:
        return True
    with links.open_to_read(path, root) as file:
        if tensors.read(file, stat.st_size, keep=False).sha256 != about["sha256"]:
            return False
    _remember(stat, about["sha256"])
    return True


def _remember(stat: os.stat_result, digest: str) -> None:
    while len(_sound) >= MOST_KNOWN:
        del _sound[next(iter(_sound))]
    _sound[_key(stat)] = digest


def _key(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
