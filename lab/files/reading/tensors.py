"""Arrays in one safetensors file, written and summed in one pass, and read without trusting what its header says.

The format (huggingface.co/docs/safetensors): eight bytes that hold the header's length, the header as JSON, the data.
The package of that name would copy everything twice on writing, and takes the memory of a strided array for its rows.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from lab.errors import CheckpointError
from lab.files.reading.schema import SchemaError, parse

BLOCK = 1 << 20
LARGEST_HEADER = 16 << 20
MOST_AXES = 32
METADATA = "__metadata__"
DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "C64": "complex64", "BOOL": "bool",
    **{f"{sign.upper()}{bits}": f"{'u' * (sign == 'u')}int{bits}" for sign in "iu" for bits in (8, 16, 32, 64)},
}  # fmt: skip
_CODES = {name: code for code, name in DTYPES.items()}


class Entry(NamedTuple):
    """Where an array lies."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    size: int


class Summed(NamedTuple):
    """What was read of a file: its SHA-256, its arrays (empty where they are not kept), and what is wrong with it."""

    sha256: str
    arrays: dict[str, np.ndarray]
    fault: str


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Write arrays into a new file, flush it to the disk, and return its `bytes` and `sha256`.

    Raises:
        CheckpointError: For a dtype that the format does not have.
        OSError: When it cannot be written.
    """
    return write_summed(path, parts_of(arrays))


def parts_of(arrays: Mapping[str, np.ndarray]) -> list[Any]:
    """Return the buffers that make a file of arrays, one after another; the arrays' own, not copied.

    Raises:
        CheckpointError: For a dtype that the format does not have.
    """
    header: dict[str, Any] = {}
    # The widest numbers first, so that each array begins at a multiple of its own item's size.
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    end = 0
    for name in order:
        array = arrays[name]
        code = _CODES.get(array.dtype.name)
        if code is None:
            raise CheckpointError(f"state at {name!r} has the dtype {array.dtype}; expected {', '.join(_CODES)}.")
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little") + text, *(_bytes_of(arrays[name]) for name in order)]


def sum_of(parts: list[Any]) -> dict[str, Any]:
    """Return the `bytes` and `sha256` of the file that buffers make."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    return {"bytes": sum(memoryview(part).nbytes for part in parts), "sha256": total.hexdigest()}


def write_summed(path: Path, parts: list[Any]) -> dict[str, Any]:
    """Write buffers one after another into a new file, flush it to the disk, and return its `bytes` and `sha256`."""
    total = hashlib.sha256()
    size = write_parts(path, parts, total.update)
    return {"bytes": size, "sha256": total.hexdigest()}


def write_parts(path: Path, parts: list[Any], heed: Callable[[memoryview], None] = lambda _: None) -> int:
    """Write buffers one after another into a new file, flush it to the disk, and return its bytes.

    Args:
        path: The file.
        parts: The buffers.
        heed: Is given each block before it is written.
    """
    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        for part in parts:
            view = memoryview(part).cast("B")
            for start in range(0, len(view), BLOCK):
                block = view[start : start + BLOCK]
                heed(block)
                size += len(block)
                write_all(descriptor, block)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return size


def write_all(descriptor: int, data: Any) -> None:
    """Write a buffer to its end, however many calls the system takes for it."""
    view = memoryview(data)
    while len(view):
        view = view[os.write(descriptor, view) :]


def read(file: BinaryIO, size: int, keep: bool) -> Summed:
    """Read a file of `size` bytes in one pass.

    Args:
        file: At its beginning.
        size: Its length.
        keep: Whether arrays are returned, or only checked.

    Returns:
        The sum of all bytes, also where the header is at fault: only the sum tells damage from design.
    """
    total = hashlib.sha256()
    entries, fault = _entries(file, size, total)
    arrays: dict[str, np.ndarray] = {}
    for entry in entries:
        array = np.empty(entry.shape if keep else 0, entry.dtype)
        view = memoryview(_bytes_of(array))  # type: ignore[arg-type]
        left, highest = entry.size, 0
        scratch = memoryview(bytearray(min(BLOCK, left))) if not keep else view
        while left:
            start = entry.size - left if keep else 0
            block = scratch[start : start + min(BLOCK, left)]
            got = file.readinto(block)  # type: ignore[attr-defined]
            if not got:
                break
            total.update(block[:got])
            left -= got
            if entry.dtype == bool:
                highest = max(highest, int(np.frombuffer(block[:got], np.uint8).max()))
        if highest > 1:
            fault = f"{entry.name!r} holds flags that are neither 0 nor 1"
        arrays[entry.name] = array
    while rest := file.read(BLOCK):
        total.update(rest)
    return Summed(total.hexdigest(), arrays, fault)


def _entries(file: BinaryIO, size: int, total: Any) -> tuple[list[Entry], str]:
    head = file.read(8)
    total.update(head)
    length = int.from_bytes(head, "little")
    if len(head) < 8 or length > min(size - 8, LARGEST_HEADER):
        return [], "its header is longer than the file or than any header should be"
    text = file.read(length)
    total.update(text)
    try:
        return _laid_out(parse(text, LARGEST_HEADER), size - 8 - length), ""
    except SchemaError as error:
        return [], f"its header is wrong: {error}"


def _laid_out(header: Any, size: int) -> list[Entry]:
    if not isinstance(header, dict):
        raise SchemaError("it is no object")
    found = []
    for name, about in header.items():
        if name == METADATA:
            continue
        if not isinstance(about, dict) or set(about) != {"dtype", "shape", "data_offsets"}:
            raise SchemaError(f"{name!r} is not described by dtype, shape and data_offsets")
        shape, offsets = about["shape"], about["data_offsets"]
        if not (_whole(shape) and len(shape) <= MOST_AXES and _whole(offsets) and len(offsets) == 2):
            raise SchemaError(f"{name!r} has the shape {shape!r:.80} and the offsets {offsets!r:.80}")
        if not isinstance(about["dtype"], str) or about["dtype"] not in DTYPES:
            raise SchemaError(f"{name!r} has the dtype {about['dtype']!r:.80}")
        dtype = dtype_of(DTYPES[about["dtype"]])
        if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
            raise SchemaError(f"{name!r} has the shape {shape!r:.80} and {offsets[1] - offsets[0]} bytes")
        if math.prod(n for n in shape if n) * dtype.itemsize >= 2**62:
            raise SchemaError(f"{name!r} has the shape {shape!r:.80}")
        found.append((offsets[0], offsets[1], Entry(name, dtype, tuple(shape), offsets[1] - offsets[0])))
    found.sort(key=lambda item: item[:2])
    end = 0
    for begin, following, entry in found:
        if begin != end:
            raise SchemaError(f"{entry.name!r} begins at {begin}, where {end} was expected")
        end = following
    if end != size:
        raise SchemaError(f"its arrays have {end} bytes and the file {size}")
    return [entry for *_, entry in found]


def _whole(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is int and 0 <= v < 2**62 for v in values)


def dtype_of(name: str) -> np.dtype[Any]:
    """Return the dtype, little-endian, of one of the names in `DTYPES`."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name).newbyteorder("<")


def _bytes_of(array: np.ndarray) -> np.ndarray:
    # Of little-endian numbers; contiguous, which `tree.split` sees to.
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return array.reshape(-1).view(np.uint8)
