"""Updates on data at hand: the task that makes them, and the loop that runs many in one compiled call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from lab.errors import UsageError, bad_value
from lab.runtime.compiling.shared_programs import Identity, Program, Unshareable, programs
from lab.runtime.signals.interruption import Stopped
from lab.task import Control, Task
from lab.training.resumable import check_resumable


class UpdateLoop(ABC):
    """Compiles an update in a loop; a subclass says what the update is made of.

    One call always takes the same shapes and a count of the updates to make, so that it is traced once and each
    update is the same computation however training is cut into calls.

    Args:
        owner: The update's name, for messages.
        update: From a batch to scalar metrics.
        compile: How updates run: "graph", "xla", or None for Python.
        per_call: The most updates in one compiled call.
        compiled: Whether many updates run in one call, or each in its own.
        learner: Whose update it is. Learners whose updates compute the same share what is compiled.
        fixed: Tensors that `batch` takes besides an update's inputs, such as rows; they stay on the device.
        shares: Whether nothing but the learner and the shapes of inputs decides what is traced.

    Attributes:
        most: The most updates of one `run_stacked`.
        names: Of the metrics; known from the first update on.
        traces: How often the update has been traced, or has run as Python.
    """

    def __init__(
        self,
        owner: str,
        update: Callable[[Any], Mapping[str, tf.Tensor]],
        compile: str | None,
        per_call: int,
        compiled: bool,
        learner: Any,
        fixed: tuple[tf.Tensor, ...] = (),
        shares: bool = True,
    ) -> None:
        self.owner = owner
        self.most = per_call if compiled else 1
        self.names: tuple[str, ...] = ()
        self.traces = 0
        self.compile = compile
        self.learner = learner
        self.fixed = fixed
        self.shares = shares and compile is not None
        # By the shapes of its arguments, which are the same at each call of most learners.
        self.bound: dict[Any, Any] = {}
        self.update: Any = update
        self.step: Any = self._step
        self.call: Any = None
        if compile is not None:
            # AutoGraph serves the user's own code; through ours it would only blur error messages.
            xla = compile == "xla"
            self.update = tf.function(update)
            self.step = tf.function(self._step, jit_compile=xla and not compiled, autograph=False)
            self.call = tf.function(self._call, jit_compile=xla, autograph=False) if compiled else None

    @abstractmethod
    def batch(self, fixed: tuple[tf.Tensor, ...], *inputs: Any) -> Any:
        """Return the batch that an update learns from, in TensorFlow operations over `fixed` and its inputs."""

    def run_stacked(self, inputs: tuple[Any, ...], count: int) -> np.ndarray:
        """Make updates in one compiled call.

        Args:
            inputs: Nested arrays (most, ...): those of each update; what follows the first `count` is never looked at.
            count: How many to make.

        Returns:
            float64 (count, len(names)), the metrics of each update.
        """
        stacked = tf.nest.map_structure(tf.constant, inputs)
        found = self._run("call", self.call, self.fixed, stacked, tf.constant(count))
        return found.numpy()[:count].astype(np.float64)

    def run_each(self, inputs: list[tuple[Any, ...]]) -> np.ndarray:
        """Make updates in a call each; see `run_stacked`."""
        constants = (tf.nest.map_structure(tf.constant, one) for one in inputs)
        rows = [self._run("step", self.step, self.fixed, *one).numpy() for one in constants]
        return np.stack(rows).astype(np.float64)

    def _run(self, part: str, function: Any, *arguments: Any) -> tf.Tensor:
        if not self.shares:
            return function(*arguments)
        signature = (part, *((x.shape, x.dtype) for x in tf.nest.flatten(arguments)))
        bound = self.bound.get(signature)
        if bound is None:
            bound = self.bound[signature] = self._shared(part, function, signature, arguments)
        return bound(*arguments)

    def _shared(self, part: str, function: Any, signature: Any, arguments: Any) -> Any:
        """Return a function that another learner's updates were traced for, or else one of its own."""
        try:
            identity = Identity(self.learner)
        except Unshareable:
            return function
        functions = (type(self), type(self).batch, UpdateLoop._step, UpdateLoop._call)
        key = (identity.key, functions, self.compile, self.most, signature, self.structure(arguments))
        program = programs.find(key)
        if program is None:
            traced = function.get_concrete_function(*arguments)
            order = identity.order(traced.captured_inputs)
            if order is None:
                # It read something that is not the learner's.
                return function
            program = programs.get(key, lambda: Program.of(traced, order, self.names))
        self.names = program.names
        return program.bound(identity.variables)

    @staticmethod
    def structure(arguments: Any) -> str:
        """Return how arguments are nested, whatever their values."""
        return repr(tf.nest.map_structure(lambda _: 0, arguments))

    def _call(self, fixed: tuple[tf.Tensor, ...], inputs: tuple[Any, ...], count: tf.Tensor) -> tf.Tensor:
        # Traced on its own first, because the loop must know how many metrics there are.
        specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape[1:], t.dtype), inputs)
        kept = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), fixed)
        one = self.step.get_concrete_function(kept, *specs)
        rows = tf.zeros((self.most, len(self.names)))

        def body(i: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            metrics = one(*fixed, *(t[i] for t in tf.nest.flatten(inputs)))
            return i + 1, tf.tensor_scatter_nd_update(rows, [[i]], [metrics])

        # One at a time: an update reads the variables that the one before has written.
        return tf.while_loop(lambda i, _: i < count, body, (tf.constant(0), rows), parallel_iterations=1)[1]

    def _step(self, fixed: tuple[tf.Tensor, ...], *inputs: Any) -> tf.Tensor:
        self.traces += 1
        metrics = dict(self.update(self.batch(fixed, *inputs)))
        if not metrics:
            raise bad_value(self.owner, "metrics", "none", "at least one, such as the loss")
        for name, value in metrics.items():
            if tf.convert_to_tensor(value).shape.rank != 0:
                shape = tuple(value.shape)
                raise bad_value(self.owner, f"metric {name!r} of shape", shape, "()", "tf.reduce_mean(...)")
        self.names = tuple(metrics)
        if not tf.executing_eagerly():
            check_resumable(self.owner, tf.compat.v1.get_default_graph(), (self.learner,))
        return tf.stack([tf.cast(value, tf.float32) for value in metrics.values()])


class UpdateTask(Task):
    """Makes updates and gathers their metrics; a subclass gives the updates and what each learns from.

    Its state is to be made with `begin_counting`.

    Attributes:
        updates: What makes them, or None before the first.
    """

    unit = "updates"
    counters: tuple[str, ...] = ("done", "rounds")
    not_state: tuple[str, ...] = ("updates",)

    updates: Any = None

    def begin_counting(self) -> None:
        """Make the counters, and no updates yet: a run that is only looked at needs none compiled."""
        self.done = 0
        self.rounds = 0
        self.sums: dict[str, float] = {}
        self.updates = None

    @abstractmethod
    def make_updates(self) -> UpdateLoop:
        """Return what makes updates; called before the first of them."""

    def at_once(self) -> int:
        """Return the most updates before something else has to happen, > 0; `run_updates` lets it happen (hook)."""
        return self.updates.most

    def run_updates(self, count: int) -> np.ndarray:
        """Make the next updates; return their metrics, float64 (count, len(names)) (hook)."""
        found: np.ndarray = self.updates.run(count, self.done)
        return found

    def advance(self, steps: int, control: Control) -> int:
        if self.updates is None:
            self.updates = self.make_updates()
        updates, taken = self.updates, 0
        while taken < steps and not control.stop:
            # Calls end at multiples of their length, so that a callback's stop falls on the same step in a resumed run.
            count = min(updates.most - self.done % updates.most, steps - taken, self.at_once())
            try:
                rows = self.run_updates(count).tolist()
            except Stopped:
                break
            for metrics in rows:
                taken += 1
                self._gather(dict(zip(updates.names, metrics, strict=True)), taken, control)
            self.done += count
        return taken

    def drain(self) -> dict[str, float]:
        means = {name: total / self.rounds for name, total in self.sums.items()}
        self.sums, self.rounds = {}, 0
        return means

    def _gather(self, metrics: Mapping[str, float], taken: int, control: Control) -> None:
        self.rounds += 1
        for name, value in metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if control.on_update is not None:
            control.taken = taken
            control.on_update(metrics)


def choose_lane(learner: Any, lane: str) -> tuple[str, str]:
    """Return the lane of a learner with `compile` and `updates_per_call`, and why it is that one.

    Raises:
        UsageError: When the compiled lane is asked for and cannot be had, or `compile` is none of its values.
    """
    name = type(learner).__name__
    if learner.compile not in ("graph", "xla", None):
        raise bad_value(name, "compile", learner.compile, "'graph', 'xla' or None")
    if lane == "host":
        return "host", "asked for: each update is a call of its own"
    if learner.compile is not None:
        return "compiled", f"up to {learner.updates_per_call} updates run in one compiled call"
    if lane == "compiled":
        raise UsageError(
            f"lane received 'compiled', but {name}.compile is None, so its updates run in Python. "
            "Fix: compile = 'graph' or 'xla', or lane='auto'."
        )
    return "host", f"{name}.compile is None: updates run in Python"
