from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_slitseg.core.curriculum.documents import Stage
from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.losses.spec_combine import Term
from napari_slitseg.core.ramp import Ramp
from napari_slitseg.core.schedules import SCHEDULES
from napari_slitseg.widgets._spec_words import (
    infos_of,
    kind_of,
    noun_of,
    number_text,
    parse_number,
    title_of,
    value_text,
)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_read_as_the_same(number: float) -> None:
    assert parse_number(number_text(number), float) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.5e-06, "3.5e-06"),
        (0.025, "0.025"),
        (10000.0, "10000"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_numbers_are_written_shortly(number: float, text: str) -> None:
    assert number_text(number) == text


def test_what_is_no_number_is_explained() -> None:
    with pytest.raises(ValueError, match=r"'2\.5' is no whole number; type one such as 12"):
        parse_number("2.5", int)


def test_labels_leave_the_unit_to_the_unit() -> None:
    labels = {each.setting.name: each.label for each in infos_of(LOSSES["one_to_one"])}
    assert labels["reach_px"] == "Reach"
    assert labels["position_weight"] == "Position weight"
    assert infos_of(LOSSES["tversky"])[0].label == "FP weight"


@pytest.mark.parametrize("spec", [*LOSSES.values(), Term, Ramp, Stage], ids=lambda s: s.__name__)
def test_labels_of_a_spec_differ(spec) -> None:
    labels = [each.label for each in infos_of(spec)]
    assert len(set(labels)) == len(labels)


def test_specs_in_specs_have_names() -> None:
    assert (noun_of(Term), noun_of(Stage)) == ("loss", "stage")
    assert title_of(Ramp) == "Ramp"
    assert value_text((Term(), Term(loss=LOSSES["bce"]()))) == "Dice, Binary cross-entropy"


def test_a_tooltip_calls_choices_what_the_menu_calls_them() -> None:
    [sign] = [each for each in infos_of(LOSSES["dice"]) if each.setting.name == "sign"]
    assert "one_minus" not in sign.tooltip
    assert sign.tooltip.endswith("Default: one minus</qt>")


def test_a_menu_is_called_what_is_in_it() -> None:
    assert [kind_of(each) for each in (LOSSES, SCHEDULES, {"ramp": Ramp})] == [
        "Loss",
        "Schedule",
        "Ramp",
    ]
