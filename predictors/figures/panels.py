"""What the figures here share: panels, colours of classes and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lab.errors import bad_value
from lab.media.plotting import GRAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEST = "#1d7a46"
WORST = "#c2410c"
FAINT = "#b8bdc5"
LONGEST_NAME = 18
# Above this many points a vector file of each grows large and opens slowly.
MOST_VECTORS = 2_000


def new_figure(width: float, height: float) -> Figure:
    """Return a figure that no global state knows of, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def dress(axes: Axes, title: str, across: str = "", up: str = "", grid: bool = True) -> None:
    """Give axes the look of all figures here, a title and the names of both axes."""
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.set_xlabel(across, fontsize=9, color=GRAY)
    axes.set_ylabel(up, fontsize=9, color=GRAY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(labelsize=8, colors=GRAY, length=0)
    if grid:
        axes.grid(color="#e6e8ec", linewidth=0.6)
        axes.set_axisbelow(True)


def legend(axes: Axes, **options: Any) -> None:
    """Put the legend below a panel, where it covers nothing."""
    options = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.16), "ncols": 2, **options}
    axes.legend(frameon=False, fontsize=8, labelcolor=GRAY, **options)


def colours(number: int) -> list[tuple[float, ...]]:
    """Return colours for groups of points, told apart as well as so many can be."""
    import matplotlib

    few = number <= 10
    shades = matplotlib.colormaps["tab10" if few else "gist_rainbow"]
    return [shades(i if few else i / (number - 1)) for i in range(number)]


def class_names(owner: str, names: Sequence[object] | None, classes: int, most: int = LONGEST_NAME) -> list[str]:
    """Return a short name for each class: those given, or the codes.

    Raises:
        UsageError: When there are more or fewer names than classes.
    """
    if names is None:
        return [str(code) for code in range(classes)]
    if len(names) != classes:
        raise bad_value(owner, "names", f"{len(names)} names", f"one for each of {classes} classes, or None")
    return [plain(name, most) for name in names]


def plain(text: object, most: int = LONGEST_NAME) -> str:
    """Return text that is drawn as it stands, with an ellipsis where it is too long.

    Between two dollar signs matplotlib would read a formula, and stop at one that is none; what begins with an
    underscore it would leave out of a legend.
    """
    shown = " ".join(str(text).split())
    shown = shown if len(shown) <= most else shown[: most - 1] + "…"
    return (" " * shown.startswith("_") + shown).replace("$", r"\$")
