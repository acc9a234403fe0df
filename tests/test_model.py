"""A table of settings by itself: read whole or refused with a place, and never changed."""

import copy
import pickle
from typing import Any

import pytest

from rtdiff.config import WatchConfig
from rtdiff.fields import FLAG, choices, number, whole
from rtdiff.model import NEEDED, Invalid, Model, Option, Value
from rtdiff.zone_fields import zones


class Base(Model):
    """What both have."""

    debug = Option(FLAG, False, "Tell more")
    limit = Value(3)


class Part(Model):
    """A part."""

    name = Option(choices("left", "right"), NEEDED, "Which")
    shape = Option(whole(1, 9, "N"), 1, "How many")


class Whole(Base):
    """All of it."""

    size_limit = Option(number(0, 9, "N").or_none(), None, "How large")
    limit = Option(whole(0, 9, "N"), 5, "How many")
    target = Option(whole(0, 9, "N"), NEEDED, "Where to", key="to")
    zone = Option(zones(Part), (), "Parts")


def refused(**given: Any) -> tuple[Any, str]:
    with pytest.raises(Invalid) as caught:
        Whole({"to": 1, **given})
    return caught.value.loc, str(caught.value)


def test_defaults_and_what_was_given() -> None:
    made = Whole({"to": "2", "size-limit": "1.5"})
    assert (made.target, made.size_limit, made.limit, made.debug) == (2, 1.5, 5, False)
    assert (Base({}).limit, made.given) == (3, {"size-limit": 1.5, "to": 2})
    assert made.plain() == {"debug": False, "size-limit": 1.5, "limit": 5, "to": 2, "zone": []}
    assert made.plain(made.given) == {"size-limit": 1.5, "to": 2}
    assert list(Whole.options) == ["debug", "size-limit", "limit", "to", "zone"]
    assert list(Base.options) == ["debug"]


def test_it_does_not_change_but_gives_another() -> None:
    made = Whole({"to": 2})
    with pytest.raises(AttributeError, match="settings do not change: limit"):
        made.limit = 7  # type: ignore[misc, assignment]
    other = made.but(limit=7)
    assert (made.limit, other.limit, other.target) == (5, 7, 2)
    assert other != made
    assert other.but(limit=5) == made == copy.copy(made) == pickle.loads(pickle.dumps(made))
    assert made != Base({})
    with pytest.raises(AttributeError, match="no such settings: limits"):
        made.but(limits=7)


def test_what_is_wrong_has_its_place_and_a_misspelt_key_comes_first() -> None:
    assert refused(limit="x") == (("limit",), "must be a whole number from 0 to 9, got 'x'")
    assert refused(limit="x", debgu=1) == (("debgu",), "unknown option; did you mean 'debug'?")
    assert refused(size_limit=1)[0] == ("size_limit",)  # keys are in kebab-case
    with pytest.raises(Invalid, match="is missing; give it"):
        Whole({})
    good, bad = {"name": "left", "shape": 1}, {"name": "right", "shape": 0}
    assert refused(zone=[good, bad])[0] == ("zone", 1, "shape")
    assert refused(zone=[bad, {**good, "shap": 1}])[0] == ("zone", 1, "shap")
    assert refused(zone=[good, good])[0] == ("zone",)


def test_a_part_of_other_settings_is_taken_over() -> None:
    part = Part({"name": "left", "shape": 4})
    made = Whole({"to": 1, "zone": [part]})
    assert made.zone == (part,)
    assert Whole({"to": 1, "zone": made.plain()["zone"]}) == made


def test_a_password_is_not_in_the_text_of_settings() -> None:
    made = WatchConfig({"source": "rtsp://me:hunter2@host/x", "threshold": 7})
    assert repr(made) == "WatchConfig({'threshold': 7.0, 'source': 'rtsp://***@host/x'})"
