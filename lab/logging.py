"""JSON-lines files: one object a line, always with `step`, cut back exactly when a run resumes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import checkpoints
from lab.atomic import replacing


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
    """Appends rows to a JSON-lines file.

    Args:
        path: The file; it is made with its first row.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def append(self, *rows: Mapping[str, Any]) -> None:
        """Append rows and hand them to the operating system at once, so that a kill cannot lose one."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("".join(json.dumps(clean(row), allow_nan=False) + "\n" for row in rows))

    def sync(self) -> None:
        """Flush the file to the disk, as a checkpoint that relies on its rows must."""
        if self.path.exists():
            checkpoints.sync(self.path)

    def read(self) -> list[dict[str, Any]]:
        """Return all whole rows; a last line cut short by a kill is left out."""
        if not self.path.exists():
            return []
        rows = []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
            except ValueError:
                if number == len(lines):
                    break
                raise ValueError(f"{self.path}, line {number}: not a JSON object. Fix: restore the file.") from None
            rows.append(row)
        return rows

    def cut(self, step: int) -> list[dict[str, Any]]:
        """Drop the rows after `step`, which a resumed run writes anew, and return those kept."""
        if not self.path.exists():
            return []
        kept = [row for row in self.read() if row["step"] <= step]
        with replacing(self.path) as temporary:
            temporary.write_text("".join(json.dumps(row, allow_nan=False) + "\n" for row in kept), encoding="utf-8")
            checkpoints.sync(temporary)
        return kept
