"""The videos and pictures of a run, embedded in the page."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.errors import ForeignFileError
from lab.files.links import is_regular, read_bytes
from lab.files.numbered import by_kind
from lab.files.reading.schema import SchemaError
from lab.media.grids import sample_evenly
from lab.media.hover import of_png
from lab.media.trace import Trace, read_trace
from lab.reporting.hovering import overlay
from lab.reporting.html.formats import file_size, label
from lab.reporting.html.markup import Markup, legible, tag

LARGEST_FILE = 24_000_000
LARGEST_PAGE = 96_000_000
# Of all pictures of a page: each takes a browser far more than it took the file.
MOST_POINTS = 40_000
FILES_A_KIND = {".png": 24, ".gif": 6, ".mp4": 6}
# Bytes that a number of a trace takes on the page.
A_NUMBER = 8
# From this ratio of width to height on a picture gets a row of its own.
WIDE = 1.5
CAPTIONS = {
    "episode": "One greedy episode",
    "policy": "Greedy policy and state values",
    "samples": "Samples",
    "reconstructions": "Inputs above, reconstructions below",
    "latent": "The latent space, coloured by label",
    "interpolation": "Ways between latents",
    "denoising": "From noise to samples",
    "training": "As training went on",
}
# A file is believed by its first bytes, not by its name.
KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    ".png": ("image/png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ".gif": ("image/gif", lambda head: head[:6] in (b"GIF87a", b"GIF89a")),
    ".mp4": ("video/mp4", lambda head: head[4:8] == b"ftyp"),
}


def data_address(path: Path, run: Path, content: bytes, mime: str) -> str:
    """Return an address that holds a file itself."""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


@dataclasses.dataclass
class Budget:
    """What a page may still have of files, and what it has of them.

    Attributes:
        left: Bytes.
        points: Points that say what they are.
        address: Returns what a page calls a file (path, run, content, kind).
        read, trace: Read a file and the trace beside a video, as `read_bytes` and `read_trace` do.
        traces: Of the videos, by the name that a page calls them.
    """

    left: int = LARGEST_PAGE
    points: int = MOST_POINTS
    address: Callable[[Path, Path, bytes, str], str] = data_address
    read: Callable[[Path, Path, int], bytes] = read_bytes
    trace: Callable[[Path, Path, str], Trace | None] = read_trace
    traces: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)


def figures(run: Path, budget: Budget, notes: list[str]) -> list[Markup]:
    """Return a <figure> for each video and picture below `videos/` and `samples/`.

    Of files numbered by step, as `episode-000002500.mp4`, some evenly spaced ones stand for all, in a browser that
    shows one at a time.

    Args:
        run: The run's directory.
        budget: Shared by all runs of the page.
        notes: Takes a line for what is left out.
    """
    found: list[Markup] = []
    for folder in (run / "videos", run / "samples"):
        for (kind, suffix), files in by_kind(folder, KINDS).items():
            # One without a number was made after training, of the best checkpoint.
            files = sorted(files, key=lambda file: (file[0] < 0, file[0]))
            some = sample_evenly(files, FILES_A_KIND[suffix])
            if len(some) < len(files):
                notes.append(f"{folder.name}/: {len(some)} of {len(files):,} files like {files[-1][1].name} are shown.")
            made = [_figure(run, path, step, budget, notes) for step, path in some]
            shown = [figure for figure in made if figure is not None]
            if len(shown) > 1:
                words = legible(label(kind.replace("-", " ")), 80)
                shown = [tag("div", *shown, class_="browser", role="group", aria_label=f"{words} over training")]
            found += shown
    return found


def _figure(run: Path, path: Path, step: int, budget: Budget, notes: list[str]) -> Markup | None:
    name = f"{path.parent.name}/{path.name}"
    mime, is_kind = KINDS[path.suffix.lower()]
    try:
        # A link could lead to a file of the reader's own, which a shared report would then give away.
        if not is_regular(path, run):
            notes.append(f"{name}: left out; it is gone.")
            return None
        length = path.stat(follow_symlinks=False).st_size
        if length > min(LARGEST_FILE, budget.left):
            limit = LARGEST_FILE if length > LARGEST_FILE else LARGEST_PAGE
            what = "a file" if length > LARGEST_FILE else "a page"
            notes.append(f"{name}: left out; {file_size(length)} is too large (at most {file_size(limit)} {what}).")
            return None
        content = budget.read(path, run, length)
    except ForeignFileError:
        notes.append(f"{name}: left out; it is not a file of the run.")
        return None
    except OSError as error:
        notes.append(f"{name}: cannot be read ({error.strerror}).")
        return None
    if not is_kind(content[:16]):
        notes.append(f"{name}: left out; its content is not {path.suffix[1:]}.")
        return None
    budget.left -= len(content)
    caption = _caption(path.stem, step)
    size, kind, trace = {}, "media", None
    address = budget.address(path, run, content, mime)
    if mime.startswith("video/"):
        kind = "media episode"
        trace, poster = _trace(run, path, content, budget, notes)
        flags = {"controls": True, "loop": True, "muted": True, "playsinline": True, "preload": "metadata"}
        shown = tag("video", src=address, poster=poster, **flags, aria_label=caption)
    else:
        size = _size(path.suffix.lower(), content)
        shown = tag("img", src=address, alt=caption, **size)
        if size and size["width"] > WIDE * size["height"]:
            kind = "media wide"
        points = of_png(content) if size else None
        if points is not None and len(points.x) > budget.points:
            notes.append(f"{name}: its points say nothing here; a page has at most {MOST_POINTS:,} that do.")
        elif points is not None:
            budget.points -= len(points.x)
            # Of all figures of a page each has another part of the budget left.
            laid = overlay(points, size["width"], size["height"], f"points-{budget.left}")
            shown = tag("div", shown, laid, class_="stage")
            caption, kind = f"{caption}; point at a dot to see what it is", f"{kind} marked"
    about = tag("figcaption", caption, tag("code", path.name))
    return tag("figure", shown, about, class_=kind, data_trace=trace, data_step=step if step >= 0 else None)


def _trace(run: Path, path: Path, content: bytes, budget: Budget, notes: list[str]) -> tuple[str | None, str | None]:
    """Return what the page calls a video's trace, and the address of its poster; None for what there is not."""
    name = f"{path.parent.name}/{path.name}"
    try:
        found = budget.trace(path, run, hashlib.sha256(content).hexdigest())
    except (ForeignFileError, SchemaError, OSError) as error:
        notes.append(f"{name}: its trace is left out; {getattr(error, 'strerror', None) or error}.")
        return None, None
    if found is None:
        return None, None
    poster = None if found.poster is None else f"data:image/jpeg;base64,{base64.b64encode(found.poster).decode()}"
    size = len(poster or "") + A_NUMBER * _numbers(found)
    if size > budget.left:
        notes.append(f"{name}: its trace is left out; the page is full.")
        return None, None
    budget.left -= size
    called = f"t{len(budget.traces)}"
    budget.traces[called] = {k: v for k, v in dataclasses.asdict(found).items() if k != "poster"}
    return called, poster


def _numbers(trace: Trace) -> int:
    rows = [*trace.actions, *(trace.values or ()), *(trace.observations or ())]
    return len(trace.rewards) + sum(map(len, rows))


def _caption(stem: str, step: int) -> str:
    kind = stem if step < 0 else stem.rsplit("-", 1)[0]
    words = CAPTIONS.get(kind) or legible(label(kind.replace("-", " ")), 80).capitalize()
    return words if step < 0 else f"{words}, step {step:,}"


def _size(suffix: str, content: bytes) -> dict[str, int]:
    """Return a picture's width and height from its header, so that the page does not jump as it loads."""
    if suffix == ".png":
        width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    else:
        width, height = int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    return {"width": width, "height": height} if width and height else {}
