"""Large arrays lie in pieces, of which a checkpoint writes what is new, and which are trusted as little as all else."""

import json
import os
import shutil

import numpy as np
import pytest

from lab.errors import CheckpointError
from lab.files.reading import pieces
from lab.runs import checkpoints

# Rows of 16 bytes in pieces of 64 rows.
ROWS = 400


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(pieces, "LARGE", 4096)
    monkeypatch.setattr(pieces, "PIECE", 1024)


def state_of(rows=ROWS, changed=()):
    ring = np.arange(4 * rows, dtype=np.float32).reshape(rows, 4)
    ring[list(changed)] *= -1.0
    return {"learner": {"memory": {"rows": ring, "flags": np.ones(8192, bool), "cursor": 3}, "w": np.ones((3, 2))}}


def written(path, state):
    checkpoints.write(path, state)
    return {file.name: file.stat().st_ino for file in path.glob("piece-*")}


def pieces_of(path):
    return json.loads((path / checkpoints.MANIFEST).read_text())["pieces"]


def edited(path, change):
    manifest = json.loads((path / checkpoints.MANIFEST).read_text())
    change(manifest)
    (path / checkpoints.MANIFEST).write_text(json.dumps(manifest))


def test_only_what_is_new_is_written(tmp_path):
    folder = tmp_path / "checkpoints"
    first = written(folder / "step-1", state_of())
    # Flags are the same from one end to the other: one file.
    assert [len(array["files"]) for array in pieces_of(folder / "step-1").values()] == [8, 7] and len(first) == 8
    second = written(folder / "step-2", state_of(changed=range(100, 130)))
    new = {name for name, inode in second.items() if inode not in first.values()}
    assert len(new) == 2 and len(second) == len(first), "rows 64 to 127 and 128 to 191"
    np.testing.assert_equal(checkpoints.read(folder / "step-2")[0], state_of(changed=range(100, 130)))
    third = written(folder / "step-3", state_of(rows=ROWS + 30, changed=range(100, 130)))
    assert len(set(third.values()) - set(second.values())) == 1, "the last piece, which has grown"
    checkpoints.prune(folder, "step", keep=1)
    assert [path.name for path in folder.iterdir()] == ["step-3"]
    np.testing.assert_equal(checkpoints.read(folder / "step-3")[0], state_of(ROWS + 30, range(100, 130)))


def test_what_is_small_lies_in_one_file_that_earlier_versions_read(tmp_path):
    path = checkpoints.write(tmp_path / "step-1", {"a": np.zeros(1023, np.float32), "b": np.zeros((1, 9000))})
    assert sorted(file.name for file in path.iterdir()) == ["manifest.json", "state.json", "state.safetensors"]
    assert json.loads((path / checkpoints.MANIFEST).read_text())["format"] == 1
    edited(checkpoints.write(tmp_path / "step-2", state_of()), lambda m: m.update(format=3))
    with pytest.raises(CheckpointError, match="format 3; expected at most 2"):
        checkpoints.read(tmp_path / "step-2")


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "bool", "uint8", "int64"])
def test_every_kind_comes_back(tmp_path, dtype):
    import ml_dtypes

    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    array = (np.arange(9000) % 2).reshape(-1, 3).astype(kind)
    found = checkpoints.read(checkpoints.write(tmp_path / "step-1", {"a": array}))[0]["a"]
    assert found.dtype == array.dtype and np.array_equal(found, array)
    assert pieces_of(tmp_path / "step-1")


def test_without_hard_links_all_is_written(tmp_path, monkeypatch):
    def refused(*given, **more):
        raise PermissionError(1, "no such links here")

    folder = tmp_path / "checkpoints"
    first = written(folder / "step-1", state_of())
    monkeypatch.setattr(os, "link", refused)
    second = written(folder / "step-2", state_of())
    assert first.keys() == second.keys() and not set(first.values()) & set(second.values())
    np.testing.assert_equal(checkpoints.read(folder / "step-2")[0], state_of())


