"""Says so where another distribution's package stands where one of this project's should, under the same name."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from lab.errors import MissingPackageError

DISTRIBUTION = "keras-lab"
PACKAGES = ("agents", "envs", "generative", "lab", "predictors")
FIX = "give this project a virtual environment of its own, and install it there."


def clash(root: Path | None = None) -> str | None:
    """Return in one line which package is another's, or None where all are this project's.

    Args:
        root: The folder that holds the packages; by default that of `lab`.
    """
    root = root or Path(__file__).resolve().parents[2]
    providers = importlib.metadata.packages_distributions()
    for name in PACKAGES:
        others = sorted({each for each in providers.get(name, ()) if each != DISTRIBUTION})
        whose = f" of the distribution {', '.join(others)}" if others else ""
        found = _place(name)
        if found is not None and found != root / name:
            return f"the package {name!r} is another{whose}, in {found}; expected this project's, in {root / name}"
        if others:
            # Both write into one folder, and whichever was installed last has overwritten the other.
            return f"the package {name!r} in {root / name} is mixed with that{whose}, installed under the same name"
    return None


@contextlib.contextmanager
def clashes_said() -> Iterator[None]:
    """Raise, in place of an import that fails within because a package is another's, an error that says whose it is.

    Raises:
        MissingPackageError: Naming the package, who provides it and what to do.
    """
    try:
        yield
    except MissingPackageError:
        raise
    except (ImportError, AttributeError) as error:
        said = clash()
        if said is None:
            raise
        raise MissingPackageError(f"{said} ({type(error).__name__}: {error}). Fix: {FIX}") from error


def _place(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return Path(spec.origin).resolve() if spec is not None and spec.origin else None
    return Path(next(iter(spec.submodule_search_locations))).resolve()
