"""Writes what a learner has learnt as one file, runs it by its own runtime, and measures it beside the original."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from lab.errors import UsageError, bad_value, one_line
from lab.exporting.exportable import Arrays
from lab.exporting.exported import ORIGINAL, Exported, Measured
from lab.exporting.format import Format, version_of
from lab.exporting.measuring import BATCHES, differences, greatest, latency, size_of
from lab.files.atomic import temporary_sibling
from lab.files.faults import unwritable
from lab.runtime.quiet import quiet_stderr

if TYPE_CHECKING:
    from lab.exporting.format import Runtime
    from lab.exporting.graph import Graph
    from lab.results.evaluation import Evaluation

# Real inputs by which ranges are found, and on which outputs are compared.
CALIBRATION, COMPARED = 256, 256
# Of them, with which a file is tried before it gets its name.
TRIED = 3
OTHER = "Nothing is left of it. Fix: another format."


class Trial(Protocol):
    """What is asked of the task that a learner learnt: see `lab.task.Task`."""

    def export_inputs(self, number: int, calibration: bool) -> Arrays:
        """Return real inputs."""

    def evaluate_with(self, call: Callable[..., Arrays], episodes: int | None) -> Evaluation | None:
        """Evaluate with a function in the learner's place."""


def check_free(path: Path, kind: Format) -> None:
    """Check that a file may be written, before work begins.

    Raises:
        UsageError: When something is there already, or the name does not end as the format's files do.
    """
    if os.path.lexists(path):
        raise UsageError(f"export: {path} exists, and nothing is overwritten. Fix: give another name, or remove it.")
    if kind.suffix and path.suffix.lower() != kind.suffix:
        raise bad_value("export", "path", str(path), f"a name that ends in {kind.suffix} for format {kind.name!r}")


def export(learner: Any, task: Trial, path: Path, kind: Format, episodes: int | None = None) -> Exported:
    """Write a learner's function and measure it.

    Args:
        learner: A trained `Learner`.
        task: Where real inputs come from, and what evaluates.
        path: Where nothing is yet.
        kind: The format.
        episodes: Episodes or rows that each evaluation takes; None for the task's own number.

    Raises:
        UsageError: When the learner is no such function, the format cannot hold it, or something is at `path`.
    """
    from lab.exporting.graph import Graph

    check_free(path, kind)
    owner, exportable = type(learner).__name__, learner.export_model()
    if kind.quantised and exportable.not_in_int8:
        expected = f"a format in float32 for {owner}: {exportable.not_in_int8}"
        raise bad_value("export", "format", kind.name, expected, "format 'litert'.")
    graph, inputs = Graph(exportable, owner), task.export_inputs(COMPARED, False)
    examples = task.export_inputs(CALIBRATION, True) if kind.quantised else {}
    write(graph, path, kind, examples, {name: array[:TRIED] for name, array in inputs.items()})
    ours, theirs = exportable.original(**inputs), kind.open(path)
    given = theirs.call(**inputs)
    rows, evaluation = _rows(graph, task, kind, theirs, path, inputs, episodes)
    return Exported(
        path,
        kind.name,
        {name: str(each) for name, each in exportable.inputs.items()},
        graph.outputs(),
        rows,
        *differences(ours, given),
        greatest(ours),
        len(next(iter(inputs.values()))),
        "" if evaluation is None else evaluation.main,
    )


def write(graph: Graph, path: Path, kind: Format, examples: Arrays, tried: Arrays) -> None:
    """Write a file whole or not at all, over nothing that is there, after its runtime has run it.

    Args:
        graph: The function.
        path: Where nothing is yet.
        kind: The format.
        examples: As for `Format.write`.
        tried: Real inputs that the runtime must answer with finite outputs.

    Raises:
        UsageError: When something has come to be at `path` meanwhile, or the format cannot hold the function.
        RunDirectoryError: When the disk refuses.
    """
    kind.check(graph)
    partial = temporary_sibling(path)
    try:
        kind.write(graph, partial, examples)
        _try(kind, partial, graph.owner, tried)
        check_free(path, kind)
        partial.rename(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _try(kind: Format, path: Path, owner: str, tried: Arrays) -> None:
    try:
        with quiet_stderr():
            outputs = kind.open(path).call(**tried)
    except Exception as error:
        said = one_line(error)
        raise UsageError(
            f"export: what was written of {owner} as {kind.name!r} does not run: {said} {OTHER}"
        ) from error
    for name, values in outputs.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise UsageError(f"export: what was written of {owner} as {kind.name!r} gives {name} not finite. {OTHER}")


def _rows(
    graph: Graph, task: Trial, kind: Format, theirs: Runtime, path: Path, inputs: Arrays, episodes: int | None
) -> tuple[tuple[Measured, Measured], Evaluation | None]:
    from lab.exporting.saved_model import tensorflow_threads

    measured, evaluation = [], None
    bytes_a_number = 4
    for name, call, runtime, threads, size in (
        (ORIGINAL, graph.exportable.original, f"lab, {version_of('tensorflow')}", tensorflow_threads(),
         bytes_a_number * graph.numbers),
        (kind.name, theirs.call, theirs.name, theirs.threads, size_of(path)),
    ):  # fmt: skip
        times = {batch: latency(call, inputs, batch) for batch in BATCHES}
        evaluation = task.evaluate_with(call, episodes)
        scores = (
            {} if evaluation is None else {k: float(v) for k, v in evaluation.items() if isinstance(v, (int, float))}
        )
        measured.append(Measured(name, runtime, threads, size, times, scores))
    return (measured[0], measured[1]), evaluation
