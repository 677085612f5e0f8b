"""What CONTRIBUTING.md says that each folder may import is what it imports."""

from __future__ import annotations

import re
from collections import defaultdict

from tests.documentation.pages import ROOT
from tests.test_architecture import PACKAGES, graph, room_of

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
    found: dict[str, set[str]] = defaultdict(set)
    for name, wanted in graph().items():
        room = room_of(name).replace(".", "/")
        package = room.partition("/")[0]
        if room not in {package, f"{package}/__main__"}:
            found[room] |= {room_of(one).replace(".", "/") for one in wanted if one.startswith(f"{package}.")} - {room}
    return found


def test_every_folder_has_a_row_of_what_it_may_import() -> None:
    assert rows().keys() == imports().keys()


def test_folders_import_as_the_tables_say() -> None:
    said, known = rows(), imports()
    for room, wanted in known.items():
        assert wanted <= said[room], f"add to the row of {room} in CONTRIBUTING.md: {sorted(wanted - said[room])}"
        assert said[room] <= known.keys(), f"the row of {room} in CONTRIBUTING.md names what is not there"
