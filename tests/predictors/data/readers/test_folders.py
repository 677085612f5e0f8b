"""Folders of sounds and of texts, what lies in them and what is wrong with it."""

from __future__ import annotations

import wave

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from generative.data.dataset import Dataset
from generative.datasets.folder import load as images
from lab.errors import UsageError
from predictors.data.load import load
from predictors.data.readers import sounds
from predictors.data.readers.folders import reader_for
from predictors.data.readers.waves import read_wave

RATE = 8_000
TONE = np.round(20_000 * np.sin(np.arange(400) * 0.3)).astype(np.int16)


def write(path, values, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, values)


def fill(root, count=5, length=400):
    for label in ("high", "low"):
        for i in range(count):
            write(root / label / f"{i}.wav", np.roll(TONE[:length], i * (1 + (label == "low"))) // (i + 1))


def texts(root, **classes):
    for name, found in classes.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for i, text in enumerate(found):
            (root / name / f"{i}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())


# ------------------------------------------------------------------------ WAV files


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_whole_numbers_of_any_width_are_read_as_they_are_written(tmp_path, bits):
    wanted = np.array([0.0, 0.5, -0.5, -1.0, 0.25])
    whole = np.round(wanted * 2 ** (bits - 1)).astype(np.int64) + (128 if bits == 8 else 0)
    width = bits // 8
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes(b"".join(int(n).to_bytes(width, "little", signed=bits > 8) for n in whole))
    samples, rate, channels = read_wave(tmp_path / "a.wav")
    assert (samples.dtype, rate, channels) == (np.float32, RATE, 1)
    np.testing.assert_array_equal(samples, wanted.astype(np.float32))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floating_numbers_are_read_and_channels_mixed(tmp_path, dtype):
    write(tmp_path / "a.wav", np.array([[0.5, -0.5], [1.0, 0.5]], dtype))
    samples, _, channels = read_wave(tmp_path / "a.wav")
    np.testing.assert_array_equal(samples, [0.0, 0.75])
    assert channels == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "cannot be read"), (b"RIFF", "cannot be read"), (b"no sound at all" * 9, "cannot be read")],
)
def test_what_is_no_sound_is_named(tmp_path, content, message):
    (tmp_path / "bad.wav").write_bytes(content)
    with pytest.raises(UsageError, match=f"bad.wav.*{message}"):
        read_wave(tmp_path / "bad.wav")


def test_silence_of_no_length_and_numbers_that_are_none_are_refused(tmp_path):
    write(tmp_path / "empty.wav", np.zeros(0, np.int16))
    with pytest.raises(UsageError, match="empty.wav"):
        read_wave(tmp_path / "empty.wav")
    write(tmp_path / "nan.wav", np.array([0.1, np.nan], np.float32))
    with pytest.raises(UsageError, match="NaN or infinity"):
        read_wave(tmp_path / "nan.wav")


# ------------------------------------------------------------------------ folders of sounds


