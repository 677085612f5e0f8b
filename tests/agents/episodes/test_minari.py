import pytest

from agents import Episodes
from lab.errors import MissingPackageError, UsageError
from tests.agents.episodes.made import same, three


def test_a_minari_data_set_round_trips(tmp_path, monkeypatch):
    pytest.importorskip("minari")
    pytest.importorskip("h5py")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    e = three(truncated=[False, True, True])
    e.to_minari("tests/three-v0", author="tests", author_email="tests", code_permalink="tests", description="tests")
    back = Episodes.from_minari("tests/three-v0")
    assert same(back, e)
    assert back.action_space == e.action_space and back.observation_space == e.observation_space
    assert back.card.policy == "by hand" and back.card.environment is None
    with pytest.raises(UsageError, match="no Minari data set 'tests/none-v0' is on this machine"):
        Episodes.from_minari("tests/none-v0")


def test_without_the_extra_the_message_names_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "minari", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'keras-lab\[minari\]'"):
        three().to_minari("tests/three-v0")
