import dataclasses

import pytest

from lab.config import Settings, make, parse, setting, with_defaults
from lab.errors import UsageError


@dataclasses.dataclass(frozen=True)
class ThingSettings(Settings):
    rate: float = setting(0.5, "a rate", above=0, at_most=1)
    sizes: tuple[int, ...] = setting((4, 2), "sizes", at_least=1)
    flag: bool = setting(False, "a flag")
    mode: str = setting("a", "a mode", choices=("a", "b"))
    limit: int | None = setting(None, "a limit or none", at_least=1)
    deviation: float = setting(1.0, "a deviation", above=0)
    most: float = setting(1.0, "a norm", above=0, infinite=True)


def test_defaults_and_conversion():
    made = make(ThingSettings, {"rate": 1, "sizes": [3]})
    assert (made.rate, made.sizes) == (1.0, (3,))
    assert isinstance(made.rate, float)
    expected = {"rate": 1.0, "sizes": [3], "flag": False, "mode": "a", "limit": None, "deviation": 1.0, "most": 1.0}
    assert made.to_dict() == expected
    assert make(ThingSettings, {"most": float("inf")}).most == float("inf"), "where it means something"
    assert make(ThingSettings, made.to_dict()) == made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": 0}, r"Thing: rate received 0.0; expected a value > 0 and <= 1. Fix: the default is 0.5"),
        ({"rate": 1.5}, r"rate received 1.5"),
        ({"rate": "x"}, r"rate received 'x'; expected a number"),
        ({"rate": float("nan")}, r"rate received nan"),
        ({"deviation": float("inf")}, r"deviation received inf; expected a finite number"),
        ({"rate": True}, r"rate received True; expected a number"),
        ({"sizes": (3, 0)}, r"sizes received 0; expected a value >= 1"),
        ({"sizes": 3}, r"sizes received 3; expected a sequence of whole numbers"),
        ({"flag": 1}, r"flag received 1; expected true or false"),
        ({"mode": "c"}, r"mode received 'c'; expected one of 'a', 'b'"),
        ({"limit": 2.5}, r"limit received 2.5; expected a whole number"),
        ({"raet": 1}, r"no setting is called 'raet'; did you mean 'rate'"),
    ],
)
def test_bad_values_say_what_came_what_is_allowed_and_how_to_mend(given, message):
    with pytest.raises(UsageError, match=message):
        make(ThingSettings, given)


def test_texts_of_the_command_line_become_values_of_the_declared_kind():
    texts = {"rate": "1e-1", "sizes": "[8, 16]", "flag": "true", "mode": "b", "limit": "none"}
    assert parse(ThingSettings, texts) == {"rate": 0.1, "sizes": (8, 16), "flag": True, "mode": "b", "limit": None}
    assert parse(ThingSettings, {"limit": "1_000", "sizes": "7"}) == {"limit": 1000, "sizes": (7,)}
    for texts in ({"rate": "fast"}, {"limit": "2.5"}, {"flag": "maybe"}, {"sizes": "1,x"}, {"nothing": "1"}):
        with pytest.raises(UsageError):
            parse(ThingSettings, texts)


def test_a_text_is_never_evaluated_as_code():
    with pytest.raises(UsageError, match="expected a number"):
        parse(ThingSettings, {"rate": "__import__('os').getpid()"})


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ThingSettings().rate = 0.1


def test_settings_with_other_defaults_are_the_same_settings_otherwise():
    other = with_defaults(ThingSettings, "OtherSettings", rate=0.25)
    assert issubclass(other, ThingSettings) and other().to_dict() == {**ThingSettings().to_dict(), "rate": 0.25}
    with pytest.raises(ValueError, match="Other: rate received 2.0; expected a value > 0 and <= 1"):
        other(rate=2)
