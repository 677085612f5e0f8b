"""PredictionTask: a predictor trains on examples, is evaluated on those held out, and is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from generative.data.updates import IndexStream
from lab.errors import CheckpointError, UsageError, bad_value
from lab.media.images import write_png
from lab.media.plotting import write_figure
from lab.results.evaluation import Evaluation
from lab.task import TaskOptions
from lab.training.update_loop import UpdateTask, choose_lane
from predictors.base import Predictor, differences
from predictors.data.examples import ExampleSpec, Part
from predictors.data.load import load
from predictors.data.updates import Updates
from predictors.metrics.table import MetricTable


class PredictionTask(UpdateTask):
    """Feeds a predictor shuffled batches of examples.

    Where the source has no part to select checkpoints by, a tenth of the training examples serve for that; the test
    examples are only ever reported on.

    Args:
        predictor: The predictor; it is built for the examples here.
        source: As for `predictors.data.load`.
        options: Seeds and the lane.
    """

    default_suffix = ".png"
    not_state = ("predictor", "data", "options", "seeds", "kinds", "lane", "lane_reason", "source_kind")

    def __init__(self, predictor: Predictor, source: Any, options: TaskOptions) -> None:
        if options.num_envs != 1:
            raise bad_value("Experiment", "num_envs", options.num_envs, "1", "a predictor has no environments.")
        self.data = predictor.examples(load(source)).hold_out()
        predictor.setup(self.data.spec, options.seeds)
        self.lane, self.lane_reason = choose_lane(predictor, options.lane)
        self.predictor = predictor
        self.options = options
        self.seeds = options.seeds
        self.kinds = predictor.kinds
        self.source_kind = self.data.kind
        self.fingerprint = self.data.fingerprint()
        self.stream = IndexStream(len(self.data.train), self.seeds.generator("data"))
        self.begin_counting()

    def check_training(self) -> None:
        self.predictor.check_training()

    def make_updates(self) -> Updates:
        return Updates(self.predictor, self.data, self.stream, self.lane == "compiled")

    def drain(self) -> dict[str, float]:
        return {"epochs": self.stream.epochs, **super().drain()}

    def evaluate(self, *, episodes: int | None = None, stream: int = 0, step: int = 0) -> Evaluation:
        part = self._part(stream, episodes)
        return self._evaluation(self.predictor.scores(part), len(part), step)

    def export_inputs(self, number: int, calibration: bool) -> dict[str, np.ndarray]:
        part = self.data.train if calibration else self.data.test
        rng = self.seeds.generator("evaluation", 3 if calibration else 4)
        return self.predictor.export_inputs(part.rows(rng.permutation(len(part))[:number]).inputs)

    def evaluate_with(
        self, call: Callable[..., dict[str, np.ndarray]], episodes: int | None = None
    ) -> Evaluation | None:
        part = self._part(0, episodes)
        scores = self.predictor.scores_with(call, part)
        return None if scores is None else self._evaluation(scores, len(part), 0)

    def baselines(self) -> dict[str, Evaluation]:
        found = self.predictor.baselines(self.data)
        return {name: self._evaluation(scores, len(self.data.test), 0) for name, scores in found.items()}

    def render(self, path: Path, kind: str) -> Path:
        if path.suffix.lower() != ".png":
            raise UsageError(f"{type(self.predictor).__name__} shows {kind!r} as a still picture. Fix: render a .png.")
        picture = self.predictor.picture(kind, self.data)
        return write_png(path, picture) if isinstance(picture, np.ndarray) else write_figure(picture, path)

    def describe(self) -> dict[str, Any]:
        data = self.data
        rows = {"train": len(data.train), "selection": len(self._part(1)), "test": len(data.test)}
        return {
            "source_kind": self.source_kind,
            "data": data.spec.to_json(),
            "rows": rows,
            **self.predictor.describe(),
            **({"notes": list(data.notes)} if data.notes else {}),
        }

    def check_description(self, description: Mapping[str, Any]) -> None:
        self.predictor.check_description(description)

    def check_same(self, description: Mapping[str, Any]) -> None:
        theirs = ExampleSpec.from_json(description["data"])
        differing = differences(self.data.spec, theirs)
        if differing:
            raise CheckpointError(
                f"the examples ({self.data.spec.name}) mean something else than in the run: {', '.join(differing)} "
                "differ. Fix: give the run's own data, or use the version that made the run."
            )

    def set_state(self, state: Mapping[str, Any]) -> None:
        if state.get("fingerprint") != self.fingerprint:
            if self.exact:
                raise CheckpointError(
                    f"the examples ({self.data.spec.name}) are not those of the run: received values with the hash "
                    f"{self.fingerprint}, expected {state.get('fingerprint')}. Fix: give the run's own data, in its "
                    "order (a tf.data pipeline must not shuffle), or Experiment.resume(..., exact=False)."
                )
            state = {**state, "fingerprint": self.fingerprint, "stream": self.stream.get_state()}
        super().set_state(state)

    def _part(self, stream: int, episodes: int | None = None) -> Part:
        part = self.data.selection if stream and self.data.selection is not None else self.data.test
        return part if episodes is None or episodes >= len(part) else part.rows(np.arange(episodes))

    def _evaluation(self, scores: Mapping[str, float], examples: int, step: int) -> Evaluation:
        name, main = type(self.predictor).__name__, self.predictor.main_metric
        # A predictor of one's own may give a plain dict.
        left_out = scores.left_out if isinstance(scores, MetricTable) else {}
        if main not in scores:
            why = left_out.get(main, "one of " + ", ".join(scores))
            raise bad_value(name, "main_metric", main, why)
        higher = self.predictor.higher_metrics
        metrics = {**scores, "examples": examples}
        return Evaluation(metrics, step=step, main=main, higher=higher, left_out=left_out)
