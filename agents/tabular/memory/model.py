"""A model of an environment learnt from what it did, and a queue of the pairs that planning should look at first."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np

from agents.replay.storage import check_names
from agents.tabular.memory.program import TableMemory
from agents.transitions import Transition
from lab.errors import CheckpointError
from lab.runs.state_checks import check_value, restore_generator

NAMES = frozenset(("pairs", "outcomes", "counts", "means", "queue", "priorities", "random_state"))
FIX = "Fix: build it with the settings and the version of the run."


@dataclasses.dataclass(frozen=True)
class LearnedModel(TableMemory):
    """What each action led to in each state, and how often; the host lane's alone.

    Args:
        states, actions: Of the table.
    """

    states: int
    actions: int

    def on_host(self, agent: Any) -> HostModel:
        """Return the model in Python."""
        return HostModel(self, agent)

    def in_program(self, agent: Any, number: int) -> Any:
        """Raise, since predecessors and a queue have no fixed shape."""
        raise NotImplementedError("a learned model trains in the host lane.")


class HostModel:
    """`LearnedModel` in Python.

    A pair is numbered state * actions + action; an outcome next state * 2, and one more where the task terminated.

    Args:
        model: Its size.
        agent: Whose.

    Attributes:
        outcomes: By pair and outcome, how often it came and its mean reward.
        before: By state, the pairs that have led there without an end.
        priorities: By pair, how much its value would change, of those in the queue.
    """

    def __init__(self, model: LearnedModel, agent: Any) -> None:
        self.model, self.header = model, 0
        self.rng: np.random.Generator = agent.seeds.generator("replay")
        self._clear()

    def _clear(self) -> None:
        self.outcomes: dict[int, dict[int, list[float]]] = {}
        self.before: dict[int, set[int]] = {}
        self.priorities: dict[int, float] = {}
        self.heap: list[tuple[float, int]] = []
        self.known: list[int] = []

    def take(self, agent: Any, t: Transition) -> None:
        """Note one step of n environments, observations as numbers of states, and let the agent plan."""
        columns = (t.observation, t.action, t.reward, t.terminated, t.next_observation)
        for state, action, reward, terminated, after in zip(*(c.tolist() for c in columns), strict=True):
            agent.learn_and_plan(self, self.note(state, action, reward, terminated, after))

    def again(self, agent: Any, steps: int) -> None:
        """Do nothing: planning goes on at each step."""

    def note(self, state: int, action: int, reward: float, terminated: bool, after: int) -> int:
        """Take one step into the model; return its pair."""
        pair, outcome = state * self.model.actions + action, after * 2 + bool(terminated)
        if pair not in self.outcomes:
            self.known.append(pair)
        seen = self.outcomes.setdefault(pair, {}).setdefault(outcome, [0, 0.0])
        seen[0] += 1
        seen[1] += (reward - seen[1]) / seen[0]
        if not terminated:
            self.before.setdefault(after, set()).add(pair)
        return pair

    def expected(self, pair: int, discount: float, table: np.ndarray) -> float:
        """Return sum_o p(o) (r(o) + discount max_a Q(s'(o), a)) of a pair's outcomes, which end the return at ends."""
        total = value = 0.0
        for outcome, (count, mean) in self.outcomes[pair].items():
            following = 0.0 if outcome % 2 else discount * float(table[outcome // 2].max())
            total, value = total + count, value + count * (mean + following)
        return value / total

    # ---------------------------------------------------------------- the queue

    def push(self, pair: int, priority: float) -> None:
        """Put a pair into the queue, or raise its priority there."""
        if priority > self.priorities.get(pair, -1.0):
            self.priorities[pair] = priority
            heapq.heappush(self.heap, (-priority, pair))

    def pop(self) -> int | None:
        """Take the pair of the highest priority out of the queue, of equal ones the least; None where it is empty."""
        while self.heap:
            priority, pair = heapq.heappop(self.heap)
            # One whose priority has risen since lies further up, too.
            if self.priorities.get(pair) == -priority:
                del self.priorities[pair]
                return pair
        return None

    # ---------------------------------------------------------------- state

    def get_state(self) -> dict[str, Any]:
        """Return all that training changes."""
        rows = [(p, o, *seen) for p in self.known for o, seen in self.outcomes[p].items()]
        columns = list(zip(*rows, strict=True)) if rows else [()] * 4
        queue = sorted(self.priorities)
        return {
            "pairs": np.array(columns[0], np.int64),
            "outcomes": np.array(columns[1], np.int64),
            "counts": np.array(columns[2], np.int64),
            "means": np.array(columns[3], np.float64),
            "queue": np.array(queue, np.int64),
            "priorities": np.array([self.priorities[pair] for pair in queue], np.float64),
            "random_state": self.rng.bit_generator.state,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        check_names(state, NAMES)
        kinds = {"means": np.float64, "priorities": np.float64}
        for names in (("pairs", "outcomes", "counts", "means"), ("queue", "priorities")):
            number = len(np.atleast_1d(state[names[0]]))
            for name in names:
                check_value(np.zeros(number, kinds.get(name, np.int64)), state[name], f"Model.{name}")
        pairs, outcomes, counts, queue = (state[n].tolist() for n in ("pairs", "outcomes", "counts", "queue"))
        most = self.model.states * self.model.actions
        wrong = any(not 0 <= p < most for p in (*pairs, *queue)) or any(c < 1 for c in counts)
        if wrong or any(not 0 <= o < 2 * self.model.states for o in outcomes) or not set(queue) <= set(pairs):
            raise CheckpointError(f"the checkpoint holds a model of another table. {FIX}")
        restore_generator(self.rng, state["random_state"], "Model.rng")
        self._clear()
        for pair, outcome, count, mean in zip(pairs, outcomes, counts, state["means"].tolist(), strict=True):
            if pair not in self.outcomes:
                self.known.append(pair)
            self.outcomes.setdefault(pair, {})[outcome] = [count, mean]
            if not outcome % 2:
                self.before.setdefault(outcome // 2, set()).add(pair)
        for pair, priority in zip(queue, state["priorities"].tolist(), strict=True):
            self.push(pair, priority)
