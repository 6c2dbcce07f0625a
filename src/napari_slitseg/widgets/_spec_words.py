"""Specs in words, for their forms: labels, tooltips, and numbers as a person writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from html import escape
from types import MappingProxyType, NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from napari_slitseg.core.detection import DETECTORS, DetectorSpec
from napari_slitseg.core.losses import LOSSES, LossSpec
from napari_slitseg.core.losses.spec import ERASURES
from napari_slitseg.core.schedules import SCHEDULES, ScheduleSpec
from napari_slitseg.core.spec import Spec
from napari_slitseg.core.spec_settings import Setting, settings_of

_SIGNS: Final[Mapping[str, str]] = MappingProxyType(
    {"safe": "✔", "erases": "⚠", "inexact": "○", "no gradient": "✖"}
)
_TABLES: Final[Mapping[type[Spec], Mapping[str, type[Spec]]]] = MappingProxyType(
    {LossSpec: LOSSES, ScheduleSpec: SCHEDULES, DetectorSpec: DETECTORS}
)
_CAPITALS: Final = frozenset({"bce", "mse", "fp", "fn"})
_UNIT_ENDINGS: Final = ("_px", "_nm")


@dataclass(frozen=True)
class FieldInfo:
    """What a form needs to know of one setting of a spec.

    Attributes
    ----------
    setting : Setting
        The setting in words.
    hint : Any
        Type of its value, without None.
    default : Any
        Value that nobody chose.
    optional : bool
        Whether None is a value too.
    """

    setting: Setting
    hint: Any
    default: Any
    optional: bool

    @property
    def label(self) -> str:
        """Name in words, without the unit."""
        name = self.setting.name
        for ending in _UNIT_ENDINGS:
            name = name.removesuffix(ending) if self.setting.unit else name
        return capital(in_words(name))

    @property
    def element(self) -> Any:
        """Type of one of several values; of the value itself where it is one."""
        return get_args(self.hint)[0] if self.is_tuple else self.hint

    @property
    def is_tuple(self) -> bool:
        """Whether the value is several."""
        return get_origin(self.hint) is tuple

    @property
    def choices(self) -> tuple[Any, ...]:
        """Values to choose from; empty where any may be typed."""
        return get_args(self.hint) if get_origin(self.hint) is Literal else ()

    @property
    def is_spec(self) -> bool:
        """Whether the value is a spec, or several."""
        return isinstance(self.element, type) and issubclass(self.element, Spec)

    @property
    def tooltip(self) -> str:
        """Description, limits and default."""
        description = self.setting.description
        for choice in map(str, self.choices):
            description = re.sub(rf"\b{choice}\b", in_words(choice), description)
        lines = [description]
        if self.setting.limits and not self.choices:
            lines.append(f"Limits: {self.setting.limits}")
        if not self.is_spec:
            lines.append(f"Default: {value_text(self.default)} {self.setting.unit}".rstrip())
        return wrapped(*lines)


def infos_of(spec: type[Spec]) -> tuple[FieldInfo, ...]:
    """Return what a form needs to know of the settings of a spec, in their order."""
    hints = get_type_hints(spec)
    defaults = {each.name: each.default for each in fields(spec)}
    return tuple(
        FieldInfo(
            setting=each,
            hint=_without_none(hints[each.name]),
            default=defaults[each.name],
            optional=NoneType in get_args(hints[each.name]),
        )
        for each in settings_of(spec)
    )


def choices_of(spec: type[Spec]) -> Mapping[str, type[Spec]]:
    """Return the specs that a field of this type can hold, by name."""
    return _TABLES.get(spec, {spec.__name__: spec})


def holds_specs(spec: type[Spec]) -> bool:
    """Whether some of the settings of a spec are several specs."""
    return any(each.is_spec and each.is_tuple for each in infos_of(spec))


def title_of(spec: type[Spec]) -> str:
    """Return the name of a spec in menus."""
    about = getattr(spec, "about", None)
    return about.title if about else capital(in_words(_snake(spec.__name__)))


def kind_of(specs: Mapping[str, type[Spec]]) -> str:
    """Return what is chosen from some specs: "Loss", "Schedule"; else the title of the first."""
    first = next(iter(specs.values()))
    bases = [base.__name__.removesuffix("Spec") for base in _TABLES if issubclass(first, base)]
    return bases[0] if bases else title_of(first)


def use_text(spec: type[Spec]) -> str:
    """Return when to choose a spec; empty where it does not tell."""
    about = getattr(spec, "about", None)
    return f"Use when: {about.use_when}" if about else ""


def erasure_text(spec: type[Spec], *, is_default: bool) -> str:
    """Return what the erasure test of a loss showed; empty for other specs."""
    if not issubclass(spec, LossSpec):
        return ""
    found = spec.about.erasure
    first = " Needs a model that finds dots already." if spec.about.needs_pretraining else ""
    tested = "" if is_default else " Tested with the defaults only."
    return f"{_SIGNS[found]} {capital(found)}: {ERASURES[found]}.{first}{tested}"


def noun_of(spec: type[Spec]) -> str:
    """Return what a person calls one of several such specs: what is chosen in it, or its name."""
    chosen = [each.label for each in infos_of(spec) if each.hint in _TABLES]
    return (chosen[0] if chosen else title_of(spec)).lower()


def error_text(spec: type[Spec], error: ValueError) -> str:
    """Return what a spec says of a wrong value, with labels in the place of names."""
    text = str(error)
    for each in infos_of(spec):
        text = re.sub(rf"\b{spec.__name__}\.{each.setting.name}\b", each.label, text)
    return capital(text)


def names_in(spec: type[Spec], error: ValueError) -> list[str]:
    """Return the names of the settings that an error of a spec is about."""
    said = set(re.findall(rf"\b{spec.__name__}\.(\w+)", str(error)))
    return [each.setting.name for each in infos_of(spec) if each.setting.name in said]


def number_text(value: float | None) -> str:
    """Return the shortest usual way to write exactly this number; empty for none."""
    if value is None:
        return ""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def value_text(value: Any) -> str:
    """Return a value of a setting as it reads in a tooltip."""
    if isinstance(value, tuple):
        return ", ".join(map(value_text, value)) or "none"
    if isinstance(value, Spec):
        held: Spec = getattr(value, "loss", value)
        return title_of(type(held))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return in_words(value) if isinstance(value, str) else number_text(value)


def parse_number(text: str, kind: type[int] | type[float]) -> int | float:
    """Return the number that was typed.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return kind(text)
    except ValueError:
        noun, example = ("whole number", "12") if kind is int else ("number", "0.025 or 3.5e-06")
        told = f"{text!r} is no {noun}" if text.strip() else f"a {noun} is missing"
        raise ValueError(f"{told}; type one such as {example}") from None


def in_words(name: str) -> str:
    """Return a name of code in words."""
    return " ".join(
        word.upper() if word in _CAPITALS else word for word in name.replace("_", " ").split()
    )


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def wrapped(*lines: str) -> str:
    """Return a tooltip whose long lines wrap."""
    return f"<qt>{'<br>'.join(escape(line) for line in lines if line)}</qt>"


def _without_none(hint: Any) -> Any:
    arguments = get_args(hint)
    if NoneType not in arguments:
        return hint
    return next(each for each in arguments if each is not NoneType)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
