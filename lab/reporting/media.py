"""The videos and pictures of a run, embedded in the page."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from pathlib import Path

from lab.errors import ForeignFileError
from lab.files.links import is_regular, read_bytes
from lab.files.numbered import by_kind
from lab.media.grids import sample_evenly
from lab.media.hover import of_png
from lab.reporting.hovering import overlay
from lab.reporting.html.formats import file_size, label
from lab.reporting.html.markup import Markup, legible, tag

LARGEST_FILE = 24_000_000
LARGEST_PAGE = 96_000_000
# Of all pictures of a page: each takes a browser far more than it took the file.
MOST_POINTS = 40_000
FILES_A_KIND = 6
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


@dataclasses.dataclass
class Budget:
    """How many bytes of files, and how many points that say what they are, the page may still have."""

    left: int = LARGEST_PAGE
    points: int = MOST_POINTS


def figures(run: Path, budget: Budget, notes: list[str]) -> list[Markup]:
    """Return a <figure> for each video and picture below `videos/` and `samples/`.

    Of files numbered by step, as `episode-000002500.mp4`, a few evenly spaced ones stand for all.

    Args:
        run: The run's directory.
        budget: Shared by all runs of the page.
        notes: Takes a line for what is left out.
    """
    found = []
    for folder in (run / "videos", run / "samples"):
        for files in by_kind(folder, KINDS).values():
            some = sample_evenly(files, FILES_A_KIND)
            if len(some) < len(files):
                notes.append(f"{folder.name}/: {len(some)} of {len(files):,} files like {files[-1][1].name} are shown.")
            found += [_figure(run, path, step, budget, notes) for step, path in some]
    return [figure for figure in found if figure is not None]


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
        content = read_bytes(path, run, length)
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
    size, kind = {}, "media"
    address = f"data:{mime};base64,{base64.b64encode(content).decode()}"
    if mime.startswith("video/"):
        shown = tag("video", src=address, controls=True, loop=True, muted=True, playsinline=True, aria_label=caption)
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
    return tag("figure", shown, tag("figcaption", caption, tag("code", path.name)), class_=kind)


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
