"""A run that learns from texts in a file: what it keeps, what it answers, and where its file alone leads nobody."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from generative.datasets.sources import check_named
from lab import Experiment, registry
from lab.errors import UnconfirmedSource, UsageError
from lab.runs.opening import sources
from predictors import Classifier
from predictors.architectures import encoder
from predictors.data.readers import table

registry.register("lab.datasets", "csv", table.load)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A run of a classifier of short reviews, in another script too, and its file."""
    folder = tmp_path_factory.mktemp("texts")
    rows = [
        f"{'great' if i % 2 else 'awful'} thing {i} отлично\x1b[31m猫,{'good' if i % 2 else 'bad'}" for i in range(40)
    ]
    (folder / "reviews.csv").write_text("\n".join(["review,verdict", *rows]), encoding="utf-8")
    experiment = Experiment(
        Classifier(architecture="bag", batch_size=8, learning_rate=0.02, dropout=0.0),
        f"csv:{folder / 'reviews.csv'},target=verdict,text=review", run_dir=folder / "run", progress=False,
    )  # fmt: skip
    experiment.train(30)
    return experiment


@pytest.fixture
def run(original, tmp_path, monkeypatch):
    """A copy of the run whose file names another source, in a process that was told of none."""
    monkeypatch.setattr(sources, "_given", set())
    monkeypatch.chdir(tmp_path)

    def make(source):
        path = tmp_path / "run"
        shutil.copytree(original.directory.path, path, dirs_exist_ok=True)
        config = json.loads((path / "config.json").read_text())
        (path / "config.json").write_text(json.dumps({**config, "source": source.format(run=path, outside=tmp_path)}))
        return path

    return make


def test_a_loaded_classifier_reads_texts_by_the_words_of_its_training(original):
    loaded = Classifier.load(original.directory.path)
    new = ["Great, great thing!", "awful unheard-of words", "ОТЛИЧНО great", "猫 awful"]
    assert loaded.predict(new).tolist() == ["good", "bad", "good", "bad"]
    assert loaded.predict("great").tolist() == ["good"]
    np.testing.assert_array_equal(loaded.probabilities(new), original.learner.probabilities(new))
    words = json.loads((original.directory.path / "config.json").read_text())["task"]["data"]["inputs"][0]["vocabulary"]
    assert {"great", "отлично", "猫"} < {*words} and all(word.isprintable() for word in words)
    with pytest.raises(UsageError, match="text of row 1 received ''; expected at least one word"):
        loaded.predict(["great", ""])


def test_longer_texts_in_a_batch_change_nothing(original):
    alone = original.learner.probabilities(["great thing"])
    beside = original.learner.probabilities(["great thing", "awful " * 300, "thing"])
    np.testing.assert_allclose(beside[:1], alone, atol=1e-6)


@pytest.mark.parametrize("name", ["transformer", "conv1d", "gru"])
def test_more_padding_changes_nothing(original, name):
    field = original.learner.spec.inputs[0]
    config = Classifier(architecture=name).config
    short, long = (
        encoder(dataclasses.replace(field, shape=(length,)), config, 2, seed=3) for length in (field.shape[0], 23)
    )
    long.set_weights(short.get_weights())
    ids = field.held(np.array(["great thing", "awful thing 3"]))
    padded = np.pad(ids, ((0, 0), (0, 23 - ids.shape[1])))
    np.testing.assert_allclose(short(tf.constant(ids)), long(tf.constant(padded)), atol=1e-5)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("csv:{outside}/reviews.csv,target=verdict,text=review", "is a file outside the run"),
        ("csv:../reviews.csv,target=verdict", "is a file outside the run"),
        ("csv:~/reviews.csv,target=verdict", "is a file outside the run"),
        ("csv:/dev/zero,target=verdict", "is a file outside the run"),
        ("csv:{run}/link.csv,target=verdict", "is a file outside the run"),
        ("folder:{outside}", "is a folder outside the run"),
        ("folder:{run}/sounds", "has the link 'astray.wav' that leads out of the run"),
        ("vowels,train=999999999", "asks for train=999999999"),
    ],
)
def test_a_runs_file_alone_leads_nobody_out_of_the_run(run, original, tmp_path, source, words):
    registry.register("lab.datasets", "vowels", lambda train=1: None)
    path = run(source)
    shutil.copy(original.directory.path.parent / "reviews.csv", tmp_path)
    (path / "link.csv").symlink_to(tmp_path / "reviews.csv")
    (path / "sounds" / "a").mkdir(parents=True)
    (path / "sounds" / "a" / "astray.wav").symlink_to(tmp_path / "reviews.csv")
    for call in (Experiment.open, Experiment.resume):
        with pytest.raises(UnconfirmedSource, match=words):
            call(path)


def test_a_file_within_the_run_is_the_runs_own(run, original):
    path = run("csv:{run}/reviews.csv,target=verdict,text=review")
    shutil.copy(original.directory.path.parent / "reviews.csv", path)
    opened = Experiment.open(path)
    assert opened.evaluate()["accuracy"] == original.evaluate()["accuracy"]
    named = f"csv:{path}/reviews.csv,target=verdict"
    assert check_named(named, path) == named


def test_what_lies_in_the_way_of_a_file_is_no_file(run):
    path = run("csv:{run}/pipe.csv,target=verdict")
    os.mkfifo(path / "pipe.csv")
    with pytest.raises(UsageError, match="path received"):
        Experiment.open(path)
