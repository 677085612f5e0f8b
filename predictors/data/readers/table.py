"""A CSV file as examples, by the names of its columns, or as a series in time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import bad_value
from predictors.data.arrays import INPUT, from_arrays
from predictors.data.examples import ExampleSpec
from predictors.data.field import MOST_LABEL
from predictors.data.readers.columns import MISSING, WHOLE, check_present, coded, numbers, one_hot
from predictors.data.readers.rows import Rows, read_rows

TASKS = ("classes", "numbers")
# Whole numbers of more different values are numbers.
MOST_CLASSES = 20
# Where a text stands beside other columns.
TEXT_INPUT, OTHERS = "text", "numbers"


def load(
    path: str | os.PathLike[str],
    target: str | None = None,
    text: str | None = None,
    time: str | None = None,
    task: str | None = None,
    omit: str | None = None,
    covariates: str | None = None,
    delimiter: str | None = None,
) -> Any:
    """Return the rows of a CSV file, UTF-8 with a header, as examples; or as a `Series`, where `time` is named.

    Columns of numbers stay numbers; columns of at most 32 different words become a column of 0 and 1 for each word.
    Missing values are refused. What was told of the file by looking at it is noted in config.json.

    Args:
        path: The file.
        target: The column to predict; of a series one or several, parted by semicolons.
        text: A column that holds texts to read word by word; other columns stand beside it as a second input.
        time: A column of equal steps in time, numbers or dates.
        task: "classes" or "numbers"; None for classes where the target is words, or whole numbers of at most 20 values.
        omit: Columns to leave out, parted by semicolons.
        covariates: Of a series, columns that are known in advance, parted by semicolons; others are left out.
        delimiter: comma, semicolon, tab, bar, or a character; None to tell by the first rows.

    Raises:
        UsageError: On a file or value that cannot be read, with its line and column, or a column that is not there.
    """
    rows = read_rows(path, delimiter)
    name = Path(path).expanduser().resolve().name
    if target is None:
        raise bad_value("csv", "target", None, "the column to predict", f"target={list(rows.columns)[-1]}, say.")
    left_out = _names(rows, omit, "omit")
    notes = [f"columns parted by {rows.delimiter} (delimiter=...)"]
    if time is not None:
        unread = [option for option, value in (("text", text), ("task", task)) if value is not None]
        if unread:
            raise bad_value("csv", unread[0], "a value", "none beside time=, which makes a series")
        return _series(rows, name, _names(rows, target, "target"), _column(rows, time, "time"),
                       _names(rows, covariates, "covariates"), notes)  # fmt: skip
    if covariates is not None:
        raise bad_value("csv", "covariates", covariates, "none without time=", "other columns are inputs anyway.")
    used = {_column(rows, target, "target"), *([_column(rows, text, "text")] if text is not None else [])}
    if text == target or used & {*left_out}:
        raise bad_value("csv", "columns", f"target={target}, text={text}, omit={omit}", "no column twice")
    others = [column for column in rows.columns if column not in used and column not in left_out]
    inputs, columns = _inputs(rows, text, others)
    values, why = _target(rows, target, task)
    odd = [(name, said) for name in others if (said := _missing(_coded_words(columns, name)))]
    notes += [f"{name}: taken as words{said}" for name, said in odd]
    notes += [why, *([f"left out the columns {', '.join(left_out)}"] if left_out else [])]
    return from_arrays(
        inputs if len(inputs) > 1 else next(iter(inputs.values())), values, columns=columns, name=name, kind="csv",
        notes=tuple(notes),
    )  # fmt: skip


def inputs_of(
    path: str | os.PathLike[str], spec: ExampleSpec, text: str | None = None, delimiter: str | None = None
) -> Any:
    """Return the inputs in a CSV file as `predict` takes them after training on one with these columns.

    Args:
        path: The file; columns that training did not use may stand in it.
        spec: Of the examples that training had: `predictor.spec`.
        text: The column that holds texts, if training had one.
        delimiter: As for `load`.

    Raises:
        UsageError: On a missing column, a word that training did not have, or what `load` refuses.
    """
    rows = read_rows(path, delimiter)
    found: dict[str, Any] = {}
    for field in spec.inputs:
        if field.kind == "text":
            found[field.name] = np.array(rows.columns[_column(rows, text or field.name, "text")])
            continue
        parts = []
        for column, words in _grouped(field.columns or ()).items():
            cells = rows.columns[_column(rows, column, "columns")]
            if not words:
                values = numbers(column, cells, rows.lines)
                if values is None:
                    raise bad_value("csv", f"column {column!r}", cells[0], "numbers, as in training")
                parts.append(values[:, None])
                continue
            check_present(column, cells, rows.lines)
            codes = coded(cells, words)
            unknown = np.flatnonzero(codes.sum(axis=1) == 0)
            if len(unknown):
                where, cell = f"column {column!r}, line {rows.lines[unknown[0]]}", cells[unknown[0]]
                raise bad_value("csv", where, cell, "one of the words in training: " + ", ".join(words))
            parts.append(codes)
        found[field.name] = np.concatenate(parts, axis=1)
    return found if len(found) > 1 else next(iter(found.values()))


def _inputs(
    rows: Rows, text: str | None, others: list[str]
) -> tuple[dict[str, np.ndarray], dict[str, tuple[str, ...]]]:
    parts: list[np.ndarray] = []
    names: list[str] = []
    for column in others:
        cells = rows.columns[column]
        if "=" in column:
            raise bad_value("csv", "column", column, "names without '=', which stands before a word of a column")
        values = numbers(column, cells, rows.lines)
        coded_values, coded_names = (
            (values[:, None], (column,)) if values is not None else one_hot(column, cells, rows.lines)
        )
        parts.append(coded_values)
        names += coded_names
    if not parts and text is None:
        raise bad_value("csv", "inputs", "no column beside the target", "at least one")
    if text is None:
        return {INPUT: np.concatenate(parts, axis=1)}, {INPUT: tuple(names)}
    check_present(text, rows.columns[text], rows.lines)
    texts = np.array(rows.columns[text])
    if not parts:
        return {INPUT: texts}, {}
    return {TEXT_INPUT: texts, OTHERS: np.concatenate(parts, axis=1)}, {OTHERS: tuple(names)}


def _target(rows: Rows, target: str, task: str | None) -> tuple[np.ndarray, str]:
    """Return labels or numbers, (N,), and in words how the column was taken."""
    if task is not None and task not in TASKS:
        raise bad_value("csv", "task", task, " or ".join(TASKS))
    cells = rows.columns[target]
    values = numbers(target, cells, rows.lines)
    words = sorted({*cells})
    if values is None:
        if task == "numbers":
            cell, line = next((c, n) for c, n in zip(cells, rows.lines, strict=True) if c in words)
            raise bad_value("csv", f"column {target!r}, line {line}", cell, "numbers, for task=numbers")
        return np.array(cells), f"target {target}: {len(words)} words, taken as classes{_missing(words)}"
    whole = all(WHOLE.fullmatch(cell) for cell in cells)
    if task == "classes" or (task is None and whole and len(words) <= MOST_CLASSES):
        if not whole:
            cell, line = next((c, n) for c, n in zip(cells, rows.lines, strict=True) if not WHOLE.fullmatch(c))
            raise bad_value("csv", f"column {target!r}, line {line}", cell, "whole numbers or words, for classes")
        # Floating numbers do not tell apart whole ones beyond 2^53.
        exact = [int(cell) for cell in cells]
        fits = min(exact) >= 0 and max(exact) <= MOST_LABEL
        labels = np.array(exact, np.int64) if fits else np.array([str(value) for value in exact])
        return (
            labels,
            f"target {target}: whole numbers of {len({*labels.tolist()})} values, taken as classes (task=...)",
        )
    return values, f"target {target}: taken as numbers (task=...)"


def _coded_words(columns: Mapping[str, Sequence[str]], name: str) -> list[str]:
    """Return the words of a column that was made a column of 0 and 1 for each; none for one of numbers."""
    return [made.partition("=")[2] for names in columns.values() for made in names if made.startswith(f"{name}=")]


def _missing(words: Sequence[str]) -> str:
    """Return what to say of words that elsewhere stand for a missing value."""
    found = [word for word in words if word.lower() in MISSING]
    return f", {found[0]!r} among them" if found else ""


def _series(
    rows: Rows, name: str, targets: list[str], time: str, covariates: list[str], notes: list[str]
) -> Any:  # fmt: skip
    from predictors.data.series.series import Series

    used = [*targets, *covariates]
    if time in used or len({*used}) < len(used):
        raise bad_value("csv", "columns", f"time={time}, {', '.join(used)}", "no column twice")
    columns = [_numbers_of(rows, column) for column in used]
    times = numbers(time, rows.columns[time], rows.lines)
    left_out = [column for column in rows.columns if column not in used and column != time]
    notes += [f"left out the columns {', '.join(left_out)} (covariates=...)"] if left_out else []
    middle = len(targets)
    return Series(
        np.stack(columns[:middle], axis=1), times=rows.columns[time] if times is None else times,
        covariates=np.stack(columns[middle:], axis=1) if covariates else None, name=name, columns=used, notes=notes,
    )  # fmt: skip


def _numbers_of(rows: Rows, column: str) -> np.ndarray:
    values = numbers(column, rows.columns[column], rows.lines)
    if values is None:
        raise bad_value("csv", f"column {column!r}", rows.columns[column][0], "numbers, for a series")
    return values


def _grouped(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the words of each column, in order; none for a column of numbers."""
    found: dict[str, list[str]] = {}
    for name in names:
        column, sign, word = name.partition("=")
        found.setdefault(column, []).extend([word] if sign else [])
    return found


def _names(rows: Rows, given: str | None, option: str) -> list[str]:
    return [_column(rows, name.strip(), option) for name in given.split(";")] if given is not None else []


def _column(rows: Rows, name: str, option: str) -> str:
    if name not in rows.columns:
        shown = list(rows.columns)
        listed = ", ".join(shown[:12]) + (", ..." if len(shown) > 12 else "")
        raise bad_value("csv", option, name, f"a column: {listed}")
    return name
