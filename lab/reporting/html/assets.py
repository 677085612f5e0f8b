"""The page's own script and style, from the files beside this package."""

from __future__ import annotations

from importlib.resources import files

# In this order: each uses those before it.
SCRIPTS = (
    "elements", "formats", "settings", "charts/scales", "charts/drawing", "charts/charts", "tables/tables",
    "tables/estimates", "tables/comparing", "media/traces", "media/player", "media/browser", "folding", "start",
)  # fmt: skip
LIVE = ("live/building", "live/live")
STYLES = ("base", "tables", "media", "charts")


def _joined(folder: str, names: tuple[str, ...], suffix: str) -> str:
    root = files("lab.reporting") / folder
    return "\n".join((root / f"{name}{suffix}").read_text(encoding="utf-8").strip() for name in names) + "\n"


def _script(names: tuple[str, ...]) -> str:
    # Within a function, so that the page's names are nobody else's.
    return f'(() => {{\n"use strict";\n{_joined("script", names, ".js")}}})();\n'


STYLE = "\n" + _joined("style", STYLES, ".css")
SCRIPT = _script(SCRIPTS)
LIVE_SCRIPT = _script((*SCRIPTS, *LIVE))
