import json
import os

import numpy as np
import pytest

from lab.errors import CheckpointError
from lab.runs import checkpoints

STATE = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "scalar": np.array(2.5),
    "nested": {"flags": np.array([True, False]), "list": [1, "x", None, {"deep": np.zeros(0)}]},
    "big": 2**127 + 1,
    "real": 0.1,
}


def test_a_state_comes_back_with_dtypes_shapes_and_big_integers(tmp_path):
    path = checkpoints.write(tmp_path / "step-1", STATE, {"time": 1.0})
    state, notes = checkpoints.read(path)
    assert notes == {"time": 1.0}
    assert state["a"].dtype == np.float32 and np.array_equal(state["a"], STATE["a"])
    assert state["scalar"].shape == () and state["scalar"] == 2.5
    assert state["nested"]["flags"].dtype == bool
    assert state["nested"]["list"][:3] == [1, "x", None] and state["nested"]["list"][3]["deep"].shape == (0,)
    assert (state["big"], state["real"]) == (2**127 + 1, 0.1)
    assert sorted(os.listdir(path)) == ["manifest.json", "state.json", "state.safetensors"]
    assert os.listdir(tmp_path) == ["step-1"], "nothing temporary stays"


def test_equal_states_have_equal_digests_and_others_do_not(tmp_path):
    one = checkpoints.digest(checkpoints.write(tmp_path / "step-1", STATE, {"time": 1.0}))
    two = checkpoints.digest(checkpoints.write(tmp_path / "step-2", STATE, {"time": 2.0}))
    other = checkpoints.digest(checkpoints.write(tmp_path / "step-3", {**STATE, "real": 0.2}))
    assert one == two != other


@pytest.mark.parametrize("name", [checkpoints.ARRAYS, checkpoints.TREE])
def test_a_flipped_byte_is_found(tmp_path, name):
    path = checkpoints.write(tmp_path / "step-1", STATE)
    data = bytearray((path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (path / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"{name}: the file was truncated or edited: sha256 .*; expected .* Fix"):
        checkpoints.read(path)


@pytest.mark.parametrize("name", [checkpoints.ARRAYS, checkpoints.TREE])
def test_a_truncated_or_missing_file_is_found(tmp_path, name):
    path = checkpoints.write(tmp_path / "step-1", STATE)
    (path / name).write_bytes((path / name).read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=rf"{name}: the file was truncated or edited: bytes"):
        checkpoints.read(path)
    (path / name).unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        checkpoints.read(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 99, "files": {}}', '{"format": 1, "files": {"../x": {}}}']
)
def test_a_strange_manifest_is_refused(tmp_path, text):
    path = checkpoints.write(tmp_path / "step-1", STATE)
    (path / checkpoints.MANIFEST).write_text(text)
    with pytest.raises(CheckpointError):
        checkpoints.read(path)


def test_a_damaged_checkpoint_is_named_and_skipped(tmp_path):
    old = checkpoints.write(tmp_path / "step-1", {"v": 1})
    new = checkpoints.write(tmp_path / "step-2", {"v": 2})
    (new / checkpoints.TREE).write_text(json.dumps({"v": 3}))
    with pytest.warns(UserWarning, match=r"skipped a damaged checkpoint: .*step-2"):
        assert checkpoints.newest(checkpoints.listed(tmp_path, "step")) == old
    (old / checkpoints.TREE).unlink()
    with pytest.raises(CheckpointError), pytest.warns(UserWarning):
        checkpoints.newest(checkpoints.listed(tmp_path, "step"))


def test_what_a_kill_leaves_behind_is_not_a_checkpoint(tmp_path):
    checkpoints.write(tmp_path / "step-1", {"v": 1})
    (tmp_path / ".step-2.tmp-99").mkdir()
    assert [p.name for p in checkpoints.listed(tmp_path, "step")] == ["step-1"]
    assert checkpoints.newest(checkpoints.listed(tmp_path / "nowhere", "step")) is None


def test_replacing_and_pruning(tmp_path):
    for step in (3, 20, 100):
        checkpoints.write(tmp_path / f"step-{step:05d}", {"v": step})
    checkpoints.write(tmp_path / "step-00100", {"v": 101})
    checkpoints.prune(tmp_path, "step", keep=2)
    assert [checkpoints.step_of(p) for p in checkpoints.listed(tmp_path, "step")] == [20, 100]
    assert checkpoints.read(tmp_path / "step-00100")[0] == {"v": 101}


def test_nothing_of_a_checkpoint_is_a_pickle(tmp_path):
    path = checkpoints.write(tmp_path / "step-1", STATE)
    json.loads((path / checkpoints.TREE).read_text())
    header = int.from_bytes((path / checkpoints.ARRAYS).read_bytes()[:8], "little")
    json.loads((path / checkpoints.ARRAYS).read_bytes()[8 : 8 + header])
