"""The packages' arrows, and what importing them costs, as the design has them."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("lab", "agents", "envs", "generative", "predictors")
ALLOWED = {
    "lab": set(),
    "agents": {"lab", "generative", "predictors"},
    "generative": {"lab"},
    "predictors": {"lab", "generative"},
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
        if ROOT / "lab" / "command" not in path.parents:
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


def test_predictors_know_data_sets_and_no_generators():
    for path in modules("predictors"):
        rooms = {room_of(one) for one in dotted(path) if one.startswith("generative.")}
        allowed = {"arguments", "augmentation", "data", "datasets", "spec"}
        # They write the feature networks that the metrics read.
        allowed |= {"metrics"} if path.parent == ROOT / "predictors" / "features" else set()
        assert rooms <= {f"generative.{room}" for room in allowed}, path


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_brings_no_tensorflow(package):
    code = f"import sys, {package}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_files_stay_small():
    long = {p.relative_to(ROOT): len(p.read_text().splitlines()) for q in PACKAGES for p in modules(q)}
    long = {str(p): n for p, n in long.items() if n > 300}
    assert not long, f"past 300 lines, think again: {long}"


# ---------------------------------------------------------------- which folder may import which

# A room is a folder of a package, or a module right in it. Each line says what a room may import of its own package.
ROOMS = {
    "lab.errors": "",
    "lab.version": "",
    "lab.registry": "errors messages task",
    "lab.seeding": "errors",
    "lab.messages": "errors",
    "lab.config": "errors messages",
    "lab.networks": "errors",
    "lab.runtime": "errors messages version",
    "lab.files": "errors messages",
    "lab.media": "errors files messages",
    "lab.results": "errors files media",
    "lab.runs": "errors files messages registry",
    "lab.task": "errors results runs seeding",
    "lab.copying": "errors runtime",
    "lab.learner": "config copying errors exporting files networks registry runs runtime seeding",
    "lab.exporting": "errors files results runtime",
    "lab.training": "errors runs runtime task",
    "lab.callbacks": "errors files learner media messages registry results runs seeding task",
    "lab.experiment": "callbacks config errors exporting files learner media messages registry results runs runtime "
    "seeding task",
    "lab.reporting": "errors files media results runs version",
    "lab.sweep": "callbacks config errors experiment files learner media messages registry reporting results runs "
    "runtime task version",
    "lab.command": "callbacks config errors experiment exporting files media messages registry reporting results runs "
    "runtime seeding sweep version",
    "lab.cli": "callbacks command errors exporting messages registry runs runtime sweep",
    "lab.testing": "callbacks config errors experiment exporting files learner messages registry results runs runtime "
    "seeding task",
    "envs.random": "",
    "envs.drawing": "",
    "envs.dynamics": "",
    "envs.adapters": "drawing dynamics random together",
    "envs.together": "dynamics random",
    "envs.tensor": "adapters dynamics random",
    "envs.registration": "adapters",
    "envs.classic": "drawing random tensor",
    "envs.arcade": "drawing random tensor",
    "envs.continuous": "drawing random tensor",
    "envs.lander": "drawing random tensor",
    "envs.locomotion": "drawing random tensor",
}


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def graph():
    """What every module of the packages imports of them: inside functions and for type checkers, too."""
    files = {name_of(path): path for package in PACKAGES for path in modules(package)}
    found = {}
    for name, path in files.items():
        wanted = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{name}: a relative import, which this test does not follow"
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                wanted |= {one if one in files else node.module for one in whole}
        found[name] = (wanted & files.keys()) - {name}
    return found


def circles(found):
    """Return the sets of modules that import each other, directly or over others (Tarjan 1972)."""
    index, lowest, stack, groups = {}, {}, [], []

    def visit(name):
        index[name] = lowest[name] = len(index)
        stack.append(name)
        for other in sorted(found[name]):
            if other not in index:
                visit(other)
            if other in stack:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for name in sorted(found):
        if name not in index:
            visit(name)
    return groups


def room_of(name):
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package):
    found = [group for group in circles(graph()) if any(name.split(".")[0] == package for name in group)]
    assert not found, "\n".join(" <-> ".join(group) for group in found)


def test_a_circle_is_found_wherever_it_begins():
    chain = {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}, "e": {"a", "d"}, "f": {"f2"}, "f2": set()}
    assert circles(chain) == [["b", "c", "d"]]
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a", "d"}, "d": {"c"}}) == [["a", "b"], ["c", "d"]]


def test_rooms_import_as_the_table_says():
    for name, wanted in graph().items():
        room = room_of(name)
        package = room.split(".")[0]
        others = {room_of(one) for one in wanted if one.startswith(package + ".")} - {room}
        if room in ROOMS:
            allowed = {f"{package}.{one}" for one in ROOMS[room].split()}
            assert others <= allowed, f"{name} imports {sorted(others - allowed)}"
    known = {room_of(name) for name in graph() if name.startswith("lab.")} - {"lab.__main__", "lab.testing"}
    assert known <= ROOMS.keys(), "each room of lab says what it may import"


def test_callbacks_know_no_experiment():
    for name, wanted in graph().items():
        if name.startswith("lab.callbacks"):
            assert not {one for one in wanted if one.startswith("lab.experiment")}, name


def test_learners_import_nothing_that_makes_their_tasks():
    import agents  # noqa: F401 - they register
    import generative  # noqa: F401
    from lab.registry import tasks

    learners, makers = ({pair[i].split(":")[0] for pair in tasks.pairs()} for i in (0, 1))
    assert {"agents.base", "generative.base"} <= learners
    for learner in learners - {name for name in learners if name.startswith("tests.")}:
        assert not graph()[learner] & makers, learner
