"""A table of settings: a class whose attributes are options, read as a whole or refused with a place.

Our own, and small, since every run pays for it: pydantic takes 0.2 s to import and to build such
classes, where comparing two pictures takes less. What an option may be is its `Kind`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, overload

from rtdiff.arguments import unknown
from rtdiff.errors import redact

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Loc = tuple[str | int, ...]


class Kind(Generic[T]):
    """What a value may be: how it is read, shown, described to editors and to people.

    Parameters
    ----------
    parse : callable
        Text or object -> value; raises ``ValueError('must be ..., got ...')``.
    metavar : str
        What help calls the value; empty for a flag.
    schema : mapping
        JSON Schema of what YAML may hold.
    dump : callable
        Value -> what YAML and JSON show; `parse` reads it back to the same.
    many : bool
        Whether the option may be repeated.
    bare : str
        What the option means without a value; it then takes one only as ``--option=VALUE``.
    """

    def __init__(
        self,
        parse: Callable[[Any], T],
        metavar: str,
        schema: Mapping[str, Any],
        dump: Callable[[T], Any] = str,
        *,
        many: bool = False,
        bare: str = "",
    ) -> None:
        self.parse, self.dump, self.schema = parse, dump, schema
        self.metavar, self.many, self.bare = metavar, many, bare

    def or_empty(self: Kind[str]) -> Kind[str]:
        """Return the same kind where nothing may be given, which is an empty text."""
        return Kind(
            lambda value: (
                "" if value is None or (isinstance(value, str) and not value) else self.parse(value)
            ),
            self.metavar,
            {"anyOf": [self.schema, {"type": "null"}]},
            lambda value: self.dump(value) if value else None,
            many=self.many,
            bare=self.bare,
        )

    def or_none(self) -> Kind[T | None]:
        """Return the same kind where nothing may be given."""
        return Kind(
            lambda value: None if value is None else self.parse(value),
            self.metavar,
            {"anyOf": [self.schema, {"type": "null"}]},
            lambda value: None if value is None else self.dump(value),
            many=self.many,
            bare=self.bare,
        )


class Invalid(ValueError):
    """What is wrong with options, and where: keys and positions from the outside in."""

    def __init__(self, loc: Loc, told: str, *, misspelt: bool = False) -> None:
        super().__init__(told)
        self.loc, self.misspelt = loc, misspelt

    def inside(self, *outer: str | int) -> Invalid:
        """Return the same, seen from further outside."""
        return Invalid((*outer, *self.loc), str(self), misspelt=self.misspelt)


def first_of(wrong: list[Invalid]) -> Invalid:
    """Return what to tell: a misspelt key before the option that it leaves out."""
    return min(wrong, key=lambda one: not one.misspelt)


class Value(Generic[T_co]):
    """What is the same in all settings of a class: a subclass may make an option of it."""

    def __init__(self, default: T_co) -> None:
        self.default = default

    @overload
    def __get__(self, settings: None, owner: type[Model]) -> Self: ...

    @overload
    def __get__(self, settings: Model, owner: type[Model]) -> T_co: ...

    def __get__(self, settings: Model | None, owner: type[Model]) -> Any:
        return self if settings is None else self.default  # what was given lies in the instance


class _Needed:
    """The default of what has none."""


NEEDED: Final = _Needed()


class Option(Value[T_co]):
    """A setting of some kind; read from settings it is the value.

    Parameters
    ----------
    kind : Kind
        What it may be.
    default : object
        What it is when it is not given; NEEDED: it must be.
    description : str
        Its help.
    key : str
        What users call it; default: the attribute's name in kebab-case.
    """

    def __init__(self, kind: Kind[T_co], default: T_co | _Needed, description: str, *, key: str = "") -> None:
        self.kind, self.description, self.key = kind, description, key
        self.needed = isinstance(default, _Needed)
        if not isinstance(default, _Needed):
            super().__init__(default)

    def __set_name__(self, owner: type[Model], name: str) -> None:
        self.name = name
        self.key = self.key or name.replace("_", "-")

    def schema(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        default = {} if self.needed else {"default": self.kind.dump(self.default)}
        return {"description": self.description, **self.kind.schema, **default}


class Model:
    """Base of all settings; nothing unknown, nothing guessed, nothing changed afterwards.

    Parameters
    ----------
    given : mapping
        Texts or objects by key.

    Raises
    ------
    Invalid
        For the first thing that is wrong.
    """

    options: ClassVar[Mapping[str, Option[Any]]] = {}
    """All of them by key, those of base classes first."""

    def __init_subclass__(cls) -> None:
        own = {value.key: value for value in vars(cls).values() if isinstance(value, Option)}
        cls.options = {**cls.options, **own}

    def __init__(self, given: Mapping[str, Any]) -> None:
        wrong = []
        for key, option in self.options.items():
            try:
                if key in given:
                    vars(self)[option.name] = option.kind.parse(given[key])
                elif option.needed:
                    wrong.append(Invalid((key,), "is missing; give it"))
            except Invalid as error:
                wrong.append(error.inside(key))
            except ValueError as error:
                wrong.append(Invalid((key,), str(error)))
        strange = next((key for key in given if key not in self.options), None)
        if strange is not None:
            wrong.append(Invalid((strange,), unknown(strange, self.options), misspelt=True))
        if wrong:
            raise first_of(wrong)
        try:
            self.check()
        except ValueError as error:
            raise Invalid((), str(error)) from error

    def check(self) -> None:
        """Raise ValueError when options do not go together."""

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of what it is made from."""
        return {
            "type": "object",
            "description": cls.__doc__ or "",
            "properties": {key: option.schema() for key, option in cls.options.items()},
            "required": [key for key, option in cls.options.items() if option.needed],
            "additionalProperties": False,
        }

    @property
    def given(self) -> dict[str, Any]:
        """Values by key, those alone that were given."""
        own = vars(self)
        return {key: own[option.name] for key, option in self.options.items() if option.name in own}

    def plain(self, only: Collection[str] | None = None) -> dict[str, Any]:
        """Return values by key, all or `only` those, as YAML and JSON show them."""
        return {
            key: option.kind.dump(getattr(self, option.name))
            for key, option in self.options.items()
            if only is None or key in only
        }

    def but(self, **values: Any) -> Self:
        """Return the same settings with other values, parsed already, by attribute."""
        if strange := values.keys() - {option.name for option in self.options.values()}:
            raise AttributeError(f"no such settings: {', '.join(sorted(strange))}")
        made = object.__new__(type(self))
        vars(made).update(vars(self) | values)
        return made

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings do not change: {name}")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [option.name for option in self.options.values()]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({redact(self.given)})"
