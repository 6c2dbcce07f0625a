"""Slits lie on the nearest membrane line."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.morphometry.assign import assign, nearest_line
from tests.core.morphometry.drawn import level, loop, measured, on, wavy


def test_a_slit_lies_on_the_nearest_line_at_its_nearest_place() -> None:
    slits = assign([level(), level(y=50)], [4, 9], [[10, 120], [30, 333.5]], within_px=30)
    assert slits.line.tolist() == [0, 1]
    assert slits.arc.tolist() == [120, 333.5]
    assert slits.distance_px.tolist() == [10, 20]
    assert slits.ids.tolist() == [4, 9]


def test_a_slit_as_far_as_the_limit_counts_and_one_a_hair_farther_does_not() -> None:
    slits = assign([level()], [1, 2], [[15, 5], [np.nextafter(15, 16), 5]], within_px=15)
    assert slits.line.tolist() == [0, -1]
    assert np.isnan(slits.arc[1])
    assert slits.distance_px[1] == pytest.approx(15)
    assert not slits.is_excluded.any()


def test_a_slit_beyond_the_end_of_a_line_lies_on_its_end() -> None:
    slits = assign([level()], [1, 2, 3], [[0, -3], [4, 1003], [0, 1011]], within_px=10)
    assert slits.arc[:2].tolist() == [0, 1000]
    assert slits.distance_px.tolist() == [3, 5, 11]
    assert slits.line.tolist() == [0, 0, -1]


def test_a_slit_midway_between_two_lines_serves_the_first_only() -> None:
    slits = assign([level(), level(y=20)], [1], [[10, 5]], within_px=15)
    assert slits.line.tolist() == [0]
    result = measured([level(), level(y=20)], [[10, 5]])
    assert result.slits.is_on_line.sum() == 1
    assert result.intervals.kind.tolist() == ["free", "free", "empty"]


def test_places_on_a_loop_stay_below_its_length() -> None:
    corner = nearest_line([loop()], [[-5, -5], [0, 0], [1, 0]])
    assert corner.arc.tolist() == [0, 0, 399]


def test_without_a_line_every_slit_is_infinitely_far() -> None:
    slits = assign([], [1, 2], [[0, 0], [5, 5]], within_px=15)
    assert slits.line.tolist() == [-1, -1]
    assert np.isinf(slits.distance_px).all()


def test_the_nearest_place_agrees_with_a_line_sampled_densely() -> None:
    paths = [wavy(60, 1), wavy(300, 2), loop(np.array([[9, 9], [70, 30], [30, 160], [9, 9]]))]
    places = np.random.default_rng(3).uniform(-40, 420, (80, 2))
    found = nearest_line(paths, places)
    dense = [path.at(np.linspace(0, path.length_px, 20_001)) for path in paths]
    for place, index, arc, distance in zip(
        places, found.line, found.arc, found.distance_px, strict=True
    ):
        apart = [np.hypot(*(line - place).T).min() for line in dense]
        assert apart[index] == min(apart)
        assert min(apart) - 0.02 < distance < min(apart) + 1e-9
        assert np.hypot(*(paths[index].at([arc])[0] - place)) == pytest.approx(distance, abs=1e-9)


def test_thousands_of_slits_and_corners_give_what_each_slit_gives_alone() -> None:
    path = wavy(3000)
    places = np.random.default_rng(4).uniform(0, 400, (700, 2))
    arc, apart = path.nearest(places)
    alone = [path.nearest(place) for place in places[::37]]
    assert arc[::37].tolist() == [float(each[0][0]) for each in alone]
    assert apart[::37].tolist() == [float(each[1][0]) for each in alone]
    assert path.nearest(np.zeros((0, 2)))[0].shape == (0,)


@pytest.mark.parametrize(
    ("ids", "yx", "words"),
    [
        ([1, 2], [[0, 0]], "Each slit needs a number and a place"),
        ([1], [[0, 0, 0]], "Each slit needs a number and a place"),
        ([7, 8], [[0, 0], [np.nan, 3]], "number 8"),
        ([7], [[np.inf, 3]], "number 7"),
        ([3, 3], [[0, 0], [1, 1]], "the same number"),
    ],
)
def test_slits_that_cannot_be_measured_are_refused_in_words(
    ids: list[int], yx: list[list[float]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        assign([level()], ids, yx, within_px=15)


def test_no_slits_are_no_error() -> None:
    assert assign([level()], [], [], within_px=15).line.shape == (0,)
    assert assign([level()], [], np.zeros((0, 2)), within_px=15).yx.shape == (0, 2)
    assert measured([level()], on()).intervals.kind.tolist() == ["empty"]
