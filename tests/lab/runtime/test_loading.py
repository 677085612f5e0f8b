"""The first import of TensorFlow is not slowed by the garbage collector, which afterwards is as it was."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from lab.runtime.loading import load

MODULE = "import gc\ncollecting = gc.isenabled()\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    # As in a process that has not imported it yet; afterwards it is as it was, there or not.
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    monkeypatch.delitem(sys.modules, "tensorflow")
    yield tmp_path
    gc.enable()
    gc.unfreeze()


def test_nothing_is_collected_meanwhile_and_what_tensorflow_made_is_exempt_afterwards(folder):
    (folder / "without_it.py").write_text(MODULE)
    (folder / "with_it.py").write_text(MODULE + "import sys\nsys.modules['tensorflow'] = sys\n")
    gc.unfreeze()
    assert not load("without_it").collecting
    assert gc.isenabled() and gc.get_freeze_count() == 0
    assert not load("with_it").collecting
    assert gc.isenabled() and gc.get_freeze_count() > 10_000


def test_later_imports_and_a_users_own_choice_are_left_alone(folder, monkeypatch):
    (folder / "later.py").write_text(MODULE)
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    assert load("later").collecting
    monkeypatch.delitem(sys.modules, "tensorflow")
    (folder / "chosen.py").write_text(MODULE)
    gc.disable()
    assert not load("chosen").collecting and not gc.isenabled()


def test_a_failing_import_leaves_the_collector_on(folder):
    (folder / "broken.py").write_text("raise RuntimeError('broken')")
    with pytest.raises(RuntimeError, match="broken"):
        load("broken")
    assert gc.isenabled()


def test_importing_lab_loads_none_of_what_only_training_takes():
    lazy = ("tensorflow", "numpy", "keras", "lab.runtime.processor", "lab.runtime.compiling")
    code = f"import sys, lab; print([name for name in {lazy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
