from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from napari_slitseg.core.membrane import (
    box_around,
    length_px,
    smooth_path,
    stripe_from_map,
    stripe_in,
    stripe_of,
)
from napari_slitseg.core.membrane_edits import (
    clear,
    draw_line,
    erase_line,
    repaint,
    replace_stripe,
    start_from_map,
)
from napari_slitseg.core.membrane_lines import lines_of
from napari_slitseg.core.review import Annotation, History, Signature
from napari_slitseg.core.simulate import SceneOptions, simulate

SHAPE = (60, 50)
BY = Signature("Ada", "2026-11-21T09:30:00Z")
RANDOM = np.random.default_rng(3).random(SHAPE) > 0.6


def brute_force(lines, shape, width_px):
    """Every pixel against every segment."""
    centres = np.stack(np.indices(shape), axis=-1).reshape(-1, 2).astype(float)
    near = np.zeros(len(centres), bool)
    for line in map(np.asarray, lines):
        for a, b in zip(line[: max(1, len(line) - 1)], line[-max(1, len(line) - 1) :], strict=True):
            square = float(((b - a) ** 2).sum())
            share = (
                np.clip(((centres - a) @ (b - a)) / square, 0, 1) if square else 0 * centres[:, 0]
            )
            near |= ((centres - a - share[:, None] * (b - a)) ** 2).sum(axis=1) <= width_px**2 / 4
    return near.reshape(shape)


places = st.tuples(st.integers(-40, 260), st.integers(-40, 260)).map(lambda p: (p[0] / 2, p[1] / 2))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(places, min_size=1, max_size=4), max_size=3), st.sampled_from([1, 3, 9]))
def test_a_stripe_holds_the_pixels_within_half_its_width(lines, width) -> None:
    shape = (130, 90)
    expected = brute_force(lines, shape, width)
    np.testing.assert_array_equal(stripe_of(lines, shape, width), expected)
    box = box_around(lines, shape, width)
    outside = expected.copy()
    outside[box] = False
    assert not outside.any()
    np.testing.assert_array_equal(stripe_in(lines, box, width), expected[box])


def test_a_straight_stripe_is_as_wide_as_asked() -> None:
    stripe = stripe_of([[[30, -5], [30, 60]]], SHAPE, 9.0)
    np.testing.assert_array_equal(np.flatnonzero(stripe.any(axis=1)), np.arange(26, 35))
    assert stripe[26:35].all()


@pytest.mark.parametrize("line", [[[0, np.nan]], [[1, 2, 3]], [1, 2]])
def test_what_is_no_line_is_told(line) -> None:
    with pytest.raises(ValueError, match="finite and of shape"):
        stripe_of([line], SHAPE, 3)


@pytest.mark.parametrize("width", [0, -1, np.nan, np.inf])
def test_a_stripe_needs_a_width(width) -> None:
    with pytest.raises(ValueError, match="width"):
        stripe_of([], SHAPE, width)


def test_a_smooth_path_passes_through_every_corner_and_is_no_detour() -> None:
    corners = np.array([[10, 10], [40, 20], [35, 40], [35, 40], [5, 45]])
    path = smooth_path(corners, step_px=1.0)
    assert cKDTree(path).query(corners)[0].max() < 1e-9
    assert np.hypot(*np.diff(path, axis=0).T).max() < 2
    assert length_px(corners) < length_px(path) < 1.3 * length_px(corners)


def test_a_closed_path_is_smooth_where_it_closes() -> None:
    angle = np.linspace(0, 2 * np.pi, 9)
    corners = np.stack([50 + 30 * np.sin(angle), 50 + 30 * np.cos(angle)], axis=1)
    corners[-1] = corners[0]
    path = smooth_path(corners, step_px=0.5)
    radius = np.hypot(*(path - 50).T)
    assert abs(radius - 30).max() < 0.5
    np.testing.assert_array_equal(path[0], path[-1])


@pytest.mark.parametrize("corners", [[], [[1, 1]], [[1, 1], [5, 5]], [[1, 1], [1, 1], [5, 5]]])
def test_few_corners_stay_as_they_are(corners) -> None:
    kept = np.unique(np.reshape(corners, (-1, 2)), axis=0)
    np.testing.assert_array_equal(smooth_path(corners), kept)


def test_the_length_of_a_line_is_that_of_its_steps() -> None:
    assert length_px([[0, 0], [3, 4], [3, 10]]) == 11
    assert length_px([[7, 7]]) == length_px([]) == 0


def test_the_lines_of_a_simulated_stripe_are_those_it_was_drawn_around() -> None:
    for seed in range(3):
        scene = simulate(seed, SceneOptions(shape=(512, 512)))
        found = lines_of(scene.membrane)
        true = np.vstack(scene.membrane_lines)
        away_from_ends = [line[10:-10] for line in found]
        assert len(found) == len(scene.membrane_lines)
        assert np.median(cKDTree(true).query(np.vstack(away_from_ends))[0]) < 1.0
        drawn, wanted = map(length_px, found), map(length_px, scene.membrane_lines)
        assert sum(drawn) == pytest.approx(sum(wanted), rel=0.04)
        again = stripe_of(found, (512, 512), 90 / scene.pixel_size_nm)
        both = 2 * np.count_nonzero(again & scene.membrane)
        assert both / (again.sum() + scene.membrane.sum()) > 0.9


