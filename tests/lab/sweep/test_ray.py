"""Sweeps on workers of Ray: the same outcome as in one process, also when workers are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.sweep import Ray, Sweep
from tests.lab.sweep.tabular import sweep
from tests.lab.sweep.test_sweep import assert_same

ray = pytest.importorskip("ray", minversion="2.50")
ROOT = Path(__file__).parents[3]
# Two on a machine of one processor.
TWO = Ray(resources={"cpus": 0.5}, workers=2)


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def workers(driver):
    """The processes of the actors that a process has."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::Worker") and parent(parent(path.parent.name)) == driver:
                found.append(int(path.parent.name))
        except OSError:
            # It has ended meanwhile.
            continue
    return sorted(found)


def test_two_workers_of_which_each_is_killed_once_end_as_one_process(finished, tmp_path, monkeypatch, capfd):
    from lab.sweep.workers.pool import Pool

    go_on, answers, killed = Pool.go_on, [], []

    def counted(self, number, message):
        answers.append(number)
        # In the middle of the first batch, after rungs and checkpoints; and when the third has been built.
        if len(answers) in (6, 14):
            both = workers(os.getpid())
            assert len(both) == 2
            # The older one, so that no process is killed twice.
            killed.append(next(pid for pid in both if pid not in killed))
            os.kill(killed[-1], signal.SIGKILL)
        return go_on(self, number, message)

    monkeypatch.setattr(Pool, "go_on", counted)
    found = sweep(tmp_path / "ray", backend=TWO)
    with pytest.warns(UserWarning, match="a worker of Ray died, and its runs go on from their last checkpoints"):
        best = found.run(progress=False)
    assert len(set(killed)) == 2
    assert capfd.readouterr().out == ""
    assert not ray.is_initialized() and not workers(os.getpid())
    assert (best.number, best.value, best.values) == tuple(
        getattr(finished.best, name) for name in ("number", "value", "values")
    )
    assert_same(tmp_path / "ray", finished.directory)
    for trial in found.trials:
        plans = [(one / f"trial-{trial.number:04d}" / "runs.json") for one in (found.directory, finished.directory)]
        assert plans[0].exists() == plans[1].exists()
        assert not plans[0].exists() or plans[0].read_text() == plans[1].read_text()


def test_ctrl_c_ends_within_seconds_and_the_sweep_goes_on_without_ray(finished, tmp_path):
    # Python finds this package by its path alone; where the command stands is a folder of somebody else.
    stranger, directory = tmp_path / "stranger", tmp_path / "sweep"
    stranger.mkdir()
    for name in ("numpy", "optuna", "tests", "tqdm", "tensorflow"):
        (stranger / f"{name}.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'a').write({name!r})\n")
    arguments = (
        "sweep tabular tests/Walk-v0 --import tests.lab.sweep.tabular --search step_size --search repeats=1:4 "
        "--search optimistic --trials 8 --steps 240 --seeds 2 --seed 5 --together 3 --evaluate-every 60 "
        "--checkpoint-every 90 --pruner halving --sampler random --backend ray --resources cpus=0.5 --workers 2"
    )
    command = [sys.executable, "-m", "lab", *arguments.split(), "--run", str(directory)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=stranger, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and '"ended"' not in (
            (directory / "trials.jsonl").read_text() if (directory / "trials.jsonl").exists() else ""
        ):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err.strip()) == (130, "lab: interrupted"), out + err
    assert not (tmp_path / "loaded").exists()
    assert "trial-0000" in out and "best" not in out
    Sweep.resume(directory).run(progress=False)
    assert_same(directory, finished.directory)


def test_what_does_not_fit_or_answer_is_said_before_training(tmp_path):
    from lab.errors import UsageError

    with pytest.raises(UsageError, match=r"resources received GPU=512 of one worker, and no machine has as much"):
        sweep(tmp_path / "a", backend=Ray(resources={"gpus": 512})).run(progress=False)
    assert not ray.is_initialized()
