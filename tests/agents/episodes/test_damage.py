"""Files of episodes that lie: each is one clear error, before memory is taken for what they declare."""

import dataclasses
import io
import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from gymnasium.spaces import Discrete

from agents import Episodes
from agents.episodes import EpisodesError
from agents.episodes.files import archive
from tests.agents.episodes.made import three

HOSTILE = "a\x1b[2J\u202eb"


def refused(path, words):
    tracemalloc.start()
    with pytest.raises(EpisodesError, match=words) as raised:
        Episodes.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(raised.value).isprintable() and "Fix: " in str(raised.value) and len(str(raised.value)) < 700
    assert peak < 40_000_000, f"{peak:,} bytes for a file of a few kilobytes"


def rewritten(path, **members):
    """Write three episodes again with other bytes or arrays for some members; None leaves one out."""
    three().save(path)
    with zipfile.ZipFile(path) as whole:
        contents = {name: whole.read(name) for name in whole.namelist()}
    for name, content in members.items():
        if isinstance(content, np.ndarray):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, content, (1, 0))
            content = buffer.getvalue()
        contents[f"{name}.npy"] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, content in contents.items():
            if content is not None:
                file.writestr(name, content)
    return path


def header(descr, shape, fortran="False"):
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text.encode() + b"\n"


CARD = json.loads(three().card.to_json())


def card(**changes):
    return np.frombuffer(json.dumps({**CARD, **changes}).encode(), np.uint8)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"rewards": header("'<f8'", (1 << 40,))}, "rewards.npy is cut off"),
        ({"rewards": header("'<f8'", (1 << 32, 1 << 32))}, "rewards.npy is cut off"),
        ({"rewards": header("'<f8'", (1 << 61,)) + bytes(8)}, "has the shape"),
        ({"rewards": header("'<f8'", (-6,)) + bytes(48)}, "rewards.npy has the shape"),
        ({"rewards": header("'<f8'", (1,) * 40) + bytes(8)}, "rewards.npy has the shape"),
        ({"rewards": header("'|O'", (6,)) + bytes(48)}, "rewards.npy is object"),
        ({"rewards": header("[('a', '<f8')]", (6,)) + bytes(48)}, "rewards.npy is"),
        ({"rewards": header("'<U4'", (6,)) + bytes(96)}, "rewards.npy is"),
        ({"rewards": header("'<f16'", (6,)) + bytes(96)}, "rewards.npy is float128"),
        ({"rewards": header("'<f8'", (6,), "True") + bytes(48)}, "order that cannot be mapped"),
        ({"rewards": header("(" * 3_000, (6,))}, "no whole file"),
        ({"rewards": b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31)}, "an array of version"),
        ({"rewards": b""}, "no whole file"),
        ({"rewards": None}, "it has no 'rewards'"),
        ({"rewards": np.array([0, 1, np.nan, -1, -1, -1])}, "its rewards are not finite"),
        ({"rewards": np.array([0, 1, np.inf, -1, -1, -1])}, "its rewards are not finite"),
        ({"rewards": np.zeros(5)}, "its rewards are float64 \\(5,\\)"),
        ({"rewards": np.zeros(6, np.int64)}, "its rewards are int64"),
        ({"returns": np.array([1, np.nan, 0])}, "its returns are not finite"),
        ({"lengths": np.array([-2, 2, 6])}, "its lengths are not those of 3 episodes"),
        ({"lengths": np.array([2, 2, 3])}, "its lengths are not those of 3 episodes"),
        ({"lengths": np.array([2, 1, 3], np.int32)}, "its lengths are int32"),
        ({"terminated": np.ones((3, 2), bool)}, "its terminated are bool \\(3, 2\\)"),
        ({"terminated": header("'|b1'", (3,)) + bytes([0, 2, 1])}, "its terminated are no flags"),
        ({"actions": np.array([0, 1, 2, 0, 1, 3])}, "its actions are not all from 0 to 2"),
        ({"actions": np.array([0, 1, 2, 0, 1, -1])}, "its actions are not all from 0 to 2"),
        ({"observations": np.zeros((6, 2), np.float32)}, "its observations are float32 \\(6, 2\\)"),
        ({"card": np.frombuffer(b"[" * 100_000, np.uint8)}, "nested too deeply"),
        ({"card": np.frombuffer(b"{}", np.uint8)}, "lacks 'format'"),
        ({"card": np.zeros((2, 2))}, "its card is float64"),
        ({"card": card(steps=10**400)}, "a number has 401 digits"),
        ({"card": card(steps=True)}, "steps is True"),
        ({"card": card(episodes=-3)}, "episodes is -3"),
        ({"card": card(surprise=1)}, "'surprise', which means nothing here"),
        ({"card": card(environment=HOSTILE)}, r"environment is 'a\\x1b\[2J\\u202eb'"),
        ({"card": card(observation_space={"kind": "Box", "shape": [1 << 20, 1 << 20], "dtype": "float32",
                                          "low": 0, "high": 1})}, "at most 33,554,432 numbers"),
        ({"card": card(observation_space={"kind": "Box", "shape": [1], "dtype": "O", "low": 0, "high": 1})},
         "dtype is 'O'"),
        ({"card": card(action_space={"kind": "Tuple", "spaces": []})}, "spaces is a list of 0"),
    ],
)  # fmt: skip
def test_a_lying_member_is_refused(tmp_path, members, words):
    refused(rewritten(tmp_path / "a.npz", **members), words)


