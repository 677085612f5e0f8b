"""Checkpoints: a directory of safetensors, JSON and a manifest of SHA-256 sums; atomic, and free of pickle.

A checkpoint appears whole or not at all: it is written to a temporary sibling, flushed to the disk and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import CheckpointError
from lab.notes import warn

FORMAT = 1
ARRAYS, TREE, MANIFEST = "state.safetensors", "state.json", "manifest.json"
_ARRAY = "__array__"


def write(directory: Path, state: Mapping[str, Any], notes: Mapping[str, Any] | None = None) -> Path:
    """Write a state as the checkpoint `directory`, replacing one of the same name.

    Args:
        directory: The checkpoint's own directory; its parent is made.
        state: Nested dicts and lists of arrays, numbers, texts, flags and None.
        notes: JSON values for the manifest that are not part of the state, such as wall-clock times.

    Returns:
        `directory`.
    """
    from safetensors.numpy import save_file

    directory = Path(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = directory.with_name(f".{directory.name}.tmp-{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    arrays: dict[str, np.ndarray] = {}
    tree = _split(state, "", arrays)
    save_file(arrays, str(temporary / ARRAYS))
    (temporary / TREE).write_text(json.dumps(tree, indent=1, sort_keys=True))
    manifest = {
        "format": FORMAT,
        "files": {name: _fingerprint(temporary / name) for name in (ARRAYS, TREE)},
        "notes": dict(notes or {}),
    }
    (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    for name in (ARRAYS, TREE, MANIFEST):
        sync(temporary / name)
    sync(temporary)
    _swap_in(temporary, directory)
    return directory


def read(directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a checkpoint after checking every sum.

    Returns:
        The state, and the manifest's notes.

    Raises:
        CheckpointError: When a file is missing, truncated or edited; the message names it.
    """
    from safetensors.numpy import load_file

    directory = Path(directory)
    manifest = verify(directory)
    arrays = load_file(str(directory / ARRAYS))
    tree = json.loads((directory / TREE).read_text())
    return _join(tree, arrays), manifest.get("notes", {})


def verify(directory: Path) -> dict[str, Any]:
    """Check sizes and SHA-256 sums of a checkpoint's files and return its manifest; see `read`."""
    directory = Path(directory)
    manifest = manifest_of(directory)
    files = manifest.get("files")
    if manifest.get("format") != FORMAT or not isinstance(files, dict) or set(files) != {ARRAYS, TREE}:
        raise CheckpointError(f"{directory / MANIFEST}: format {manifest.get('format')!r}; expected {FORMAT}. {_FIX}")
    for name, recorded in files.items():
        if not (directory / name).is_file():
            raise CheckpointError(f"{directory / name}: the file is missing. {_FIX}")
        found = _fingerprint(directory / name)
        for key in ("bytes", "sha256"):
            if found[key] != recorded.get(key):
                raise CheckpointError(
                    f"{directory / name}: the file was truncated or edited: {key} {found[key]}; "
                    f"expected {recorded.get(key)}. {_FIX}"
                )
    return manifest


def manifest_of(directory: Path) -> dict[str, Any]:
    """Return a checkpoint's manifest without checking the files it lists."""
    path = Path(directory) / MANIFEST
    try:
        manifest = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: not a readable manifest ({error}). {_FIX}") from error
    if not isinstance(manifest, dict):
        raise CheckpointError(f"{path}: not a manifest. {_FIX}")
    return manifest


def digest(directory: Path) -> str:
    """Return one SHA-256 over a checkpoint's whole state: equal states give equal digests."""
    files = manifest_of(directory)["files"]
    return hashlib.sha256("".join(files[name]["sha256"] for name in sorted(files)).encode()).hexdigest()


def newest(directories: list[Path]) -> Path | None:
    """Return the last checkpoint of a list (oldest first) that is whole; name and skip damaged ones.

    Raises:
        CheckpointError: When there are checkpoints and every one is damaged.
    """
    error: CheckpointError | None = None
    for directory in reversed(directories):
        try:
            verify(directory)
        except CheckpointError as damage:
            warn(f"skipped a damaged checkpoint: {damage}", stacklevel=2)
            error = damage
            continue
        return directory
    if error is not None:
        raise error
    return None


def step_of(directory: Path) -> int:
    """Return the step in a checkpoint's name, `step-000001000` or `best-000001000`."""
    return int(Path(directory).name.rsplit("-", 1)[1])


def listed(parent: Path, prefix: str) -> list[Path]:
    """Return the checkpoints `prefix-NNN` below `parent`, oldest first."""
    found = [p for p in Path(parent).glob(f"{prefix}-*") if p.is_dir() and p.name.rsplit("-", 1)[1].isdigit()]
    return sorted(found, key=step_of)


def prune(parent: Path, prefix: str, keep: int) -> None:
    """Delete all but the last `keep` checkpoints of a prefix."""
    for old in listed(parent, prefix)[:-keep]:
        shutil.rmtree(old)


def sync(path: Path) -> None:
    """Flush a file or directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_FIX = "Fix: restore the file, or delete this checkpoint directory so that an older one is used."


def _swap_in(temporary: Path, directory: Path) -> None:
    retired = directory.with_name(f".{directory.name}.old-{os.getpid()}")
    if directory.exists():
        # The state of one step of one run is always the same, so a kill between the two renames loses nothing
        # that the previous checkpoint and the run's determinism do not bring back.
        os.replace(directory, retired)
    os.replace(temporary, directory)
    sync(directory.parent)
    shutil.rmtree(retired, ignore_errors=True)


def _fingerprint(path: Path) -> dict[str, Any]:
    total = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            total.update(block)
    return {"bytes": path.stat().st_size, "sha256": total.hexdigest()}


def _split(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        # Contiguous, and still 0-d where it was: np.ascontiguousarray would make it 1-d.
        arrays[path] = np.array(value, order="C")
        return {_ARRAY: path}
    if isinstance(value, Mapping):
        if _ARRAY in value or any(not isinstance(k, str) for k in value):
            raise CheckpointError(f"state at {path!r} has keys that cannot be stored: {list(value)}")
        return {k: _split(v, f"{path}/{k}" if path else k, arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_split(v, f"{path}/{i}" if path else str(i), arrays) for i, v in enumerate(value)]
    return value


def _join(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if _ARRAY in value:
            return arrays[value[_ARRAY]]
        return {k: _join(v, arrays) for k, v in value.items()}
    if isinstance(value, list):
        return [_join(v, arrays) for v in value]
    return value
