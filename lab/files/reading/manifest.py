"""The manifest of a checkpoint: what its files are, and notes beside the state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import CheckpointError, UsageError
from lab.files.links import read_bytes
from lab.files.reading.schema import SchemaError, anything, check, entries, optional, parse, real, text, whole

FORMAT = 1
ARRAYS, TREE, MANIFEST = "state.safetensors", "state.json", "manifest.json"
FIX = "Fix: restore the file, or delete this checkpoint directory so that an older one is used."
MOST_BYTES = 1 << 20
LARGEST = 1 << 50
LARGEST_TREE = 1 << 28
CONSTANTS = ("NaN", "Infinity", "-Infinity")

_FILE = entries({"bytes": whole(0, LARGEST), "sha256": text(64)})
# Of each log, how much of it the checkpoint relies on.
_LOGS = entries({}, more=_FILE, most=8)
_NOTES = entries(
    {}, maybe={"time_elapsed": real(0), "step": whole(), "score": entries({}, more=optional(real())), "logs": _LOGS},
    more=anything(),
)  # fmt: skip
_MANIFEST = entries({"format": whole(FORMAT, FORMAT), "files": entries({ARRAYS: _FILE, TREE: _FILE}), "notes": _NOTES})


def text_of(files: Mapping[str, Any], notes: Mapping[str, Any]) -> bytes:
    """Return a manifest as it is written."""
    manifest = {"format": FORMAT, "files": dict(files), "notes": dict(notes)}
    return json.dumps(manifest, indent=1, sort_keys=True).encode()


def read(directory: Path, root: Path) -> dict[str, Any]:
    """Return a checkpoint's manifest without checking the files it lists.

    Raises:
        CheckpointError: When it is missing, no manifest, or one of another version.
    """
    path = directory / MANIFEST
    try:
        manifest = parse(read_bytes(path, root, MOST_BYTES), MOST_BYTES, CONSTANTS)
        found = manifest.get("format") if isinstance(manifest, dict) else None
        if isinstance(found, int) and found > FORMAT:
            raise CheckpointError(
                f"{path}: format {found}; expected {FORMAT}. Fix: open the run with the version of lab that wrote it."
            )
        return check(manifest, _MANIFEST)
    except UsageError:
        raise
    except (OSError, SchemaError) as error:
        raise CheckpointError(f"{path}: not a readable manifest ({error}). {FIX}") from error
