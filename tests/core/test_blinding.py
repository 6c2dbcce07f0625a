"""Orders and code names of a blinded reading."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from napari_slitseg.core.blinding import (
    ReadingPlan,
    ReadingSettings,
    check_reader,
    plan_reading,
    track_of,
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


def test_images_that_come_twice_come_far_apart_under_another_name() -> None:
    plan = plan_reading("A", FILES, ReadingSettings(repeated=0.2))
    assert len(plan.showings) == 48
    assert len({s.code for s in plan.showings}) == 48
    again = [n for n, s in enumerate(plan.showings) if s.again]
    assert len(again) == 8
    shown = [s.image for s in plan.showings]
    gaps = [n - shown.index(shown[n]) for n in again]
    assert min(gaps) > len(FILES) // 3
    assert max(Counter(shown).values()) == 2


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_images_are_repeated_as_far_as_there_are_any(n: int) -> None:
    shown = order("A", FILES[:n], repeated=1 / 3)
    assert len(shown) == n + (n >= 3)
    assert all(one != other for one, other in pairwise(shown))


def test_a_plan_survives_a_file() -> None:
    plan = plan_reading(
        "Äda", FILES, ReadingSettings(seed=4, repeated=0.1, scale_hidden=True), begun="2026"
    )
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


@pytest.mark.parametrize("settings", [{"repeated": 0.5}, {"repeated": np.nan}, {"prefix": " "}])
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"can come twice|Code names"):
        ReadingSettings(**settings)


@pytest.mark.parametrize("images", [[], ["a", "a"]])
def test_a_reading_needs_each_image_once(images: list[str]) -> None:
    with pytest.raises(ValueError, match="each of them once"):
        plan_reading("A", images, ReadingSettings())


@pytest.mark.parametrize("name", ["", " A", "A\n", "shared", "Model", track_of("A", again=True)])
def test_names_that_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        check_reader(name)
