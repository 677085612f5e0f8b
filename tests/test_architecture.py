"""The packages' arrows, and what importing them costs, as the design has them."""

import ast
import collections
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


# Gymnasium lets `np_random` be set, but not together with the seed that it was made of.
WRITTEN_ELSEWHERE = {("agents/training/restoring/record.py", name) for name in ("_np_random", "_np_random_seed")}


def private_writes(tree):
    """The private fields of objects other than `self` and `cls` that code assigns to, to items of, or deletes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr"):
            owner, name = node.args[0], node.args[1].value if isinstance(node.args[1], ast.Constant) else ""
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            while isinstance(node, ast.Subscript):
                node = node.value
            owner, name = (node.value, node.attr) if isinstance(node, ast.Attribute) else (None, "")
        else:
            continue
        own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
        if name.startswith("_") and not name.endswith("__") and not own:
            yield name


def test_nothing_writes_another_objects_private_fields():
    files = [path for package in PACKAGES for path in modules(package)]
    found = {(str(p.relative_to(ROOT)), name) for p in files for name in private_writes(ast.parse(p.read_text()))}
    assert found == WRITTEN_ELSEWHERE, sorted(found ^ WRITTEN_ELSEWHERE)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("other._a = 1", ["_a"]),
        ("self.part._a += 1", ["_a"]),
        ("(x, other._a), *other._b = 1, 2", ["_a", "_b"]),
        ("other._a[0][1] = 2", ["_a"]),
        ("del other._a", ["_a"]),
        ("for other._a in x: pass", ["_a"]),
        ("with x as other._a: pass", ["_a"]),
        ("setattr(other, '_a', 1)", ["_a"]),
        ("self._a = cls._b = 1; self._c[0] = other._d; setattr(self, '_a', 1); setattr(x, name, 1)", []),
        ("other.a = 1; _a = 1; _a[0] = 1; other.__doc__ = ''; del x[other._a]", []),
    ],
)
def test_writes_of_private_fields_are_found(code, names):
    assert sorted(private_writes(ast.parse(code))) == names


def test_few_files_lie_flat_in_a_folder():
    found = collections.Counter()
    for path in (path for top in (*PACKAGES, "examples") for path in (ROOT / top).rglob("*")):
        if path.is_file() and path.name != "__init__.py" and path.name[0] != "." and path.parent.name != "__pycache__":
            found[str(path.parent.relative_to(ROOT))] += 1
    crowded = {folder: count for folder, count in found.items() if count > 10}
    assert not crowded, f"more than ten files beside each other; give those that belong together a folder: {crowded}"


# ---------------------------------------------------------------- which folder may import which

# A room is a folder of a package, or a module right in it. Each line says what a room imports of its own package: it
# may import no more, and what it no longer imports is taken off. A package's own `__init__` hands out the names of all.
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
    "lab.learner": "config copying errors exporting networks registry runs runtime seeding",
    "lab.exporting": "errors files results runtime",
    "lab.training": "errors runs runtime task",
    "lab.callbacks": "errors files learner media messages registry results runs seeding task",
    "lab.experiment": "callbacks config errors exporting files learner media messages registry results runs runtime "
    "seeding task",
    "lab.reporting": "errors files media results runs version",
    "lab.sweep": "callbacks config errors experiment files learner media messages registry reporting results runs "
    "runtime task",
    "lab.command": "callbacks config errors experiment files media messages registry reporting results runs runtime "
    "seeding sweep version",
    "lab.cli": "callbacks command errors exporting messages registry runs runtime sweep",
    "lab.testing": "callbacks errors experiment exporting files learner registry results runs",
    "lab.__main__": "cli",
    "envs.random": "",
    "envs.drawing": "",
    "envs.dynamics": "",
    "envs.adapters": "drawing dynamics together",
    "envs.together": "dynamics random",
    "envs.tensor": "adapters dynamics random",
    "envs.registration": "adapters",
    "envs.classic": "drawing random tensor",
    "envs.arcade": "drawing random tensor",
    "envs.continuous": "drawing random tensor",
    "envs.lander": "drawing random tensor",
    "envs.locomotion": "drawing random tensor",
    "envs.action_mask": "",
    "envs.grid": "adapters drawing gridworld random tabular tensor",
    "envs.gridworld": "drawing tabular",
    "envs.tabular": "random tensor",
    "envs.wrappers": "",
    "agents.base": "environment_ids parts spaces structured transitions",
    "agents.baselines": "base spaces",
    "agents.cloning": "dqn episodes functional offline parts",
    "agents.cql": "dqn functional offline parts transitions",
    "agents.decision_transformer": "base episodes offline parts playing spaces",
    "agents.dqn": "functional parts replay transitions",
    "agents.environment_ids": "",
    "agents.episodes": "base baselines environment_ids parts playing replay spaces training transitions",
    "agents.functional": "base episodes parts replay spaces transitions",
    "agents.off_policy": "functional parts playing replay transitions",
    "agents.offline": "base environment_ids episodes training transitions",
    "agents.offline_actor_critic": "episodes functional off_policy offline parts transitions",
    "agents.on_policy": "functional parts playing replay transitions",
    "agents.parts": "spaces structured",
    "agents.playing": "base parts spaces",
    "agents.q_learning": "tabular",
    "agents.recurrent_dqn": "base dqn functional parts replay transitions",
    "agents.replay": "parts spaces transitions",
    "agents.space_files": "structured",
    "agents.spaces": "space_files structured",
    "agents.structured": "",
    "agents.tabular": "functional parts replay structured transitions",
    "agents.training": "base baselines environment_ids functional parts playing spaces structured transitions",
    "agents.transitions": "",
    "agents.tuned_settings": "",
    "generative.arguments": "",
    "generative.augmentation": "spec",
    "generative.autoencoder": "arguments base data figures metrics settings spec",
    "generative.base": "arguments data datasets figures",
    "generative.data": "arguments augmentation spec",
    "generative.datasets": "arguments augmentation data figures spec",
    "generative.description": "",
    "generative.diffusion": "arguments base data figures settings spec",
    "generative.distillation": "base data diffusion",
    "generative.figures": "data",
    "generative.gan": "arguments base data figures metrics settings spec training",
    "generative.metrics": "data spec",
    "generative.settings": "",
    "generative.spec": "arguments description",
    "generative.training": "base data datasets metrics",
    "predictors.architectures": "data settings",
    "predictors.base": "data metrics",
    "predictors.baselines": "metrics",
    "predictors.classifier": "architectures base data heads metrics parts training transfer",
    "predictors.data": "",
    "predictors.datasets": "data",
    "predictors.exporting": "data heads metrics",
    "predictors.features": "architectures classifier data",
    "predictors.figures": "metrics",
    "predictors.forecaster": "data forecasting heads metrics network_predictor",
    "predictors.forecasting": "baselines data exporting figures heads metrics settings",
    "predictors.heads": "data metrics",
    "predictors.metrics": "",
    "predictors.network_predictor": "base data exporting heads metrics parts settings",
    "predictors.parts": "data",
    "predictors.regressor": "architectures data heads metrics network_predictor training",
    "predictors.settings": "",
    "predictors.siamese": "architectures data heads metrics network_predictor training",
    "predictors.training": "base baselines data figures metrics",
    "predictors.transfer": "architectures base data network_predictor",
}
# Rooms that import each other in a circle, though no two modules do, and why they stay so.
CIRCLES = {
    "agents.episodes agents.functional agents.training": "`agents.episodes.record`, which users import from there, "
    "plays in training's lanes; these run the rules of `agents.functional`, of which `prefill` reads recorded episodes",
    "lab.registry lab.runs lab.task": "`lab.registry.tasks`, which users call, annotates that it makes a `Task`; "
    "this is stateful as `lab.runs` has it, which looks up in the registry the names that a run's files hold",
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


def rooms_of(name):
    """The rooms of its own package that a module imports, but its own."""
    room = room_of(name)
    return {room_of(one) for one in graph()[name] if one.startswith(room.split(".")[0] + ".")} - {room}


def graph_of_rooms():
    found = {}
    for name in graph().keys() - set(PACKAGES):
        found.setdefault(room_of(name), set()).update(rooms_of(name))
    return found


def test_rooms_import_as_the_table_says():
    found = graph_of_rooms()
    unsaid, gone = sorted(found.keys() - ROOMS.keys()), sorted(ROOMS.keys() - found.keys())
    assert not unsaid and not gone, f"each room says what it imports: {unsaid} do not, and {gone} are no more"
    allowed = {room: {f"{room.split('.')[0]}.{one}" for one in ROOMS[room].split()} for room in found}
    named = graph().keys() - set(PACKAGES)
    strangers = {(name, one) for name in named for one in rooms_of(name) - allowed[room_of(name)]}
    assert not strangers, "\n".join(f"{name} imports {one}" for name, one in sorted(strangers))
    unused = {(room, one) for room in found for one in allowed[room] - found[room]}
    assert not unused, "\n".join(f"{room} may import {one}, and does not" for room, one in sorted(unused))


def test_rooms_import_each_other_in_no_circle_but_those_that_say_why():
    found = {" ".join(group) for group in circles(graph_of_rooms())}
    assert found == CIRCLES.keys(), f"new: {sorted(found - CIRCLES.keys())}; mended: {sorted(CIRCLES.keys() - found)}"


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
