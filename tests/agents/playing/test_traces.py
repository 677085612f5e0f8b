"""Films of a run have a trace beside them, which says what its evaluation of that episode would."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from agents import QLearning
from agents.playing.rollout import play
from lab import Experiment
from lab.media.trace import SUFFIX, read_trace
from lab.reporting import write_report
from lab.reporting.records import read_run
from lab.reporting.states import state_of


@pytest.mark.thorough
def test_a_film_of_a_run_has_its_trace_and_training_is_as_without(tmp_path: Path) -> None:
    filmed = Experiment(QLearning(), "lab/GridWorld-v0", seed=3, run_dir=tmp_path / "filmed", video_every=150)
    plain = Experiment(QLearning(), "lab/GridWorld-v0", seed=3, run_dir=tmp_path / "plain")
    for experiment in (filmed, plain):
        experiment.train(300)
    assert (filmed.learner.q_table == plain.learner.q_table).all()
    rows = [(tmp_path / name / "metrics.jsonl").read_text().splitlines() for name in ("filmed", "plain")]
    kept = [[{k: v for k, v in json.loads(row).items() if not k.startswith("time_")} for row in part] for part in rows]
    assert kept[0] == kept[1]

    video = filmed.render("episode.mp4")
    found = read_trace(video, tmp_path / "filmed", hashlib.sha256(video.read_bytes()).hexdigest())
    assert found is not None and found.values is not None and found.observations is not None
    seed = filmed.seeds.integer("render", 1)
    played = play(filmed.learner, [filmed.task.evaluation_source.make()], [seed])
    assert (sum(r or 0.0 for r in found.rewards), len(found.rewards)) == (played.returns[0], played.lengths[0])
    # Greedy: the action taken is one of the greatest value.
    for values, action in zip(found.values, found.actions, strict=True):
        assert values[int(action[0] or 0)] == max(v for v in values if v is not None)
    assert found.values[0] == [float(f"{v:.5g}") for v in filmed.learner.q_table[int(found.observations[0][0] or 0)]]

    names = sorted(path.name for path in video.parent.iterdir())
    assert [name for name in names if name.endswith(SUFFIX)] == [
        f"{name}{SUFFIX}" for name in names if name.endswith(".mp4")
    ]
    page = write_report([tmp_path / "filmed"]).read_text()
    assert page.count('data-trace="t') == 3 and page.count("data:image/jpeg;base64,") == 3
    assert state_of(read_run(tmp_path / "filmed")) == ("finished", "reached its 300 steps")
    # A file that is named elsewhere comes alone.
    (tmp_path / "alone").mkdir()
    filmed.render(tmp_path / "alone" / "film.mp4")
    assert [path.name for path in (tmp_path / "alone").iterdir()] == ["film.mp4"]
