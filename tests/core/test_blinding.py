"""Orders and code names of a blinded reading."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from scipy import stats

from napari_slitseg.core.blinding import (
    ReadingPlan,
    ReadingSettings,
    check_reader,
    plan_reading,
)

FILES = [f"biopsy7_{n}.tif" for n in range(40)]


def order(reader: str, files: list[str] = FILES, **settings: object) -> list[str]:
    return [s.image for s in plan_reading(reader, files, ReadingSettings(**settings)).showings]


def test_seed_and_reader_make_the_order() -> None:
    assert order("A") == order("A")
    assert order("A") != order("B")
    assert order("A") != order("A", seed=1)
    assert sorted(order("A")) == sorted(FILES)
    assert order("A") != FILES


def test_the_order_is_the_same_on_every_machine_and_for_every_list() -> None:
    assert order("Ada", ["a", "b", "c", "d", "e"], seed=3) == ["c", "a", "b", "e", "d"]
    assert order("A", FILES[::-1]) == order("A")


def test_every_place_is_as_likely_for_every_image() -> None:
    places = [order("A", FILES[:5], seed=seed).index(FILES[0]) for seed in range(1000)]
    assert stats.chisquare(list(Counter(places).values())).pvalue > 0.001


def test_codes_tell_places_and_nothing_of_the_files() -> None:
    plan = plan_reading("A", FILES, ReadingSettings())
    assert [s.code for s in plan.showings] == [f"Image {n:03}" for n in range(1, 41)]
    named = plan_reading("A", FILES[:2], ReadingSettings(prefix=" Case "))
    assert [s.code for s in named.showings] == ["Case 001", "Case 002"]
    many = plan_reading("A", [str(n) for n in range(1000)], ReadingSettings())
    assert many.showings[0].code == "Image 0001"


def test_without_shuffling_and_renaming_everything_stays() -> None:
    plan = plan_reading("A", FILES, ReadingSettings(shuffled=False, renamed=False))
    assert [s.image for s in plan.showings] == [s.code for s in plan.showings] == FILES


def test_a_plan_survives_a_file() -> None:
    plan = plan_reading("Äda", FILES, ReadingSettings(seed=4, scale_hidden=True), begun="2026")
    again = ReadingPlan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again == plan


@pytest.mark.parametrize("damage", [{"showings": [{"image": 1}]}, {"settings": None}])
def test_a_damaged_plan_is_told(damage: dict[str, object]) -> None:
    values = plan_reading("A", FILES, ReadingSettings()).to_dict() | damage
    with pytest.raises(ValueError, match="damaged"):
        ReadingPlan.from_dict(values)


def test_the_key_is_only_for_those_who_are_no_longer_blinded() -> None:
    plan = plan_reading("A", FILES[:2], ReadingSettings())
    with pytest.raises(ValueError, match="goes on"):
        plan.key_rows()
    over = ReadingPlan(plan.reader, plan.settings, plan.showings, "1", "2", "Chief")
    assert [(row["code"], row["image"]) for row in over.key_rows()] == [
        (s.code, s.image) for s in plan.showings
    ]


def test_code_names_begin_with_a_word() -> None:
    with pytest.raises(ValueError, match="Code names"):
        ReadingSettings(prefix=" ")


@pytest.mark.parametrize("images", [[], ["a", "a"]])
def test_a_reading_needs_each_image_once(images: list[str]) -> None:
    with pytest.raises(ValueError, match="each of them once"):
        plan_reading("A", images, ReadingSettings())


@pytest.mark.parametrize("name", ["", " A", "A\n", "shared", "Model"])
def test_names_that_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        check_reader(name)
