import dataclasses

import numpy as np
import pytest

from lab.errors import CheckpointError, UsageError
from lab.runs.state import Stateful, collect, restore


class Inner(Stateful):
    def __init__(self):
        self.count = 1


@dataclasses.dataclass(frozen=True)
class Fixed:
    size: int = 3


class Thing(Stateful):
    not_state = ("cache",)

    def __init__(self):
        self.number, self.text, self.nothing, self.flag = 0.5, "a", None, True
        self.table = np.zeros((2, 3))
        self.view = self.table[0]
        self.scalar = np.float32(1.5)
        self.rng = np.random.default_rng(0)
        self.items = [1, 2.0, np.arange(2)]
        self.names = {"a": 1, "b": np.ones(2)}
        self.pair = (1, 2)
        self.inner = Inner()
        self.cache = object()
        self.function = len
        self.config = Fixed()


def scramble(thing):
    thing.number, thing.text, thing.nothing, thing.flag = 2.5, "b", 4, False
    thing.table += np.arange(6.0).reshape(2, 3)
    thing.scalar = np.float32(7)
    thing.rng.random(5)
    thing.items.append("more")
    thing.names["b"] = np.full(2, 9.0)
    thing.names["c"] = "new"
    thing.pair = (3, 4, 5)
    thing.inner.count = 8


def test_everything_an_object_holds_comes_back():
    thing = Thing()
    scramble(thing)
    state = thing.get_state()
    expected = thing.rng.random(3)
    fresh = Thing()
    fresh.set_state(state)
    assert (fresh.number, fresh.text, fresh.nothing, fresh.flag, fresh.pair) == (2.5, "b", 4, False, (3, 4, 5))
    assert np.array_equal(fresh.table, np.arange(6.0).reshape(2, 3))
    assert fresh.view.base is fresh.table, "arrays are restored in place, so views of them stay views"
    assert fresh.scalar == np.float32(7) and fresh.scalar.dtype == np.float32
    assert np.array_equal(fresh.rng.random(3), expected)
    assert fresh.items[3] == "more" and fresh.names["c"] == "new" and np.array_equal(fresh.names["b"], [9, 9])
    assert fresh.inner.count == 8


def test_containers_keep_their_kinds():
    import collections

    class Holder(Stateful):
        def __init__(self):
            self.counts = collections.defaultdict(int)
            self.later = None
            self.pairs = []

    first = Holder()
    first.counts["a"] += 2
    first.later = (1, (2, 3))
    first.pairs.append((4, "x"))
    second = Holder()
    second.set_state(first.get_state())
    second.counts["b"] += 1
    assert second.counts == {"a": 2, "b": 1} and second.later == (1, (2, 3)) and second.pairs == [(4, "x")]


def test_only_code_is_taken_for_code():
    class Counting:
        def __init__(self):
            self.calls = 0

        def __call__(self):
            self.calls += 1

    @dataclasses.dataclass(frozen=True)
    class Numbers:
        values: np.ndarray

    for value in (Counting(), Numbers(np.zeros(2))):
        holder = Inner()
        holder.value = value
        with pytest.raises(UsageError, match="which cannot be stored"):
            holder.get_state()


def test_state_is_a_copy():
    thing = Thing()
    state = thing.get_state()
    thing.table += 1
    assert not state["table"].any()


def test_what_cannot_be_stored_is_an_error_never_left_out():
    thing = Thing()
    thing.queue = iter([1])
    with pytest.raises(UsageError, match=r"Thing.queue is a list_iterator, which cannot be stored.*not_state"):
        thing.get_state()
    del thing.queue
    thing.odd = {1: 2}
    with pytest.raises(UsageError, match=r"Thing.odd is a dict with keys that are not texts"):
        thing.get_state()


def test_state_of_another_shape_is_refused():
    thing = Thing()
    state = thing.get_state()
    del state["number"]
    with pytest.raises(CheckpointError, match=r"does not fit this object: missing \['number'\]"):
        thing.set_state(state)


def test_keras_objects_keep_every_variable_dropout_seeds_included():
    import keras

    class Holder(Stateful):
        def __init__(self):
            self.model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.5, seed=1)])
            self.optimizer = keras.optimizers.Adam(0.1)
            self.optimizer.build(self.model.trainable_variables)

    first = Holder()
    data = np.ones((4, 3), np.float32)
    first.model(data, training=True)
    first.optimizer.apply([v * 0 + 1.0 for v in first.model.trainable_variables])
    state = first.get_state()
    after = first.model(data, training=True).numpy()
    second = Holder()
    second.set_state(state)
    assert np.array_equal(second.model(data, training=True).numpy(), after)
    assert int(second.optimizer.iterations.numpy()) == 1
    assert len(state["model"]) == 3, "kernel, bias and the dropout's seed"


def test_collect_and_restore_serve_any_object():
    class Plain:
        def __init__(self):
            self.value = 1

    plain = Plain()
    state = collect(plain)
    plain.value = 2
    restore(plain, state)
    assert plain.value == 1
