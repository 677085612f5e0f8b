"""A folder of WAV files, a sub-folder a class, as sounds of one length."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lab.errors import bad_value
from predictors.data.arrays import INPUT, from_arrays
from predictors.data.examples import Examples
from predictors.data.readers.classes import labelled, labels_of
from predictors.data.readers.waves import read_wave

SUFFIXES = (".wav",)
MOST_SECONDS = 10.0
MOST_BYTES = 8 << 30
# How much longer than the longest sound all may be made, where that is more than a little.
MOST_PADDED, MOST_SILENCE = 4, 64 << 20


def load(path: str | os.PathLike[str], seconds: float | None = None, rate: int | None = None) -> Examples:
    """Return every WAV file below a folder as float32 (N, samples) in [-1, 1], labelled by its sub-folder.

    Several channels are mixed down to one. Shorter sounds are followed by silence, longer ones cut; how many were is
    noted in config.json. train/ and test/ are parts of the data, as for images.

    Args:
        path: The folder.
        seconds: Length of each sound; None for that of the longest to train on, at most 10 s.
        rate: Samples a second that all files must have; None for the rate of most.

    Raises:
        UsageError: On a file that cannot be read or has another rate, fewer than two classes, or more than 8 GiB.
    """
    parts, notes = labelled(Path(path).expanduser(), SUFFIXES, "sounds")
    if seconds is not None and not 0.0 < seconds < np.inf:
        raise bad_value("sounds", "seconds", seconds, "a number > 0")
    files = [file for part in parts for file in part.files]
    _check_size(sum(file.stat().st_size for file in files))
    read = {file: read_wave(file) for file in files}
    wanted = rate or Counter(found[1] for found in read.values()).most_common(1)[0][0]
    _check_rates(read, wanted)
    longest = max(len(read[file][0]) for file in parts[0].files)
    samples = round(seconds * wanted) if seconds is not None else min(longest, round(MOST_SECONDS * wanted))
    _check_size(4 * len(files) * samples)
    if samples > MOST_PADDED * longest and 4 * len(files) * samples > MOST_SILENCE:
        # A name in a stranger's run, and the rate in a head of a few bytes, would take that memory.
        received, expected = f"{samples:,} samples", f"at most {MOST_PADDED} times the longest sound, of {longest:,}"
        raise bad_value("sounds", "seconds", received, expected, "seconds=1.")
    mixed = sum(channels > 1 for _, _, channels in read.values())
    notes = [*notes, *([f"mixed {mixed} sounds of several channels down to one"] if mixed else [])]
    notes += _lengths([len(wave) for wave, _, _ in read.values()], samples, wanted)
    arrays = [(_stacked([read[file][0] for file in part.files], samples), labels_of(part)) for part in parts]
    return from_arrays(
        *arrays[0], test=arrays[1] if len(arrays) > 1 else None, kinds={INPUT: "sound"}, rate=wanted,
        name=Path(path).expanduser().resolve().name, kind="folder", notes=tuple(notes),
    )  # fmt: skip


def clips(paths: Sequence[str | os.PathLike[str]], rate: int, samples: int) -> np.ndarray:
    """Return WAV files as `Classifier.predict` takes them after training on a folder, float32 (N, samples).

    Args:
        paths: The files.
        rate: Samples a second, as `spec.inputs[0].rate` has it.
        samples: Of each, as `spec.inputs[0].shape[0]` has it; shorter ones are followed by silence, longer ones cut.

    Raises:
        UsageError: On a file that cannot be read, or of another rate.
    """
    read = {Path(path): read_wave(Path(path)) for path in paths}
    _check_rates(read, rate)
    return _stacked([read[Path(path)][0] for path in paths], samples)


def _check_rates(read: dict[Path, tuple[np.ndarray, int, int]], wanted: int) -> None:
    for file, (_, rate, _) in read.items():
        if rate != wanted:
            raise bad_value(
                "sounds", f"rate of {file}", f"{rate} samples a second", f"{wanted}, as of the others",
                f"convert it: ffmpeg -i {file.name} -ar {wanted} new.wav.",
            )  # fmt: skip


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        received, expected = f"{size / 2**30:.1f} GiB of sounds", f"at most {MOST_BYTES >> 30} GiB"
        raise bad_value("sounds", "folder", received, expected, "seconds=1 cuts them; else take fewer files.")


def _lengths(lengths: list[int], samples: int, rate: int) -> list[str]:
    short, long = sum(n < samples for n in lengths), sum(n > samples for n in lengths)
    if not short and not long:
        return []
    return [f"made all sounds {samples / rate:g} s long: silence behind {short}, {long} cut (seconds=...)"]


def _stacked(waves: list[np.ndarray], samples: int) -> np.ndarray:
    found = np.zeros((len(waves), samples), np.float32)
    for row, wave in zip(found, waves, strict=True):
        row[: len(wave)] = wave[:samples]
    return found
