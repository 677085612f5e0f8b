"""What CONTRIBUTING.md says that each folder may import is what it imports."""

from __future__ import annotations

import re

from tests.documentation.pages import ROOT
from tests.test_architecture import PACKAGES, graph_of_rooms

ROW = re.compile(r"^\| (`[^|]+`) \| [^|]+ \| ([\w, ]+) \|$", re.MULTILINE)


def rows() -> dict[str, set[str]]:
    """Return what the tables let each room of the packages import of its own package."""
    found: dict[str, set[str]] = {}
    for names, wanted in ROW.findall((ROOT / "CONTRIBUTING.md").read_text()):
        for name in re.findall(r"`([\w/]+)(?:\.py)?`", names):
            package = name.partition("/")[0]
            if package in PACKAGES:
                assert name not in found, f"{name} has two rows"
                words = set() if wanted == "nothing" else {f"{package}/{word}" for word in wanted.split(", ")}
                found[name] = words
    return found


def imports() -> dict[str, set[str]]:
    """Return what each room imports of its own package."""
    return {
        room.replace(".", "/"): {one.replace(".", "/") for one in wanted}
        for room, wanted in graph_of_rooms().items()
        if not room.endswith("__main__")
    }


def test_every_folder_has_a_row_of_what_it_may_import() -> None:
    assert rows().keys() == imports().keys()


def test_folders_import_as_the_tables_say() -> None:
    said = rows()
    for room, wanted in imports().items():
        assert said[room] == wanted, f"the row of {room} in CONTRIBUTING.md: expected {sorted(wanted)}"
