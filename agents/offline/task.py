"""OfflineTask: an agent trains on recorded episodes, and is evaluated in the environment they are from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.episodes import Episodes
from agents.episodes.finite import check_finite
from agents.offline.agent import OfflineAgent
from agents.offline.sources import Unplayable, environment_of, open_episodes
from agents.training.task import CALIBRATION, COMPARISON, AgentTask
from lab.errors import CheckpointError, UsageError, bad_value
from lab.results.evaluation import Evaluation
from lab.results.statistics import iqm
from lab.task import Control, TaskOptions
from lab.training.update_loop import UpdateTask, choose_lane

if TYPE_CHECKING:
    from agents.offline.updates import Updates


class OfflineTask(UpdateTask, AgentTask):
    """Feeds an agent batches of recorded episodes; steps are updates.

    Batches are drawn from a generator of their own, one update after the other, so that they are the same however
    training is cut into calls, and a resumed run goes on with the very next batch.

    Args:
        agent: The agent; it is built for the episodes' spaces here.
        source: `Episodes`, or the path of a file of them.
        options: Seeds and the lane.
    """

    not_state: tuple[str, ...] = ("episodes_read", "sampler", "lane", "playable")

    def __init__(self, agent: OfflineAgent, source: Any, options: TaskOptions) -> None:
        name = type(agent).__name__
        if options.num_envs != 1:
            raise bad_value("Experiment", "num_envs", options.num_envs, "1", f"{name} learns from recorded episodes.")
        data = open_episodes(name, source)
        self.lane, reason = choose_lane(agent, options.lane)
        new = not agent.built
        place, example = environment_of(data)
        self.playable = not isinstance(example.unwrapped, Unplayable)
        super().__init__(agent, place, example, options, 1, reason)
        self.playable = self.playable or self.evaluates_elsewhere
        example.close()
        self.episodes_read: Episodes = data
        if new:
            agent.adapt(data)
        self.refill()
        self.fingerprint = data.card.sha256
        self.rng = self.seeds.generator("data")
        self.begin_counting()

    def check_training(self) -> None:
        super().check_training()
        self.agent.check_training()
        if getattr(self.agent, "prefilled", False):
            name = type(self.agent).__name__
            raise UsageError(f"{name}.prefill: {name} learns from its recording alone. Fix: episodes.append(FILE).")
        check_finite(type(self.agent).__name__, self.episodes_read)

    def refill(self) -> None:
        """Draw batches from now on from the episodes there are to learn from: the recording (hook)."""
        self.sampler = self.agent.sampler(self.episodes_read)

    def make_updates(self) -> Updates:
        from agents.offline.updates import Updates

        return Updates(self.agent, self.lane == "compiled")

    def run_updates(self, count: int) -> np.ndarray:
        return self.updates.run([self.sampler(self.rng) for _ in range(count)])

    def advance(self, steps: int, control: Control) -> int:
        taken = super().advance(steps, control)
        self.agent.end_updates()
        return taken

    def drain(self) -> dict[str, float]:
        return {**super().drain(), **self.agent.gauges()}

    def baselines(self) -> dict[str, Evaluation]:
        """Return random play, and what the data themselves hold: their mean return and their best."""
        random = super().baselines() if self.playable else {}
        returns, lengths = self.episodes_read.returns, self.episodes_read.lengths
        best = int(returns.argmax())
        return {
            **random,
            "mean of the data": _summary(returns, lengths),
            "best of the data": _summary(returns[best : best + 1], lengths[best : best + 1]),
        }

    def export_inputs(self, number: int, calibration: bool) -> dict[str, np.ndarray]:
        if self.playable:
            return super().export_inputs(number, calibration)
        rng = self.seeds.generator("evaluation", CALIBRATION if calibration else COMPARISON)
        recorded = self.episodes_read.observations
        return {"observations": recorded[rng.permutation(len(recorded))[:number]]}

    def evaluate_with(
        self, call: Callable[..., dict[str, np.ndarray]], episodes: int | None = None
    ) -> Evaluation | None:
        return super().evaluate_with(call, episodes) if self.playable else None

    def describe(self) -> dict[str, Any]:
        card = self.episodes_read.card
        about = {"environment": card.environment, "policy": card.policy, "sha256": card.sha256}
        return {**super().describe(), "data": {**about, "episodes": card.episodes, "steps": card.steps}}

    def set_state(self, state: Mapping[str, Any]) -> None:
        if state.get("fingerprint") != self.fingerprint:
            if self.exact:
                raise CheckpointError(
                    f"the episodes are not those of the run: received {self.episodes_read!r} with the hash "
                    f"{self.fingerprint}, expected {state.get('fingerprint')}. Fix: give the run's own file, or "
                    "Experiment.resume(..., exact=False) to go on with these."
                )
            state = {**state, "fingerprint": self.fingerprint}
        super().set_state(state)

    if TYPE_CHECKING:
        agent: OfflineAgent


def _summary(returns: np.ndarray, lengths: np.ndarray) -> Evaluation:
    # Without the list of returns: there may be millions.
    metrics = {
        "mean": float(returns.mean()),
        "std": float(returns.std()),
        "iqm": iqm(returns),
        "episodes": len(returns),
        "min": float(returns.min()),
        "max": float(returns.max()),
        "length_mean": float(lengths.mean()),
    }
    return Evaluation(metrics, step=0, main="mean", higher=("mean", "iqm", "min", "max"))
