"""What a run sends to each service is there, read back by the service's own means."""

import io
import json

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from agents import QLearning
from lab import Experiment
from lab.callbacks import RenderEvery
from lab.callbacks.loggers import names
from lab.callbacks.loggers.wandb_offline import BLOCK, FRAME, reached, records
from lab.media.as_gif import MOST_FRAMES, as_gif
from lab.media.video import write_video
from tests.contracts import logged
from tests.lab.callbacks.loggers.services import SERVICES, logger, points, tensorboard, wandb_rows


@pytest.fixture(scope="module", params=SERVICES)
def trained(request, tmp_path_factory):
    """Return a run with a picture, a film and histograms, its logger, and the service's folder."""
    pytest.importorskip(request.param)
    folder = tmp_path_factory.mktemp("trained")
    one = logger(request.param, folder / "service", every=40)
    callbacks = [one, RenderEvery(40, ".png", "policy"), RenderEvery(80, ".mp4", "episode")]
    experiment = Experiment(
        QLearning(), "lab/GridWorld-v0", seed=5, run_dir=folder / "a.run", callbacks=callbacks,
        evaluate_every=40, log_every=20, progress=False,
    )  # fmt: skip
    experiment.train(80)
    return experiment, one, folder / "service"


@pytest.mark.thorough
def test_scalars_settings_and_final_metrics_are_there(trained):
    experiment, one, folder = trained
    run = experiment.directory.path
    assert [step for step, _ in points(one.service, one, run, folder, "train/epsilon")] == [20, 40, 60, 80]
    last = [row for row in logged(run, "evaluations.jsonl") if row["purpose"] == "training"][-1]
    assert points(one.service, one, run, folder, "final/mean") == [(80, pytest.approx(last["mean"]))]
    expected = {"learner": "q_learning", "source": "lab/GridWorld-v0", "seed": 5, "discount": 0.99}
    found = settings(one, run, folder)
    assert {name: found.get(name) for name in expected} == expected


def settings(one, run, folder):
    if one.service == "tensorboard":
        from tensorboard.plugins.hparams import metadata

        plugin = tensorboard(run).SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data
        found = metadata.parse_session_start_info_plugin_data(plugin.content).hparams
        return {name: getattr(value, value.WhichOneof("kind")) for name, value in found.items()}
    if one.service == "wandb":
        from wandb.proto import wandb_internal_pb2

        (path,) = folder.glob("wandb/offline-run-*/*.wandb")
        made = [wandb_internal_pb2.Record.FromString(content) for content in records(path.read_bytes())]
        return {i.key: json.loads(i.value_json) for record in made for i in record.config.update if i.key}
    if one.service == "mlflow":
        from mlflow import MlflowClient

        found = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}").get_run(one.run_id)
        assert found.info.status == "FINISHED" and found.info.run_name == "a.run"
        return {
            **found.data.params,
            "seed": int(found.data.params["seed"]),
            "discount": float(found.data.params["discount"]),
        }
    from trackio.sqlite_storage import SQLiteStorage

    return SQLiteStorage.get_run_config(one.project, one.run_id)


@pytest.mark.thorough
def test_pictures_films_and_histograms_are_there(trained):
    experiment, one, folder = trained
    run = experiment.directory.path
    picture = (run / "samples" / "policy-000000080.png").read_bytes()
    film = run / "videos" / "episode-000000080.mp4"
    name, values = next(names.weights(experiment.learner))
    if one.service == "tensorboard":
        found = tensorboard(run)
        pictures, films = found.Images("policy"), found.Images("episode")
        assert [event.step for event in pictures] == [40, 80] and pictures[1].encoded_image_string == picture
        assert [event.step for event in films] == [80] and films[0].encoded_image_string == as_gif(film)
        last = found.Histograms(name)[-1]
        counts, edges = np.histogram(values, 30)
        assert last.step == 80 and last.histogram_value.num == values.size
        assert list(last.histogram_value.bucket) == [0, *counts]
        assert list(last.histogram_value.bucket_limit) == pytest.approx(list(edges))
    elif one.service == "wandb":
        rows = wandb_rows(folder, one.run_id)
        shown = {key: value for _, items in rows for key, value in items.items()}
        assert [step for step, items in rows if "policy" in items] == [40, 80]
        (part,) = folder.glob("wandb/offline-run-*/files")
        assert (part / shown["policy"]["path"]).read_bytes() == picture
        assert (part / shown["episode"]["path"]).read_bytes() == film.read_bytes()
        assert sum(shown[name]["values"]) == values.size
        last = reached(folder / "wandb", one.run_id, folder / "another")
        assert {last[n] for n in ("train/epsilon", "policy", name, "evaluation/mean", "final/mean")} == {80}
    elif one.service == "mlflow":
        assert [path.name for path in sorted(folder.rglob("policy-*.png"))] == [
            f"policy-0000000{step}.png" for step in (40, 80)
        ]
        assert next(folder.rglob("episode-000000080.mp4")).read_bytes() == film.read_bytes()
        assert points("mlflow", one, run, folder, f"{name}/median")[-1] == (80, pytest.approx(np.median(values)))
    else:
        from trackio.utils import MEDIA_DIR

        (_, shown), (_, played) = (points("trackio", one, run, folder, kind)[-1] for kind in ("policy", "episode"))
        assert (MEDIA_DIR / shown["file_path"]).read_bytes() == picture
        assert (MEDIA_DIR / played["file_path"]).read_bytes() == film.read_bytes()
        assert sum(points("trackio", one, run, folder, name)[-1][1]["values"]) == values.size


def test_a_long_film_becomes_a_short_gif_that_takes_as_long(tmp_path):
    frames = [np.full((16, 16, 3), level, np.uint8) for level in range(250)]
    path = write_video(tmp_path / "long.mp4", frames, 50.0)
    found = imageio.imread(io.BytesIO(as_gif(path)), extension=".gif", index=None)
    assert len(found) == 84 <= MOST_FRAMES and len(frames) == 250
    with Image.open(io.BytesIO(as_gif(path))) as gif:
        assert sum(gif.seek(i) or gif.info["duration"] for i in range(gif.n_frames)) == pytest.approx(5_000, rel=0.02)


def test_records_of_a_log_go_on_over_blocks_and_end_where_a_kill_cut_them():
    long = bytes(range(256)) * 130
    room = BLOCK - 7 - FRAME.size
    parts = [FRAME.pack(0, room, 2) + long[:room], FRAME.pack(0, len(long) - room, 4) + long[room:]]
    data = b":W&B\xe1\xbe\x00" + b"".join(parts) + FRAME.pack(0, 3, 1) + b"end"
    assert list(records(data)) == [long, b"end"]
    assert list(records(data[:-1])) == [long]


def test_what_is_no_number_is_not_sent():
    row = {"step": 3, "loss": np.float32(0.5), "return": None, "time_elapsed": 2, "flag": True, "bad": float("nan")}
    assert names.of_row(row) == {"train/loss": 0.5, "time/elapsed": 2.0}
