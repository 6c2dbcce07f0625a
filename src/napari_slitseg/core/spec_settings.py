"""The settings of a spec as rows of a table, for help texts and the documentation."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from napari_slitseg.core.spec import Spec

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True)
class Setting:
    """One setting of a spec in words.

    Attributes
    ----------
    name : str
        Name of the field.
    default : Any
        Default as a plain JSON value, as `brief` gives it.
    unit : str
        Unit, empty for none.
    limits : str
        What a number must keep to, such as ``"> 0, <= 1"``; the choices where it is one of some;
        empty for neither.
    description : str
        What it does.
    """

    name: str
    default: Any
    unit: str
    limits: str
    description: str


def settings_of(spec: type[Spec]) -> tuple[Setting, ...]:
    """Return the settings of a spec in the order of its fields, without its name."""
    hints = get_type_hints(spec)
    return tuple(
        Setting(
            name=each.name,
            default=None if each.default is MISSING else brief(each.default),
            unit=each.metadata.get("unit", ""),
            limits=_choices(hints[each.name]) or _limits(each.metadata),
            description=each.metadata.get("description", ""),
        )
        for each in fields(spec)
        if each.name != "name"
    )


def brief(value: Any) -> Any:
    """Return a value as JSON has it, without what specs in it have by default but their name.

    `Spec.from_dict` understands it.
    """
    if isinstance(value, tuple):
        return [brief(each) for each in value]
    if not isinstance(value, Spec):
        return value
    held = {each.name: (getattr(value, each.name), each.default) for each in fields(value)}
    return {
        name: brief(own)
        for name, (own, default) in held.items()
        if name == "name" or isinstance(own, Spec) or own != default
    }


def _limits(metadata: Any) -> str:
    return ", ".join(f"{_SIGNS[key]} {metadata[key]:g}" for key in _SIGNS if key in metadata)


def _choices(hint: Any) -> str:
    kinds = [each for each in (hint, *get_args(hint)) if get_origin(each) is Literal]
    return " | ".join(str(choice) for choice in get_args(kinds[0])) if kinds else ""
