"""One update, of an agent or of a diffusion model, can be read in few files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "files_passed.py"


# In a process of its own: here a program that was traced before would be passed no more.
@pytest.mark.thorough
def test_an_update_passes_few_files(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    cases = ("diffusion", "dqn_host", "dqn_compiled")
    subprocess.run([sys.executable, str(SCRIPT), *cases, "--output", str(output)], check=True, capture_output=True)
    found = json.loads(output.read_text())
    assert "generative/diffusion/parametrisation.py" in found["diffusion"]["functions"]
    assert found["diffusion"]["files"] <= 9, sorted(found["diffusion"]["functions"])
    for case in cases[1:]:
        assert "agents/parts/losses.py" in found[case]["rule"]
        assert len(found[case]["rule"]) <= 8, found[case]["rule"]
