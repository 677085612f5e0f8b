"""The file of recorded episodes: an uncompressed .npz that `numpy.load` reads and that is mapped into memory here.

Members are the arrays of `Columns` and `card`, the data card's JSON as bytes. Nothing in it is pickled. Each array
begins at a multiple of 64 bytes, so that mapped arrays are aligned.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from agents import spaces
from agents.episodes.card import FORMAT, Card
from agents.episodes.columns import Columns
from lab.atomic import replacing
from lab.errors import UsageError

BLOCK_BYTES = 1 << 24
ALIGNMENT = 64
CARD = "card"
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
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            places = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            size = os.fstat(file.fileno()).st_size
            card = _card(bytes(_mapped(path, file, places[CARD], size)))
            arrays = {name: _mapped(path, file, places[name], size) for name in Columns._fields}
    except EpisodesError as error:
        raise EpisodesError(f"{path}: {error}") from error
    except (zipfile.BadZipFile, ValueError, TypeError, KeyError, EOFError, struct.error) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise EpisodesError(
            f"{path} is no whole file of recorded episodes ({why}). Fix: record it again with `lab record`, or make it "
            "with Episodes.from_arrays(...).save(path)."
        ) from error
    found = Columns(**arrays)
    _check(path, card, found)
    return card, found


def _card(data: bytes) -> Card:
    import json

    version = json.loads(data).get("format")
    if version != FORMAT:
        raise EpisodesError(
            f"its format is {version!r}; this version reads {FORMAT}. Fix: use the version that recorded it, and "
            "save its arrays for this one."
        )
    return Card.from_json(data)


def _check(path: Path, card: Card, found: Columns) -> None:
    steps, episodes = card.steps, card.episodes
    lengths = found.lengths
    whole = lengths.shape == (episodes,) and episodes > 0 and int(lengths.min()) > 0 and int(lengths.sum()) == steps
    rows = dict.fromkeys(("observations", "actions", "rewards"), steps)
    fit = all(len(array) == rows.get(name, episodes) for name, array in zip(Columns._fields, found, strict=True))
    if not (whole and fit):
        raise EpisodesError(
            f"{path} is no whole file of recorded episodes (its arrays are not those of {episodes} episodes with "
            f"{steps} steps). Fix: record it again."
        )
    for name, space in zip(("observations", "actions"), card.spaces(), strict=True):
        array, (shape, dtype) = getattr(found, name), spaces.layout(space)
        if array.shape[1:] != shape or array.dtype != dtype:
            raise EpisodesError(
                f"{path}: its {name} are {array.dtype} {array.shape[1:]}; its card says {dtype} {shape}. "
                "Fix: record it again."
            )


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
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"{info.filename} is an array of version {version}")
    shape, fortran, dtype = readers[version](file)
    if fortran or dtype.hasobject:
        raise ValueError(f"{info.filename} is {dtype} in an order that cannot be mapped")
    offset, needed = file.tell(), int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if offset + needed != begins + info.file_size or offset + needed > size:
        raise ValueError(f"{info.filename} is cut off")
    if not needed:
        return np.zeros(shape, dtype)
    # A plain view: subclasses of arrays are slower in every small operation.
    return np.asarray(np.memmap(path, dtype, "r", offset, shape))
