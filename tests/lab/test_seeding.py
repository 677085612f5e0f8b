import numpy as np
import pytest

from lab.errors import UsageError
from lab.seeding import STREAMS, Seeds


def test_streams_are_the_children_that_numpy_spawns():
    children = np.random.SeedSequence(7).spawn(len(STREAMS))
    for name, child in zip(STREAMS, children, strict=True):
        assert np.array_equal(Seeds(7).sequence(name).generate_state(4), child.generate_state(4))


def test_equal_seeds_give_equal_streams_and_different_names_different_ones():
    draws = {name: tuple(Seeds(3).generator(name).random(4)) for name in STREAMS}
    assert draws == {name: tuple(Seeds(3).generator(name).random(4)) for name in STREAMS}
    assert len(set(draws.values())) == len(STREAMS)
    assert tuple(Seeds(4).generator("replay").random(4)) != draws["replay"]
    assert tuple(Seeds(3).generator("replay", 1).random(4)) != draws["replay"]


def test_integers_fit_every_library():
    assert all(0 <= Seeds(s).integer("network", i) < 2**31 for s in range(5) for i in range(5))


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None, True])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(UsageError, match="seed received"):
        Seeds(seed)
