"""Checkpoints: a directory of safetensors, JSON and a manifest of SHA-256 sums; atomic, and free of pickle.

A checkpoint appears whole or not at all: it is written to a temporary sibling, flushed to the disk and renamed. The
folder that holds it and all within are the run's own: no link there is followed, neither to read nor to delete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lab.errors import CheckpointError, UsageError, one_line
from lab.files import links
from lab.files.atomic import sync
from lab.files.faults import unwritable
from lab.files.reading import manifest, pieces, tensors, tree
from lab.files.reading.checked import read_checked
from lab.files.reading.manifest import ARRAYS, FIX, FORMAT, LARGEST_TREE, MANIFEST, TREE
from lab.messages.notes import warn
from lab.runs.state import lending

__all__ = ["ARRAYS", "FORMAT", "MANIFEST", "TREE"]

# Hidden and with the number of a process: one whose successor was about to take its place when the process died.
_NAME = re.compile(r"(?P<hidden>\.)?(?P<name>(?P<kind>[a-z]+)-(?P<step>[0-9]{1,15}))(?(hidden)\.old-[0-9]{1,10})")


class Packed(NamedTuple):
    """A state as it is written: its tree as JSON, and its arrays by name."""

    text: bytes
    arrays: Mapping[str, np.ndarray]

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays.values())

    def copy(self) -> Packed:
        """Return it with arrays of its own, which nobody changes."""
        return Packed(self.text, {name: array.copy() for name, array in self.arrays.items()})


def write(directory: Path, state: Mapping[str, Any], notes: Mapping[str, Any] | None = None) -> Path:
    """Write a state as the checkpoint `directory`, replacing one of the same name.

    Args:
        directory: The checkpoint's own directory; its parent is made, but not the run that this lies in.
        state: Nested dicts and lists of arrays, numbers, texts, flags and None.
        notes: JSON values for the manifest that are not part of the state, such as wall-clock times.

    Returns:
        `directory`.

    Raises:
        CheckpointError: When the state cannot be stored.
        ForeignFileError: When a link is in the way.
        RunDirectoryError: When the disk refuses; what was there before is kept, and nothing temporary is left.
    """
    return write_packed(directory, pack(state), notes)


def pack(state: Mapping[str, Any]) -> Packed:
    """Return a state as `write_packed` takes it; its arrays are the state's own, not copied.

    Raises:
        CheckpointError: When the state cannot be stored.
    """
    branches, arrays = tree.split(state)
    try:
        text = json.dumps(branches, indent=1, sort_keys=True).encode()
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"state cannot be stored as JSON: {error}.") from error
    if len(text) > LARGEST_TREE:
        raise CheckpointError(f"state has {len(text):,} bytes of JSON; expected fewer. Fix: keep numbers in arrays.")
    return Packed(text, arrays)


def pack_of(get_state: Callable[[], Mapping[str, Any]]) -> Packed:
    """Return what a function gives as state, whose large arrays are not copied: they are to be written, or copied,
    before anything changes them.
    """
    with lending():
        return pack(get_state())


def write_packed(directory: Path, packed: Packed, notes: Mapping[str, Any] | None = None) -> Path:
    """Write what `pack` returned; see `write`."""
    target, root = _located(directory)
    links.make_folder(target.parent, root)
    links.refuse_links(target, root)
    temporary = _hidden(target, "tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        large = {name: array for name, array in packed.arrays.items() if pieces.is_large(array)}
        small = {name: array for name, array in packed.arrays.items() if name not in large}
        files = {ARRAYS: tensors.write(temporary / ARRAYS, small)}
        files[TREE] = tensors.write_summed(temporary / TREE, [packed.text])
        parts, laid_out = pieces.write(temporary, large, _siblings(target) if large else [], root)
        tensors.write_summed(temporary / MANIFEST, [manifest.text_of({**files, **parts}, laid_out, notes or {})])
        sync(temporary)
        _swap_in(temporary, target)
    except OSError as error:
        raise unwritable(directory, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Path(directory)


def read(directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a checkpoint after checking every sum, and that its files are what they should be.

    Returns:
        The state, and the manifest's notes.

    Raises:
        CheckpointError: When a file is missing, truncated, edited or not a checkpoint's; the message names it.
    """
    about, state = read_checked(*_located(directory), keep=True)
    return state, about["notes"]


