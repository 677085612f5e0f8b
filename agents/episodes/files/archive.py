"""The file of recorded episodes: an uncompressed .npz that `numpy.load` reads and that is mapped into memory here.

Members are the arrays of `Columns` and `card`, the data card's JSON as bytes. Nothing in it is pickled. Each array
begins at a multiple of 64 bytes, so that mapped arrays are aligned.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import struct
import tokenize
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from agents.episodes.files.card import Card
from agents.episodes.files.checks import check_columns
from agents.episodes.files.columns import Columns
from lab.errors import UsageError
from lab.files.atomic import replacing
from lab.files.reading.schema import MOST_BYTES

BLOCK_BYTES = 1 << 24
ALIGNMENT = 64
CARD = "card"
MOST_LISTED = 1 << 20
MOST_AXES = 16
# What a zip member's own header takes beside its name: the fixed part, sizes of 64 bits, and the head of the padding.
_FIXED, _LONG_SIZES, _PADDING = 30, 20, 4


class EpisodesError(UsageError):
    """A file that holds no whole recorded episodes."""


def hashed(card: Card, parts: Sequence[Columns]) -> str:
    """Return the SHA-256 of a card, but for its own hash, and of the arrays of all parts one after the other."""
    digest = hashlib.sha256(dataclasses.replace(card, sha256="").to_json())
    for name, arrays in _members(parts):
        dtype, shape = _layout(arrays)
        digest.update(f"{name} {dtype.str} {shape}".encode())
        for block in _blocks(arrays, dtype):
            digest.update(block)
    return digest.hexdigest()


def write(path: Path, card: Card, parts: Sequence[Columns]) -> None:
    """Write parts one after the other as one file; it takes its place whole, in one step.

    Args:
        path: The file; a hidden sibling is written first.
        card: With its hash.
        parts: Columns; nothing is joined in memory.
    """
    with replacing(path) as partial, open(partial, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            _write_member(archive, CARD, [np.frombuffer(card.to_json(), np.uint8)])
            for name, arrays in _members(parts):
                _write_member(archive, name, arrays)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> tuple[Card, Columns]:
    """Open a file: the card is read, the arrays are mapped.

    Raises:
        EpisodesError: When there is no such file, or it is damaged, of another kind or of another version.
    """
    if not path.is_file():
        raise EpisodesError(f"there is no file {path}. Fix: record one with `lab record`, or give its place.")
    try:
        with open(path, "rb") as file, zipfile.ZipFile(_Sparing(file)) as archive:
            places = _places(archive)
            size = os.fstat(file.fileno()).st_size
            card = Card.from_json(_card(_mapped(path, file, places[CARD], size)))
            found = Columns(*(_mapped(path, file, places[name], size) for name in Columns._fields))
        check_columns(found, card.episodes, card.steps, card.spaces())
    except (zipfile.BadZipFile, *_DAMAGES) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise EpisodesError(
            f"{path} is no whole file of recorded episodes ({why}). Fix: record it again with `lab record`, or make it "
            "with Episodes.from_arrays(...).save(path)."
        ) from error
    return card, found


# What zipfile and NumPy raise where bytes lie; both are kept from taking memory that a file only declares.
_DAMAGES = (
    *(ValueError, TypeError, KeyError, EOFError, OSError, struct.error, SyntaxError, OverflowError),
    *(RecursionError, MemoryError, NotImplementedError, tokenize.TokenError),
)


class _Sparing:
    """A file of which no more is read at once than the list of its members can take."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self.seekable, self._read = file.seek, file.tell, file.seekable, file.read

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, all that are left of at most `MOST_LISTED` without a size."""
        if size > MOST_LISTED:
            raise ValueError(f"its list of members takes {size:,} bytes")
        return self._read(MOST_LISTED if size < 0 else size)


def _places(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    places = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(places) < len(archive.infolist()):
        raise ValueError("it has a member twice")
    return places


def _card(data: np.ndarray) -> bytes:
    if data.dtype != np.uint8 or data.ndim != 1 or data.nbytes > MOST_BYTES:
        raise ValueError(f"its card is {data.dtype} {data.shape}; expected at most {MOST_BYTES:,} bytes of JSON")
    return data.tobytes()


def _members(parts: Sequence[Columns]) -> Iterator[tuple[str, list[np.ndarray]]]:
    for i, name in enumerate(Columns._fields):
        yield name, [part[i] for part in parts]


def _layout(arrays: Sequence[np.ndarray]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    dtype = np.result_type(*(a.dtype for a in arrays)).newbyteorder("<")
    return dtype, (sum(len(a) for a in arrays), *arrays[0].shape[1:])


def _blocks(arrays: Sequence[np.ndarray], dtype: np.dtype[Any]) -> Iterator[bytes]:
    for array in arrays:
        rows = max(1, BLOCK_BYTES // max(1, array[:1].nbytes))
        for start in range(0, len(array), rows):
            yield np.ascontiguousarray(array[start : start + rows], dtype).tobytes()


def _write_member(archive: zipfile.ZipFile, name: str, arrays: Sequence[np.ndarray]) -> None:
    dtype, shape = _layout(arrays)
    info = zipfile.ZipInfo(f"{name}.npy")
    begins = archive.start_dir + _FIXED + len(info.filename) + _LONG_SIZES + _PADDING
    filling = -begins % ALIGNMENT
    info.extra = struct.pack("<HH", 0xFFFF, filling) + bytes(filling)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with archive.open(info, "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for block in _blocks(arrays, dtype):
            member.write(block)


def _mapped(path: Path, file: BinaryIO, info: zipfile.ZipInfo, size: int) -> np.ndarray:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed")
    file.seek(info.header_offset + 26)
    name, extra = struct.unpack("<HH", file.read(4))
    begins = info.header_offset + _FIXED + name + extra
    file.seek(begins)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"{info.filename} is an array of version {version}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran or dtype.kind not in "buif" or dtype.itemsize > 8 or dtype.newbyteorder("<") != dtype:
        raise ValueError(f"{info.filename} is {dtype} in an order that cannot be mapped")
    if len(shape) > MOST_AXES or any(isinstance(n, bool) or not 0 <= n < 2**48 for n in shape):
        raise ValueError(f"{info.filename} has the shape {shape}")
    # In whole numbers without end: those of NumPy would wrap.
    offset, needed = file.tell(), math.prod(shape) * dtype.itemsize
    if offset + needed != begins + info.file_size or offset + needed > size:
        raise ValueError(f"{info.filename} is cut off")
    if not needed:
        return np.zeros(shape, dtype)
    # A plain view: subclasses of arrays are slower in every small operation.
    return np.asarray(np.memmap(path, dtype, "r", offset, shape))
