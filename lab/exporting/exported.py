"""Exported: what was written, and what was measured of it beside the original."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.exporting.measuring import BATCHES, CALLS, Latency

ORIGINAL = "original"


@dataclasses.dataclass(frozen=True)
class Measured:
    """One line of the table.

    Args:
        name: `original` or the format.
        runtime: What computes, with its version.
        threads: That it computes with, in words.
        size_bytes: Of the file; of the original its weights as float32.
        latency: By rows a call.
        scores: What the task's evaluation says of it: the mean return of an agent's episodes, ...; empty where outputs
            alone are compared.
    """

    name: str
    runtime: str
    threads: str
    size_bytes: int
    latency: Mapping[int, Latency]
    scores: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        times = {f"latency_ms_{batch}": found.milliseconds for batch, found in self.latency.items()}
        calls = {f"calls_{batch}": found.calls for batch, found in self.latency.items()}
        about = {"name": self.name, "runtime": self.runtime, "threads": self.threads, "size_bytes": self.size_bytes}
        return {**about, **times, **calls, **self.scores}


@dataclasses.dataclass(frozen=True)
class Exported:
    """A file that was written, and its table.

    Args:
        path: The file, or the folder of a SavedModel.
        format: Its name.
        inputs, outputs: By name: type and shape, n rows.
        rows: The original, and the file as its runtime runs it.
        difference, mean_difference: The greatest and the mean absolute difference of their outputs on real inputs.
        greatest: The greatest absolute value of the original's outputs there.
        compared: How many rows were compared.
        main: The score that says how well each does; empty where there is none.
    """

    path: Path
    format: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    rows: tuple[Measured, Measured]
    difference: float
    mean_difference: float
    greatest: float
    compared: int
    main: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**plain, "path": str(self.path), "rows": [row.to_dict() for row in self.rows]}

    def __str__(self) -> str:
        scored = [self.main] if self.main else []
        heads = ["", "bytes", *(f"ms at {batch}" for batch in BATCHES), *scored, "threads", "runtime"]
        table = [heads]
        for row in self.rows:
            times = [f"{row.latency[batch].milliseconds:.3g}" for batch in BATCHES]
            scores = [f"{row.scores[name]:.6g}" for name in scored]
            table.append([row.name, f"{row.size_bytes:,}", *times, *scores, row.threads, row.runtime])
        widths = [max(len(line[i]) for line in table) for i in range(len(heads))]
        last = len(heads) - 1
        lines = [
            "  ".join(
                cell.ljust(width) if i in (0, last) else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        named = [f"{what} {name}: {kind}" for what, some in (("input", self.inputs), ("output", self.outputs))
                 for name, kind in some.items()]  # fmt: skip
        apart = (
            f"outputs differ by {self.mean_difference:.3g} on average and {self.difference:.3g} at most, of values "
            f"up to {self.greatest:.6g}, on {self.compared} real inputs; ms: the median of up to {CALLS} calls"
        )
        return "\n".join([str(self.path), *named, *lines, apart])
