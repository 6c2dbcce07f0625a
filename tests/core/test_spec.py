"""Specs: values are checked, documents make the round trip, settings explain themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass
from typing import Any, Literal

import numpy as np
import pytest

from napari_slitseg.core.spec import Spec, setting
from napari_slitseg.core.spec_settings import brief, settings_of


@dataclass(frozen=True, kw_only=True)
class Inner(Spec):
    size_px: float = setting(2.0, "Size.", unit="px", gt=0, le=9)


@dataclass(frozen=True, kw_only=True)
class Outer(Spec):
    name: Literal["outer"] = "outer"
    n: int = setting(3, "Number.", ge=1)
    part: float = setting(0.5, "Part.", gt=0, lt=1)
    kind: Literal["a", "b"] = setting("a", "Kind.")
    maybe: float | None = setting(None, "Perhaps.", ge=0)
    flag: bool = setting(default=False, description="Whether.")
    sizes: tuple[float, ...] = setting((1.0, 2.0), "Sizes.", ge=0)
    pair: tuple[int, float] = setting((1, 0.5), "Pair.")
    inner: Inner = setting(Inner(), "One.")
    inners: tuple[Inner, ...] = setting((), "Several.")
    other: Inner | None = setting(None, "None or one.")


FULL = Outer(
    n=4,
    part=0.25,
    kind="b",
    maybe=1.5,
    flag=True,
    sizes=(),
    pair=(2, 3.0),
    inner=Inner(size_px=5),
    inners=(Inner(), Inner(size_px=1)),
    other=Inner(size_px=7),
)


@pytest.mark.parametrize("spec", [Outer(), FULL])
def test_round_trip_through_json(spec: Outer) -> None:
    assert Outer.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_plain_values() -> None:
    values = FULL.to_dict()
    assert values["name"] == "outer"
    assert values["pair"] == [2, 3.0]
    assert values["inners"] == [{"size_px": 2.0}, {"size_px": 1.0}]
    assert values["other"] == {"size_px": 7.0}
    assert Outer().to_dict()["other"] is None


def test_settings_are_the_values_without_the_name() -> None:
    assert "name" not in FULL.settings()
    assert FULL.settings()["inner"] == Inner(size_px=5)
    assert list(Outer().settings()) == list(Outer().to_dict())[1:]


def test_missing_values_take_their_default() -> None:
    assert Outer.from_dict({}) == Outer()
    assert Outer.from_dict({"inner": {}}).inner == Inner()
    assert Outer.from_dict({"inners": [{"size_px": 1}]}).inners == (Inner(size_px=1.0),)


def test_whole_numbers_are_taken_for_floats() -> None:
    assert isinstance(Outer.from_dict({"sizes": [1, 2]}).sizes[0], float)
    assert isinstance(Inner(size_px=3).size_px, float)


def test_numbers_may_be_numpys_and_become_plain() -> None:
    made = Outer(n=np.int64(4), part=np.float32(0.25))  # type: ignore[arg-type]
    assert made == Outer(n=4, part=0.25)
    assert (type(made.n), type(made.part)) == (int, float)
    with pytest.raises(ValueError, match="give a whole number"):
        Outer(n=np.float64(4))  # type: ignore[arg-type]


def test_specs_are_frozen_and_can_be_keys() -> None:
    assert {Outer(): 1}[Outer()] == 1
    with pytest.raises(FrozenInstanceError):
        Outer().n = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Outer(n=0), "Outer.n is 0; it must be at least 1"),
        (lambda: Outer(n=1.5), "Outer.n is 1.5; give a whole number"),  # type: ignore[arg-type]
        (lambda: Outer(n=True), "Outer.n is True; give a whole number"),
        (lambda: Outer(part=1), "Outer.part is 1; it must be below 1"),
        (lambda: Outer(part=0), "Outer.part is 0; it must be above 0"),
        (lambda: Outer(part=float("nan")), "Outer.part is nan; give a finite number"),
        (lambda: Outer(part=10**400), "Outer.part is inf; give a finite number"),
        (lambda: Outer(part=None), "Outer.part is None; give a number"),  # type: ignore[arg-type]
        (lambda: Outer(maybe=-1), "Outer.maybe is -1; it must be at least 0"),
        (lambda: Outer(kind="c"), "Outer.kind is 'c'; choose one of a, b"),  # type: ignore[arg-type]
        (lambda: Outer(flag=1), "Outer.flag is 1; give true or false"),  # type: ignore[arg-type]
        (lambda: Outer(sizes=(1, -1)), "Outer.sizes is -1; it must be at least 0"),
        (lambda: Outer(sizes=[1.0]), "give a tuple"),  # type: ignore[arg-type]
        (lambda: Outer.from_dict({"pair": [1]}), "Outer.pair has 1 values; give 2"),
        (lambda: Outer.from_dict({"pair": [1, 2, 3]}), "Outer.pair has 3 values; give 2"),
        (lambda: Outer.from_dict({"name": "inner"}), "choose one of outer"),
        (lambda: Outer.from_dict({"m": 1, "k": 2}), "Outer has no 'k', 'm'; it has name, n"),
        (
            lambda: Outer.from_dict({"inner": {"size": 1}}),
            r"Inner has no 'size'; did you mean 'size_px'\? It has",
        ),
        (lambda: Outer.from_dict({"inners": [{"size_px": 10}]}), "Inner.size_px is 10"),
        (lambda: Outer.from_dict({"inner": 3}), "Outer.inner is 3; give a document of type Inner"),
        (lambda: Outer.from_dict({"n": {"a": 1}}), "give a whole number"),
        (lambda: Outer.from_dict({"n": [1]}), "give a whole number"),
    ],
)
def test_what_makes_no_sense(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_settings_in_words() -> None:
    rows = {row.name: row for row in settings_of(Outer)}
    assert list(rows) == list(Outer().settings())
    assert rows["part"].limits == "> 0, < 1"
    assert rows["kind"].limits == "a | b"
    assert rows["maybe"].default is None
    assert rows["sizes"].default == [1.0, 2.0]
    assert rows["inner"].default == {}
    assert rows["n"].description == "Number."
    [size] = settings_of(Inner)
    assert (size.unit, size.limits) == ("px", "> 0, <= 9")


def test_brief_documents_leave_out_defaults_and_keep_names_and_specs() -> None:
    assert brief(Outer()) == {"name": "outer", "inner": {}}
    short = brief(FULL)
    assert short["inners"] == [{}, {"size_px": 1.0}]
    assert Outer.from_dict(json.loads(json.dumps(short))) == FULL
    assert brief((1, "a", None)) == [1, "a", None]


@dataclass(frozen=True, kw_only=True)
class Bare(Spec):
    needed: float
    choice: Literal[1, 2] | None = None


def test_settings_without_default_or_words() -> None:
    needed, choice = settings_of(Bare)
    assert (needed.default, needed.unit, needed.limits, needed.description) == (None, "", "", "")
    assert choice.limits == "1 | 2"
    values: dict[str, Any] = {"needed": 1, "choice": None}
    assert Bare.from_dict(values) == Bare(needed=1.0)
