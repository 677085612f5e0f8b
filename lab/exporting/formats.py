"""The formats by name."""

from __future__ import annotations

from typing import Any

from lab.errors import bad_value
from lab.exporting.format import Format
from lab.exporting.litert import LiteRT, LiteRTInt8
from lab.exporting.onnx import ONNX
from lab.exporting.saved_model import SavedModel

FORMATS: dict[str, type[Format]] = {kind.name: kind for kind in (SavedModel, LiteRT, LiteRTInt8, ONNX)}


def format_named(name: Any) -> Format:
    """Return the format of a name.

    Raises:
        UsageError: When there is none of that name.
        MissingPackageError: When what it takes is not installed.
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise bad_value("export", "format", name, "one of " + ", ".join(map(repr, FORMATS)))
    found = FORMATS[name]()
    found.check_packages()
    return found
