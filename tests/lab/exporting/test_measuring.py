import numpy as np
import pytest

from lab.exporting.measuring import CALLS, WARM_UP, differences, greatest, latency, size_of


def test_differences_are_of_all_outputs_together():
    ours = {"a": np.array([[1, 2]], np.uint8), "b": np.float32([[0.5]])}
    theirs = {"b": np.float32([[-1.0]]), "a": np.array([[2, 0]], np.uint8)}
    # |1 - 2|, |2 - 0| and |0.5 + 1|
    assert differences(ours, theirs) == (2.0, 1.5)
    assert greatest({"a": np.float32([-3.0, 2.0]), "b": np.zeros(2)}) == 3.0


def test_what_is_not_a_number_is_not_passed_over():
    most, mean = differences({"a": np.zeros(3)}, {"a": np.array([1.0, np.nan, 0.0])})
    assert np.isnan(most) and np.isnan(mean)


def test_latency_repeats_rows_up_to_the_batch_and_leaves_the_first_calls_out():
    seen = []

    def call(x):
        seen.append(x.copy())
        return {"y": x}

    found = latency(call, {"x": np.arange(3)}, 5)
    assert len(seen) == CALLS + WARM_UP and found.calls == CALLS
    np.testing.assert_array_equal(seen[0], [0, 1, 2, 0, 1])


def test_the_size_of_a_folder_is_that_of_its_files(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "in" / "b").write_bytes(b"678")
    assert size_of(tmp_path) == 8 and size_of(tmp_path / "a") == 5


def test_names_that_are_inputs_and_outputs_are_refused():
    from lab import UsageError
    from lab.exporting import Exportable, Input

    with pytest.raises(UsageError, match=r"names received \['x'\]; expected .* each its own name"):
        Exportable(lambda x: {"x": x}, lambda x: {"x": x}, {"x": Input((2,), "float32")}, ("x",))
