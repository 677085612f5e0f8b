"""One dataclass says what an experiment, a run's files and the command line know of numbers and words."""

import inspect

import numpy as np
import pytest

from lab import Experiment, UsageError
from lab.experiment.options import INTERVALS, NAMES, Options
from lab.runs import population
from lab.runs.opening import config


def test_the_constructor_and_both_files_have_its_fields():
    assert set(NAMES) < set(inspect.signature(Experiment).parameters)
    whole = {name: getattr(Options(), name) for name in NAMES}
    assert Options().to_json() == whole and Options.from_json({**whole, "learner": "dqn"}) == Options()
    plan = Options(log_every=5).to_json()
    # The seed is each run's own there.
    del plan["seed"]
    assert config.check(dict(plan), population._OPTIONS) == plan
    with pytest.raises(config.SchemaError, match="colour"):
        config.check({**plan, "colour": 1}, population._OPTIONS)
    document = {"learner": "dqn", "settings": {}, "source": None, "task": {}, "callbacks": [], "steps": 1}
    assert config.check({**document, **whole, "log_every": 5, "lane_used": "host"}, config.CONFIG)
    for name in NAMES:
        with pytest.raises(config.SchemaError, match=name):
            config.check({**document, **whole, "log_every": 5, "lane_used": "host", name: {}}, config.CONFIG)


def test_numbers_of_numpy_are_numbers_of_json():
    made = Options(seed=np.int64(3), num_envs=np.int32(2), evaluate_every=np.int64(5))
    assert [type(value) for value in made.to_json().values() if value is not None] == [int, int, str, int]


@pytest.mark.parametrize("name", [*INTERVALS, "num_envs", "seed", "lane"])
def test_each_is_checked_by_name(name):
    with pytest.raises(UsageError, match=f"Experiment: {name} received"):
        Options(**{name: -1})
