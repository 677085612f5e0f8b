import math

import pytest

from lab.files.reading.schema import (
    SchemaError,
    anything,
    check,
    either,
    entries,
    flag,
    items,
    optional,
    parse,
    read,
    real,
    text,
    whole,
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "it is no JSON"),
        ("", "it is no JSON"),
        (b"\xff\xfe\x00", "it is no JSON"),
        ("[" * 200 + "]" * 200, "nested more than 64 deep"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"a": 1, "a": 2}', "the name 'a' twice"),
        ("NaN", "NaN is no number"),
        ("-Infinity", "-Infinity is no number"),
        ("1e999", "Infinity is no number"),
        ("1" * 101, "101 digits"),
        ("1" * 10_000, "digits"),
        ('"' + "a" * 20_000_000 + '"', "more than 16,777,216 bytes"),
    ],
)
def test_json_that_nobody_writes_is_one_clear_error(content, words):
    with pytest.raises(SchemaError, match=words) as raised:
        parse(content)
    assert str(raised.value).isprintable() and len(str(raised.value)) < 300


def test_strict_json_and_the_constants_asked_for_are_read():
    assert parse('{"a": [1, -2.5, true, null, "x"]}') == {"a": [1, -2.5, True, None, "x"]}
    assert parse("[" * 64 + "1" + "]" * 64) is not None
    assert parse("[Infinity, -Infinity, 1e999]", constants=("Infinity", "-Infinity")) == [math.inf, -math.inf, math.inf]
    assert math.isnan(parse("NaN", constants=("NaN",)))


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (True, whole(), "x is True; expected a whole number from 0"),
        (1.0, whole(), "x is 1.0"),
        (-1, whole(), "x is -1"),
        (10**400, whole(), r"x is 1000.*\.\.\."),
        ("1", real(), "expected a number"),
        (math.nan, real(), "x is nan"),
        (2.0, real(0, 1), "a number from 0 to 1"),
        (1, flag(), "true or false"),
        ("a\x1b[2J", text(), r"x is 'a\\x1b\[2J'; expected at most 4096 printable"),
        ("a\u202eb", text(), r"\\u202e"),
        ("a" * 5, text(4), "at most 4 printable"),
        ("c", text(choices=("a", "b")), "one of 'a', 'b'"),
        ([1, "2"], items(whole()), r"x\[1\] is '2'"),
        ([0] * 5, items(whole(), 4), "x is a list of 5; expected a list of 0 to 4"),
        ({"a": 1}, items(whole()), "x is an object of 1"),
        ({}, entries({"a": whole()}), "x lacks 'a'"),
        ({"a": 1, "b": 2}, entries({"a": whole()}), "x has 'b', which means nothing here"),
        ({"a": 1, "\x1b": 2}, entries({"a": whole()}, more=anything()), r"x has '\\x1b'"),
        ({"a": {"b": -1}}, entries({"a": entries({"b": whole()})}), "x.a.b is -1"),
        ("a", optional(whole()), "x is 'a'"),
        ([], either(whole(), text()), "x is a list of 0; expected at most"),
    ],
)
def test_what_is_not_of_the_kind_is_named(value, kind, words):
    with pytest.raises(SchemaError, match=words) as raised:
        check(value, kind, "x")
    assert str(raised.value).isprintable() and len(str(raised.value)) < 200


def test_what_is_of_the_kind_comes_back():
    kind = entries({"a": optional(whole())}, maybe={"b": items(either(whole(), text()))}, more=real())
    for value in ({"a": None}, {"a": 3, "b": [1, "x"]}, {"a": 0, "c": 1.5}):
        assert check(value, kind) == value


def test_only_regular_files_are_read_and_no_more_of_them_than_the_limit(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert read(tmp_path / "a.json", entries({"a": whole()})) == {"a": 1}
    with pytest.raises(SchemaError, match="no regular file"):
        read(tmp_path, anything())
    with pytest.raises(SchemaError, match="more than 4 bytes"):
        read(tmp_path / "a.json", anything(), most_bytes=4)
