"""Texts as words of any script, the vocabulary of the training part, and what files may hold of it."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.errors import UsageError
from predictors import from_arrays
from predictors.data import words as module
from predictors.data.examples import ExampleSpec
from predictors.data.field import Field
from predictors.data.inputs import checked_inputs
from predictors.data.tokens import LONGEST_WORD, tokens, tokens_tensor, vocabulary_of
from predictors.data.words import checked_texts, has_word, plain

LABELS = ["a", "b"] * 10


def of_texts(texts, **options):
    return from_arrays(np.array(texts), np.array(LABELS[: len(texts)]), **options)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Cat, the dog!", "the cat, the dog!"),
        ("ÄRGER, ärger", "ärger, ärger"),
        ("ПРИВЕТ мир", "привет мир"),
        ("re\N{COMBINING ACUTE ACCENT}sume\N{COMBINING ACUTE ACCENT}", "résumé"),
        ("a\x00b\x1b[2Jc\td\ne", "a b [2jc d e"),
        ("a\N{IDEOGRAPHIC SPACE}b\N{NO-BREAK SPACE}c", "a b c"),
        ("\ufeffco\N{SOFT HYPHEN}op\N{RIGHT-TO-LEFT OVERRIDE}", "coop"),
        ("\ud800x", "x"),
        ("猫と犬。", "猫 と 犬"),
        ("«bon» l’été", "bon l'été"),
    ],
)
def test_words_of_any_script_are_told_apart(text, found):
    assert plain(text) == found


def test_a_program_reads_texts_as_python_does():
    texts = [
        "The Cat, the dog!", "ÄRGER, ärger", "ПРИВЕТ мир", "a\x00b\x1b[2Jc\td\ne",
        "a\N{IDEOGRAPHIC SPACE}b\N{NO-BREAK SPACE}c",
        "\ufeffco\N{SOFT HYPHEN}op", "猫と犬。", "«bon» l’été", "naïve—co-op", "x_y [UNK] $5 3.14", "ไทย 한국어", "",
    ]  # fmt: skip
    vocabulary, _ = vocabulary_of(np.array([text for text in texts[::2] if text]))
    expected = tokens(vocabulary, 7, texts)
    np.testing.assert_array_equal(tokens_tensor(vocabulary, 7, tf.constant(texts)).numpy(), expected)
    assert (expected > 1).sum() > 10 and (expected == 1).any()


def test_plain_english_is_read_as_keras_reads_it():
    texts = ["The cat sat, didn't it?", "On THE mat (twice)  and  again", "x" * 40 + " y-z 3.14"]
    layer = keras.layers.TextVectorization()
    layer.adapt(texts)
    vocabulary, length = vocabulary_of(np.array(texts))
    assert vocabulary == tuple(map(str, layer.get_vocabulary())) and length == 6
    np.testing.assert_array_equal(tokens(vocabulary, length, texts), layer(texts).numpy())


def test_a_vocabulary_of_odd_words_goes_into_a_file_and_back():
    odd = [
        "\x1b[31mred\x1b[0m plain",
        "nul\0nul",
        "tab\tline\nend",
        "\u202eright\u2028",
        "w" * 5_000 + " word",
        "[UNK] x",
    ]
    spec = of_texts([*odd * 2, *(f"number {i}" for i in range(8))]).spec
    (field,) = spec.inputs
    assert all(word.isprintable() and len(word) <= LONGEST_WORD for word in field.vocabulary)
    assert ExampleSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    assert field.held(np.array(["nul nul"]))[0, :2].tolist() == [field.vocabulary.index("nul")] * 2
    # A word that is too long is unknown, not cut.
    assert field.held(np.array(["w" * 5_000]))[0, 0] == 1


def test_the_vocabulary_is_of_the_training_part_alone():
    train = (np.array([f"known {i}" for i in range(8)]), np.array(LABELS[:8]))
    data = from_arrays(*train, test=(np.array(["known stranger"]), np.array(["a"])))
    (field,) = data.spec.inputs
    assert "stranger" not in field.vocabulary and "known" in field.vocabulary
    assert field.held(np.array(["known stranger"]))[0].tolist() == [field.vocabulary.index("known"), 1]


def test_tokens_are_filled_up_and_cut_to_one_length():
    (field,) = of_texts([f"one two three {i}" for i in range(10)]).spec.inputs
    held = field.held(np.array(["one", "one two three 4 five six"]))
    assert held.shape == (2, 4) and held.dtype == np.int32 and held[0, 1:].tolist() == [0, 0, 0]
    long = of_texts([("word " * 400 + str(i)) for i in range(10)]).spec.inputs[0]
    assert long.shape == (256,)


@pytest.mark.parametrize("text", ["", "  \n", "...", "!? -", "\x00\x07", "\N{ZERO WIDTH SPACE}", "。"])
def test_a_text_without_a_word_is_refused_in_training_and_after(text):
    assert not has_word(text)
    with pytest.raises(UsageError, match="text of row 3 received .*; expected at least one word"):
        of_texts(["one", "two", "three", text, "five"])
    spec = of_texts(["one", "two", "three", "four"]).spec
    with pytest.raises(UsageError, match="text of row 1 received"):
        checked_inputs(spec, ["one", text], "predict")


def test_what_is_no_text_is_refused():
    spec = of_texts(["one", "two", "three", "four"]).spec
    for wrong in ([1, 2], [None], np.zeros((2, 2)), 3, ["a", None], np.array([["a"], ["b"]])):
        with pytest.raises(UsageError, match="texts received|text of row"):
            checked_inputs(spec, wrong, "predict")
    with pytest.raises(UsageError, match="bytes that are no UTF-8"):
        checked_inputs(spec, [b"\xff\xfe"], "predict")
    for right in ("one", ["one", b"two"], np.array(["one"], object), np.array([b"one"]), ("one",)):
        assert checked_inputs(spec, right, "predict")["input"].dtype.kind == "U"


def test_texts_that_would_not_fit_in_memory_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 4_000)
    assert len(checked_texts(["short"] * 100, "x")) == 100
    for take in (lambda t: checked_texts(t, "x"), of_texts):
        with pytest.raises(UsageError, match=r"10 of them, the longest of 900 characters.*text\[:20_000\]"):
            take(["short"] * 9 + ["w" * 900])


@pytest.mark.parametrize(
    "vocabulary", [["a", "b"], ["", "[UNK]", "a", "a"], ["[UNK]", "", "a"], ["", "[UNK]", "a\x1b"], [], None]
)
def test_a_strangers_vocabulary_that_no_training_makes_is_refused(vocabulary):
    given = of_texts(["one", "two", "three", "four"]).spec.inputs[0].to_json()
    with pytest.raises(UsageError):
        Field.from_json({**given, "vocabulary": vocabulary})


def test_a_strangers_texts_are_not_made_as_long_as_memory_lasts():
    given = of_texts(["one", "two", "three", "four"]).spec.inputs[0].to_json()
    assert Field.from_json({**given, "shape": [4_096]}).shape == (4_096,)
    with pytest.raises(UsageError, match="texts of 4,097 tokens; expected at most 4,096"):
        Field.from_json({**given, "shape": [4_097]})
