"""What a run's file may say of a data set's rows, checked before anything is made of that shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.errors import UsageError
from lab.files.reading.schema import (
    DTYPES,
    MOST_NUMBERS,
    SchemaError,
    anything,
    check,
    entries,
    flag,
    items,
    optional,
    real,
    shape,
    text,
    whole,
)

MOST_CLASSES = 1 << 20
MOST_LABEL = (1 << 63) - 1

_numbers = optional(items(real(), MOST_NUMBERS))
_DESCRIPTION = entries(
    {"shape": shape(least=1, axes=3), "dtype": text(choices=DTYPES), "low": real(), "high": real()},
    maybe={
        "classes": optional(whole(1, MOST_CLASSES)),
        "name": text(),
        "bounded": flag(),
        "class_names": optional(items(text(), MOST_CLASSES)),
        "label_values": optional(items(whole(0, MOST_LABEL), MOST_CLASSES)),
        "centre": _numbers,
        "spread": _numbers,
    },
    more=anything(),
)


def checked_description(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a `DataSpec` from what its `to_json` gave.

    Raises:
        UsageError: When they describe no data, or data beyond the limits here.
    """
    try:
        found = check(values, _DESCRIPTION)
    except SchemaError as error:
        raise UsageError(f"DataSpec received what describes no data: {error}.") from error
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
