"""What a user may ask of a sweep's workers; Ray itself is not needed."""

import sys
from types import SimpleNamespace

import pytest

from lab.errors import MissingPackageError, UsageError
from lab.sweep import Ray
from lab.sweep.journal import Trial
from lab.sweep.workers import pool
from lab.sweep.workers.backend import backend_of, resources_of
from lab.sweep.workers.messages import Run, shared_out
from tests.lab.sweep.tabular import WALK, sweep


def test_how_many_workers_fit():
    machines = [{"CPU": 8.0, "GPU": 1.0}, {"CPU": 3.0}]
    assert Ray().fitting(machines) == 11
    assert Ray(resources={"cpus": 2}).fitting(machines) == 4 + 1
    assert Ray(resources={"cpus": 2, "gpus": 0.5}).fitting(machines) == 2
    # A tenth ten times is a little less than one.
    assert Ray(resources={"cpus": 0.1}).fitting([{"CPU": 1.0}]) == 10
    assert Ray(workers=3).fitting(machines) == 3
    with pytest.raises(UsageError, match=r"received CPU=9 of one worker, and no machine has as much \(CPU=8; CPU=3\)"):
        Ray(resources={"cpus": 9}).fitting(machines)


def test_ray_is_given_more_than_one_start():
    def init(**keywords):
        asked.append(keywords["address"])
        if len(asked) < fails:
            raise Exception("The current node timed out during startup.")

    config = SimpleNamespace(JobConfig=type("JobConfig", (), {"__init__": lambda self, **keywords: None}))
    library = SimpleNamespace(init=init, shutdown=lambda: asked.append("ended"), job_config=config)
    asked, fails = [], 3
    pool._init(library, None)
    assert asked == ["local", "ended", "local"] and fails == len(asked)
    asked, fails = [], 9
    with pytest.raises(UsageError, match="could not be started on this machine: The current node timed out"):
        pool._init(library, None)
    asked, fails = [], 9
    with pytest.raises(UsageError, match="no cluster answers at auto"):
        pool._init(library, "auto")
    assert asked == ["auto"]


def test_runs_are_shared_out_evenly_and_in_order(tmp_path):
    trials = [Trial(n, {}, tmp_path) for n in (4, 5, 6)]
    shares = shared_out(trials, [1, 2], 4, "mean")
    assert [list(share.runs) for share in shares] == [
        [Run(4, 1)], [Run(4, 2), Run(5, 1)], [Run(5, 2)], [Run(6, 1), Run(6, 2)]
    ]  # fmt: skip
    assert [[trial.number for trial in share.trials] for share in shares] == [[4], [4, 5], [5], [6]]
    assert len(shared_out(trials[:1], [1, 2], 4, "mean")) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"workers": 0}, "workers received 0"),
        ({"resources": {}}, "numbers by name"),
        ({"resources": {"cpus": 1.5}}, "resources cpus received 1.5; expected a part of one, or a whole number"),
        ({"resources": {"cpus": -1}}, "received -1"),
        ({"resources": {"cpus": float("nan")}}, "received nan"),
        ({"resources": {"gpus": 0}}, "one above 0"),
    ],
)
def test_bad_requests_are_refused(arguments, words):
    with pytest.raises(UsageError) as error:
        Ray(**arguments)
    assert words in str(error.value)


def test_a_backend_is_named_or_described(monkeypatch, tmp_path):
    assert backend_of("local") is None
    with pytest.raises(UsageError, match="backend received 'dask'; expected 'local', 'ray' or"):
        sweep(tmp_path / "a", backend="dask")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        MissingPackageError, match=r"needs Ray, which is not installed. Fix: pip install 'keras-lab\[ray"
    ):
        sweep(tmp_path / "a", backend="ray")
    assert not list(tmp_path.iterdir())


def test_resources_of_the_command(command, tmp_path):
    assert resources_of("cpus=2,gpus=0.5") == {"cpus": 2.0, "gpus": 0.5}
    with pytest.raises(UsageError, match=r"--resources received 'cpus'; expected NAME=NUMBER"):
        resources_of("cpus")
    status, _, err = command("sweep", "tabular", WALK, "--search", "step_size", "--resources", "cpus=2",
                             "--run", tmp_path / "a")  # fmt: skip
    assert status == 2 and "--resources: this is for --backend ray" in err
    assert not list(tmp_path.iterdir())