def verify(directory: Path) -> dict[str, Any]:
    """Check a checkpoint as `read` does and return its manifest."""
    return read_checked(*_located(directory), keep=False)[0]


def manifest_of(directory: Path) -> dict[str, Any]:
    """Return a checkpoint's manifest without checking the files it lists.

    Raises:
        CheckpointError: When it is missing, no manifest, or one of another version.
    """
    target, root = _located(directory)
    return manifest.read(target, root)


def digest(directory: Path) -> str:
    """Return one SHA-256 over a checkpoint's whole state: equal states give equal digests."""
    about = manifest_of(directory)
    files, order = about["files"], json.dumps(about["pieces"], sort_keys=True) if "pieces" in about else ""
    return hashlib.sha256(("".join(files[name]["sha256"] for name in sorted(files)) + order).encode()).hexdigest()


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


@contextlib.contextmanager
def restoring(directory: Path) -> Iterator[None]:
    """Turn whatever goes wrong in the block, where a checkpoint's state is put into objects, into one error.

    Raises:
        CheckpointError: In place of any error but a `UsageError`, which says what is wrong already.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        words = one_line(error, 200)
        raise CheckpointError(
            f"{directory}: its state does not fit this run ({type(error).__name__}: {words}). {FIX}"
        ) from error


def step_of(directory: Path) -> int:
    """Return the step in a checkpoint's name, `step-000001000` or `best-000001000`."""
    match = _NAME.fullmatch(Path(directory).name)
    if match is None:
        raise CheckpointError(f"{directory} is not the name of a checkpoint; expected one like step-000001000.")
    return int(match["step"])


def listed(parent: Path, prefix: str) -> list[Path]:
    """Return the checkpoints `prefix-NNN` below `parent`, oldest first; what has another name is none.

    Raises:
        ForeignFileError: When `parent` is a link or no folder.
        CheckpointError: When it cannot be read.
    """
    folder, _ = _located(parent)
    found: dict[str, Path] = {}
    retired: dict[str, Path] = {}
    try:
        for entry in links.list_folder(folder, folder.parent):
            match = _NAME.fullmatch(entry.name)
            if match is None or prefix != match["kind"]:
                continue
            if entry.is_symlink():
                warn(f"skipped the checkpoint {entry.path!r}: links are not followed", stacklevel=2)
            elif entry.is_dir(follow_symlinks=False):
                (retired if match["hidden"] else found)[match["name"]] = Path(parent) / entry.name
    except OSError as error:
        raise CheckpointError(f"{parent} cannot be read: {error.strerror}. Fix: make it readable.") from error
    return sorted({**retired, **found}.values(), key=step_of)


def prune(parent: Path, prefix: str, keep: int) -> None:
    """Delete all but the last `keep` checkpoints of a prefix, each at once: none is ever found half deleted."""
    for old in listed(parent, prefix)[:-keep]:
        gone = _hidden(old, "tmp")
        try:
            os.rename(old, gone)
            shutil.rmtree(gone)
        except OSError as error:
            warn(f"the old checkpoint {old} could not be deleted: {error.strerror}", stacklevel=2)


def _located(directory: Path) -> tuple[Path, Path]:
    """Return a checkpoint's absolute path and the run's: the folder of checkpoints is the run's own, too."""
    path = Path(os.path.abspath(directory))
    return path, path.parent.parent


def _siblings(directory: Path) -> list[Path]:
    """Return the checkpoints of the same kind that are there, the newest first."""
    match = _NAME.fullmatch(directory.name)
    return listed(directory.parent, match["kind"])[::-1] if match is not None else []


def _hidden(directory: Path, kind: str) -> Path:
    return directory.with_name(f".{directory.name.lstrip('.')}.{kind}-{os.getpid()}")


def _swap_in(temporary: Path, directory: Path) -> None:
    retired = _hidden(directory, "old")
    shutil.rmtree(retired, ignore_errors=True)
    if directory.exists():
        # Between the two renames it has the hidden name, by which `listed` finds it all the same.
        os.rename(directory, retired)
    try:
        os.rename(temporary, directory)
    except OSError:
        if retired.exists():
            os.rename(retired, directory)
        raise
    sync(directory.parent)
    shutil.rmtree(retired, ignore_errors=True)
