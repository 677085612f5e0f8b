"""How far a run that W&B keeps offline has got.

Online W&B tells its step; offline nothing asks it. Its transaction log has the frames of LevelDB's log format
(https://github.com/google/leveldb/blob/main/doc/log_format.md) after a header of seven bytes: blocks of 32 KiB, in
them records of checksum (4 bytes), length (2), kind (1: whole, 2: first, 3: middle, 4: last part) and content.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from lab.messages.notes import warn

BLOCK = 32768
HEADER = b":W&B"
# Seconds to wait for a process that has a log open; and without change, until one counts as closed.
LONGEST, QUIET = 60.0, 5.0
FRAME = struct.Struct("<IHB")


def reached(folder: Path, run_id: str, begun: Path) -> dict[str, int]:
    """Return the last step of each name in the transaction logs of a run, over all its earlier parts.

    Args:
        folder: W&B's, which holds a folder `offline-run-TIME-ID` for each part.
        run_id: The run's.
        begun: The log of the part that has just begun here.
    """
    found: dict[str, int] = {}
    for path in sorted(folder.glob(f"offline-run-*-{run_id}/run-{run_id}.wandb")):
        if path.resolve() == begun.resolve():
            continue
        _wait_for_writer(path)
        for name, step in _logged(path):
            found[name] = max(step, found.get(name, -1))
    return found


def _wait_for_writer(path: Path) -> None:
    # W&B writes in a process of its own, which outlives one that was killed, and may still have rows in hand.
    until = time.monotonic() + LONGEST
    while _is_written(path):
        if time.monotonic() > until:
            warn(f"{path} is still being written by another process; points may be in W&B a second time")
            return
        time.sleep(0.1)


def _is_written(path: Path) -> bool:
    if not os.path.isdir("/proc/self/fd"):
        # Not Linux: nobody says who has it open.
        return time.time() - path.stat().st_mtime < QUIET
    target = str(path.resolve())
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(link) == target:
                return True
    return False


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
