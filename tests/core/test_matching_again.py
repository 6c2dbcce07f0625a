from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_slitseg.core import matching_again
from napari_slitseg.core.matching import Before, match

places = st.tuples(st.integers(0, 16), st.integers(0, 16)).map(lambda p: (p[0] / 2, p[1] / 2))
points = st.lists(places, max_size=14)
TOLERANCES = st.sampled_from([0.0, 0.5, 1.0, 1.5, 4.0])


def array(rows) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 2)


def assert_same(one, other) -> None:
    np.testing.assert_array_equal(one.pairs, other.pairs)
    np.testing.assert_array_equal(one.distance_px, other.distance_px)
    np.testing.assert_array_equal(one.set_aside, other.set_aside)
    assert (one.n_predicted, one.n_annotated) == (other.n_predicted, other.n_annotated)


@given(points, points, points, st.data(), TOLERANCES)
def test_changes_are_matched_as_all_would_be(predicted, annotated, uncertain, data, tolerance_px):
    """Some go, some move, some are new; on a grid, so that many matchings are equally good."""
    stay = [n for n in range(len(annotated)) if data.draw(st.booleans())]
    moved = [data.draw(places) if data.draw(st.booleans()) else annotated[n] for n in stay]
    new = data.draw(st.lists(places, max_size=3))
    now, rows = array([*moved, *new]), np.array([*stay, *[-1] * len(new)], np.intp)
    others = {"uncertain_yx": array(uncertain), "ignore_radius_px": 1.0}
    found = match(predicted, annotated, tolerance_px, **others)
    before = Before(found, array(annotated), rows)
    again = match(predicted, now, tolerance_px, **others, before=before)
    assert_same(again, match(predicted, now, tolerance_px, **others))


@pytest.mark.parametrize("spread", [30.0, 300.0])
def test_one_decision_among_many_points(spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Crowded, where all hang together and are matched anew, and apart, where few do."""
    rng = np.random.default_rng(0)
    annotated = rng.uniform(0, spread, (500, 2))
    predicted = annotated + rng.normal(size=annotated.shape)
    found = match(predicted, annotated, 5.0)
    solved = []
    real = matching_again.best_pairs
    monkeypatch.setattr(
        matching_again,
        "best_pairs",
        lambda *args: solved.append(len(args[0])) or real(*args),
    )
    for row in range(0, 500, 50):
        rows = np.delete(np.arange(500), row)
        before = Before(found, annotated, rows)
        again = match(predicted, annotated[rows], 5.0, before=before)
        assert_same(again, match(predicted, annotated[rows], 5.0))
    assert len(solved) == (0 if spread < 100 else 10)
    assert all(number < 100 for number in solved)


def test_another_tolerance_or_other_predictions_are_matched_anew() -> None:
    found = match([(0, 0), (5, 5)], [(0, 1)], 2.0)
    before = Before(found, array([(0, 1)]), np.array([0]))
    assert len(match([(0, 0), (5, 5)], [(0, 1)], 0.5, before=before)) == 0
    assert len(match([(5, 5)], [(0, 1)], 2.0, before=before)) == 0
