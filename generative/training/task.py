"""DatasetTask: a generator trains on a data set, is evaluated on rows held out, and is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from generative.base import Generator
from generative.data.dataset import DataSpec
from generative.data.labels import label_codes
from generative.data.updates import IndexStream, Updates
from generative.datasets import load
from generative.metrics.networks.choice import feature_networks
from generative.metrics.networks.features import FeatureNetwork
from generative.metrics.table import HIGHER, standard_table
from lab.errors import CheckpointError, UsageError, bad_value
from lab.media.images import write_png
from lab.media.plotting import write_figure
from lab.media.video import write_video
from lab.results.evaluation import Evaluation
from lab.task import TaskOptions
from lab.training.update_loop import UpdateTask, choose_lane

MOST_SAMPLES = 2_000


class DatasetTask(UpdateTask):
    """Feeds a generator shuffled batches of a data set.

    A tenth of the training rows are kept to select checkpoints by (`Dataset.hold_out`); the test rows are only ever
    reported on.

    Args:
        generator: The generator; it is built for the data here.
        source: As for `generative.datasets.load`.
        options: Seeds and the lane.
    """

    default_suffix = ".png"
    not_state = (
        *("generator", "views", "options", "seeds", "kinds", "lane", "lane_reason", "source_kind"),
        "networks",
    )

    def __init__(self, generator: Generator, source: Any, options: TaskOptions) -> None:
        if options.num_envs != 1:
            raise bad_value("Experiment", "num_envs", options.num_envs, "1", "a generator has no environments.")
        data = load(source)
        generator.setup(data.spec, options.seeds)
        self.lane, self.lane_reason = choose_lane(generator, options.lane)
        self.generator = generator
        self.views = data.hold_out()
        self.options = options
        self.seeds = options.seeds
        self.kinds = generator.kinds
        self.source_kind = data.kind
        self.fingerprint = data.fingerprint()
        self.stream = IndexStream(len(self.views[0].train), self.seeds.generator("data"))
        self.begin_counting()
        self.noted: dict[str, float] = {}
        self.networks: list[FeatureNetwork] | None = None

    def check_training(self) -> None:
        self.generator.check_training()
        # Only here: a run trained on many devices can be looked at on one.
        from lab.runtime.devices import device_names

        device_names(type(self.generator).__name__, getattr(self.generator.config, "devices", 1))

    def make_updates(self) -> Updates:
        data = self.views[0]
        labels = None if data.train_labels is None else label_codes(data.spec, data.train_labels)
        return Updates(self.generator, data.train, labels, self.stream, self.lane == "compiled", data.augmentation)

    def drain(self) -> dict[str, float]:
        row = {"epochs": self.stream.epochs, **super().drain(), **self.noted}
        self.noted = {}
        return row

    def note(self, metrics: Mapping[str, float]) -> None:
        """Add metrics to the next row of the history: what a callback has measured."""
        self.noted.update(metrics)

    def evaluate(self, *, episodes: int | None = None, stream: int = 0, step: int = 0) -> Evaluation:
        data = self.views[stream]
        number = episodes or min(len(data.test), MOST_SAMPLES)
        # Samples that select a checkpoint differ from step to step; those that are reported never meet them.
        path = (stream,) if stream == 0 else (stream, step)
        samples = self._sample(number, self.seeds.integer("evaluation", *path))
        # While training goes on, what costs a pass over all training rows can wait.
        table = standard_table(data, samples, self._networks(), full=stream == 0)
        metrics = {**self.generator.metrics_on(data), **table.metrics, "samples": number}
        main = self.generator.main_metric or ("fd" if "fd" in metrics else "sliced_wasserstein")
        if main in table.left_out:
            raise UsageError(f"{type(self.generator).__name__}.main_metric is {main!r}. {table.left_out[main]}")
        if main not in metrics:
            raise bad_value(type(self.generator).__name__, "main_metric", main, "one of " + ", ".join(metrics))
        higher = {*HIGHER, *self.generator.higher_metrics}
        return Evaluation(metrics, step=step, main=main, higher=higher, left_out=table.left_out)

    def render(self, path: Path, kind: str) -> Path:
        if path.suffix.lower() != ".png":
            return write_video(path, self.generator.frames(kind, self.views[0]), self.generator.frames_per_second)
        picture = self.generator.picture(kind, self.views[0])
        return write_png(path, picture) if isinstance(picture, np.ndarray) else write_figure(picture, path)

    def export_inputs(self, number: int, calibration: bool) -> dict[str, np.ndarray]:
        data, rng = self.views[0], self.seeds.generator("evaluation", 3 if calibration else 4)
        rows, labels = (data.train, data.train_labels) if calibration else (data.test, data.test_labels)
        chosen = rng.permutation(len(rows))[:number]
        return self.generator.export_inputs(rows[chosen], None if labels is None else labels[chosen], rng)

    def describe(self) -> dict[str, Any]:
        data, selection = self.views
        return {
            "source_kind": self.source_kind,
            "data": data.spec.to_json(),
            "features": [network.name for network in self._networks()],
            "rows": {"train": len(data.train), "selection": len(selection.test), "test": len(data.test)},
            **({"notes": list(data.notes)} if data.notes else {}),
        }

    def check_same(self, description: Mapping[str, Any]) -> None:
        ours, theirs = self.views[0].spec, DataSpec.from_json(description["data"])
        differing = {k: v for k, v in theirs.differing(ours).items() if k not in ("name", "class_names")}
        if differing:
            listed = ", ".join(f"{field} {now!r} (in the run {then!r})" for field, (then, now) in differing.items())
            declared = f"low={theirs.low:g}, high={theirs.high:g}"
            raise CheckpointError(
                f"the data ({ours.name}) mean something else than in the run: received {listed}. "
                f"Fix: generative.datasets.from_arrays(rows, labels, {declared}), or the version that made the run."
            )
        now, then = [network.name for network in self._networks()], description.get("features")
        # Of other data the distances are others anyway.
        if ours.name == theirs.name and isinstance(then, list) and then and now[:1] != then[:1]:
            raise CheckpointError(
                f"the run's Fréchet distances are on the features {then[0]}; received {', '.join(now) or 'none'}, with "
                "which its scores cannot be compared. Fix: generative.register_features(PATH) before the run is "
                "resumed, on the command line in a module for --import, or the version that made the run."
            )

    def set_state(self, state: Mapping[str, Any]) -> None:
        if state.get("fingerprint") != self.fingerprint:
            if self.exact:
                raise CheckpointError(
                    f"the data ({self.views[0].spec.name}) are not those of the run: received rows with the hash "
                    f"{self.fingerprint}, expected {state.get('fingerprint')}. Fix: give the run's own data, in its "
                    "order (a tf.data pipeline must not shuffle), or Experiment.resume(..., exact=False)."
                )
            state = {**state, "fingerprint": self.fingerprint, "stream": self.stream.get_state()}
        super().set_state(state)

    def _networks(self) -> list[FeatureNetwork]:
        if self.networks is None:
            self.networks = feature_networks(self.views[0].spec)
        return self.networks

    def _sample(self, number: int, seed: int) -> np.ndarray:
        samples, spec = self.generator.sample(number, seed), self.generator.spec
        expected = (number, *spec.shape)
        if not isinstance(samples, np.ndarray) or samples.shape != expected or samples.dtype != spec.dtype:
            received = f"{getattr(samples, 'dtype', type(samples).__name__)} {getattr(samples, 'shape', '')}"
            owner = f"{type(self.generator).__name__}.sample"
            raise bad_value(owner, "result", received, f"{spec.dtype} {expected}", "return self.spec.quantise(...)")
        return samples
