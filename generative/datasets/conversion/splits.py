"""Finds the images of a folder, or other files: which to train on, which are held out, of which class each is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from lab.errors import bad_value

SUFFIXES = (".png", ".jpg", ".jpeg")
TRAIN = ("train", "training")
VALIDATION = ("val", "valid", "validation")
TEST = ("test", "testing")


class Part(NamedTuple):
    """Images of one part of the data.

    Attributes:
        files: In the order of their names.
        classes: The class of each, or None.
    """

    files: list[Path]
    classes: list[str] | None


class Found(NamedTuple):
    """What a folder holds.

    Attributes:
        train: The images to train on, or all of them.
        test: Those to hold out, or None where the folder does not say.
        notes: What was left out, in words.
    """

    train: Part
    test: Part | None
    notes: list[str]


def find(root: Path, suffixes: tuple[str, ...] = SUFFIXES, things: str = "images") -> Found:
    """Sort the images below a folder, or files of another kind.

    Where all its sub-folders with images are called train or training, val, valid or validation, and test or testing,
    they are parts of the data, not classes; a test part is held out, without one the validation part, which is else
    left out. A folder whose images are all in one sub-folder is read as that sub-folder is.

    Args:
        root: The folder.
        suffixes: How such files end, in lower case.
        things: The word for them, for messages.

    Raises:
        UsageError: When loose images and sub-folders are mixed, or parts do not go together.
    """
    notes: list[str] = []
    files, left_out = _files(root, suffixes)
    if left_out:
        notes.append(f"left out {sum(left_out.values())} files: {_counted(left_out)}")
    while True:
        names = sorted({f.relative_to(root).parts[0] for f in files if f.parent != root})
        loose = [f for f in files if f.parent == root]
        if loose and names:
            received = f"{len(loose)} loose {things} and {len(files) - len(loose)} in sub-folders"
            raise bad_value("folder", str(root), received, "one or the other", "sort the loose ones into a sub-folder.")
        if len(names) != 1:
            break
        root = root / names[0]
        notes.append(f"all {things} are in {names[0]}/, which is no class by itself")
    parts = {name: name.lower() for name in names}
    trains, validations, tests = ([n for n in names if parts[n] in words] for words in (TRAIN, VALIDATION, TEST))
    if not trains or not (validations or tests):
        return Found(_part(root, files, things), None, notes)
    if len(trains) + len(validations) + len(tests) != len(names) or max(map(len, (trains, validations, tests))) > 1:
        expected = "train/ and test/ (and val/) alone, or classes alone"
        raise bad_value("folder", f"sub-folders of {root}", names, expected, "move the others out.")
    held_out = (tests or validations)[0]
    train, test = (
        _part(root / name, [f for f in files if root / name in f.parents], things) for name in (trains[0], held_out)
    )
    if tests and validations:
        count = sum(root / validations[0] in f.parents for f in files)
        notes.append(f"left out {count} {things} of {validations[0]}/: a tenth of {trains[0]}/ selects checkpoints")
    if (train.classes is None) != (test.classes is None):
        expected = "classes in both or in neither"
        raise bad_value("folder", str(root), f"classes in one of {trains[0]}/ and {held_out}/", expected)
    unknown = sorted(set(test.classes or ()) - set(train.classes or ()))
    if unknown:
        raise bad_value("folder", f"classes of {held_out}/", unknown[0], f"those of {trains[0]}/")
    return Found(train, test, notes)


def _part(folder: Path, files: list[Path], things: str) -> Part:
    loose = [f for f in files if f.parent == folder]
    if loose and len(loose) < len(files):
        received = f"{len(loose)} loose {things} and {len(files) - len(loose)} in sub-folders"
        raise bad_value("folder", str(folder), received, "one or the other", "sort the loose ones into a sub-folder.")
    return Part(files, None if loose or not files else [f.relative_to(folder).parts[0] for f in files])


def _files(root: Path, suffixes: tuple[str, ...]) -> tuple[list[Path], Counter[str]]:
    """Return the files of some kind below a folder, sorted by name, and how many other files of each kind there are."""
    files, left_out = [], Counter[str]()
    for file in root.rglob("*"):
        if not file.is_file():
            continue
        if any(part.startswith(".") for part in file.relative_to(root).parts):
            left_out["hidden"] += 1
        elif file.suffix.lower() in suffixes:
            files.append(file)
        else:
            left_out[file.suffix.lower() or "without a suffix"] += 1
    return sorted(files, key=lambda f: f.relative_to(root).as_posix()), left_out


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
