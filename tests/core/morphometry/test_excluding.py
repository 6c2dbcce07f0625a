"""Excluded stretches are cut out of the membrane lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.morphometry.excluding import cut_out, is_inside
from napari_slitseg.core.morphometry.path import MembranePath
from tests.core.morphometry.drawn import level, loop, measured, on, wavy


def box(low_y: float, low_x: float, high_y: float, high_x: float) -> np.ndarray:
    """Return the corners of a rectangle."""
    return np.array([[low_y, low_x], [low_y, high_x], [high_y, high_x], [high_y, low_x]])


def test_a_line_is_cut_exactly_where_it_enters_and_leaves() -> None:
    lines = cut_out([level(start="border")], [box(-5, 200.25, 5, 300.5)])
    assert [path.yx[:, 1].tolist() for path in lines.kept] == [[0, 200.25], [300.5, 1000]]
    assert [(path.start, path.end) for path in lines.kept] == [
        ("border", "excluded"),
        ("excluded", "free"),
    ]
    assert [path.yx[:, 1].tolist() for path in lines.left_out] == [[200.25, 300.5]]
    assert lines.left_out_px == 100.25
    assert lines.notices == ()


def test_a_slanting_outline_cuts_at_the_crossing() -> None:
    triangle = [[-10, 50], [10, 70], [-10, 90]]
    kept = cut_out([level()], [triangle]).kept
    assert [path.yx[:, 1].tolist() for path in kept] == [[0, 60], [80, 1000]]


def test_a_loop_that_is_cut_becomes_an_open_line() -> None:
    lines = cut_out([loop()], [box(-5, 20, 5, 60)])
    (kept,) = lines.kept
    assert kept.yx.tolist() == [[0, 60], [0, 100], [100, 100], [100, 0], [0, 0], [0, 20]]
    assert (kept.start, kept.end, kept.length_px) == ("excluded", "excluded", 360)


def test_a_loop_cut_at_its_seam_stays_in_one_piece() -> None:
    (kept,) = cut_out([loop()], [box(-5, -5, 50, 60)]).kept
    assert kept.yx.tolist() == [[0, 60], [0, 100], [100, 100], [100, 0], [50, 0]]


def test_a_whole_line_can_be_excluded() -> None:
    lines = cut_out([loop(), level(y=300)], [box(-9, -9, 109, 109)])
    assert [path.length_px for path in lines.kept] == [1000]
    assert lines.left_out[0].is_closed


def test_areas_that_overlap_count_once() -> None:
    lines = cut_out([level()], [box(-5, 100, 5, 300), box(-5, 200, 5, 400)])
    assert lines.left_out_px == pytest.approx(300)
    assert [path.length_px for path in lines.kept] == pytest.approx([100, 600])
    assert len(lines.left_out) == 1


def test_a_bow_tie_is_inside_in_both_wings() -> None:
    bow_tie = [[-10, 100], [10, 200], [-10, 200], [10, 100]]
    assert is_inside(on(110, 190), [np.array(bow_tie, float)]).tolist() == [True, True]
    assert cut_out([level()], [bow_tie]).left_out_px == pytest.approx(100)


def test_an_area_beyond_the_image_is_as_good_as_one_that_ends_there() -> None:
    assert cut_out([level()], [box(-1e6, 900, 1e6, 1e7)]).left_out_px == pytest.approx(100)


def test_bridged_gaps_are_divided_with_the_line() -> None:
    path = MembranePath(level().yx, joined=((90.0, 120.0), (500.0, 510.0)))
    left, right = cut_out([path], [box(-5, 100, 5, 200)]).kept
    assert left.joined == ((90, 100),)
    assert right.joined == ((300, 310),)
    closed = loop(joined=((390.0, 405.0),))
    assert cut_out([closed], [box(95, 40, 105, 60)]).kept[0].joined == ((130, 145),)


@pytest.mark.parametrize("tiny", [1e-306, 1e-150, -1e-306])
def test_an_outline_that_is_all_but_level_cuts_as_a_level_one_does(tiny: float) -> None:
    area = [[0.0, 100.0], [tiny, 200.0], [5.0, 200.0], [5.0, 100.0]]
    lines = cut_out([level(y=2.0)], [area])
    assert lines.left_out_px == pytest.approx(100)
    assert [path.length_px for path in lines.kept] == pytest.approx([100, 800])


def test_areas_that_change_nothing_are_told() -> None:
    lines = cut_out([level()], [[[0, 1], [5, 5]], [[0, 0], [1, 1], [2, 2]], box(50, 0, 60, 9)])
    assert lines.kept[0].length_px == 1000
    first, second, third = lines.notices
    assert first == "Excluded area 1 encloses nothing: it changes nothing."
    assert second.startswith("Excluded area 2 encloses nothing")
    assert third.startswith("Excluded area 3 lies on no membrane line")


@pytest.mark.parametrize("area", [[1, 2, 3], [[0, 0], [1, np.nan], [2, 0]], [[0, 0, 0]]])
def test_what_is_no_area_is_refused_in_words(area: list) -> None:
    with pytest.raises(ValueError, match="draw it anew"):
        cut_out([level()], [area])


def test_a_slit_is_excluded_with_the_stretch_it_lies_on() -> None:
    area = box(-3, 200, 3, 300)
    places = [[0, 250], [8, 250], [0, 100], [2, 301], [90, 250], [60, 700]]
    result = measured([level()], places, excluded=[area, box(80, 200, 99, 300)])
    assert result.slits.is_excluded.tolist() == [True, True, False, False, True, False]
    assert result.slits.line.tolist() == [-1, -1, 0, 1, -1, -1]
    assert result.excluded_px == 100
    assert result.intervals.kind.tolist() == ["free", "excluded", "excluded", "free"]


@given(
    st.integers(0, 2**31),
    st.lists(st.tuples(st.floats(-60, 120), st.floats(-60, 460)), min_size=3, max_size=9),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_pieces_agree_with_a_line_sampled_densely(
    seed: int, corners: list[tuple[float, float]], is_loop: bool
) -> None:
    open_line = wavy(40, seed)
    line = loop(np.concatenate([open_line.yx, [[300, 200]], open_line.yx[:1]]))
    path = line if is_loop else open_line
    area = np.array(corners, float)
    lines = cut_out([path], [area])
    kept_px = sum(piece.length_px for piece in lines.kept)
    assert kept_px + lines.left_out_px == pytest.approx(path.length_px, abs=1e-4)
    dense = path.at((np.arange(4000) + 0.5) / 4000 * path.length_px)
    share = is_inside(dense, lines.areas).mean() if lines.areas else 0.0
    assert lines.left_out_px / path.length_px == pytest.approx(share, abs=len(corners) * 3e-3)
