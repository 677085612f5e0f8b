"""Search spaces: what is declared, written, refused."""

import dataclasses
import json

import pytest

from lab import registry
from lab.errors import UsageError
from lab.files.reading.schema import SchemaError, check
from lab.sweep import spaces as module
from lab.sweep.spaces import IN_FILE, Choice, Range, from_arguments, from_json, parse, spaces
from tests.lab.sweep.tabular import TabularSettings


def one(name, text):
    return spaces(TabularSettings, {name: text})[name]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("step_size", None, Range(0.05, 1.0, log=True)),
        ("optimistic", None, Choice((False, True))),
        ("step_size", "1e-3:1e-1", Range(0.001, 0.1)),
        ("step_size", "0.1:0.5:0.2", Range(0.1, 0.5, step=0.2)),
        ("repeats", "1:8:log", Range(1, 8, log=True, whole=True)),
        ("repeats", "1, 2,4", Choice((1, 2, 4))),
        ("sizes", "8,8;16", Choice(((8, 8), (16,)))),
        ("sizes", [[8, 8], [16]], Choice(((8, 8), (16,)))),
        ("repeats", {"low": 1, "high": 9, "step": 4}, Range(1, 9, step=4, whole=True)),
        ("repeats", {"choices": [1, 3]}, Choice((1, 3))),
        ("repeats", Range(1, 4), Range(1, 4, whole=True)),
    ],
)
def test_a_space_is_read_from_all_its_forms(name, given, expected):
    assert one(name, given) == expected


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("speed", None, "no setting is called 'speed'"),
        ("run_dir", "a,b", "no setting is called 'run_dir'"),
        ("discount", None, "discount has no search space of its own. Fix: discount=SPACE"),
        ("step_size", "0.5:0.5", "LOW < HIGH"),
        ("step_size", "0.5:0.1", "LOW < HIGH"),
        ("discount", "0:1:log", "LOW > 0 beside log"),
        ("step_size", "0:1", "step_size received 0.0; expected a value > 0"),
        ("step_size", "0.1:inf", "inf"),
        ("step_size", "0.1:2", "a value > 0 and <= 1"),
        ("step_size", "0.1:0.5:2", "a step > 0"),
        ("step_size", "a:b", "step_size received 'a'; expected a number"),
        ("step_size", "1:2:3:4", "a search space: LOW:HIGH"),
        ("repeats", "1.5:3", "a whole number"),
        ("repeats", ["one", "two"], "repeats received 'one'; expected a whole number"),
        ("repeats", [1.5, 2], "repeats received 1.5; expected a whole number"),
        ("repeats", [1, 1], "2 to 1,000 choices, each once"),
        ("repeats", "3", "--set repeats=3 for one value"),
        ("repeats", [], "2 to 1,000 choices"),
        ("repeats", 3, "a search space"),
        ("repeats", {"low": 1}, "low and high"),
        ("repeats", {"low": 1, "high": 3, "logarithmic": True}, "low and high"),
        ("optimistic", "yes,maybe", "optimistic received 'maybe'; expected true or false"),
        ("optimistic", {"low": 0, "high": 1}, "choices, for its values are no numbers"),
    ],
)
def test_a_bad_space_is_one_clear_error(name, given, words):
    with pytest.raises(UsageError) as error:
        one(name, given)
    assert words in str(error.value)


def test_no_settings_to_look_for_are_refused():
    for given in ({}, "step_size", None):
        with pytest.raises(UsageError, match="--search learning_rate"):
            spaces(TabularSettings, given)


def test_each_space_declared_beside_a_setting_is_one_that_the_setting_can_have():
    declared = 0
    for name in registry.names(*registry.LEARNERS):
        cls = registry.learner(name).Settings
        for field in dataclasses.fields(cls):
            if field.metadata.get("search") is not None:
                found = parse(cls, field.name, field.metadata["search"])
                declared += 1
                if isinstance(found, Range) and field.default is not None:
                    assert found.low <= field.default <= found.high, (name, field.name)
    assert declared > 40


def test_spaces_come_from_arguments_and_a_file_and_arguments_win(tmp_path):
    file = tmp_path / "space.toml"
    file.write_text(
        "[search]\nstep_size = true\nrepeats = [1, 2]\ndiscount = {low = 0.5, high = 0.9}\n[other]\na = 1\n"
    )
    found = spaces(TabularSettings, from_arguments(["repeats=1:3", "optimistic"], file))
    assert found == {
        "step_size": Range(0.05, 1.0, log=True),
        "repeats": Range(1, 3, whole=True),
        "discount": Range(0.5, 0.9),
        "optimistic": Choice((False, True)),
    }
    for text, words in (("a = ", "is no TOML"), ("a = 1", "no table"), ("search = 3", "no table")):
        file.write_text(text)
        with pytest.raises(UsageError, match=words):
            from_arguments([], file)
    with pytest.raises(UsageError, match="cannot be read"):
        from_arguments([], tmp_path / "none.toml")
    with pytest.raises(UsageError, match="--search"):
        from_arguments(["repeats="], None)


def test_spaces_come_back_from_their_file():
    found = spaces(TabularSettings, {"step_size": None, "repeats": "1:9:2", "sizes": "8,8;16", "optimistic": None})
    text = json.dumps({name: space.to_json() for name, space in found.items()})
    assert from_json(check(json.loads(text), IN_FILE)) == found


@pytest.mark.parametrize(
    "space",
    [
        {"low": 1, "high": 1, "log": False, "step": None},
        {"low": 0, "high": 1, "log": True, "step": None},
        {"low": 0, "high": 1, "log": False, "step": 2},
        {"low": 0, "high": 1},
        {"choices": [1]},
        {"choices": [1, {"a": 2}]},
        {"choices": [1, 2], "low": 0},
        {},
        "1:2",
    ],
)
def test_a_file_with_an_impossible_space_is_refused(space):
    with pytest.raises(SchemaError):
        check({"step_size": space}, IN_FILE)
    assert module.MOST_SETTINGS == 64
