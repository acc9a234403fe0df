"""Our `dataclass` does what the standard library's does: one body runs both."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar

import pytest

from rtdiff import classes

BOTH = pytest.mark.parametrize("made_by", ["ours", "theirs"])


@classes.dataclass(frozen=True, slots=True)
class OursFrozen:
    """A value."""

    number: int
    """How many."""
    name: str = "x"
    parts: list[int] = field(default_factory=list, compare=False, repr=False)
    unit: ClassVar[str] = "px"


@dataclasses.dataclass(frozen=True, slots=True)
class TheirsFrozen:
    """A value."""

    number: int
    name: str = "x"
    parts: list[int] = field(default_factory=list, compare=False, repr=False)
    unit: ClassVar[str] = "px"


@classes.dataclass(slots=True)
class OursOpen:
    """A thing with a state."""

    first: int
    second: int = 2
    total: int = field(init=False)
    seen: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.total = self.first + self.second


@dataclasses.dataclass(slots=True)
class TheirsOpen:
    """A thing with a state."""

    first: int
    second: int = 2
    total: int = field(init=False)
    seen: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.total = self.first + self.second


FROZEN: dict[str, Any] = {"ours": OursFrozen, "theirs": TheirsFrozen}
OPEN: dict[str, Any] = {"ours": OursOpen, "theirs": TheirsOpen}


@BOTH
def test_a_frozen_one_is_a_value(made_by: str) -> None:
    kind = FROZEN[made_by]
    one = kind(1, parts=[3])
    assert (one.number, one.name, one.parts, kind.unit) == (1, "x", [3], "px")
    assert repr(one) == f"{kind.__name__}(number=1, name='x')"
    assert one == kind(1) == kind(number=1, name="x")
    assert one != kind(2)
    assert one != (1, "x")
    assert len({one, kind(1), kind(2)}) == 2
    assert kind(1).parts is not kind(1).parts
    for change in (lambda: setattr(one, "number", 2), lambda: delattr(one, "number")):
        with pytest.raises(FrozenInstanceError, match="number"):
            change()
    with pytest.raises((AttributeError, TypeError)):
        one.other = 1
    assert not hasattr(one, "__dict__")


@BOTH
def test_it_is_copied_pickled_replaced_and_listed(made_by: str) -> None:
    kind = FROZEN[made_by]
    one = kind(1, "y", [3])
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert (again, again.parts) == (one, [3])
    assert dataclasses.replace(one, number=5) == kind(5, "y")
    assert dataclasses.asdict(one) == {"number": 1, "name": "y", "parts": [3]}
    assert [part.name for part in dataclasses.fields(kind)] == ["number", "name", "parts"]


@BOTH
def test_an_open_one_has_what_it_makes_itself(made_by: str) -> None:
    kind = OPEN[made_by]
    one = kind(1)
    assert (one.total, one.seen) == (3, {})
    one.second = 7
    assert one == one
    assert one != kind(1)
    with pytest.raises(TypeError):
        hash(one)
    assert pickle.loads(pickle.dumps(one)) == one


@BOTH
@pytest.mark.parametrize(
    ("args", "given"),
    [((), {}), ((1, "x", [], 4), {}), ((1,), {"number": 2}), ((1,), {"other": 2}), ((), {"name": "x"})],
)
def test_wrong_arguments_are_refused(made_by: str, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="Frozen"):
        FROZEN[made_by](*args, **given)


@BOTH
def test_what_it_makes_itself_is_not_given(made_by: str) -> None:
    with pytest.raises(TypeError, match="total"):
        OPEN[made_by](1, total=3)


def test_help_shows_what_it_takes() -> None:
    ours, theirs = map(inspect.signature, (OPEN["ours"], OPEN["theirs"]))
    assert list(ours.parameters) == list(theirs.parameters)
    assert str(inspect.signature(OursFrozen)).startswith("(number: int, name: str = 'x', parts: list[int]")
