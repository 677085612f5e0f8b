"""The manifest of a checkpoint: what its files are, and notes beside the state."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import CheckpointError, UsageError
from lab.files.links import read_bytes
from lab.files.reading.schema import (
    SchemaError,
    anything,
    check,
    entries,
    items,
    optional,
    parse,
    real,
    shape,
    text,
    whole,
)
from lab.files.reading.tensors import DTYPES

# 1 where no array lies in pieces, so that earlier versions read it.
FORMAT, WITH_PIECES = 1, 2
ARRAYS, TREE, MANIFEST = "state.safetensors", "state.json", "manifest.json"
FIX = "Fix: restore the file, or delete this checkpoint directory so that an older one is used."
MOST_BYTES = 4 << 20
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
_PIECE = re.compile(r"piece-[0-9a-f]{64}\.safetensors")
_ARRAY = entries({"dtype": text(choices=tuple(DTYPES.values())), "shape": shape(1), "files": items(text(96), least=1)})
_FILES = entries({ARRAYS: _FILE, TREE: _FILE}, more=_FILE, most=1 << 16)
_MANIFEST = entries(
    {"format": whole(FORMAT, WITH_PIECES), "files": _FILES, "notes": _NOTES},
    maybe={"pieces": entries({}, more=_ARRAY)},
)


def text_of(files: Mapping[str, Any], pieces: Mapping[str, Any], notes: Mapping[str, Any]) -> bytes:
    """Return a manifest as it is written.

    Args:
        files: The `bytes` and `sha256` of each file, by its name.
        pieces: By name the `dtype`, `shape` and `files` of the arrays that lie in pieces.
        notes: What is not part of the state.
    """
    manifest: dict[str, Any] = {"format": FORMAT, "files": dict(files), "notes": dict(notes)}
    if pieces:
        manifest |= {"format": WITH_PIECES, "pieces": dict(pieces)}
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
        if isinstance(found, int) and found > WITH_PIECES:
            raise CheckpointError(
                f"{path}: format {found}; expected at most {WITH_PIECES}. "
                "Fix: open the run with the version of lab that wrote it."
            )
        return _consistent(check(manifest, _MANIFEST))
    except UsageError:
        raise
    except (OSError, SchemaError) as error:
        raise CheckpointError(f"{path}: not a readable manifest ({error}). {FIX}") from error


def _consistent(manifest: dict[str, Any]) -> dict[str, Any]:
    # Names of files are a stranger's, and are opened.
    listed = manifest["files"].keys() - {ARRAYS, TREE}
    strange = sorted(name for name in listed if not _PIECE.fullmatch(name))
    named = {name for array in manifest.get("pieces", {}).values() for name in array["files"]}
    if strange or named != listed:
        raise SchemaError(
            f"it names the files {(strange or sorted(named ^ listed))[:3]}, which are no pieces of arrays"
        )
    return manifest
