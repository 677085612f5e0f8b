"""How far a run that W&B keeps offline has got.

Online W&B tells its step; offline nothing asks it. Its transaction log has the frames of LevelDB's log format
(https://github.com/google/leveldb/blob/main/doc/log_format.md) after a header of seven bytes: blocks of 32 KiB, in
them records of checksum (4 bytes), length (2), kind (1: whole, 2: first, 3: middle, 4: last part) and content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from lab.messages.notes import warn

BLOCK = 32768
HEADER = b":W&B"
FRAME = struct.Struct("<IHB")


def reached(folder: Path, run_id: str) -> dict[str, int]:
    """Return the last step of each name in the transaction logs of a run, over all its parts.

    Args:
        folder: W&B's, which holds a folder `offline-run-TIME-ID` for each part.
        run_id: The run's.
    """
    found: dict[str, int] = {}
    for path in sorted(folder.glob(f"offline-run-*-{run_id}/run-{run_id}.wandb")):
        for name, step in _logged(path):
            found[name] = max(step, found.get(name, -1))
    return found


def records(data: bytes) -> Iterator[bytes]:
    """Return the records of a transaction log; one that a kill cut short is left out."""
    part, place = b"", 7
    while place + FRAME.size <= len(data):
        if BLOCK - place % BLOCK < FRAME.size:
            place += BLOCK - place % BLOCK
            continue
        _, size, kind = FRAME.unpack_from(data, place)
        place += FRAME.size
        if not 1 <= kind <= 4 or place + size > len(data):
            return
        part = data[place : place + size] if kind in (1, 2) else part + data[place : place + size]
        place += size
        if kind in (1, 4):
            yield part


def _logged(path: Path) -> Iterator[tuple[str, int]]:
    from google.protobuf.message import DecodeError
    from wandb.proto import wandb_internal_pb2

    data = path.read_bytes()
    if data and data[: len(HEADER)] != HEADER:
        warn(f"{path} is no transaction log of W&B's that is known here; what is in it may be logged a second time")
        return
    for content in records(data):
        try:
            record = wandb_internal_pb2.Record.FromString(content)
        except DecodeError:
            return
        if record.HasField("history"):
            for item in record.history.item:
                # Of a picture or histogram there is an item for each of its parts, below its name.
                yield item.key or item.nested_key[0], record.history.step.num
