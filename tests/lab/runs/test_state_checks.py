"""State of another kind is refused with its place, before anything of the object has been changed."""

import copy

import numpy as np
import pytest

from lab.errors import CheckpointError
from lab.runs.state import Stateful
from lab.runs.state_checks import restore_generator


class Inner(Stateful):
    counters = ("count",)

    def __init__(self):
        self.count = 1
        self.name = "inner"


class Thing(Stateful):
    counters = ("steps",)

    def __init__(self):
        self.steps, self.rate, self.text, self.flag = 5, 0.5, "a", True
        self.table = np.zeros((2, 3))
        self.scalar = np.float32(1.5)
        self.rng = np.random.default_rng(0)
        self.items = [1, np.arange(2)]
        self.names = {"a": 1, "b": np.ones(2)}
        self.pair = (1, 2)
        self.inner = Inner()
        self.nothing, self.empty = None, np.zeros(0)


def generator_state(**edits):
    state = np.random.default_rng(0).bit_generator.state
    return {**state, **edits}


EDITS = {
    "steps": ["5", None, [5], -1, True, 5.5, np.arange(2), {"a": 1}],
    "rate": ["0.5", None, [0.5], False, np.arange(2)],
    "text": [5, None, ["a"]],
    "flag": [1, "yes", None],
    "table": [[[0.0]], 3, "x", np.zeros((3, 2)), np.zeros((2, 3), np.float32), np.zeros((2, 3), np.int64), None, {}],
    "scalar": ["x", None, np.zeros(2)],
    "rng": [
        3,
        None,
        {},
        [],
        generator_state(bit_generator="MT19937"),
        generator_state(bit_generator="os.system"),
        generator_state(bit_generator=None),
        generator_state(state=5),
        generator_state(state={"state": -1, "inc": 3}),
        generator_state(state={"state": 2**200, "inc": 3}),
        generator_state(state={"state": "1", "inc": 3}),
        generator_state(has_uint32="x"),
        generator_state(uinteger=2**40),
        {**generator_state(), "more": 1},
    ],
    "items": [{"__tuple__": [1]}, 3, "ab", {"0": 1}, [np.arange(2), np.arange(2)], [1, np.arange(3)]],
    "names": [[1], {"__tuple__": []}, 3, {"a": "x"}, {"b": 3}],
    "pair": [[1, 2], {"a": 1}, 3, {"__tuple__": 3}, {"__tuple__": [1, "x"]}, {"__tuple__": [], "more": 1}],
    "inner": [
        3,
        [],
        {},
        {"count": 1},
        {"count": -1, "name": "x"},
        {"count": 1, "name": 3},
        {"count": "1", "name": "x"},
    ],
    "empty": [[1.0], 3, "x", None],
}
CASES = [(name, i) for name, edits in EDITS.items() for i in range(len(edits))]


@pytest.mark.parametrize(("name", "i"), CASES)
def test_a_value_of_another_kind_is_refused_with_its_place_and_changes_nothing(name, i):
    other = Thing()
    other.steps, other.rate, other.pair = 8, 0.25, (7, 7)
    other.table += 1
    other.inner.count = 9
    state = {**other.get_state(), name: EDITS[name][i]}
    thing = Thing()
    before = copy.deepcopy(thing.get_state())
    with pytest.raises(CheckpointError, match=rf"(Thing\.{name}|Inner).*Fix|Inner.*expected a whole number") as error:
        thing.set_state(state)
    assert "\n" not in str(error.value)
    np.testing.assert_equal(thing.get_state(), before)


@pytest.mark.parametrize("state", [None, 3, [], "x"])
def test_state_that_has_no_names_is_refused(state):
    with pytest.raises(CheckpointError, match="expected its attributes by name"):
        Thing().set_state(state)


