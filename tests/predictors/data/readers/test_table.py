"""CSV files as examples, and what is wrong with them by line and column."""

from __future__ import annotations

import numpy as np
import pytest

from lab.errors import UsageError
from predictors.data.load import load as load_source
from predictors.data.readers import table
from predictors.data.readers.rows import read_rows


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def lines(head, count, row):
    return head + "\n" + "\n".join(row(i) for i in range(count)) + "\n"


@pytest.fixture
def flats(tmp_path):
    """Rooms, a town and a price, of 40 flats."""
    towns = ("Oslo", "Paris", "Lyon")
    return written(
        tmp_path / "flats.csv", lines("rooms,town,price", 40, lambda i: f"{i % 7},{towns[i % 3]},{1.5 * i + 3}")
    )


def test_numbers_stay_numbers_and_words_become_columns(flats):
    data = table.load(flats, "price")
    (field,), (target,) = data.spec.inputs, data.spec.targets
    assert field.kind == "vector" and field.columns == ("rooms", "town=Lyon", "town=Oslo", "town=Paris")
    assert target.kind == "number" and data.spec.name == "flats.csv" and data.kind == "csv"
    rows = np.concatenate([data.train.inputs["input"], data.test.inputs["input"]])
    prices = np.concatenate([data.train.targets["target"], data.test.targets["target"]])[:, 0]
    order = np.argsort(prices)
    np.testing.assert_array_equal(rows[order][:4], [[0, 0, 1, 0], [1, 0, 0, 1], [2, 1, 0, 0], [3, 0, 1, 0]])
    np.testing.assert_array_equal(prices[order], 1.5 * np.arange(40) + 3)
    assert data.notes == ("columns parted by comma (delimiter=...)", "target price: taken as numbers (task=...)")


def test_a_source_names_the_file_and_its_columns(flats):
    from lab import registry

    registry.register("lab.datasets", "csv", table.load)
    data = load_source(f"csv:{flats},target=town,omit=price")
    assert data.spec.targets[0].class_names == ("Lyon", "Oslo", "Paris") and data.spec.inputs[0].columns == ("rooms",)
    assert "left out the columns price" in data.notes
    with pytest.raises(UsageError, match="nothing is called 'targt'; did you mean 'target'"):
        load_source(f"csv:{flats},targt=town")


@pytest.mark.parametrize(
    ("cells", "kind", "labels"),
    [
        (["0", "1", "2"], "class", [0, 1, 2]),
        (["3", "7", "7"], "class", [3, 7]),
        (["-1", "1", "+1"], "class", ["-1", "1"]),
        (["yes", "no", "no"], "class", ["no", "yes"]),
        (["0.0", "1.0", "2.0"], "number", None),
    ],
)
def test_whole_numbers_of_few_values_and_words_are_classes(tmp_path, cells, kind, labels):
    data = table.load(written(tmp_path / "a.csv", lines("x,y", 30, lambda i: f"{i},{cells[i % 3]}")), "y")
    (target,) = data.spec.targets
    assert target.kind == kind
    assert labels is None or target.labels(np.arange(len(labels))).tolist() == labels


def test_many_whole_numbers_are_numbers_and_task_decides(tmp_path):
    path = written(tmp_path / "a.csv", lines("x,y", 30, lambda i: f"{i},{i % 25}"))
    assert table.load(path, "y").spec.targets[0].kind == "number"
    assert table.load(path, "y", task="classes").spec.targets[0].classes == 25
    few = written(tmp_path / "b.csv", lines("x,y", 30, lambda i: f"{i},{i % 3}"))
    assert table.load(few, "y", task="numbers").spec.targets[0].kind == "number"
    with pytest.raises(UsageError, match="task received 'regression'; expected classes or numbers"):
        table.load(few, "y", task="regression")


