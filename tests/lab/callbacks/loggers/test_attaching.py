"""Loggers are attached by the user's word: in Python, or by `lab train --log` and `lab resume --log`."""

import configparser
import importlib.util
import os
import subprocess
import sys

import pytest

from agents import Random
from lab import CheckpointError, Experiment, UsageError
from lab.callbacks import MLFlowLogger, TensorBoardLogger, WandbLogger
from lab.callbacks.loggers import LOGGERS, loggers, service_of
from lab.command.arguments import SERVICES
from lab.errors import ForeignFileError, MissingPackageError
from tests.contracts import ROOT, logged
from tests.lab.callbacks.loggers.services import points


def test_each_service_has_a_logger_an_extra_and_a_word_on_the_command_line():
    extras = configparser.ConfigParser()
    extras.read(ROOT / "setup.cfg")
    assert list(LOGGERS) == list(SERVICES)
    assert set(SERVICES) <= set(extras["options.extras_require"])
    assert service_of("wandb_logger") == "wandb" and service_of("ml_flow_logger#2") == "mlflow"
    assert service_of("csv_logger") == ""


@pytest.mark.parametrize("service", SERVICES)
def test_a_missing_package_is_said_before_anything_is_written(service, command, monkeypatch, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == service else find(name, *rest))
    line = f'pip install "keras-lab[{service}]"'
    train = ("train", "random", "lab/GridWorld-v0", "--steps", 10, "--run", tmp_path / "run")
    status, out, err = command(*train, "--log", service)
    assert status == 2 and line in err and err.count("\n") == 1 and not out
    experiment = Experiment(Random(), "lab/GridWorld-v0", run_dir=tmp_path / "run", callbacks=[LOGGERS[service]()])
    with pytest.raises(MissingPackageError, match="not installed"):
        experiment.train(10)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_a_services_name_is_no_package(tmp_path):
    (tmp_path / "trackio").mkdir()
    code = "from lab.callbacks.loggers import check_package as c; c('trackio')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(tmp_path)])}
    if importlib.util.find_spec("trackio") is None:
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        assert "MissingPackageError" in done.stderr


@pytest.mark.thorough
def test_the_command_logs_and_goes_on(command, tmp_path):
    pytest.importorskip("tensorboard")
    run = tmp_path / "run"
    status, _, err = command(
        "train", "random", "lab/GridWorld-v0", "--steps", 40, "--set", "log_every=20", "--run", run,
        *("--log", "tensorboard"), *("--log", "tensorboard"),
    )  # fmt: skip
    assert status == 0 and len(list((run / "tensorboard").iterdir())) == 1, err
    status, _, err = command("resume", run, "--steps", 20)
    assert status == 0 and f"was logged to tensorboard, and is not now. To go on there: `lab resume {run} --log" in err
    status, _, err = command("resume", run, "--steps", 20, "--log", "tensorboard")
    assert status == 0 and "was logged to" not in err
    found = points("tensorboard", None, run, None, "train/episodes")
    assert [step for step, _ in found] == [row["step"] for row in logged(run)] == [20, 40, 60, 80]
    status, _, err = command("resume", run, "--log", "tensorflow")
    assert status == 2 and "invalid choice: 'tensorflow'" in err


@pytest.mark.thorough
def test_several_runs_are_logged_each_by_itself(command, tmp_path):
    pytest.importorskip("tensorboard")
    train = ("train", "random", "lab/GridWorld-v0", "--steps", 40, "--run", tmp_path / "runs", "--seeds", 2)
    status, _, err = command(*train, "--log", "tensorboard")
    assert status == 0 and len(list(tmp_path.glob("runs/seed-*/tensorboard/events*"))) == 2, err


def test_loggers_without_a_place_say_so(monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("lab.callbacks.loggers.logger.check_package", lambda service: None)
    for kind in (TensorBoardLogger, MLFlowLogger):
        with pytest.raises(UsageError, match="no run directory"):
            Experiment(Random(), "lab/GridWorld-v0", callbacks=[kind()]).train(10)


def test_a_strangers_files_name_no_run_elsewhere_and_lead_nowhere(tmp_path):
    one = WandbLogger()
    for wrong in ("../../x", "a b", "", 3, "a" * 65, ["a"]):
        with pytest.raises(CheckpointError, match="letters, digits"):
            one.set_state({"run_id": wrong})
    pytest.importorskip("tensorboard")
    run = tmp_path / "run"
    Experiment(Random(), "lab/GridWorld-v0", run_dir=run, progress=False).train(10)
    (tmp_path / "elsewhere").mkdir()
    (run / "tensorboard").symlink_to(tmp_path / "elsewhere")
    resumed = Experiment.resume(run, callbacks=[TensorBoardLogger()])
    with pytest.raises(ForeignFileError, match="is a link"):
        resumed.train(10)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_error_in_training_closes_what_is_open(tmp_path):
    pytest.importorskip("tensorboard")
    (one,) = loggers(["tensorboard", "tensorboard"])
    experiment = Experiment(Random(), "lab/GridWorld-v0", run_dir=tmp_path / "run", callbacks=[one], progress=False)

    class BrokenError(RuntimeError):
        pass

    def advance(*_):
        assert one.is_open
        raise BrokenError

    experiment.task.advance = advance
    with pytest.raises(BrokenError):
        experiment.train(10)
    assert not one.is_open and one.writer is None


def test_a_server_that_is_away_for_a_while_gets_its_numbers_later(tmp_path):
    exceptions = pytest.importorskip("mlflow.exceptions")
    one = MLFlowLogger(uri=tmp_path / "store")
    experiment = Experiment(Random(), "lab/GridWorld-v0", run_dir=tmp_path / "run", log_every=10, callbacks=[one])
    experiment.prepare_training(10)
    one.on_train_begin(experiment)
    client, sent = one.client, []

    class Away:
        def log_batch(self, run_id, metrics):
            sent.append(len(metrics))
            raise exceptions.MlflowException("away")

    one.client = Away()
    with pytest.warns(UserWarning, match="is asked again"):
        one.log_scalars(10, {"train/return": 1.0})
    assert sent == [1]
    one.client = client
    one.flush()
    assert points("mlflow", one, None, tmp_path / "store", "train/return") == [(10, 1.0)] and not one.held
    one.client = Away()
    one.log_scalars(20, {"train/return": 2.0})
    one.client.set_terminated = lambda run_id, status: None
    with pytest.warns(UserWarning, match="1 numbers are not in MLflow"):
        one.close(finished=True)