def test_sub_folders_of_sounds_are_classes(tmp_path):
    fill(tmp_path)
    (tmp_path / "README.txt").write_text("what this is")
    data = load(f"folder:{tmp_path}")
    (field,), (target,) = data.spec.inputs, data.spec.targets
    assert (field.kind, field.shape, field.rate, field.dtype) == ("sound", (400,), RATE, "float32")
    assert target.class_names == ("high", "low") and len(data.train) + len(data.test) == 10
    assert data.kind == "folder" and data.spec.name == tmp_path.name
    for part in (data.train, data.test):
        for sound, label in zip(part.inputs["input"], part.targets["target"], strict=True):
            known = [np.roll(TONE, i * (1 + (label == "low"))) // (i + 1) / 32_768 for i in range(5)]
            assert min(np.abs(sound - one).max() for one in known) < 1e-6


def test_lengths_are_made_one_and_said(tmp_path):
    fill(tmp_path)
    write(tmp_path / "low" / "short.wav", TONE[:100])
    data = load(f"folder:{tmp_path}")
    assert data.notes == ("made all sounds 0.05 s long: silence behind 1, 0 cut (seconds=...)",)
    data = load(f"folder:{tmp_path},seconds=0.025")
    assert data.spec.inputs[0].shape == (200,)
    assert data.notes == ("made all sounds 0.025 s long: silence behind 1, 10 cut (seconds=...)",)
    # Little of it is sound, and it would be hundreds of megabytes.
    with pytest.raises(UsageError, match="seconds received '1,600,000 samples'; expected at most 4 times the longest"):
        load(f"folder:{tmp_path},seconds=200")
    rows = np.concatenate([data.train.inputs["input"], data.test.inputs["input"]])
    short = rows[(rows[:, 100:] == 0).all(axis=1)]
    assert len(short) == 1
    np.testing.assert_allclose(short[0, :100], TONE[:100] / 32_768, atol=1e-6)


def test_another_rate_is_refused_with_the_file_and_the_fix(tmp_path):
    fill(tmp_path)
    write(tmp_path / "low" / "fast.wav", TONE, 16_000)
    with pytest.raises(UsageError, match=r"low/fast.wav received '16000 sam.*expected 8000.*-i fast.wav -ar 8000"):
        load(f"folder:{tmp_path}")
    with pytest.raises(UsageError, match=r"rate of .*0.wav received '8000 samples a second'; expected 16000"):
        load(f"folder:{tmp_path},rate=16000")


def test_channels_are_mixed_and_said(tmp_path):
    fill(tmp_path)
    write(tmp_path / "low" / "stereo.wav", np.stack([TONE // 7, TONE // 9], axis=1))
    assert "mixed 1 sounds of several channels down to one" in load(f"folder:{tmp_path}").notes


def test_parts_to_train_and_test_on_are_honoured(tmp_path):
    fill(tmp_path / "train")
    for label in ("high", "low"):
        write(tmp_path / "test" / label / "new.wav", TONE[:350] // (2 if label == "low" else 3))
    data = load(f"folder:{tmp_path}")
    assert (len(data.train), len(data.test), data.spec.inputs[0].shape) == (10, 2, (400,))
    write(tmp_path / "test" / "low" / "leak.wav", TONE)
    with pytest.raises(UsageError, match="1 of 3 test examples whose inputs stand among the training examples"):
        load(f"folder:{tmp_path}")


def test_clips_are_what_predict_takes(tmp_path):
    fill(tmp_path)
    found = sounds.clips([tmp_path / "low" / "0.wav", tmp_path / "low" / "0.wav"], RATE, 500)
    assert found.shape == (2, 500) and found.dtype == np.float32 and not found[:, 400:].any()
    with pytest.raises(UsageError, match="expected 16000"):
        sounds.clips([tmp_path / "low" / "0.wav"], 16_000, 500)


def test_too_long_sounds_are_refused_before_memory_is_taken(tmp_path):
    fill(tmp_path)
    with pytest.raises(UsageError, match="GiB of sounds"):
        sounds.load(tmp_path, seconds=1e6)
    with pytest.raises(UsageError, match="seconds received -1"):
        sounds.load(tmp_path, seconds=-1.0)


# ------------------------------------------------------------------------ folders of texts


def test_sub_folders_of_texts_are_classes(tmp_path):
    texts(
        tmp_path,
        up=[f"it rose by {i} points" for i in range(5)],
        down=[f"es fiel um {i} Punkte, ähnlich" for i in range(5)],
    )
    data = load(f"folder:{tmp_path}")
    assert data.spec.inputs[0].kind == "text" and data.spec.targets[0].class_names == ("down", "up")
    for text, label in zip(data.train.inputs["input"], data.train.targets["target"], strict=True):
        assert text.startswith("it rose" if label == "up" else "es fiel")


def test_texts_are_utf8_and_have_words(tmp_path):
    texts(tmp_path, a=[f"one {i}" for i in range(5)], b=["two", "zwei ä".encode("latin-1")])
    with pytest.raises(UsageError, match=r"b/1.txt received 'bytes that are no UTF-8"):
        load(f"folder:{tmp_path}")
    texts(tmp_path, b=["two", " \n"])
    with pytest.raises(UsageError, match=r"b/1.txt received 'no word'"):
        load(f"folder:{tmp_path}")


def test_long_texts_are_cut_and_said(tmp_path):
    texts(tmp_path, a=[f"one {i}" for i in range(5)], b=["many words " * 5_000, "\ufefftwo"])
    data = load(f"folder:{tmp_path}")
    assert data.notes == ("took the first 20,000 characters of 1 longer texts",)
    both = np.concatenate([data.train.inputs["input"], data.test.inputs["input"]]).tolist()
    assert "two" in both and max(map(len, both)) == 20_000


# ------------------------------------------------------------------------ what lies there


def test_images_are_left_to_their_own_reader(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for i in range(6):
            pixels = np.random.default_rng(i + 10 * (label == "a")).integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{i}.png")
    (tmp_path / "notes.txt").write_text("beside the classes")
    assert reader_for(str(tmp_path), images) is images
    data = load(f"folder:{tmp_path},size=4")
    assert data.spec.inputs[0].kind == "image" and data.spec.inputs[0].shape == (4, 4, 1)
    assert isinstance(images(tmp_path), Dataset)


def test_kinds_that_are_mixed_and_folders_of_nothing_are_refused(tmp_path):
    fill(tmp_path)
    texts(tmp_path, low=["a note"])
    with pytest.raises(UsageError, match="10 sounds and 1 texts'; expected one kind of files"):
        load(f"folder:{tmp_path}")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match=r"no such files'; expected files that end in .png, .jpg, .jpeg, .wav, .txt"):
        load(f"folder:{empty}")
    with pytest.raises(UsageError, match="there is no"):
        load(f"folder:{tmp_path}/nowhere")


def test_one_class_and_loose_files_are_refused(tmp_path):
    write(tmp_path / "only" / "a.wav", TONE)
    write(tmp_path / "only" / "b.wav", TONE // 2)
    with pytest.raises(UsageError, match="classes of the sounds in .* received 'none'; expected at least two"):
        load(f"folder:{tmp_path}")
    write(tmp_path / "c.wav", TONE)
    with pytest.raises(UsageError, match="1 loose sounds and 2 in sub-folders"):
        load(f"folder:{tmp_path}")
