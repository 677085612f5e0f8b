"""Sources written as text: `glyphs`, `folder:path/to/images,size=64`, `digits,rotation=10,flip_horizontal=true`."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generative.augmentation.augmentation import Augmentation
from generative.data.dataset import Dataset
from generative.datasets.folder import check_links
from lab import registry
from lab.config import make, parse, read_text
from lab.errors import UnconfirmedSource, UsageError, nearest
from lab.runs.opening.sources import check_path, registered_environment

_FORM = re.compile(r"(?P<name>[^:,]*)(?::(?P<what>.*?))?(?P<options>(?:,[a-z_]+=[^,]*)*)", re.DOTALL)
HOW = "expected NAME, NAME:WHAT or either with ,KEY=VALUE behind, such as folder:path/to/images,size=64"


# The most rows, frames, pixels and the like that a file may ask for in passing.
MOST_NAMED = 200_000


def check_named(source: str, run: Path) -> str:
    """Return a source that a run's file names, if reading it imports nothing and stays within the run.

    Args:
        source: As for `read`.
        run: The run's directory.

    Raises:
        UnconfirmedSource: When it takes the user's word.
        UsageError: When it stands for no data set.
    """
    name, what, options = _parts(source)
    registry.find(name, "lab.datasets", what="dataset")
    for key, value in options.items():
        if key != "seed" and _size(value) > MOST_NAMED:
            raise UnconfirmedSource(f"asks for {key}={value}, and a file alone may ask for {MOST_NAMED:,} at most.")
    if not what:
        return source
    if name == "folder":
        check_links(check_path(what, run, "a folder"), run)
        return source
    if name == "csv":
        check_path(what, run, "a file")
        return source
    if name == "frames":
        return ",".join([f"frames:{registered_environment(what)}", *map("=".join, options.items())])
    raise UnconfirmedSource(f"has {what!r} for a loader that is not of this package, which may follow it anywhere.")


def _parts(source: str) -> tuple[str, str | None, dict[str, str]]:
    form = _FORM.fullmatch(source)
    if form is None:
        raise UsageError(f"data source received {source!r}; {HOW}.")
    return form["name"], form["what"], dict(item.split("=", 1) for item in form["options"].split(",")[1:])


def read(source: str) -> Dataset:
    """Return the data set of rows that a text stands for; see `read_any`.

    Raises:
        UsageError: As `read_any`, and for examples that only predictors learn from.
    """
    found = read_any(source)
    if not isinstance(found, Dataset):
        raise UsageError(
            f"dataset {source!r}: its loader returned {type(found).__name__}; expected a Dataset. "
            "Fix: give it to a predictor, such as `lab train classifier` or `forecaster`."
        )
    return found


def read_any(source: str, choose: Callable[[str, Any], Any] | None = None) -> Any:
    """Return what a text stands for: a `Dataset`, or examples of which `predictors.data` knows more.

    Args:
        source: A name that `lab list datasets` prints; with `:` what its loader needs, such as a folder's path; with
            `,key=value` keywords of the loader, fields of `Augmentation`, or `normalise=feature` or `sample`.
        choose: Returns the loader for a folder, given its path and the loader of images; None for images alone.

    Raises:
        UsageError: On an unknown name or key (with the nearest ones), or a value of the wrong type.
    """
    name, what, given = _parts(source)
    loader = registry.find(name, "lab.datasets", what="dataset")
    if name == "folder" and what and choose is not None:
        loader = choose(what, loader)
    parameters = list(inspect.signature(loader).parameters.values())
    positional = [p.name for p in parameters if p.default is p.empty]
    hints = typing.get_type_hints(loader)
    keywords = [p.name for p in parameters if p.default is not p.empty and _readable(hints.get(p.name, str))]
    fields = [f.name for f in dataclasses.fields(Augmentation) if f.name != "function"]
    if bool(positional) != bool(what):
        received = f"{source!r} without {positional[0]}" if positional else f"{what!r} behind {name}:"
        raise UsageError(f"data source received {received}; {HOW}.")
    for key in given:
        if key not in (*keywords, *fields, "normalise"):
            known = [*keywords, *fields, "normalise"]
            raise UsageError(f"dataset {name!r}: nothing is called {key!r}; {nearest(key, known)}")
    values: dict[str, Any] = {k: read_text(name, k, hints.get(k, str), v) for k, v in given.items() if k in keywords}
    found = loader(what, **values) if what else loader(**values)
    if not isinstance(found, Dataset):
        beyond = [key for key in given if key not in keywords]
        if beyond:
            raise UsageError(f"dataset {name!r}: nothing is called {beyond[0]!r}; {nearest(beyond[0], keywords)}")
        return found
    if "normalise" in given:
        found = found.normalised(given["normalise"])
    strengths = {k: v for k, v in given.items() if k in fields and k not in keywords}
    return found.augmented(make(Augmentation, parse(Augmentation, strengths))) if strengths else found


def _size(text: str) -> float:
    try:
        return abs(float(text))
    except ValueError:
        return 0.0


def _readable(hint: Any) -> bool:
    """Return whether a value of this type can be written as text: a policy cannot."""
    return (typing.get_args(hint) or (hint,))[0] in (bool, int, float, str)
