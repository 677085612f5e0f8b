"""Nothing of a run is read, written or deleted through a link; pipes and devices are refused and never waited for."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from lab.errors import CheckpointError, ForeignFileError, RunDirectoryError, UsageError
from lab.files import leftovers, links
from lab.files.json_lines import JsonLines
from lab.results.history import History
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory

STATE = {"learner": {"a": np.arange(4.0)}}
LINK = r"is a link.*links are not followed.*Fix"
FILES = ["config.json", "metrics.jsonl", "evaluations.jsonl", "report.html"]
FOLDERS = ["checkpoints", "videos", "samples"]


@pytest.fixture
def runs(tmp_path):
    """A run that a stranger made, and one of somebody else's."""
    for name in ("mine", "other"):
        run = tmp_path / name
        for step in (1, 2, 3):
            checkpoints.write(make(run) / "checkpoints" / f"step-{step}", STATE)
        (run / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2}\n')
    return tmp_path / "mine", tmp_path / "other"


def make(run):
    run.mkdir(exist_ok=True)
    return run


def swap(path, target):
    """Put a link in the place of a file or folder."""
    if path.is_dir():
        path.rename(path.with_name(path.name + ".aside"))
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(target)


def content(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_a_run_whose_own_names_are_links_is_not_opened(runs, name):
    mine, other = runs
    swap(mine / name, other / name)
    with pytest.raises(ForeignFileError, match=rf"{name}' {LINK}"):
        RunDirectory(mine).check_links()


def test_what_lies_above_the_run_may_be_a_link(runs, tmp_path):
    (tmp_path / "way").symlink_to(tmp_path)
    linked = tmp_path / "way" / "mine"
    RunDirectory(linked).check_links()
    assert len(checkpoints.listed(linked / "checkpoints", "step")) == 3
    (tmp_path / "short").symlink_to(linked)
    assert JsonLines(tmp_path / "short" / "metrics.jsonl").read() == [{"step": 1}, {"step": 2}]
    checkpoints.write(tmp_path / "short" / "checkpoints" / "step-4", STATE)


def test_a_linked_folder_of_checkpoints_is_neither_listed_nor_written_nor_pruned(runs):
    mine, other = runs
    swap(mine / "checkpoints", other / "checkpoints")
    before = content(other)
    for act in (
        lambda: checkpoints.listed(mine / "checkpoints", "step"),
        lambda: checkpoints.prune(mine / "checkpoints", "step", keep=1),
        lambda: checkpoints.write(mine / "checkpoints" / "step-3", STATE),
        lambda: checkpoints.read(mine / "checkpoints" / "step-3"),
        lambda: RunDirectory(mine).find_checkpoint("best"),
    ):
        with pytest.raises(ForeignFileError, match=rf"checkpoints' {LINK}"):
            act()
    assert content(other) == before


def test_a_linked_checkpoint_is_named_and_skipped_and_deleting_it_reaches_nothing(runs):
    mine, other = runs
    swap(mine / "checkpoints" / "step-3", other / "checkpoints" / "step-3")
    (mine / "checkpoints" / "step-0").symlink_to(other / "checkpoints")
    before = content(other)
    with pytest.warns(UserWarning, match=r"skipped the checkpoint .*step-3'.*links are not followed"):
        assert [p.name for p in checkpoints.listed(mine / "checkpoints", "step")] == ["step-1", "step-2"]
    with pytest.raises(ForeignFileError, match=LINK):
        checkpoints.read(mine / "checkpoints" / "step-3")
    with pytest.raises(ForeignFileError, match=LINK):
        checkpoints.write(mine / "checkpoints" / "step-3", STATE)
    with pytest.warns(UserWarning, match="skipped"):
        checkpoints.prune(mine / "checkpoints", "step", keep=1)
    assert content(other) == before and not (mine / "checkpoints" / "step-1").exists()


@pytest.mark.parametrize("name", [checkpoints.MANIFEST, checkpoints.TREE, checkpoints.ARRAYS])
def test_a_linked_file_of_a_checkpoint_is_not_read(runs, name):
    mine, other = runs
    swap(mine / "checkpoints" / "step-3" / name, other / "checkpoints" / "step-3" / name)
    with pytest.raises(CheckpointError, match=rf"{name}' {LINK}"):
        checkpoints.read(mine / "checkpoints" / "step-3")
    with pytest.warns(UserWarning, match="skipped a damaged checkpoint"):
        assert RunDirectory(mine).find_checkpoint("last").name == "step-2"


@pytest.mark.parametrize("dangling", [False, True])
def test_rows_are_neither_read_from_a_link_nor_written_to_one(runs, dangling):
    mine, other = runs
    target = other / ("nowhere.jsonl" if dangling else "metrics.jsonl")
    swap(mine / "metrics.jsonl", target)
    before = content(other)
    log = JsonLines(mine / "metrics.jsonl")
    for act in (
        log.read,
        log.sync,
        lambda: log.append({"step": 9}),
        lambda: log.cut(1),
        lambda: History.read(log.path),
    ):
        with pytest.raises(ForeignFileError, match=LINK):
            act()
    assert content(other) == before


def test_a_second_name_of_a_file_keeps_what_it_had(runs):
    mine, other = runs
    (mine / "metrics.jsonl").unlink()
    os.link(other / "metrics.jsonl", mine / "metrics.jsonl")
    before = content(other)
    JsonLines(mine / "metrics.jsonl").append({"step": 3})
    JsonLines(mine / "metrics.jsonl").cut(2)
    assert content(other) == before
    assert [p.name for p in mine.glob(".*")] == []


@pytest.mark.parametrize("name", ["metrics.jsonl", "checkpoints/step-3/state.json", "checkpoints/step-3/manifest.json"])
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(runs, name):
    path = runs[0] / name
    path.unlink()
    os.mkfifo(path)
    acts = [JsonLines(path).read, lambda: JsonLines(path).append({"step": 1}), JsonLines(path).sync]
    for act in acts if path.suffix == ".jsonl" else [lambda: checkpoints.read(path.parent)]:
        with pytest.raises(UsageError, match=r"is a pipe; expected a file. Fix"):
            act()


def test_a_folder_in_the_place_of_a_file_and_a_file_in_that_of_a_folder(runs):
    run = runs[0]
    (run / "metrics.jsonl").unlink()
    (run / "metrics.jsonl").mkdir()
    with pytest.raises(RunDirectoryError, match="is a folder; expected a file"):
        JsonLines(run / "metrics.jsonl").append({"step": 1})
    (run / "videos").write_text("")
    with pytest.raises(ForeignFileError, match="is a file; expected a folder"):
        links.make_folder(run / "videos", run)


def test_a_folder_that_another_thread_makes_meanwhile_is_as_good(runs, monkeypatch):
    run, mkdir = runs[0], Path.mkdir

    def made_before(path):
        mkdir(path)
        mkdir(path)

    monkeypatch.setattr(Path, "mkdir", made_before)
    links.make_folder(run / "exports", run)
    assert (run / "exports").is_dir()


def test_tidying_up_does_not_look_through_links(runs):
    mine, other = runs
    left = other / "checkpoints" / ".step-9.tmp-999999999"
    left.mkdir()
    swap(mine / "checkpoints", other / "checkpoints")
    (mine / ".x.tmp-999999999").symlink_to(other)
    assert [p.name for p in leftovers.clean(mine)] == [".x.tmp-999999999"]
    assert left.is_dir() and (other / "metrics.jsonl").exists()


def test_temporary_names_that_are_links_are_not_written_through(runs):
    mine, other = runs
    hidden = mine / "checkpoints" / f".step-4.tmp-{os.getpid()}"
    hidden.symlink_to(other)
    before = content(other)
    with pytest.raises(RunDirectoryError, match="cannot be written"):
        checkpoints.write(mine / "checkpoints" / "step-4", STATE)
    assert content(other) == before


def test_a_report_leaves_linked_parts_out_and_says_so(runs, tmp_path):
    from lab.reporting.records import read_run

    mine, other = runs
    keys = {"learner": "dqn", "settings": {}, "source": "CartPole-v1", "task": {}, "callbacks": [], "lane": "host"}
    numbers = {"seed": 0, "num_envs": 1, "log_every": 1, "steps": 3}
    nothing = dict.fromkeys(("evaluate_every", "checkpoint_every", "video_every"))
    (mine / "config.json").write_text(json.dumps({**keys, **numbers, **nothing, "lane_used": "host", "versions": {}}))
    swap(mine / "metrics.jsonl", other / "metrics.jsonl")
    swap(mine / "checkpoints", other / "checkpoints")
    record = read_run(mine)
    assert not record.metrics and record.checkpoints == []
    assert [note.split(":")[0] for note in record.notes] == ["metrics.jsonl", "checkpoints/"]
