"""What pages say of names, files and commands is so."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

from lab import registry
from lab.command.arguments import parser
from lab.messages.field_names import ELSEWHERE, FIELD_NAMES
from tests.documentation.pages import DOCS, ROOT, blocks, pages, without_code

PACKAGES = ("lab", "agents", "envs", "generative", "predictors")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NAMED_FILE = re.compile(r"`((?:tests|benchmarks|examples|docs|lab|agents|envs|generative|predictors)/[\w./]+)`")
ENVIRONMENT = re.compile(r"lab/\w+-v\d+$")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MyST make them."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(page.read_text()))
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(without_code(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [p for p in pages() if p.name != "CHANGELOG.md"], ids=lambda page: page.stem)
def test_files_that_are_named_are_there(page: Path) -> None:
    for name in NAMED_FILE.findall(page.read_text()):
        assert ENVIRONMENT.match(name) or (ROOT / name).exists(), name


def listed() -> dict[str, list[str]]:
    """Return what the API pages list, by module."""
    found: dict[str, list[str]] = {}
    for page in sorted((DOCS / "api").glob("*.md")):
        module = ""
        for line in page.read_text().splitlines():
            if line.startswith(".. currentmodule:: "):
                module = line.split()[-1]
            elif re.fullmatch(r"   \w+", line):
                found.setdefault(module, []).append(line.strip())
    return found


@pytest.mark.parametrize(
    "package", [*PACKAGES, "lab.callbacks", "lab.networks", "generative.metrics", "predictors.metrics"]
)
def test_every_public_name_has_an_api_page(package: str) -> None:
    public = {name for name in importlib.import_module(package).__all__ if not name.startswith("_")}
    elsewhere = {name for names in listed().values() for name in names}
    assert public <= elsewhere, f"add to docs/api/: {sorted(public - elsewhere)}"


def test_what_api_pages_list_is_there_once_and_has_a_docstring() -> None:
    for module, names in listed().items():
        assert len(names) == len(set(names)), module
        for name in names:
            assert getattr(importlib.import_module(module), name).__doc__, f"{module}.{name}"


def commands() -> list[tuple[str, str]]:
    """Return every `lab` command of a block, with the page it stands on."""
    lines = [(page, line) for page in pages() for block in blocks(page, "") for line in block.splitlines()]
    return [(page.stem, line.split("  ")[0]) for page, line in lines if line.startswith("lab ")]


def test_commands_are_ones() -> None:
    assert len(commands()) >= 10
    for page, line in commands():
        words = shlex.split(line, comments=True)[1:]
        if "--help" in words:
            continue
        arguments = parser().parse_args(words)
        if arguments.command == "train" and arguments.learner is not None and ":" not in arguments.learner:
            known = vars(registry.learner(arguments.learner).Settings)["__dataclass_fields__"]
            for given in [*arguments.set, *arguments.vary]:
                assert given.split("=")[0] in {*known, *ELSEWHERE}, f"{page}: {line}"


def test_targets_of_make_are_ones() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {m for page in pages() for m in re.findall(r"(?:^|`)make (\w+)", page.read_text(), re.MULTILINE)}
    assert named - {"every"} <= targets


def test_other_libraries_names_are_what_messages_answer() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (DOCS / "coming_from.md").read_text(), re.MULTILINE)
    assert len(rows) >= 20
    for theirs, ours in rows:
        assert ours in FIELD_NAMES.get(theirs, ()) or ours in ELSEWHERE.get(theirs, ""), (theirs, ours)


def test_readme_is_short_and_its_pictures_are_small() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
    assert sum(path.stat().st_size for path in (DOCS / "images").iterdir()) < 1_500_000