def test_a_column_of_texts_stands_alone_or_beside_others(tmp_path):
    row = '{0},"a fine day, they said {0}",{1}'
    path = written(tmp_path / "a.csv", lines("id,review,y", 30, lambda i: row.format(i, "good" if i % 2 else "bad")))
    alone = table.load(path, "y", text="review", omit="id")
    assert [field.kind for field in alone.spec.inputs] == ["text"]
    both = table.load(path, "y", text="review")
    assert [(f.name, f.kind) for f in both.spec.inputs] == [("text", "text"), ("numbers", "vector")]
    assert both.spec.inputs[1].columns == ("id",)
    found = table.inputs_of(path, both.spec, text="review")
    assert sorted(found) == ["numbers", "text"] and found["text"][3] == "a fine day, they said 3"


@pytest.mark.parametrize(("delimiter", "word"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_the_delimiter_is_told_by_the_rows_and_said(tmp_path, delimiter, word):
    text = lines(delimiter.join(("x", "y")), 10, lambda i: f"{i}{delimiter}{i % 2}")
    path = written(tmp_path / "a.csv", text)
    assert table.load(path, "y").notes[0] == f"columns parted by {word} (delimiter=...)"
    assert len(table.load(path, "y", delimiter=word).train) == 8


def test_a_delimiter_that_could_be_two_is_asked_for(tmp_path):
    path = written(tmp_path / "a.csv", lines("x,x2;y,y2", 10, lambda i: f"{i},{i};{i},{i % 2}"))
    with pytest.raises(UsageError, match="comma or semicolon to part columns by.*delimiter=comma says so"):
        table.load(path, "y2")
    assert table.load(path, "y2", delimiter="comma").spec.targets[0].kind == "class"


def test_a_byte_order_mark_quotes_and_windows_line_ends_are_read(tmp_path):
    rows = [f'{i},"{word}"' for i in range(6) for word in ('a ""b""', "c")]
    text = "\r\n".join(['x,"the, y"', *rows, "", ""])
    data = table.load(written(tmp_path / "a.csv", text, "utf-8-sig"), "the, y")
    assert data.spec.inputs[0].columns == ("x",) and data.spec.targets[0].class_names == ('a "b"', "c")


HEAD = "age,town,y\n" + "".join(f"{i},{'ab'[i % 2]},{i % 2}\n" for i in range(8))


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        (HEAD + ",a,1\n", "y", r"column 'age', line 10 received 'no value'; expected a number.*omit=age"),
        (HEAD + "NA,a,1\n", "y", r"column 'age', line 10 received 'NA'"),
        (HEAD + "nan,a,1\n", "y", r"column 'age', line 10 received 'nan'"),
        (HEAD + "inf,a,1\n", "y", r"column 'age', line 10 received 'inf'; expected a finite number"),
        (HEAD + "3,,1\n", "y", r"column 'town', line 10 received 'no value'"),
        (HEAD + "3,a,\n", "y", r"column 'y', line 10 received 'no value'"),
        (HEAD + "3,a,1,4\n", "y", r"line 10 of a.csv received '4 columns'; expected 3"),
        (HEAD + "3\n", "y", r"line 10 of a.csv received '1 columns'; expected 3"),
        (HEAD + '3,a,"1\n', "y", r"line 10 of a.csv received .*end of data"),
        (HEAD, "z", r"target received 'z'; expected a column: age, town, y"),
        (HEAD, None, r"target received None; expected the column to predict.*target=y"),
        ("1,2\n3,4\n5,6\n", "2", r"numbers only in its first line.*expected a header"),
        ("a,a\n3,4\n5,6\n", "a", r"header of a.csv received \"'a' twice\""),
        ("a,\n3,4\n5,6\n", "a", r"no name for column 2 of 2.*index=False"),
        ("a,b\n", "a", r"received 'a header alone'"),
        ("", "a", r"a.csv received"),
        ("a\n1\n2\n", "a", r"rows that no delimiter parts evenly"),
        ("a;b\n" + "".join(f"{i},5;{i % 2}\n" for i in range(9)), "b", r"line 2 received '0,5'; expected numbers"),
        ("a,b\n" + "".join(f"w{i},{i % 2}\n" for i in range(40)), "b", r"40 different words, such as 'w0' in line 2"),
        ("a,b\n" + "".join(f"{i},0\n" for i in range(20)), "b", r"one class only"),
        ("a\x1b,b\n" + "".join(f"{i},{i % 2}\n" for i in range(20)), "b", r"printable characters a name"),
        ("a,b\n" + "".join(f"{i},{'xy'[i % 2]}\x07\n" for i in range(20)), "b", r"256 printable characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_column(tmp_path, text, target, message):
    with pytest.raises(UsageError, match=message):
        table.load(written(tmp_path / "a.csv", text), target)


def test_one_broken_number_among_many_is_named(tmp_path):
    path = written(tmp_path / "a.csv", lines("a,b", 60, lambda i: f"{'12O' if i == 41 else i},{i % 2}"))
    with pytest.raises(UsageError, match="such as '12O' in line 43"):
        table.load(path, "b")


def test_other_encodings_and_missing_files_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no UTF-8.*iconv"):
        table.load(written(tmp_path / "a.csv", "a,b\né,1\n", "latin-1"), "b")
    with pytest.raises(UsageError, match="there is no"):
        table.load(tmp_path / "none.csv", "b")
    with pytest.raises(UsageError, match="path received"):
        read_rows(tmp_path)


def test_new_rows_are_coded_as_training_had_them(flats, tmp_path):
    spec = table.load(flats, "price").spec
    new = written(tmp_path / "new.csv", "town;rooms;note\nParis;2;x\nOslo;4;y\n")
    np.testing.assert_array_equal(table.inputs_of(new, spec), [[2, 0, 0, 1], [4, 0, 1, 0]])
    with pytest.raises(UsageError, match="column 'town', line 2 received 'Rome'.*Lyon, Oslo, Paris"):
        table.inputs_of(written(tmp_path / "c.csv", "town;rooms\nRome;2\n"), spec)
    with pytest.raises(UsageError, match="expected a column: town, size"):
        table.inputs_of(written(tmp_path / "d.csv", "town;size\nOslo;2\n"), spec)


def test_times_make_a_series(tmp_path):
    pytest.importorskip("predictors.data.series.series")
    row = "2024-01-{:02d},{},{},{}"
    path = written(tmp_path / "a.csv", lines("day,sold,open,note", 28, lambda i: row.format(i + 1, i * i, i % 2, "x")))
    series = table.load(path, "sold", time="day", covariates="open")
    assert series.values.shape == (28, 1) and series.covariates.shape == (28, 1) and series.values[3, 0] == 9.0
    assert "left out the columns note (covariates=...)" in series.notes
    with pytest.raises(UsageError, match="text received 'a value'; expected none beside time="):
        table.load(path, "sold", time="day", text="note")


def test_whole_numbers_that_no_float_tells_apart_stay_apart(tmp_path):
    first = 2**53
    path = written(tmp_path / "a.csv", lines("a,y", 60, lambda i: f"{i},{first + i % 3}"))
    assert table.load(path, "y").spec.targets[0].label_values == (first, first + 1, first + 2)
    path = written(tmp_path / "b.csv", lines("a,y", 60, lambda i: f"{i},{10**20 + i % 2}"))
    assert table.load(path, "y").spec.targets[0].class_names == (str(10**20), str(10**20 + 1))


def test_words_that_may_mean_nothing_are_named(tmp_path):
    path = written(tmp_path / "a.csv", lines("w,y", 60, lambda i: f"{['NA', 'b'][i % 2]},{['yes', 'no', '?'][i % 3]}"))
    with pytest.warns(
        UserWarning, match="w: taken as words, 'NA' among them; target y: 3 words, taken as classes, '[?]'"
    ):
        table.load(path, "y")


def test_an_empty_file_and_utf_16_say_so(tmp_path):
    with pytest.raises(UsageError, match="received 'an empty file'"):
        table.load(written(tmp_path / "a.csv", "\n \n"), "b")
    with pytest.raises(UsageError, match="iconv -f utf-16"):
        table.load(written(tmp_path / "a.csv", "a,b\n1,1\n", "utf-16"), "b")