def test_no_link_and_no_other_length_is_taken_over(tmp_path):
    folder, outside = tmp_path / "checkpoints", tmp_path / "outside"
    names = sorted(written(folder / "step-1", state_of()))
    shutil.copy(folder / "step-1" / names[0], outside)
    (folder / "step-1" / names[0]).unlink()
    (folder / "step-1" / names[0]).symlink_to(outside)
    with (folder / "step-1" / names[1]).open("ab") as file:
        file.write(b"more")
    second = written(folder / "step-2", state_of())
    for name in names[:2]:
        assert not (folder / "step-2" / name).is_symlink()
        assert second[name] not in (outside.stat().st_ino, (folder / "step-1" / name).lstat().st_ino)
    np.testing.assert_equal(checkpoints.read(folder / "step-2")[0], state_of())


def test_damaged_and_missing_pieces_are_named(tmp_path):
    path = checkpoints.write(tmp_path / "step-1", state_of())
    piece = sorted(path.glob("piece-*"))[3]
    content = bytearray(piece.read_bytes())
    for act in (checkpoints.read, checkpoints.verify):
        for place in (0, 20, len(content) // 2, len(content) - 1):
            piece.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            with pytest.raises(CheckpointError, match=rf"{piece.name}: the file was truncated or edited.*Fix"):
                act(path)
        piece.write_bytes(content[:-9])
        with pytest.raises(CheckpointError, match=rf"{piece.name}: the file was truncated"):
            act(path)
        piece.write_bytes(content)
    piece.unlink()
    with pytest.raises(CheckpointError, match=rf"{piece.name}: the file is missing"):
        checkpoints.verify(path)


ROWS_NAME = "learner/memory/rows"
EDITS = {
    "a way out": lambda m: m["files"].update({"../../x": m["files"]["state.json"]}),
    "another file": lambda m: m["pieces"][ROWS_NAME]["files"].append("state.json"),
    "a piece nobody takes": lambda m: m["pieces"].pop(ROWS_NAME),
    "a piece less": lambda m: m["files"].pop(m["pieces"][ROWS_NAME]["files"].pop()),
    "a piece twice": lambda m: m["pieces"][ROWS_NAME]["files"].append(m["pieces"][ROWS_NAME]["files"][0]),
    "another shape": lambda m: m["pieces"][ROWS_NAME].update(shape=[ROWS, 5]),
    "a vast shape": lambda m: m["pieces"][ROWS_NAME].update(shape=[1 << 40, 4]),
    "another dtype": lambda m: m["pieces"][ROWS_NAME].update(dtype="int32"),
    "no dtype": lambda m: m["pieces"][ROWS_NAME].update(dtype="object"),
    "an array of one file, too": lambda m: m["pieces"].update({"learner/w": m["pieces"][ROWS_NAME]}),
    "an array nobody knows": lambda m: m["pieces"].update({"more": m["pieces"][ROWS_NAME]}),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_manifest_that_lies_about_pieces_is_refused(tmp_path, name):
    path = checkpoints.write(tmp_path / "step-1", state_of())
    edited(path, EDITS[name])
    with pytest.raises(CheckpointError, match="Fix") as error:
        checkpoints.read(path)
    assert str(error.value).isprintable()


def test_equal_states_have_equal_digests_and_the_order_of_pieces_counts(tmp_path):
    state, turned = state_of(), state_of()
    turned["learner"]["memory"]["rows"][:128] = np.roll(turned["learner"]["memory"]["rows"][:128], 64, axis=0)
    found = [checkpoints.digest(checkpoints.write(tmp_path / f"c{i}" / "step-1", s)) for i, s in
             enumerate((state, state, turned))]  # fmt: skip
    assert found[0] == found[1] != found[2]


def test_damage_does_not_spread_into_what_is_written_next(tmp_path, monkeypatch):
    folder = tmp_path / "checkpoints"
    first = written(folder / "step-1", state_of())
    name = sorted(first)[2]
    content = bytearray((folder / "step-1" / name).read_bytes())
    content[-1] ^= 1
    (folder / "step-1" / name).write_bytes(content)
    second = written(folder / "step-2", state_of())
    assert [n for n in first if first[n] != second[n]] == [name], "what nobody changed is shared still"
    checkpoints.verify(folder / "step-2")
    # Another process knows of no file what it holds, and reads them all.
    monkeypatch.setattr(pieces, "_sound", {})
    third = written(folder / "step-3", state_of())
    assert third == second
    checkpoints.verify(folder / "step-3")
