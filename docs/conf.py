"""How `make docs` builds the site: Markdown by MyST, API pages from docstrings by autodoc, warnings are errors."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import sys
import types
from pathlib import Path
from typing import Any

# The library is imported for its docstrings alone.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.config import Settings
from lab.version import __version__

project = "lab"
copyright = "MIT licence"
author = "the authors of lab"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
templates_path = ["templates"]
# Attributes of several classes share names; none is referred to by a bare one.
suppress_warnings = ["ref.python"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"lab {__version__}"
html_show_copyright = False
html_copy_source = False

# Single backticks are code in this project's docstrings, as in Markdown.
default_role = "code"
autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False


PACKAGES = ("lab", "agents", "envs", "generative", "predictors")


def escaped(markdown: str) -> str:
    """Return a docstring's Markdown as reStructuredText: code in backticks, all else as it stands."""
    parts = re.split(r"``(.+?)``|`([^`]+)`", markdown, flags=re.DOTALL)
    text = ""
    for i in range(0, len(parts), 3):
        text += re.sub(r"([*|\\]|_(?!\w))", r"\\\1", parts[i])
        code = next((found for found in parts[i + 1 : i + 3] if found), None)
        if code is not None:
            # A literal must end at a word's end.
            text += f"``{code}``" + ("\\ " if parts[i + 3][:1].isalnum() else "")
    return text


def as_restructured_text(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Let Sphinx read our docstrings; of one that a method inherits, the first line is enough."""
    if what == "method" and getattr(thing, "__doc__", None) is None:
        del lines[1:]
    lines[:] = escaped("\n".join(lines)).split("\n")


def is_settings(what: str, thing: Any) -> bool:
    """Tell whether a page is that of a learner's settings."""
    return what == "class" and inspect.isclass(thing) and issubclass(thing, Settings) and thing is not Settings


def add_settings(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Let the page of a settings class list its settings, whose words stand in the fields."""
    if is_settings(what, thing):
        fields = [(f.name, f.default, escaped(str(f.metadata.get("doc", "")))) for f in dataclasses.fields(thing)]
        lines += ["", *(f"- ``{name}`` = ``{default!r}``: {words}" for name, default, words in fields), ""]


def without_signature(app: Any, what: str, name: str, thing: Any, options: Any, signature: Any, returned: Any) -> Any:
    """Leave out the signature of settings, which the list repeats."""
    return ("", None) if is_settings(what, thing) else None


def leaves_out(app: Any, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what Keras, Gymnasium and Python define, the settings class a learner names, and fields of settings."""
    if inspect.isclass(thing) or isinstance(thing, types.MemberDescriptorType):
        return True
    function = getattr(thing, "fget", None) or getattr(thing, "__func__", None) or getattr(thing, "func", None) or thing
    home = getattr(function, "__module__", None)
    foreign = callable(function) and (home or "").split(".")[0] not in PACKAGES
    return True if foreign else None


DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
# Pages of the site that are files of the project, so that both are one.
MIRRORS = {"index": "README.md", "project/contributing": "CONTRIBUTING.md", "project/changelog": "CHANGELOG.md"}
PLACES = {
    **{file: f"/{page}.md" for page, file in MIRRORS.items()},
    **{f"benchmarks/results/{p.name}": "/results/tables.md" for p in (ROOT / "benchmarks/results").glob("*.md")},
}


def links_of_the_site(app: Any, name: str, source: list[str]) -> None:
    """Take over a mirrored file, and let links that lead to the project's files lead there from the site too."""
    page = DOCS / f"{name}.md"
    mirrored = MIRRORS.get(name)
    origin, text = page.parent, source[0]
    if mirrored is not None:
        app.env.note_dependency(str(ROOT / mirrored))
        origin, text = ROOT, (ROOT / mirrored).read_text() + "\n" + text

    def place(link: re.Match[str]) -> str:
        path, hash_, anchor = link[1].partition("#")
        target = (origin / path).resolve()
        if not path or not target.is_relative_to(ROOT):
            return link[0]
        inside = target.relative_to(ROOT).as_posix()
        if inside in PLACES:
            return f"]({PLACES[inside]})"
        if target.is_relative_to(DOCS):
            return f"](/{target.relative_to(DOCS).as_posix()}{hash_}{anchor})"
        return f"]({os.path.relpath(target, page.parent)})"

    source[0] = re.sub(r"\]\((?!https?:)([^)\s]+)\)", place, text)


def setup(app: Any) -> None:
    app.connect("source-read", links_of_the_site)
    app.connect("autodoc-process-docstring", as_restructured_text, priority=100)
    app.connect("autodoc-process-docstring", add_settings, priority=900)
    app.connect("autodoc-process-signature", without_signature)
    app.connect("autodoc-skip-member", leaves_out)
