"""A run that was killed goes on in the same run of each service, and no point is there twice or missing."""

import importlib.util
import os
import shutil
import subprocess
import sys

import pytest

from lab import Experiment
from tests.contracts import ROOT, logged
from tests.lab.callbacks.loggers import services
from tests.lab.callbacks.loggers.services import SERVICES, Kill, logger, points


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Return a folder with a run that was killed at step 100, after its checkpoint of step 80."""
    folder = tmp_path_factory.mktemp("killed")
    there = [name for name in SERVICES if importlib.util.find_spec(name) is not None]
    command = [sys.executable, "-m", services.__name__, folder / "run", folder, *there]
    # A child that inherits this joins the service of this process, which a kill of the child does not end.
    own = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    return folder, there


@pytest.mark.thorough
@pytest.mark.parametrize("service", SERVICES)
def test_no_point_is_doubled_or_missing(service, killed, tmp_path, capfd):
    folder, there = killed
    if service not in there:
        pytest.skip(f"{service} is not installed")
    run = tmp_path / "run"
    shutil.copytree(folder / "run", run)
    one = logger(service, folder / service)
    resumed = Experiment.resume(run, callbacks=[one, Kill()])
    assert resumed.step == 80
    # The other services are left out by the user's word, and the run says how to attach them.
    said = capfd.readouterr().err
    assert all((f"--log {name}" in said) == (name != service) for name in there) or there == [service], said
    before = one.run_id
    resumed.train()
    assert resumed.step == 140 and one.run_id == before is not None
    rows = logged(run)
    assert [row["step"] for row in rows] == [20, 40, 60, 80, 100, 120, 140]
    found = points(service, one, run, folder / service, "train/td_error")
    assert [step for step, _ in found] == [row["step"] for row in rows if "td_error" in row]
    assert [value for _, value in found] == pytest.approx(
        [row["td_error"] for row in rows if "td_error" in row], rel=1e-6
    )
    made = [row["step"] for row in logged(run, "evaluations.jsonl") if row["purpose"] == "training"]
    assert [step for step, _ in points(service, one, run, folder / service, "evaluation/mean")] == made != []


@pytest.mark.thorough
def test_one_that_is_attached_later_has_the_whole_run(killed, tmp_path):
    pytest.importorskip("tensorboard")
    run = tmp_path / "run"
    shutil.copytree(killed[0] / "run", run)
    shutil.rmtree(run / "tensorboard")
    left = Experiment.resume(run, callbacks=[Kill()])
    left.train(40)
    assert not (run / "tensorboard").exists()
    one = logger("tensorboard", None)
    Experiment.resume(run, callbacks=[one, Kill()]).train(20)
    steps = [step for step, _ in points("tensorboard", one, run, None, "train/epsilon")]
    assert steps == [row["step"] for row in logged(run)] == [20, 40, 60, 80, 100, 120, 140]
