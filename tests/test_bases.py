"""Every base with abstract methods makes nothing of a class that leaves one of them out."""

import ast
import importlib

import pytest

from tests.test_architecture import PACKAGES, modules, name_of

# Named, so that a base that no longer refuses anything is noticed.
EXPECTED = {
    "Agent", "AdvantageWeighted", "Format", "Freezing", "FunctionalAgent", "Generator", "Head", "Lander", "Logger",
    "OffPolicyAgent", "OfflineAgent", "OnPolicyAgent", "OneStep", "PolicyHead", "Predictor", "Schedule", "Task",
    "TensorEnv", "FeatureNetwork", "UpdateLoop", "UpdateTask",
}  # fmt: skip
# These go before an agent among the bases of a class, and it is that which refuses.
MIXED_IN = {"Arrangement", "Landscapes"}


def bases():
    """Return every class that has an abstract method of its own, with their names."""
    found = {}
    for path in (path for package in PACKAGES for path in modules(package)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(is_abstract(one) for one in node.body):
                found[f"{name_of(path)}:{node.name}"] = sorted(one.name for one in node.body if is_abstract(one))
    return found


def is_abstract(node):
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else ()
    return any(ast.unparse(one).split(".")[-1] == "abstractmethod" for one in decorators)


CASES = [(name, lacking) for name, methods in bases().items() for lacking in methods]


def test_the_bases_are_known():
    names = {name.split(":")[1] for name in bases()}
    assert names == EXPECTED | MIXED_IN


@pytest.mark.parametrize(("name", "lacking"), [case for case in CASES if case[0].split(":")[1] not in MIXED_IN])
def test_a_class_that_leaves_out_what_it_must_give_makes_nothing(name, lacking):
    module, _, attribute = name.partition(":")
    base = getattr(importlib.import_module(module), attribute)
    given = base.__abstractmethods__ - {lacking}
    kind = type("Partial", (base,), {one: lambda self, *_: None for one in given})
    with pytest.raises(TypeError, match=f"abstract class Partial .*{lacking}"):
        kind()
