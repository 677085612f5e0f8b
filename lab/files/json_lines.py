"""JSON-lines files: one object a line, always with `step`, cut back exactly when a run resumes."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import RunDirectoryError
from lab.files.atomic import replacing, sync
from lab.files.faults import unwritable
from lab.files.links import open_to_append, open_to_read
from lab.files.reading.rows import Line, read_lines, warn_of_damage
from lab.files.reading.tensors import write_all
from lab.messages.notes import warn

BLOCK = 1 << 20


def clean(value: Any) -> Any:
    """Return a value as strict JSON can hold it: NumPy scalars as numbers, non-finite numbers as None."""
    if isinstance(value, Mapping):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    elif hasattr(value, "tolist"):
        return clean(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class JsonLines:
    """Appends rows to a JSON-lines file of a run, and reads them.

    Args:
        path: The file, right inside the run's directory; it is made with its first row.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.root = self.path.parent

    def append(self, *rows: Mapping[str, Any]) -> None:
        """Append rows and hand them to the operating system at once, so that a kill cannot lose one.

        Raises:
            ForeignFileError: When the file is a link, or no file.
            RunDirectoryError: When it cannot be written; then nothing of the rows is left in it.
        """
        data = b"".join(json.dumps(clean(row), allow_nan=False).encode() + b"\n" for row in rows)
        if not data:
            return
        try:
            with open_to_append(self.path, self.root) as file:
                descriptor = file.fileno()
                size = os.fstat(descriptor).st_size
                if size and os.pread(descriptor, 1, size - 1) != b"\n":
                    # A kill tore the last row; this one must not be torn with it.
                    data = b"\n" + data
                try:
                    write_all(descriptor, data)
                except OSError:
                    os.ftruncate(descriptor, size)
                    raise
        except OSError as error:
            raise unwritable(self.path, error) from error

    def sync(self) -> None:
        """Flush the file to the disk, as a checkpoint that relies on its rows must.

        Raises:
            ForeignFileError: When the file is a link, or no file.
            RunDirectoryError: When it cannot be flushed.
        """
        try:
            with open_to_read(self.path, self.root) as file:
                os.fsync(file.fileno())
        except FileNotFoundError:
            return
        except OSError as error:
            raise unwritable(self.path, error) from error

    def sum(self, most: int | None = None) -> dict[str, Any]:
        """Return `bytes` and `sha256` of what the file holds, or of its first bytes; of nothing where there is none.

        Args:
            most: How many bytes; None for all.

        Raises:
            ForeignFileError: When the file is a link, or no file.
            RunDirectoryError: When it cannot be read.
        """
        total, count = hashlib.sha256(), 0
        try:
            with open_to_read(self.path, self.root) as file:
                while block := file.read(BLOCK if most is None else min(BLOCK, most - count)):
                    total.update(block)
                    count += len(block)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise RunDirectoryError(f"{self.path} cannot be read: {error.strerror}. Fix: make it readable.") from error
        return {"bytes": count, "sha256": total.hexdigest()}

    def read(self) -> list[dict[str, Any]]:
        """Return all whole rows; damaged lines are named in a warning, a last line cut short by a kill is left out.

        Raises:
            ForeignFileError: When the file is a link, or no file.
            RunDirectoryError: When it cannot be read at all.
        """
        lines = read_lines(self.path, self.root)
        warn_of_damage(self.path, lines)
        return [line.row for line in lines if line.row is not None]

    def cut(self, step: int, recorded: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Drop the rows after `step`, which a resumed run writes anew, and return those kept.

        Lines that are no rows are dropped too. Where that, or a comparison with what the checkpoint recorded, shows
        that rows up to `step` are lost or changed, a warning says so, and the file as it was stays beside this one as
        NAME.damaged.

        Args:
            step: The checkpoint's.
            recorded: What `sum` returned at that checkpoint; None for one of an earlier version.

        Raises:
            ForeignFileError: When the file is a link, or no file.
            RunDirectoryError: When it cannot be read or written.
        """
        lines = read_lines(self.path, self.root)
        damaged = _fault(lines, step)
        # What the checkpoint recorded knows better than a look at the lines which of them it relied on.
        fault = damaged if recorded is None else (changed := self._changed(recorded)) and (damaged or changed)
        kept = [line for line in lines if line.row is not None and line.row["step"] <= step]
        if fault:
            self._keep_damaged(fault, step)
        if not lines:
            return []
        with replacing(self.path) as temporary:
            temporary.write_bytes(b"".join(line.raw + b"\n" for line in kept))
            sync(temporary)
        return [line.row for line in kept if line.row is not None]

    def _changed(self, recorded: Mapping[str, Any] | None) -> str:
        if recorded is None:
            return ""
        size, expected = int(recorded["bytes"]), recorded["sha256"]
        found = self.sum(size)
        if found["bytes"] < size:
            return f"{size - found['bytes']:,} of its {size:,} bytes are missing"
        return "" if found["sha256"] == expected else "its rows are not those that the run wrote"

    def _keep_damaged(self, fault: str, step: int) -> None:
        words = ""
        if self.path.exists():
            number, copy = 1, self.path.with_name(f"{self.path.name}.damaged")
            while os.path.lexists(copy):
                number += 1
                copy = self.path.with_name(f"{self.path.name}.damaged-{number}")
            with replacing(copy) as partial, open_to_read(self.path, self.root) as file:
                with open(partial, "xb") as target:
                    while block := file.read(BLOCK):
                        target.write(block)
                sync(partial)
            words = f" The file as it was is kept as {copy.name}."
        warn(
            f"{self.path}: {fault}; rows up to step {step:,} are lost or changed, and stay so.{words} "
            "Training goes on: weights do not depend on rows.",
            stacklevel=3,
        )


def _fault(lines: list[Line], step: int) -> str:
    """Return what is wrong with lines that may be of rows up to a step: those before the first row after it."""
    past = next((i for i, line in enumerate(lines) if line.row is not None and line.row["step"] > step), len(lines))
    damaged = [line for line in lines[:past] if line.row is None and not line.torn]
    return f"line {damaged[0].number} is no row ({damaged[0].fault})" if damaged else ""