def test_a_ring_is_one_closed_line() -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    ring = np.stack([60 + 40 * np.sin(angle), 60 + 40 * np.cos(angle)], axis=1)
    (line,) = lines_of(stripe_of([ring], (120, 120), 9))
    np.testing.assert_array_equal(line[0], line[-1])
    assert length_px(line) == pytest.approx(2 * np.pi * 40, rel=0.02)
    assert abs(np.hypot(*(line - 60).T) - 40).max() < 1.5


def test_a_spur_is_dropped_and_a_branch_is_kept() -> None:
    trunk, spur, branch = [[50, 5], [50, 195]], [[50, 60], [44, 60]], [[50, 120], [10, 120]]
    (whole,) = lines_of(stripe_of([trunk, spur], (100, 200), 5))
    assert abs(whole[:, 0] - 50).max() < 1.5
    assert len(lines_of(stripe_of([trunk, branch], (100, 200), 5))) == 3


def test_lines_are_in_order_and_in_the_image_wherever_the_stripe_lies() -> None:
    lines = lines_of(stripe_of([[[5, 100], [60, 100]], [[80, 20], [80, 190]]], (100, 200), 9))
    assert [round(length_px(line), -1) for line in lines] == [170, 50]
    assert max(np.hypot(*np.diff(line, axis=0).T).max() for line in lines) < 1.5
    np.testing.assert_allclose(lines[0][:, 0], 80, atol=1)
    np.testing.assert_allclose(lines[1][:, 1], 100, atol=1)


def test_an_empty_stripe_has_no_lines_and_a_speck_neither() -> None:
    assert lines_of(np.zeros((9, 9), bool)) == ()
    assert lines_of(stripe_of([[[20, 20]]], SHAPE, 9)) == ()


def test_noise_gives_lines_too() -> None:
    lines = lines_of(np.random.default_rng(0).random((200, 200)) > 0.5)
    assert len(lines) > 1


def test_small_pieces_of_a_map_are_left_out() -> None:
    probability = np.zeros((20, 20))
    probability[2:4, 2:4] = probability[4, 4] = 0.5
    probability[10:12, 10:12] = 0.9
    assert stripe_from_map(probability).sum() == 9
    large = stripe_from_map(probability, smallest_px=5)
    assert large.sum() == 5
    assert large[4, 4]
    assert not stripe_from_map(probability, threshold=0.95, smallest_px=5).any()


def edits(before):
    """One of each kind on a stripe."""
    box = (slice(5, 25), slice(0, 50))
    line = [[10, 5], [50, 45]]
    return [
        repaint("paint membrane", SHAPE, box, before, np.eye(20, 50, dtype=bool), BY),
        draw_line(before, line, SHAPE, 5.0, BY),
        erase_line(before, line, SHAPE, 5.0, BY),
        start_from_map(before, RANDOM.astype(np.float16), BY, smallest_px=4),
        replace_stripe("read membrane", before, ~RANDOM, BY),
        clear(np.zeros(SHAPE, bool) if before is None else before, BY),
    ]


@pytest.mark.parametrize("before", [None, RANDOM, np.ones(SHAPE, bool)], ids=str)
def test_every_edit_is_undone_and_done_again_bit_for_bit(before) -> None:
    start = History.of(Annotation(None, before))
    for edit in edits(before):
        assert (edit.editor, edit.time) == (BY.editor, BY.time)
        if edit.is_empty:
            continue
        done = start.push(edit)
        assert done.undo().state.equals(start.state)
        assert done.undo().redo().state.equals(done.state)


def test_edits_do_what_they_say() -> None:
    painted, drawn, erased, taken, replaced, cleared = edits(RANDOM)
    after = [History.of(Annotation(None, RANDOM)).push(e).state.membrane for e in edits(RANDOM)]
    stripe = stripe_of([[[10, 5], [50, 45]]], SHAPE, 5.0)
    expected = RANDOM.copy()
    expected[5:25] = np.eye(20, 50, dtype=bool)
    np.testing.assert_array_equal(after[0], expected)
    np.testing.assert_array_equal(after[1], RANDOM | stripe)
    np.testing.assert_array_equal(after[2], RANDOM & ~stripe)
    np.testing.assert_array_equal(after[3], stripe_from_map(RANDOM, smallest_px=4))
    np.testing.assert_array_equal(after[4], ~RANDOM)
    assert not after[5].any()
    assert painted.stripe is not None
    assert painted.stripe.flipped.size <= 20 * 50
    kinds = [painted, drawn, erased, taken, replaced, cleared]
    assert len({each.kind for each in kinds}) == 6


def test_an_edit_that_changes_nothing_is_empty() -> None:
    drawn = stripe_of([[[10, 5], [50, 45]]], SHAPE, 5.0)
    assert draw_line(drawn, [[10, 5], [50, 45]], SHAPE, 5.0, BY).is_empty
    assert erase_line(None, [[10, 5], [50, 45]], SHAPE, 5.0, BY).is_empty
    assert draw_line(None, [[-90, -90], [-80, -80]], SHAPE, 5.0, BY).is_empty


def test_pixels_of_another_size_are_refused() -> None:
    box = (slice(0, 5), slice(0, 5))
    with pytest.raises(ValueError, match="box"):
        repaint("paint", SHAPE, box, RANDOM, np.zeros((5, 6), bool), BY)
    with pytest.raises(ValueError, match="image"):
        repaint("paint", (9, 9), box, RANDOM, np.zeros((5, 5), bool), BY)