def test_a_rewritten_file_is_read_so_that_the_lies_are_what_is_refused(tmp_path):
    assert Episodes.load(rewritten(tmp_path / "a.npz")).steps == 6


def test_states_beyond_a_discrete_space_are_refused(tmp_path):
    states = {"observation_space": Discrete(6), "observations": np.arange(6), "final_observations": [0, 1, 5]}
    e = three(**states)
    Episodes.load(e.save(tmp_path / "a.npz"))
    for name in ("observations", "final_observations"):
        wrong = e.columns._replace(**{name: getattr(e.columns, name) + 1})
        archive.write(tmp_path / "a.npz", e.card, [wrong])
        refused(tmp_path / "a.npz", f"its {name} are not all from 0 to 5")


def test_a_bomb_is_refused_before_it_is_opened(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("card.npy", header("'|u1'", (100_000_000,)) + bytes(100_000_000))
    refused(path, "card.npy is compressed")


def test_a_file_of_many_members_is_refused_by_its_list(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        for i in range(20_000):
            file.writestr(f"{i:040}", b"")
    refused(path, "its list of members takes")


def test_members_with_paths_and_twice_the_same_name_are_never_followed(tmp_path):
    path = rewritten(tmp_path / "a.npz")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../outside.npy", b"x")
    assert Episodes.load(path).steps == 6 and not (tmp_path.parent / "outside.npy").exists()
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("card.npy", b"x")
    refused(path, "a member twice")


def test_every_cut_and_many_flips_are_an_error_or_the_same_episodes(tmp_path):
    path = three().save(tmp_path / "a.npz")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(EpisodesError):
            Episodes.load(path)
    for _ in range(300):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        try:
            found = Episodes.load(path)
            found.verify()
        except EpisodesError:
            continue
        assert found.steps == 6


def test_a_policy_of_control_characters_reaches_no_terminal(tmp_path):
    e = three(policy=HOSTILE)
    loaded = Episodes.load(e.save(tmp_path / "a.npz"))
    assert loaded.card.policy == HOSTILE and repr(loaded).isprintable() and r"\x1b[2J" in repr(loaded)
    archive.write(tmp_path / "b.npz", dataclasses.replace(e.card, sha256="0" * 64), [e.columns])
    with pytest.raises(EpisodesError, match="changed since it was written"):
        Episodes.load(tmp_path / "b.npz").verify()
