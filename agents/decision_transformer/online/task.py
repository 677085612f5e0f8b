"""OnlineTask: rounds of playing and learning, after learning from a recording."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.decision_transformer.online.agent import OnlineDecisionTransformer
from agents.episodes import Episodes
from agents.episodes.files.columns import Columns
from agents.episodes.recording import record
from agents.episodes.selection import best_few
from agents.offline.task import OfflineTask
from lab.errors import CheckpointError, UsageError
from lab.runtime.signals.interruption import leaving_due, stoppable
from lab.task import TaskOptions


class OnlineTask(OfflineTask):
    """Feeds an agent from a buffer of episodes, and has it play more between its updates; steps are updates.

    A round's episodes have seeds of their own, which its number decides, so a resumed run plays the same. The episodes
    played are part of the state, as far as they are still in the buffer.

    Args:
        agent: The agent; it is built for the episodes' spaces here.
        source: `Episodes` of an environment that can be made again, or the path of a file of them.
        options: Seeds and the lane.

    Attributes:
        played: The episodes played that are still in the buffer, None before the first.
        rounds_played: Rounds of episodes so far.
    """

    not_state: tuple[str, ...] = ("played",)

    played: Episodes | None = None

    def __init__(self, agent: OnlineDecisionTransformer, source: Any, options: TaskOptions) -> None:
        super().__init__(agent, source, options)
        name, c = type(agent).__name__, agent.config
        if not self.playable:
            raise UsageError(
                f"{name} plays episodes of its own, and these name no environment to play in. Fix: give the factory of "
                "it: episodes.with_environment(lambda: MyEnv())."
            )
        self._check_length(name, c)
        self.rounds_played, self.return_sum, self.return_count = 0, 0.0, 0

    def refill(self) -> None:
        # The episodes played and, where there is room, the best of the recording.
        data, room = self.episodes_read, self.agent.config.buffer_episodes - (len(self.played) if self.played else 0)
        parts = []
        if room > 0:
            parts.append(data.take(best_few(data.returns, room)))
        if self.played is not None:
            parts.append(self.played)
        self.sampler = self.agent.sampler(parts[0] if len(parts) == 1 else Episodes.mix(parts))

    def at_once(self) -> int:
        c = self.agent.config
        online = self.done - self.agent.scheduled("offline_updates")
        return -online if online < 0 else c.updates_per_round - online % c.updates_per_round

    def run_updates(self, count: int) -> np.ndarray:
        c = self.agent.config
        online = self.done - self.agent.scheduled("offline_updates")
        if online >= 0 and online // c.updates_per_round == self.rounds_played:
            self.play_round()
        return super().run_updates(count)

    def play_round(self) -> None:
        """Have the agent play a round's episodes, exploring, and put them into the buffer."""
        agent, c, data = self.agent, self.agent.config, self.episodes_read
        agent.end_updates()
        asked = agent.best_return if c.exploration_return is None else c.exploration_return
        seed = self.seeds.integer("environment", self.rounds_played)
        with agent.asking(asked), warnings.catch_warnings():
            # To ask for more than anybody has obtained is the point.
            warnings.simplefilter("ignore")
            # Nothing has changed yet: a round that a signal cuts short is played again from its beginning.
            number = c.episodes_per_round
            with leaving_due(), stoppable():
                new = record(agent, data.environment, episodes=number, seed=seed, explore=True, lane="host")
        self.rounds_played += 1
        self.episodes += len(new)
        self.return_sum, self.return_count = self.return_sum + float(new.returns.sum()), self.return_count + len(new)
        agent.learn_of(new)
        whole = new if self.played is None else Episodes.mix([self.played, new])
        self.played = whole.take(np.arange(len(whole))[-c.buffer_episodes :])
        self.refill()

    def drain(self) -> dict[str, float]:
        row = super().drain()
        if self.rounds_played:
            row["episodes"] = self.episodes
        if self.return_count:
            row["return"] = self.return_sum / self.return_count
            self.return_sum, self.return_count = 0.0, 0
        return row

    # ---------------------------------------------------------------- state

    def get_state(self) -> dict[str, Any]:
        played = {} if self.played is None else self.played.columns._asdict()
        return {**super().get_state(), "played": {name: np.asarray(column) for name, column in played.items()}}

    def set_state(self, state: Mapping[str, Any]) -> None:
        rest = dict(state)
        played = rest.pop("played", None)
        if not isinstance(played, Mapping) or (played and set(played) != set(Columns._fields)):
            raise CheckpointError(
                f"OnlineTask: the checkpoint's episodes played hold {sorted(played or ())}; expected "
                f"{sorted(Columns._fields)}. Fix: resume with the version of the run."
            )
        super().set_state(rest)
        self.played = self._restored(played) if played else None
        self.refill()

    def _restored(self, columns: Mapping[str, np.ndarray]) -> Episodes:
        data = self.episodes_read
        parts: dict[str, Any] = {name: column for name, column in columns.items() if name != "returns"}
        found = Episodes.from_arrays(
            **parts,
            observation_space=data.observation_space,
            action_space=data.action_space,
            environment=data.card.environment,
        )
        return found.with_environment(data.environment) if callable(data.environment) else found

    def _check_length(self, name: str, c: Any) -> None:
        spec = self.source.make().spec
        if spec is None or spec.max_episode_steps is None or c.positions != "timestep":
            return
        most = spec.max_episode_steps
        if most > c.max_episode_length:
            raise UsageError(
                f"{name}: an episode of {spec.id} may take {most} steps; expected at most max_episode_length "
                f"({c.max_episode_length}). Fix: max_episode_length={most}, or positions='relative'."
            )

    if TYPE_CHECKING:
        agent: OnlineDecisionTransformer
