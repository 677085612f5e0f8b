"""One update of a diffusion model can be read in few files."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "files_passed.py"


@pytest.mark.thorough
def test_an_update_passes_at_most_nine_files() -> None:
    described = importlib.util.spec_from_file_location("files_passed", SCRIPT)
    assert described is not None and described.loader is not None
    script = importlib.util.module_from_spec(described)
    described.loader.exec_module(script)
    found = script.measure("diffusion")
    assert "generative/diffusion/parametrisation.py" in found["functions"]
    assert found["files"] <= 9, sorted(found["functions"])
