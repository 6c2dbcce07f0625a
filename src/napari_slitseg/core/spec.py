"""Specs: frozen documents in plain dataclasses that check their own values."""

from __future__ import annotations

import math
import numbers
import operator
import types
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache
from typing import Any, Literal, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from napari_slitseg.core.nearest import choices

_LIMITS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "gt": (operator.gt, "above"),
    "ge": (operator.ge, "at least"),
    "lt": (operator.lt, "below"),
    "le": (operator.le, "at most"),
}
_KINDS: Mapping[type, str] = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "a text",
}


def setting(default: Any, description: str, *, unit: str = "", **limits: float) -> Any:
    """Declare a field of a spec.

    Parameters
    ----------
    default
        Immutable default value.
    description : str
        Tooltip, help text and line of the documentation, in one.
    unit : str
        Unit of the number, for display; empty for none.
    **limits : float
        ``gt``, ``ge``, ``lt``, ``le``: what a number, or each of several, must keep to.

    Notes
    -----
    pydantic reads description and limits from the same metadata.
    """
    return field(default=default, metadata={"description": description, "unit": unit, **limits})


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Base of specs: values are checked when a spec is made.

    Raises
    ------
    ValueError
        For a value of the wrong kind or outside its limits; the message names the field.
    """

    def __post_init__(self) -> None:
        hints = _hints(type(self))
        for each in fields(self):
            value = _checked(getattr(self, each.name), hints[each.name], self._where(each))
            _check_limits(value, each, self._where(each))
            object.__setattr__(self, each.name, value)

    def _where(self, each: Field[Any]) -> str:
        return f"{type(self).__name__}.{each.name}"

    def check_order(self, low: str, high: str) -> None:
        """Raise ValueError if one field is above another."""
        below, above = getattr(self, low), getattr(self, high)
        if below > above:
            kind = type(self).__name__
            raise ValueError(f"{kind}.{low} is {below:g}, above {kind}.{high}, which is {above:g}")

    def settings(self) -> dict[str, Any]:
        """Return the values by name, without the spec's own name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "name"}

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values."""
        return {each.name: plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a spec from plain values; missing ones take their default.

        Mappings become the specs, and lists the tuples, that the fields want.

        Raises
        ------
        ValueError
            For a key that is not a field, or a value outside its range.
        """
        known = [each.name for each in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            meant = choices(unknown[0], known, they="it has")
            raise ValueError(f"{cls.__name__} has no {', '.join(map(repr, unknown))}; {meant}")
        hints = _hints(cls)
        return cls(**{key: _built(value, hints[key]) for key, value in values.items()})


_Named = TypeVar("_Named", bound=Spec)


def from_table(table: Mapping[str, type[_Named]], values: object, what: str) -> _Named:
    """Build the spec that plain values, such as JSON's, name.

    Parameters
    ----------
    table : mapping
        Specs by name.
    values : mapping
        With the entry ``name``; anything else is refused.
    what : str
        What the specs are of, for messages: "loss".

    Raises
    ------
    ValueError
        If there is none of that name, or it has no such setting, or not that value.
    """
    if not isinstance(values, Mapping):
        example = f'{{"name": "{next(iter(table))}"}}'
        raise ValueError(f"a {what} is a document such as {example}, got {values!r}")
    name = values.get("name", "")
    if not isinstance(name, str) or name not in table:
        meant = choices(str(name), table, they="there are")
        raise ValueError(f"there is no {what} {name!r}; {meant}")
    return table[name].from_dict(values)


_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)


def plain(value: Any) -> Any:
    """Return a value of a spec as JSON has it: specs as mappings, tuples as lists."""
    if isinstance(value, Spec):
        return value.to_dict()
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def _built(value: Any, hint: Any) -> Any:
    """Return the value with lists as tuples and mappings as the specs that the hint names."""
    hint = _without_none(hint)
    if isinstance(value, list):
        parts = [each for each in get_args(hint) if each is not Ellipsis] or [Any]
        return tuple(_built(each, parts[min(i, len(parts) - 1)]) for i, each in enumerate(value))
    if isinstance(value, Mapping) and isinstance(hint, type) and issubclass(hint, Spec):
        return hint.from_dict(value)
    return value


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return next(each for each in get_args(hint) if each is not type(None))
    return hint


def _checked(value: Any, hint: Any, where: str) -> Any:
    """Return the value, ints as floats where floats are wanted, or say what was expected."""
    if value is None and type(None) in get_args(hint):
        return None
    hint = _without_none(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(
                f"{where} is {value!r}; choose one of {', '.join(map(str, arguments))}"
            )
        return value
    if origin is tuple:
        return _checked_tuple(value, arguments, where)
    return _checked_scalar(value, hint, where)


def _checked_tuple(value: Any, arguments: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(value, tuple):
        raise ValueError(f"{where} is {value!r}; give a tuple")
    if arguments[-1] is Ellipsis:
        arguments = (arguments[0],) * len(value)
    if len(value) != len(arguments):
        raise ValueError(f"{where} has {len(value)} values; give {len(arguments)}")
    return tuple(_checked(each, hint, where) for each, hint in zip(value, arguments, strict=True))


def _checked_scalar(value: Any, hint: Any, where: str) -> Any:
    """Return a value of the type of the hint; numbers may be numpy's."""
    is_number = not isinstance(value, bool)
    if hint is float and is_number and isinstance(value, numbers.Real):
        value = _float(value)
    if hint is int and is_number and isinstance(value, numbers.Integral):
        value = int(value)
    if not isinstance(value, hint) or (hint is int and not is_number):
        kind = _KINDS.get(hint, f"a document of type {hint.__name__}")
        raise ValueError(f"{where} is {value!r}; give {kind}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; give a finite number")
    return value


def _float(value: numbers.Real) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _check_limits(value: Any, each: Field[Any], where: str) -> None:
    numbers = value if isinstance(value, tuple) else (value,)
    for key, limit in each.metadata.items():
        if key in _LIMITS:
            holds, words = _LIMITS[key]
            for number in numbers:
                if number is not None and not holds(number, limit):
                    raise ValueError(f"{where} is {number:g}; it must be {words} {limit:g}")
