"""Stretches between neighbouring slits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.morphometry import ImageMeasures
from tests.core.morphometry.drawn import level, loop, measured, on, wavy


def rows(measures: ImageMeasures) -> list[tuple]:
    """Return the stretches as tuples."""
    kept = measures.intervals
    columns = (kept.line, kept.start, kept.end, kept.kind, kept.first, kept.last)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_an_open_line_has_a_stretch_between_slits_and_one_at_each_end() -> None:
    assert rows(measured([level(start="border", end="fork")], on(300, 100, 150))) == [
        (0, 0, 100, "border", -1, 2),
        (0, 100, 150, "measured", 2, 3),
        (0, 150, 300, "measured", 3, 1),
        (0, 300, 1000, "fork", 1, -1),
    ]


def test_a_loop_has_as_many_stretches_as_slits() -> None:
    places = [[0, 10], [100, 30], [50, 0]]
    assert rows(measured([loop()], places)) == [
        (0, 10, 270, "measured", 1, 2),
        (0, 270, 350, "measured", 2, 3),
        (0, 350, 410, "measured", 3, 1),
    ]


def test_a_loop_with_one_slit_is_one_foot_process_round_to_itself() -> None:
    assert rows(measured([loop()], [[0, 30]])) == [(0, 30, 430, "measured", 1, 1)]


def test_a_line_without_a_slit_is_empty() -> None:
    assert rows(measured([loop(), level(y=500)], [[500, 9]])) == [
        (0, 0, 400, "empty", -1, -1),
        (1, 0, 9, "free", -1, 1),
        (1, 9, 1000, "free", 1, -1),
    ]


def test_slits_at_one_place_have_a_width_of_0_that_is_told() -> None:
    result = measured([level()], [[3, 100], [-3, 100], [0, 200]], ids=[8, 5, 6])
    assert [(row[3:], row[2] - row[1]) for row in rows(result)] == [
        (("free", -1, 5), 100),
        (("measured", 5, 8), 0),
        (("measured", 8, 6), 100),
        (("free", 6, -1), 800),
    ]
    assert result.notices == (
        "Slits 5 and 8 lie at the same place of the membrane line: a foot process of width 0 is "
        "between them.",
    )


def test_a_slit_at_the_very_end_leaves_a_stretch_of_length_0() -> None:
    assert measured([level()], on(-4, 500)).intervals.length_px.tolist() == [0, 500, 500]


def test_without_lines_there_are_no_stretches() -> None:
    result = measured([], on(1, 2))
    assert rows(result) == []
    assert result.intervals.length_px.shape == (0,)
    assert not result.intervals.is_measured.any()


@given(
    st.lists(st.tuples(st.floats(-60, 420), st.floats(-60, 420)), max_size=30),
    st.lists(st.tuples(st.floats(-60, 420), st.floats(-60, 420)), min_size=3, max_size=6),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_stretches_cover_every_line_exactly_once_whatever_the_order_of_slits(
    yx: list[tuple[float, float]], area: list[tuple[float, float]], random
) -> None:
    paths = [wavy(60, 5), loop(), wavy(20, 6, start="border")]
    result = measured(paths, yx, excluded=[area])
    kept = result.intervals
    assert (kept.length_px >= 0).all()
    for index, path in enumerate(result.paths):
        of_line = kept.line == index
        start, end = kept.start[of_line], kept.end[of_line]
        assert start[1:].tolist() == end[:-1].tolist()
        assert end[-1] - start[0] == pytest.approx(path.length_px)
        if not path.is_closed:
            assert (start[0], end[-1]) == (0, path.length_px)
    of_slits = result.slits
    assert (
        len(yx)
        == sum(
            (
                of_slits.is_on_line,
                of_slits.is_excluded,
                ~(of_slits.is_on_line | of_slits.is_excluded),
            )
        ).sum()
    )
    order = random.sample(range(len(yx)), len(yx))
    ids = np.arange(1, len(yx) + 1)[order]
    shuffled = measured(paths, [yx[i] for i in order], ids=ids, excluded=[area])
    assert rows(shuffled) == rows(result)
