"""Reads a checkpoint's files without trusting them: sums first, then sizes, headers, names and kinds."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lab.errors import CheckpointError
from lab.files import links
from lab.files.reading import manifest, pieces, tensors, tree
from lab.files.reading.manifest import ARRAYS, CONSTANTS, FIX, LARGEST_TREE, MANIFEST, TREE
from lab.files.reading.schema import SchemaError, parse


def read_checked(directory: Path, root: Path, keep: bool) -> tuple[dict[str, Any], Any]:
    """Read a checkpoint after checking every sum, and that its files are what they should be.

    Args:
        directory: The checkpoint's own, an absolute path.
        root: The run's, below which no link is followed.
        keep: Whether the state's arrays are read, or only checked: then they come back empty.

    Returns:
        The manifest and the state.

    Raises:
        CheckpointError: When a file is missing, truncated, edited or not a checkpoint's; the message names it.
    """
    about = manifest.read(directory, root)
    text = _content(directory / TREE, root, about)
    arrays = _arrays(directory / ARRAYS, root, about, keep)
    for name, laid_out in about.get("pieces", {}).items():
        if name in arrays:
            raise CheckpointError(f"{directory / MANIFEST}: {name!r} lies in {ARRAYS}, too. {FIX}")
        arrays[name] = _in_pieces(directory, root, about, name, laid_out, keep)
    try:
        branches = parse(text, LARGEST_TREE, CONSTANTS)
        if not isinstance(branches, dict):
            raise SchemaError("it is no object")
        return about, tree.join(branches, arrays)
    except SchemaError as error:
        raise CheckpointError(f"{directory / TREE}: {error}. {FIX}") from error


def _content(path: Path, root: Path, about: Mapping[str, Any]) -> bytes:
    with _opened(path, root, about) as file:
        text = file.read(LARGEST_TREE + 1)
    _compare(path, about, "sha256", hashlib.sha256(text).hexdigest())
    return text


def _arrays(path: Path, root: Path, about: Mapping[str, Any], keep: bool) -> dict[str, Any]:
    with _opened(path, root, about) as file:
        found = tensors.read(file, about["files"][path.name]["bytes"], keep)
    _compare(path, about, "sha256", found.sha256)
    if found.fault:
        raise CheckpointError(f"{path}: {found.fault}. {FIX}")
    return found.arrays


def _in_pieces(
    directory: Path, root: Path, about: Mapping[str, Any], name: str, laid_out: Mapping[str, Any], keep: bool
) -> np.ndarray:
    filled, shape, dtype = 0, laid_out["shape"], tensors.dtype_of(laid_out["dtype"])
    _check_memory(f"{directory / MANIFEST}: {name!r}", math.prod(shape) * dtype.itemsize)
    array = np.empty(shape if keep else 0, dtype)
    # A file that an array has twice is checked once.
    for file in laid_out["files"] if keep else dict.fromkeys(laid_out["files"]):
        found = _arrays(directory / file, root, about, keep)
        if found.keys() != {pieces.NAME}:
            raise CheckpointError(f"{directory / file}: it holds other than a piece. {FIX}")
        if not keep:
            continue
        piece = found[pieces.NAME]
        if piece.dtype != array.dtype or list(piece.shape[1:]) != shape[1:] or len(piece) > len(array) - filled:
            raise CheckpointError(f"{directory / file}: it is no piece of {name!r}, of the shape {shape}. {FIX}")
        array[filled : filled + len(piece)] = piece
        filled += len(piece)
    if keep and filled != len(array):
        raise CheckpointError(f"{directory / MANIFEST}: {name!r} has {filled:,} of its {len(array):,} rows. {FIX}")
    return array


@contextlib.contextmanager
def _opened(path: Path, root: Path, about: Mapping[str, Any]) -> Iterator[BinaryIO]:
    try:
        with links.open_to_read(path, root) as file:
            size = os.fstat(file.fileno()).st_size
            _compare(path, about, "bytes", size)
            _check_memory(f"{path}: it", size)
            yield file
    except FileNotFoundError:
        raise CheckpointError(f"{path}: the file is missing. {FIX}") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}). {FIX}") from error


def _compare(path: Path, about: Mapping[str, Any], key: str, found: object) -> None:
    expected = about["files"][path.name][key]
    if found != expected:
        raise CheckpointError(f"{path}: the file was truncated or edited: {key} {found}; expected {expected}. {FIX}")


def _check_memory(what: str, size: int) -> None:
    if size > (memory := os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")):
        raise CheckpointError(f"{what} has {size:,} bytes, and this machine a memory of {memory:,}. {FIX}")
