"""The packages' arrows, and what importing them costs, as the design has them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("lab", "agents", "envs", "generative")
ALLOWED = {
    "lab": set(),
    "agents": {"lab", "generative"},
    "generative": {"lab"},
    "envs": set(),
}


COMPILED_INTERFACE = {"envs.random", "envs.tensor"}


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def dotted(path):
    """Every module that a file imports from, and `package.name` for `from package import name`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            single = "." not in node.module
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if single else {node.module}
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_point_as_designed(package):
    for path in modules(package):
        strangers = set(imported(path)) & set(PACKAGES) - {package} - ALLOWED[package]
        if package == "agents":
            # The compiled lane runs what `envs.tensor` defines, with the random numbers of `envs.random`.
            whole = {line for line in dotted(path) if line.split(".")[0] == "envs"}
            strangers -= {"envs"} if whole <= COMPILED_INTERFACE else set()
        if path.parent != ROOT / "lab" / "command":
            assert not strangers, f"{path.relative_to(ROOT)} imports {sorted(strangers)}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_library_code_can_run_a_strangers_file_or_hides_behind_assert(package):
    for path in modules(package):
        tree = ast.parse(path.read_text())
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | set(imported(path))
        attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert not names & {"eval", "exec", "pickle", "cloudpickle", "joblib", "marshal", "shelve"}, path
        assert not attributes & {"load_model", "set_random_seed", "chdir"}, path
        assert not any(isinstance(n, ast.Assert) for n in ast.walk(tree)), path
        numpy_global = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "seed"]
        for node in numpy_global:
            assert not (isinstance(node.value, ast.Attribute) and node.value.attr == "random"), f"{path}: global RNG"


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_brings_no_tensorflow(package):
    code = f"import sys, {package}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_files_stay_small():
    long = {p.relative_to(ROOT): len(p.read_text().splitlines()) for q in PACKAGES for p in modules(q)}
    long = {str(p): n for p, n in long.items() if n > 300}
    assert not long, f"past 300 lines, think again: {long}"
