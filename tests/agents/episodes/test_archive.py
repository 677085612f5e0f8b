import dataclasses
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from agents import Episodes
from agents.episodes import EpisodesError
from agents.episodes.files import archive
from agents.episodes.files.card import describe_returns
from agents.episodes.files.columns import Columns
from tests.agents.episodes.made import same, three


def test_a_file_comes_back_bit_for_bit_and_numpy_reads_it(tmp_path):
    e = three()
    path = e.save(tmp_path / "a.npz")
    loaded = Episodes.load(path)
    assert same(loaded, e) and loaded.card == e.card
    assert loaded.observation_space == e.observation_space and loaded.action_space == e.action_space
    loaded.verify()
    with np.load(path, allow_pickle=False) as plain:
        assert plain["rewards"].tolist() == e.rewards.tolist()
        assert b'"policy": "by hand"' in plain["card"].tobytes()
    assert three().save(tmp_path / "b.npz").read_bytes() == path.read_bytes(), "no clock, no name in it"
    assert not list(tmp_path.glob(".*")), "nothing is left beside it"


def test_arrays_are_mapped_aligned_and_read_only(tmp_path):
    loaded = Episodes.load(three().save(tmp_path / "a.npz"))
    for array in loaded.columns:
        assert array.flags.aligned and not array.flags.writeable and type(array) is np.ndarray
        assert isinstance(array.base, np.memmap)
        assert array.ctypes.data % archive.ALIGNMENT == 0


def test_appending_joins_and_leaves_open_files_readable(tmp_path):
    path = three().save(tmp_path / "a.npz")
    opened = Episodes.load(path)
    three(policy="other").append(path)
    both = Episodes.load(path)
    both.verify()
    assert both.returns.tolist() == [1, 5, -3, 1, 5, -3] and both.card.policy == "by hand + other"
    assert same(opened, three()), "the old file lives on where it is open"
    assert same(both, Episodes.mix([three(), three()]))
    assert same(Episodes.load(three().append_to(tmp_path / "new.npz")), three())


def test_a_damaged_file_is_one_clear_error(tmp_path):
    path = three().save(tmp_path / "a.npz")
    whole = path.read_bytes()
    for cut in (0, 1, 100, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(EpisodesError, match="no whole file of recorded episodes.*Fix: "):
            Episodes.load(path)
    np.savez(path, observations=np.zeros(3))
    with pytest.raises(EpisodesError, match="it has no 'card'"):
        Episodes.load(path)
    np.savez_compressed(path, card=np.zeros(3, np.uint8))
    with pytest.raises(EpisodesError, match="compressed"):
        Episodes.load(path)
    with pytest.raises(EpisodesError, match="there is no file"):
        Episodes.load(tmp_path / "none.npz")


def test_objects_and_other_versions_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, card=np.array([{}], object))
    with pytest.raises(EpisodesError, match="object"):
        Episodes.load(path)
    e = three()
    archive.write(path, dataclasses.replace(e.card, format=2), [e.columns])
    with pytest.raises(EpisodesError, match="format is 2; this version reads 1"):
        Episodes.load(path)
    archive.write(path, dataclasses.replace(e.card, steps=7), [e.columns])
    with pytest.raises(EpisodesError, match="its card of 3 episodes with 7 steps says float32 \\(7, 1\\)"):
        Episodes.load(path)


def test_a_flipped_bit_or_an_edited_card_is_found(tmp_path):
    e = three()
    path = e.save(tmp_path / "a.npz")
    whole = bytearray(path.read_bytes())
    place = whole.index(e.rewards.tobytes())
    whole[place + 7] ^= 1
    path.write_bytes(whole)
    with pytest.raises(EpisodesError, match="changed since it was written"):
        Episodes.load(path).verify()
    archive.write(path, dataclasses.replace(e.card, policy="a better one"), [e.columns])
    with pytest.raises(EpisodesError, match="changed since it was written"):
        Episodes.load(path).verify()


def big(number, steps):
    """Return the card and columns of episodes whose rows are never written, so that they cost nothing."""
    rows = number * steps
    parts = Columns(
        np.zeros((rows, 1), np.float32),
        np.zeros((number, 1), np.float32),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.float32),
        np.full(number, steps),
        np.ones(number, bool),
        np.zeros(number, bool),
        np.zeros(number),
    )
    numbers = {"episodes": number, "steps": rows, "returns": describe_returns(parts.returns)}
    return dataclasses.replace(three().card, sha256="0" * 64, **numbers), parts


def test_ten_million_transitions_open_in_under_a_second(tmp_path):
    path = tmp_path / "big.npz"
    card, parts = big(100_000, 100)
    archive.write(path, card, [parts])
    del parts
    # The processor's time: it does not depend on what else the machine does.
    began = time.process_time()
    e = Episodes.load(path)
    assert (e.steps, len(e)) == (10_000_000, 100_000)
    assert time.process_time() - began < 1.0


KILLED = """
import sys
from agents import Episodes
from tests.agents.episodes.made import three
while True:
    print("appending", flush=True)
    three().append(sys.argv[1])
"""


def test_a_kill_at_any_time_leaves_a_readable_file(tmp_path):
    path = three().save(tmp_path / "a.npz")
    for milliseconds in (3, 20, 61):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(milliseconds / 1000)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        e = Episodes.load(path)
        e.verify()
        assert len(e) % 3 == 0 and same(e.take(range(3)), three())
