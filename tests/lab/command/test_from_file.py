"""Settings files: what they say, what they may not do, and that a run's own trains it again to the bit."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import registry
from lab.files.json_lines import JsonLines
from lab.runs import checkpoints, settings_file
from lab.runs.opening import sources

TINY = ["--set", "hidden_sizes=8", "--set", "batch_size=4", "--set", "learning_starts=8", "--set", "update_every=4"]


@pytest.fixture
def lab(command: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "_given", set())
    return command


def rows(run: Path, name: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if not k.startswith("time_")} for row in JsonLines(run / name).read()]


def digests(run: Path) -> dict[str, str]:
    return {path.name: checkpoints.digest(path) for path in (run / "checkpoints").iterdir()}


@pytest.mark.thorough
def test_a_runs_own_file_trains_it_again_to_the_bit(lab: Any, tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    arguments = ["train", "dqn", "CartPole-v1", "--steps", 40, "--seed", 3, "--evaluate-every", 20, "--run", first]
    assert lab(*arguments, *TINY, "--set", "learning_rate=1.1e-05")[0] == 0
    written = tomllib.loads((first / "settings.toml").read_text())
    assert (written["learner"], written["source"], written["steps"]) == ("dqn", "CartPole-v1", 40)
    assert written["experiment"]["seed"] == 3 and written["settings"]["learning_rate"] == 1.1e-05
    status, _, err = lab("train", "--config", first / "settings.toml", "--run", second)
    assert status == 0, err
    for name in ("metrics.jsonl", "evaluations.jsonl"):
        assert rows(first, name) == rows(second, name) != []
    assert digests(first) == digests(second)
    assert (first / "settings.toml").read_bytes() == (second / "settings.toml").read_bytes()
    status, out, _ = lab("diff", first, second)
    # Which lane was asked for is not what decides a number; all else is the same.
    assert status == 0 and "no difference" in out, out
    status, _, err = lab("train", "--config", first / "settings.toml", "--run", third, "--seed", 4, "--steps", 20,
                         "--set", "batch_size=8")  # fmt: skip
    assert status == 0, err
    config = json.loads((third / "config.json").read_text())
    assert (config["seed"], config["steps"], config["settings"]["batch_size"]) == (4, 20, 8), "the command comes first"
    assert config["settings"]["hidden_sizes"] == [8]
    status, out, _ = lab("diff", first, third)
    assert status == 1 and "settings.batch_size" in out and "hidden_sizes" not in out
    before = (first / "settings.toml").read_bytes()
    assert lab("resume", first, "--steps", 10)[0] == 0
    assert (first / "settings.toml").read_bytes() == before, "written once"


BAD = [
    ("learner = dqn", "is no TOML"),
    ("learnr = 'dqn'", "no key is called 'learnr'; did you mean 'learner'"),
    ("learning_rate = 0.1", "settings of the learner below [settings]"),
    ("settings = 3", "settings received 3; expected a table"),
    ("steps = '5'", "steps received '5'; expected a whole number > 0"),
    ("steps = true", "steps received True; expected a whole number > 0"),
    ("learner = 5", "learner received 5; expected a text"),
    ("[settings]\nlearnin_rate = 0.1", "no setting is called 'learnin_rate'; did you mean 'learning_rate'"),
    ("[settings]\nlearning_rate = '0.1'", "learning_rate received '0.1'; expected a number"),
    ("[settings]\nlearning_rate = -0.1", "learning_rate received -0.1; expected a value > 0"),
    ("[settings]\nhidden_sizes = 8", "hidden_sizes received 8; expected"),
    ("[settings]\nbatch_size = 4.0", "batch_size received 4.0; expected a whole number"),
    ("[experiment]\nn_envs = 8", "[experiment] has no 'n_envs'; here it is num_envs"),
    ("[experiment]\nrun_dir = 'x'", "it is the argument --run"),
    ("[experiment]\nnum_envs = 'two'", "num_envs received 'two'; expected a whole number"),
    ("[experiment]\nlane = 'fast'", "lane received 'fast'; expected one of"),
    ("[experiment]\nprogress = 1", "progress received 1; expected true or false"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_is_wrong_in_a_file_is_named(lab: Any, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    status, out, err = lab("train", "dqn", "CartPole-v1", "--config", path)
    assert status == 2 and message in err and "mine.toml" in err and out == "", err
    assert len(err.splitlines()) == 1 and sorted(p.name for p in tmp_path.iterdir()) == ["mine.toml"]


def test_what_is_missing_is_named(lab: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    assert "LEARNER is missing" in lab("train")[2]
    assert "LEARNER is missing" in lab("train", "--config", "empty.toml")[2]
    assert "SOURCE is missing" in lab("train", "dqn", "--config", "empty.toml")[2]
    assert "cannot be read: No such file" in lab("train", "--config", "nowhere.toml")[2]
    (tmp_path / "large.toml").write_bytes(b"#" * (settings_file.MOST_BYTES + 1))
    assert "holds more than" in lab("train", "--config", "large.toml")[2]
    (tmp_path / "deep.toml").write_text("steps = " + "[" * 100_000)
    assert "is no TOML" in lab("train", "--config", "deep.toml")[2]


STAND_IN = "from pathlib import Path\nPath(__file__).with_name('executed').touch()\n"


def test_nothing_is_imported_because_a_file_says_so(lab: Any, tmp_path: Path) -> None:
    (tmp_path / "strange.py").write_text(STAND_IN)
    for text, words in (
        ("learner = 'strange:Agent'\nsource = 'CartPole-v1'", "of a module, and nothing is imported"),
        ("learner = 'random'\nsource = 'strange:CartPole-v1'", "would import the module 'strange'"),
        ("learner = 'random'\nsource = 'CartPole-v1'\n[experiment]\nevaluation_source = 'strange:CartPole-v1'",
         "would import the module 'strange'"),
        ("learner = 'vae'\nsource = 'frames:strange:CartPole-v1'", "would import the module 'strange'"),
    ):  # fmt: skip
        (tmp_path / "file.toml").write_text(text)
        status, _, err = lab("train", "--config", "file.toml", "--steps", 2)
        assert status == 2 and words in err and "Fix: if you trust it, name it yourself" in err, err
    assert not (tmp_path / "executed").exists() and not (tmp_path / "runs").exists()


def test_no_path_of_a_file_is_followed_but_below_it(lab: Any, tmp_path: Path) -> None:
    (tmp_path / "runs" / "teacher").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "file.toml"
    file.write_text(f"learner = 'vae'\nsource = 'folder:{tmp_path}'")
    status, _, err = lab("train", "--config", file)
    assert status == 2 and "is a folder outside the file's folder" in err and f"--source folder:{tmp_path}" in err
    teacher = tmp_path / "runs" / "teacher"
    file.write_text(f"learner = 'consistency_distillation'\nsource = 'digits'\n[settings]\nteacher = '{teacher}'")
    status, _, err = lab("train", "--config", file)
    assert status == 2 and "the setting teacher is" in err and f"add `--set teacher={teacher}`" in err
    status, _, err = lab("train", "--config", file, "--set", f"teacher={teacher}")
    assert status == 2 and f"{teacher} is not a run" in err, "the user's own word is followed"


def test_every_setting_that_names_a_path_is_known_as_one() -> None:
    import dataclasses

    named = {
        f"{name}.{field.name}"
        for name in registry.names(*registry.LEARNERS)
        for field in dataclasses.fields(registry.learner(name).Settings)
        if any(word in field.metadata["doc"].split() for word in ("directory", "file", "folder", "path"))
    }
    paths = {
        f"{name}.{field.name}"
        for name in registry.names(*registry.LEARNERS)
        for field in dataclasses.fields(registry.learner(name).Settings)
        if field.metadata["path"]
    }
    assert named <= paths and "classifier.teacher" in paths


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.text(),
    st.lists(st.integers(-5, 5), max_size=3),
)  # fmt: skip


@pytest.mark.thorough
@settings(deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(min_size=1, alphabet=st.characters(codec="utf-8")), VALUES, max_size=5), st.text())
def test_what_is_written_is_read_back(chosen: dict[str, Any], source: str) -> None:
    config = {
        "learner": "dqn",
        "source": source,
        "steps": 5,
        "seed": 2**70,
        "num_envs": 1,
        "lane_used": "host",
        **dict.fromkeys(("evaluate_every", "checkpoint_every", "video_every")),
        "log_every": 7,
        "settings": chosen,
        "task": {},
    }
    found = tomllib.loads(settings_file.text_of(config))
    plain = {key: "none" if value is None else value for key, value in chosen.items()}
    whole = {key: _encodable(value) for key, value in plain.items()}
    assert found["settings"] == whole and found["source"] == _encodable(source)
    assert found["experiment"]["seed"] == 2**70 and found["experiment"]["evaluate_every"] == "none"


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _made() -> gymnasium.Env[Any, Any]:
    return gymnasium.make("CartPole-v1")


def test_what_a_file_cannot_say_is_said_in_it(tmp_path: Path) -> None:
    from agents import Random
    from lab import Callback, Experiment

    class Mine(Callback):
        """Does nothing."""

    run = tmp_path / "run"
    experiment = Experiment(Random(), _made, run_dir=run, callbacks=[Mine()], progress=False)
    experiment.train(10)
    text = (run / "settings.toml").read_text()
    assert "# Not in this file: the run's source" in text and "(mine)" in text
    assert "source" not in tomllib.loads(text)


def test_a_run_that_was_killed_as_it_began_writes_its_file_when_it_goes_on(tmp_path: Path) -> None:
    from agents import QLearning
    from lab import Experiment

    run = tmp_path / "run"
    begun = Experiment(QLearning(), "lab/GridWorld-v0", run_dir=run, progress=False)
    begun.prepare_training(20)
    begun.claim()
    assert (run / "config.json").exists() and not (run / "settings.toml").exists()
    Experiment.resume(run, progress=False).train()
    assert tomllib.loads((run / "settings.toml").read_text())["steps"] == 20


@pytest.mark.thorough
def test_several_runs_of_one_file_have_one_each(lab: Any, tmp_path: Path) -> None:
    text = "learner = 'q_learning'\nsource = 'lab/GridWorld-v0'\nsteps = 20\n[experiment]\nseed = 5"
    (tmp_path / "file.toml").write_text(text)
    status, _, err = lab("train", "--config", "file.toml", "--seeds", 2)
    assert status == 0, err
    for seed in (5, 6):
        path = tmp_path / "runs" / "q_learning-lab-GridWorld-v0-seeds5-6" / f"seed-{seed}" / "settings.toml"
        assert tomllib.loads(path.read_text())["experiment"]["seed"] == seed
