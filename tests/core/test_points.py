"""PointTable: what it holds, what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_slitseg.core.points import COLUMNS, STATUSES, PointTable

YX = np.array([[1.5, 2.25], [-3.0, 1e6], [7.0, 7.0], [7.0, 7.0]])


def table(**changes) -> PointTable:
    values = {
        "ids": [4, 2, 9, 0],
        "yx": YX,
        "score": [0.0, 1.0, np.nan, 0.5],
        "status": ["proposed", "accepted", "added", "moved"],
        "origin": ["model:a@12ab", "model:a@12ab", "human", "human"],
        "uncertain": [False, True, False, True],
    }
    return PointTable(**(values | changes))


def test_dtypes_and_length():
    points = table()
    assert len(points) == 4
    assert points.ids.dtype == np.int64
    assert points.yx.dtype == points.score.dtype == np.float64
    assert points.status.dtype.kind == points.origin.dtype.kind == "U"
    assert points.uncertain.dtype == np.bool_


@pytest.mark.parametrize("name", ["ids", "yx", "score", "status", "origin", "uncertain"])
def test_arrays_are_copied_and_read_only(name):
    own = np.array(getattr(table(), name))
    points = table(**{name: own})
    expected = own.copy()
    own[...] = own[::-1].copy()
    np.testing.assert_array_equal(getattr(points, name), expected)
    with pytest.raises(ValueError, match="read-only"):
        getattr(points, name)[0] = getattr(points, name)[1]


def test_points_outside_the_image_and_doubles_are_kept():
    assert table().yx.tolist() == YX.tolist()


def test_equals():
    assert table().equals(table())
    assert not table().equals(PointTable.empty())
    changed = {
        "ids": [4, 2, 9, 1],
        "yx": YX + 1e-12,
        "score": [0.0, 1.0, 0.1, 0.5],
        "status": ["proposed"] * 4,
        "origin": ["human"] * 4,
        "uncertain": [False] * 4,
    }
    for name, value in changed.items():
        assert not table().equals(table(**{name: value})), name


def test_empty():
    points = PointTable.empty()
    assert len(points) == 0
    assert points.yx.shape == (0, 2)
    assert points.equals(PointTable.from_yx([]))
    assert points.equals(points.take([]))
    assert PointTable.from_frame(points.to_frame()).equals(points)


def test_from_yx_defaults():
    points = PointTable.from_yx(YX)
    assert points.ids.tolist() == [0, 1, 2, 3]
    assert np.isnan(points.score).all()
    assert set(points.status) == {"added"}
    assert set(points.origin) == {"human"}
    assert not points.uncertain.any()


def test_from_yx_of_a_model():
    points = PointTable.from_yx(
        YX,
        score=[0.1, 0.2, 0.3, 0.4],
        status="proposed",
        origin="model:m@0",
        uncertain=[1, 0, 0, 0],
    )
    assert points.score.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert set(points.status) == {"proposed"}
    assert points.uncertain.tolist() == [True, False, False, False]
    each = PointTable.from_yx(YX, status=["added", "moved", "rejected", "accepted"])
    assert each.status.tolist() == ["added", "moved", "rejected", "accepted"]


def test_long_texts_are_not_cut():
    origin = "model:" + "x" * 300
    points = PointTable.from_yx(YX, origin=["human", origin, "human", "human"])
    assert points.origin[1] == origin


def test_take_rows():
    points = table()
    assert points.take([2, 0]).ids.tolist() == [9, 4]
    assert points.take(points.uncertain).ids.tolist() == [2, 0]
    assert len(points.take(np.zeros(4, bool))) == 0


def test_frame_round_trip():
    frame = table().to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert PointTable.from_frame(frame).equals(table())
    with pytest.raises(ValueError, match="score"):
        PointTable.from_frame(frame.drop(columns="score"))


def test_a_frame_that_pandas_read_from_a_file_has_judged_nothing(tmp_path):
    table = PointTable.from_yx([[1, 2]])
    table.to_frame().to_csv(tmp_path / "a.csv", index=False)
    assert PointTable.from_frame(pd.read_csv(tmp_path / "a.csv")).equals(table)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ids": [1, 1, 2, 3]}, "same id"),
        ({"ids": [1, 2, 3]}, "columns of shapes"),
        ({"score": [0.5]}, "columns of shapes"),
        ({"uncertain": [[True]] * 4}, "columns of shapes"),
        ({"yx": YX[:2]}, "columns of shapes"),
        ({"yx": np.where(YX == 7, np.nan, YX)}, "Point 2"),
        ({"yx": np.where(YX == 1.5, np.inf, YX)}, "Point 0"),
        ({"score": [0, 0, 0, 1.01]}, "1.01"),
        ({"score": [0, 0, 0, -0.5]}, "-0.5"),
        ({"status": ["proposed", "accepted", "added", "doubtful"]}, "doubtful"),
    ],
)
def test_impossible_tables(changes, words):
    with pytest.raises(ValueError, match=words):
        table(**changes)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 2, 2)])
def test_points_need_a_row_and_a_column(shape):
    with pytest.raises(ValueError, match="row and a column"):
        PointTable.from_yx(np.zeros(shape))
    with pytest.raises(ValueError, match=r"row and a column|columns of shapes"):
        table(yx=np.zeros(shape))


def test_statuses():
    assert STATUSES == ("proposed", "accepted", "rejected", "added", "moved", "deleted")
