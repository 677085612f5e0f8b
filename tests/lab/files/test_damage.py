"""Damaged rows and checkpoints: what is whole is used, what is not is named, and nothing is wrong without a word."""

import json
import warnings

import numpy as np
import pytest

from lab.errors import CheckpointError, RunDirectoryError
from lab.files.json_lines import JsonLines
from lab.files.reading import rows, tensors
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory
from lab.runs.run_state import read_learner, read_run

STATE = {"learner": {"a": np.arange(4, dtype=np.float32), "b": np.array([True, False])}, "n": 3}
ROWS = [{"step": step, "loss": 1 / step} for step in range(1, 7)]


# ---------------------------------------------------------------- rows


def log_of(tmp_path, lines=None):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines or [json.dumps(row).encode() for row in ROWS]))
    return JsonLines(path)


BAD = [
    b'{"step": 3, "loss": 0.3',
    b'{"step": 3, "l\xefss": 0.3}',
    b"\x00\x00\x00",
    b'{"loss": 0.3}',
    b'{"step": "3"}',
    b'{"step": [3]}',
    b'{"step": true}',
    b'{"step": 3.0}',
    b'{"step": -3}',
    b'{"step": 1e400}',
    b'{"step": 3, "loss": NaN}',
    b'{"step": 3, "step": 4}',
    b'{"step": 99999999999999999999}',
    b'{"step": 3, "time_elapsed": "soon"}',
    b"[3]",
    b"3",
    b"[" * 100_000,
    b"1" * 5_000,
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_a_line_that_is_no_row_is_named_and_the_others_are_used(tmp_path, bad):
    lines = [json.dumps(row).encode() for row in ROWS]
    lines[2] = bad
    log = log_of(tmp_path, lines)
    with pytest.warns(UserWarning, match=r"metrics.jsonl, line 3: left out, for it is no row.*All whole rows are used"):
        assert log.read() == [*ROWS[:2], *ROWS[3:]]


def test_many_damaged_lines_are_one_warning(tmp_path):
    log = log_of(tmp_path, BAD)
    with pytest.warns(UserWarning, match=rf"line 1 and {len(BAD) - 1} more lines") as found:
        assert log.read() == []
    assert len(found) == 1


def test_a_last_row_torn_by_a_kill_is_left_out_without_a_word_and_tears_no_other(tmp_path):
    log = log_of(tmp_path)
    with open(log.path, "ab") as file:
        file.write(b'{"step": 7, "lo')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log.read() == ROWS
    log.append({"step": 8})
    with pytest.warns(UserWarning, match="line 7"):
        assert log.read() == [*ROWS, {"step": 8}]


def test_a_resumed_run_says_which_rows_it_lost_and_keeps_the_file_as_it_was(tmp_path):
    lines = [json.dumps(row).encode() for row in ROWS]
    lines[1] = b"{"
    log = log_of(tmp_path, lines)
    before = log.path.read_bytes()
    words = r"line 2 is no row .*rows up to step 4 are lost or changed.*kept as metrics.jsonl.damaged. Training goes on"
    with pytest.warns(UserWarning, match=words):
        assert log.cut(4) == [ROWS[0], ROWS[2], ROWS[3]]
    assert (tmp_path / "metrics.jsonl.damaged").read_bytes() == before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log.read() == [ROWS[0], ROWS[2], ROWS[3]]


def test_damage_after_the_checkpoint_is_written_anew_and_needs_no_word(tmp_path):
    lines = [json.dumps(row).encode() for row in ROWS]
    log = log_of(tmp_path, [*lines[:5], b"{", lines[5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log.cut(4) == ROWS[:4]
    assert [p.name for p in tmp_path.iterdir()] == ["metrics.jsonl"]


def test_what_the_checkpoint_recorded_finds_a_flipped_digit_and_a_lost_end(tmp_path):
    log = log_of(tmp_path)
    recorded = log.sum()
    log.append({"step": 7})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log.cut(6, recorded) == ROWS
    whole = log.path.read_bytes()
    log.path.write_bytes(whole.replace(b"0.5", b"0.7"))
    with pytest.warns(UserWarning, match="its rows are not those that the run wrote"):
        log.cut(6, recorded)
    log.path.write_bytes(whole[:40])
    with pytest.warns(UserWarning, match=rf"{len(whole) - 40} of its {len(whole)} bytes are missing"):
        log.cut(6, recorded)
    log.path.unlink()
    with pytest.warns(UserWarning, match="bytes are missing"):
        assert log.cut(6, recorded) == []


def test_cutting_keeps_the_bytes_of_the_rows_it_keeps(tmp_path):
    log = log_of(tmp_path, [b'{"step":1,  "loss": 1.50}', b'{"step": 2, "big": 1e400}', b'{"step": 3}'])
    with pytest.warns(UserWarning):
        log.cut(2)
    assert log.path.read_bytes() == b'{"step":1,  "loss": 1.50}\n'


def test_a_line_without_an_end_in_sight_is_refused_before_it_is_read(tmp_path, monkeypatch):
    log = log_of(tmp_path, [b"[" + b"1," * 5_000])
    monkeypatch.setattr("lab.files.reading.rows.LONGEST_ROW", 1_000)
    with pytest.raises(RunDirectoryError, match=r"line 1 has more than 1,000 bytes. Fix"):
        log.read()


# ---------------------------------------------------------------- checkpoints whose sums match


def signed(path, name, content):
    """Replace a checkpoint's file and its sum."""
    (path / name).unlink()
    about = tensors.write_summed(path / name, [content])
    manifest = json.loads((path / checkpoints.MANIFEST).read_text())
    manifest["files"][name] = about
    (path / checkpoints.MANIFEST).write_text(json.dumps(manifest))
    return path


def header(entries, data=b""):
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


def f32(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


TREES = {
    "a list": b"[1, 2]",
    "a number": b"7",
    "a text": b'"state"',
    "nothing": b"",
    "deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "an array that is not there": b'{"x": {"__array__": "zzz"}}',
    "an array of another kind": b'{"x": {"__array__": 3}}',
    "more beside an array": b'{"x": {"__array__": "learner/a", "y": 1}}',
    "an array left over": b'{"x": {"__array__": "learner/a"}}',
    "an array twice": b'{"x": {"__array__": "learner/a"}, "y": {"__array__": "learner/a"}}',
    "a name twice": b'{"n": 1, "n": 2}',
    "no text": b"\xff\xfe",
    "a long number": b'{"n": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("name", TREES)
def test_a_state_of_another_kind_is_refused_though_its_sum_is_right(tmp_path, name):
    path = signed(checkpoints.write(tmp_path / "step-1", STATE), checkpoints.TREE, TREES[name])
    for act in (checkpoints.read, checkpoints.verify):
        with pytest.raises(CheckpointError, match=r"state\.json: .*Fix") as error:
            act(path)
        assert "\n" not in str(error.value) and len(str(error.value)) < 500


BODY = b"\0" * 16
HEADERS = {
    "empty": b"",
    "short": b"\1\0",
    "longer than the file": (1 << 40).to_bytes(8, "little") + b"{}",
    "no JSON": header(b"{", BODY),
    "a list": header([1], BODY),
    "no entry": header({"a": 3}, BODY),
    "no shape": header({"a": {"dtype": "F32", "data_offsets": [0, 16]}}, BODY),
    "another dtype": header({"a": f32([4], 0, 16, "F7")}, BODY),
    "an object's dtype": header({"a": f32([4], 0, 16, "O")}, BODY),
    "a dtype that is no text": header({"a": f32([4], 0, 16, ["F32"])}, BODY),
    "a shape too large": header({"a": f32([5], 0, 16)}, BODY),
    "a shape of 10^18": header({"a": f32([10**9, 10**9], 0, 16)}, BODY),
    "a negative shape": header({"a": f32([-2, -2], 0, 16)}, BODY),
    "an empty one of 10^18": header({"a": f32([0, 10**17, 10**17], 0, 0), "b": f32([4], 0, 16)}, BODY),
    "a shape of texts": header({"a": f32(["4"], 0, 16)}, BODY),
    "a thousand axes": header({"a": f32([1] * 1_000 + [4], 0, 16)}, BODY),
    "past the end": header({"a": f32([8], 0, 32)}, BODY),
    "one over another": header({"a": f32([4], 0, 16), "b": f32([2], 8, 16)}, BODY),
    "a hole": header({"a": f32([2], 0, 8), "b": f32([1], 12, 16)}, BODY),
    "more behind": header({"a": f32([2], 0, 8)}, BODY),
    "backwards": header({"a": f32([2], 16, 8)}, BODY),
    "flags of 7": header({"a": {"dtype": "BOOL", "shape": [16], "data_offsets": [0, 16]}}, b"\7" * 16),
    "deep": header(b'{"a":' * 2_000 + b"1" + b"}" * 2_000, BODY),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_lies_is_refused_before_memory_is_taken(tmp_path, name):
    path = signed(checkpoints.write(tmp_path / "step-1", STATE), checkpoints.ARRAYS, HEADERS[name])
    for act in (checkpoints.read, checkpoints.verify):
        with pytest.raises(CheckpointError, match=r"state\.safetensors: .*Fix") as error:
            act(path)
        assert "\n" not in str(error.value) and len(str(error.value)) < 500


MANIFESTS = {
    "a text for a number": {"bytes": "12"},
    "a size past all sense": {"bytes": 10**30},
    "a negative size": {"bytes": -1},
    "a sum with an escape": {"sha256": "\x1b[2J" + "0" * 60},
    "a sum of another kind": {"sha256": 7},
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_with_sizes_and_sums_of_other_kinds_is_refused(tmp_path, name):
    path = checkpoints.write(tmp_path / "step-1", STATE)
    manifest = json.loads((path / checkpoints.MANIFEST).read_text())
    manifest["files"][checkpoints.TREE].update(MANIFESTS[name])
    (path / checkpoints.MANIFEST).write_text(json.dumps(manifest))
    for act in (checkpoints.read, checkpoints.manifest_of, checkpoints.digest):
        with pytest.raises(CheckpointError, match=r"manifest\.json: ") as error:
            act(path)
        assert str(error.value).isprintable()


def test_a_checkpoint_of_a_later_version_says_so(tmp_path):
    path = checkpoints.write(tmp_path / "step-1", STATE)
    manifest = json.loads((path / checkpoints.MANIFEST).read_text())
    (path / checkpoints.MANIFEST).write_text(json.dumps({**manifest, "format": 3}))
    with pytest.raises(CheckpointError, match="format 3; expected at most 2.*version of lab that wrote it"):
        checkpoints.read(path)


def test_a_file_larger_than_the_memory_is_refused_before_it_is_summed(tmp_path):
    path = checkpoints.write(tmp_path / "step-1", STATE)
    size = 1 << 42
    with open(path / checkpoints.ARRAYS, "r+b") as file:
        file.truncate(size)
    manifest = json.loads((path / checkpoints.MANIFEST).read_text())
    manifest["files"][checkpoints.ARRAYS]["bytes"] = size
    (path / checkpoints.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="this machine a memory of"):
        checkpoints.read(path)


ODD = ["best-²", "best-", "best-1-2", "best-99999999999999999999", "best--3", "best-1x", "best-1\n", "BEST-1"]


def test_names_that_are_no_checkpoints_are_none(tmp_path):
    for name in ODD:
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    checkpoints.write(tmp_path / "checkpoints" / "best-7", STATE)
    assert [p.name for p in checkpoints.listed(tmp_path / "checkpoints", "best")] == ["best-7"]
    checkpoints.prune(tmp_path / "checkpoints", "best", keep=1)
    assert len(list((tmp_path / "checkpoints").iterdir())) == len(ODD) + 1
    with pytest.raises(CheckpointError, match="not the name of a checkpoint"):
        checkpoints.step_of(tmp_path / "best-²")


def test_names_of_arrays_never_meet(tmp_path):
    state = {"a/b": np.zeros(1), "a": {"b": np.ones(2)}, "__metadata__": np.full(3, 3.0), "": {"a": np.full(4, 4.0)}}
    found, _ = checkpoints.read(checkpoints.write(tmp_path / "step-1", state))
    assert found["a/b"].shape == (1,) and found["a"]["b"].shape == (2,)
    assert found["__metadata__"].shape == (3,) and found[""]["a"].shape == (4,)


@pytest.mark.parametrize("array", [np.array(["x"]), np.zeros(1, "datetime64[s]"), np.zeros(1, np.complex128)])
def test_arrays_that_could_not_be_read_back_are_not_written(tmp_path, array):
    with pytest.raises(CheckpointError, match="has the dtype"):
        checkpoints.write(tmp_path / "step-1", {"a": array})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [10**200, {1, 2}, b"x", 3j])
def test_values_that_could_not_be_read_back_are_not_written(tmp_path, value):
    with pytest.raises(CheckpointError):
        checkpoints.write(tmp_path / "step-1", {"a": value})
    deep = value = {}
    for _ in range(70):
        value["a"] = value = {}
    with pytest.raises(CheckpointError, match="nested more than"):
        checkpoints.write(tmp_path / "step-1", deep)
    assert list(tmp_path.iterdir()) == []


def test_any_array_comes_back_bit_for_bit_and_the_format_is_that_of_the_package(tmp_path):
    from safetensors.numpy import load_file, save_file

    rng = np.random.default_rng(0)
    arrays = {
        "strided": rng.normal(size=(6, 4))[::2, ::-1],
        "fortran": np.asfortranarray(rng.normal(size=(3, 4)).astype(np.float32)),
        "big": np.arange(5, dtype=">i4"),
        "half": rng.normal(size=7).astype(np.float16),
        "odd": np.arange(3, dtype=np.uint8),
        "flags": rng.random(5) < 0.5,
        "complex": (rng.normal(size=2) + 1j).astype(np.complex64),
        "special": np.array([np.nan, np.inf, -0.0]),
        "none": np.zeros((0, 3)),
    }
    path = checkpoints.write(tmp_path / "step-1", arrays)
    found, theirs = checkpoints.read(path)[0], load_file(path / checkpoints.ARRAYS)
    for name, array in arrays.items():
        for other in (found[name], theirs[name]):
            assert (
                other.dtype == array.dtype.newbyteorder("=") and other.tobytes() == array.astype(other.dtype).tobytes()
            )
    # What the package writes is read too: that is how earlier versions wrote.
    save_file({k: np.ascontiguousarray(v) for k, v in theirs.items()}, tmp_path / "theirs")
    content = (tmp_path / "theirs").read_bytes()
    again = checkpoints.read(signed(path, checkpoints.ARRAYS, content))[0]
    assert all(again[name].tobytes() == found[name].tobytes() for name in found)


# ---------------------------------------------------------------- which checkpoint is used


def run_with(tmp_path, *names):
    for name in names:
        step = checkpoints.step_of(name)
        whole = {"experiment": {"step": step, "target_step": 9}, "learner": {}, "task": {}, "callbacks": {}}
        checkpoints.write(tmp_path / "checkpoints" / name, whole)
    return RunDirectory(tmp_path)


def damage(run, name):
    (run.checkpoints / name / checkpoints.TREE).write_text("{}")


def test_a_damaged_best_checkpoint_gives_way_to_the_newest_with_a_word(tmp_path):
    run = run_with(tmp_path, "best-2", "step-3", "step-4")
    assert run.find_checkpoint("best").name == "best-2"
    damage(run, "best-2")
    with pytest.warns(UserWarning) as found:
        assert run.find_checkpoint("best").name == "step-4"
    assert any("the best checkpoint is damaged; the newest one" in str(w.message) for w in found)
    damage(run, "step-4")
    with pytest.warns(UserWarning):
        assert run.find_checkpoint("best").name == "step-3"
    damage(run, "step-3")
    with pytest.warns(UserWarning), pytest.raises(CheckpointError, match="truncated or edited"):
        run.find_checkpoint("best")


def test_a_damaged_best_checkpoint_alone_is_an_error(tmp_path):
    run = run_with(tmp_path, "best-2")
    damage(run, "best-2")
    with pytest.warns(UserWarning), pytest.raises(CheckpointError, match="best-2"):
        run.find_checkpoint("best")


@pytest.mark.parametrize(
    "edit",
    [
        {"experiment": {"step": 5, "target_step": 9}},
        {"experiment": {"step": -3, "target_step": 9}},
        {"experiment": {"step": "3", "target_step": 9}},
        {"experiment": {"step": 3}},
        {"experiment": 3},
        {"learner": [1]},
        {"task": None},
        {"callbacks": {"x": 3}},
        {"more": {}},
    ],
)
def test_a_checkpoint_of_no_run_is_refused(tmp_path, edit):
    path = run_with(tmp_path, "step-3").checkpoints / "step-3"
    assert read_run(path)[0]["experiment"]["step"] == 3
    state = {**checkpoints.read(path)[0], **edit}
    signed(path, checkpoints.TREE, json.dumps(state).encode())
    with pytest.raises(CheckpointError, match=r"step-3.*Fix"):
        read_run(path)


def test_a_checkpoint_without_a_learner_is_refused(tmp_path):
    path = checkpoints.write(tmp_path / "best-1", {"lerner": {}})
    with pytest.raises(CheckpointError, match="lacks 'learner'"):
        read_learner(path)


def test_whatever_goes_wrong_in_putting_a_state_back_is_one_error(tmp_path):
    words = r"step-1: its state does not fit this run \(KeyError: 'x'\)"
    with pytest.raises(CheckpointError, match=words), checkpoints.restoring(tmp_path / "step-1"):
        {}["x"]


def flip(path, at, mask):
    content = bytearray(path.read_bytes())
    content[at] ^= mask
    path.write_bytes(bytes(content))


def test_a_run_with_flipped_bits_is_evaluated_resumed_and_reported_and_says_what_is_lost(tmp_path, capsys):
    from agents import QLearning
    from lab import Experiment, cli

    run = tmp_path / "run"
    every = {"evaluate_every": 200, "checkpoint_every": 200, "log_every": 50}
    Experiment(QLearning(), "FrozenLake-v1", run_dir=run, progress=False, lane="host", **every).train(400)
    flip(run / "metrics.jsonl", 30, 0x10)
    flip(run / "evaluations.jsonl", 5, 0x10)
    flip(next(run.glob("checkpoints/best-*")) / checkpoints.TREE, 20, 1)
    (run / "checkpoints" / "best-²").mkdir()
    with pytest.warns(UserWarning) as found:
        assert cli.main(["evaluate", str(run), "--episodes", "2"]) == 0
        said = [str(w.message) for w in found if "the best checkpoint is damaged" in str(w.message)]
        assert len(said) == 1, "once a command"
        assert cli.main(["resume", str(run), "--steps", "50"]) == 0
        assert cli.main(["report", str(run)]) == 0
    words = [str(warning.message) for warning in found]
    assert any("the best checkpoint is damaged; the newest one" in w for w in words)
    assert any("evaluations.jsonl, line 1: left out" in w for w in words)
    for name in ("metrics.jsonl", "evaluations.jsonl"):
        assert any(f"kept as {name}.damaged. Training goes on" in w for w in words)
        assert (run / f"{name}.damaged").is_file()
    (run / "checkpoints").rename(tmp_path / "elsewhere")
    (run / "checkpoints").symlink_to(tmp_path / "elsewhere")
    capsys.readouterr()
    assert cli.main(["resume", str(run), "--steps", "50"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "is a link" in error
    assert len(list((tmp_path / "elsewhere").glob("step-*"))) == 2


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"step": 1, "loss": 0.5, "name": "a", "x": null, "y": true}', None),
        (b'{"step": 1, "loss": NaN}', "NaN is no number of JSON"),
        (b'{"step": 1, "loss": 1e999}', "Infinity is no number of JSON"),
        (b'{"step": 1, "step": 2}', "has the name 'step' twice"),
        (b'{"step" : 1, "loss": 1, "loss" : 2}', "has the name 'loss' twice"),
        (b'{"step": 1, "x": ' + b"9" * 101 + b"}", "a number has 101 digits"),
        (b'{"step": 1.0}', "expected a whole number"),
        (b'{"loss": 1}', "it has no step"),
        (b"\xff", "it is no JSON"),
    ],
)
def test_the_quick_way_to_read_a_row_lets_nothing_pass_that_the_other_does_not(raw, expected):
    line = rows.line_of(1, raw)
    if expected is None:
        assert line.row == {"step": 1, "loss": 0.5, "name": "a", "x": None, "y": True}
    else:
        assert line.row is None and expected in line.fault
