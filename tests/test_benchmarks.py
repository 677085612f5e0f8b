"""Scripts of `benchmarks/` take hours and are run by hand, so what they import is looked up here."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("lab", "agents", "envs", "generative", "predictors")
SCRIPTS = sorted((ROOT / "benchmarks").rglob("*.py"))


def programs(script: Path) -> Iterator[ast.Module]:
    """Yield a script's own tree, and those of the programs that it gives other processes as text."""
    tree = ast.parse(script.read_text())
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "import " in node.value:
            try:
                yield ast.parse(node.value.replace("{{", "{").replace("}}", "}"))
            except SyntaxError:
                # A docstring, or a template that is no program before it is filled in.
                continue


def missing(module: str, name: str) -> bool:
    """Return whether a module has neither such a name nor such a part."""
    if hasattr(importlib.import_module(module), name):
        return False
    return importlib.util.find_spec(f"{module}.{name}") is None


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_what_a_benchmark_imports_exists(script: Path) -> None:
    lost = [
        f"{node.module}.{alias.name}"
        for tree in programs(script)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in PACKAGES
        for alias in node.names
        if missing(node.module, alias.name)
    ]
    assert not lost