def test_none_and_empty_arrays_may_become_anything():
    other = Thing()
    other.nothing, other.empty = {"a": [1, np.arange(3)]}, np.ones((4, 2))
    thing = Thing()
    thing.set_state(other.get_state())
    assert thing.empty.shape == (4, 2) and thing.nothing["a"][0] == 1


def test_numbers_come_back_as_they_were():
    other = Thing()
    other.rate, other.scalar = np.float64(0.1), 0.1
    thing = Thing()
    thing.set_state(other.get_state())
    assert type(thing.rate) is np.float64 and thing.rate == 0.1
    assert type(thing.scalar) is float and thing.scalar == 0.1, "not rounded to the float32 that it was as built"


def test_every_generator_of_numpy_is_restored():
    for kind in (np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM):
        one, other = np.random.Generator(kind(1)), np.random.Generator(kind(2))
        one.integers(10, size=3, dtype=np.int32)
        restore_generator(other, one.bit_generator.state, "rng")
        assert np.array_equal(one.random(5), other.random(5))


class Network(Stateful):
    def __init__(self):
        import keras

        self.model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
        self.optimizer = keras.optimizers.Adam(0.1)
        self.optimizer.build(self.model.trainable_variables)


@pytest.fixture(scope="module")
def network():
    return Network()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(network, value):
    state = copy.deepcopy(network.get_state())
    before = network.model.get_weights()
    state["model"]["0"][1, 1] = value
    with pytest.raises(
        CheckpointError, match=r"Network\.model/.*kernel: the checkpoint holds weights that are not finite"
    ):
        network.set_state(state)
    assert all(np.array_equal(a, b) for a, b in zip(network.model.get_weights(), before, strict=True))
    # What an optimizer gathers may overflow in good order, and means nothing but to it.
    state = copy.deepcopy(network.get_state())
    state["optimizer"]["2"].fill(value)
    network.set_state(state)


@pytest.mark.parametrize("edit", [3, [], {}, {"0": np.zeros(3)}, {"x": np.zeros(3)}])
def test_variables_of_other_number_shape_or_dtype_are_refused(network, edit):
    state = network.get_state()
    with pytest.raises(CheckpointError, match=r"Network\.model"):
        network.set_state({**state, "model": edit})
    for wrong in (np.zeros((2, 3), np.float32), np.zeros((3, 2)), 3.0, "x"):
        with pytest.raises(CheckpointError, match=r"Network\.model/.*kernel"):
            network.set_state({**state, "model": {**state["model"], "0": wrong}})


def test_a_replay_that_contradicts_itself_is_refused_and_left_as_it_was():
    from agents.replay.host import Replay

    def replay():
        return Replay(4, (2,), np.dtype(np.float32), np.random.default_rng(0))

    state = replay().get_state()
    state["rows"] = {name: np.zeros((3, *column.shape[1:]), column.dtype) for name, column in state["rows"].items()}
    state["cursor"] = 3
    replay().set_state(state)
    rows = state["rows"]
    for wrong in (
        {"cursor": 2},
        {"cursor": -1},
        {"cursor": 7},
        {"cursor": "3"},
        {"rows": {**rows, "observation": np.zeros((3, 5), np.float32)}},
        {"rows": {**rows, "action": np.zeros(2, np.int32)}},
        {"rows": {**rows, "reward": np.zeros(3)}},
        {"random_state": {}},
    ):
        mine = replay()
        with pytest.raises(CheckpointError):
            mine.set_state({**state, **wrong})
        assert len(mine) == 0


@pytest.mark.parametrize("wrong", [{"epoch": -1}, {"epoch": "0"}, {"cursor": 99}, {"cursor": 1.0}, {"rng": {}}])
def test_a_stream_that_goes_on_nowhere_is_refused(wrong):
    from generative.data.updates import IndexStream

    stream = IndexStream(10, np.random.default_rng(0))
    before = stream.get_state()
    with pytest.raises(CheckpointError):
        stream.set_state({**before, **wrong})
    assert stream.get_state() == before
