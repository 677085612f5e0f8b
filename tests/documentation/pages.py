"""The pages that users read, and what stands in their fences."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BUILT = (DOCS / "_build", DOCS / "api" / "generated")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """Return README and the like, and every page of the site."""
    site = [page for page in sorted(DOCS.rglob("*.md")) if not any(page.is_relative_to(folder) for folder in BUILT)]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *site]


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, each after as many empty lines as stand before it on the page."""
    text = page.read_text()
    found = [match for match in FENCE.finditer(text) if match[1] == language]
    return ["\n" * text.count("\n", 0, match.start(2)) + match[2] for match in found]


def without_code(page: Path) -> str:
    """Return a page without its fenced blocks and code in backticks."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text()))
