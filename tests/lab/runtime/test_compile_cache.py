"""Compiled programs are kept for the next process, whole and private, and never where that is not safe."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import UsageError
from lab.runtime.compiling import compile_cache, compiled_store
from lab.runtime.compiling.compiled_store import is_private

NAME = "xla_compile_cache__1__2__XLA_CPU_JIT.pb"


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled_store, "LEAST_FREE", 0)
    return tmp_path / "cache" / "compiled"


def opened(root, threads=1):
    session = compiled_store.opened(root)
    assert session is not None
    session.fill((threads, 2))
    return session


def add(root, content=b"code", name=NAME):
    session = opened(root)
    (session.folder / name).write_bytes(content)
    session.close()
    assert not session.folder.exists()
    return session._store


def test_what_a_process_adds_the_next_one_has_and_no_two_share_a_folder(root):
    add(root)
    first, second = opened(root), opened(root)
    assert first.folder != second.folder
    (first.folder / NAME).write_bytes(b"changed")
    assert (second.folder / NAME).read_bytes() == b"code"
    first.close()
    second.close()
    assert (opened(root).folder / NAME).read_bytes() == b"code"


def test_a_damaged_a_foreign_and_a_linked_file_are_not_offered(root, tmp_path):
    store = add(root)
    (entry,) = store.glob("*@*")
    entry.write_bytes(b"cod")
    (tmp_path / "elsewhere").write_bytes(b"code")
    (store / f"x{entry.name}").symlink_to(tmp_path / "elsewhere")
    (store / f"y{NAME}@0").write_bytes(b"planted")
    session = opened(root)
    assert [path.name for path in session.folder.iterdir()] == [".lock"]
    assert not list(store.glob("*@*")) and (tmp_path / "elsewhere").exists()


def test_another_processor_other_threads_and_other_flags_have_programs_of_their_own(root, monkeypatch):
    store = add(root)
    assert opened(root, threads=2)._store != store
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    assert opened(root)._store != store
    monkeypatch.delenv("XLA_FLAGS")
    here = compiled_store.this_processor()
    monkeypatch.setattr(compiled_store, "this_processor", lambda: here._replace(features=frozenset(("avx2",))))
    assert opened(root)._store != store


def test_the_oldest_go_when_there_are_too_many(root, monkeypatch):
    monkeypatch.setattr(compiled_store, "MOST_BYTES", 10)
    for number in range(3):
        store = add(root, b"12345", f"{number}.pb")
        for entry in store.glob("*@*"):
            os.utime(entry, (time.time() - 10, time.time() - 10 + int(entry.name[0])))
    assert sorted(path.name[0] for path in store.glob("*@*")) == ["1", "2"]


def test_a_killed_process_leaves_nothing_for_long_and_a_living_one_keeps_its_folder(root, monkeypatch):
    living, killed = opened(root), opened(root)
    os.close(killed._lock)
    monkeypatch.setattr(compiled_store, "PATIENCE", -1.0)
    opened(root)
    assert living.folder.exists() and not killed.folder.exists()


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_can_write_is_not_used(root, tmp_path, mode):
    root.mkdir(parents=True)
    root.chmod(mode)
    assert compiled_store.opened(root) is None
    root.chmod(0o700)
    root.parent.chmod(mode)
    assert compiled_store.opened(root) is None, "they could put another folder in its place"
    root.parent.chmod(0o700)
    assert is_private(root.resolve())


def test_a_nearly_full_disk_is_left_alone(root, monkeypatch):
    monkeypatch.setattr(compiled_store, "LEAST_FREE", 1 << 62)
    assert compiled_store.opened(root) is None


def test_the_folder_is_the_users_and_never_where_one_stands(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_COMPILE_CACHE", "off")
    assert compile_cache.folder() is None
    monkeypatch.delenv("LAB_COMPILE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert compile_cache.folder() == tmp_path / ".cache" / "keras-lab" / "compiled"
    monkeypatch.setenv("LAB_COMPILE_CACHE", "here")
    with pytest.raises(UsageError, match="LAB_COMPILE_CACHE received 'here'; expected `off` or the absolute path"):
        compile_cache.folder()


SCRIPT = """
import os, sys
from lab.runtime.loading import load
load("lab.networks")
from lab.runtime.threads import start_tensorflow
start_tensorflow(1)
import tensorflow as tf
from pathlib import Path
assert "TF_XLA_FLAGS" not in os.environ
(session,) = Path(sys.argv[1]).glob("session-*")
print(len(list(session.glob("*.pb"))))
@tf.function(jit_compile=True, autograph=False)
def program(x):
    return tf.while_loop(lambda i, _: i < 9, lambda i, x: (i + 1, tf.sin(x @ x)), (0, x))[1]
print(program(tf.eye(7) * 0.3).numpy().tobytes().hex())
print(len(list(session.glob("*.pb"))))
"""


@pytest.mark.thorough
def test_a_second_process_finds_what_the_first_compiled_and_computes_the_same_bits_without_a_word(tmp_path):
    root = tmp_path / "cache"
    environment = {k: v for k, v in os.environ.items() if k not in ("TF_CPP_MIN_LOG_LEVEL", "TF_XLA_FLAGS")}
    environment["LAB_COMPILE_CACHE"] = str(root)
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(root)],
            cwd=Path(__file__).parents[3],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 and done.stderr == "", done.stderr[-2000:]
        found.append(done.stdout.split())
    (none, cold, one), (taken, warm, still) = found
    assert (none, one, taken, still) == ("0", "1", "1", "1") and cold == warm
    assert not list(root.glob("session-*")) and len(list(root.glob("*/*@*"))) == 1


def test_a_cache_that_cannot_be_written_is_one_clear_error(monkeypatch):
    import types

    import tensorflow as tf

    from lab.errors import RunDirectoryError
    from lab.runtime.compiling import compile_cache

    monkeypatch.setattr(compile_cache, "_session", types.SimpleNamespace(folder="/cache/session-x"))
    full = tf.errors.OutOfRangeError(None, None, "/cache/session-x/a.pb.tmp; File too large")
    found = compile_cache.refused(full)
    assert isinstance(found, RunDirectoryError)
    assert "LAB_COMPILE_CACHE=off" in str(found) and "File too large" in str(found)
    assert compile_cache.refused(ValueError("/cache/session-x")) is None
    assert compile_cache.refused(tf.errors.OutOfRangeError(None, None, "another")) is None
