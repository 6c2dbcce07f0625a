"""Tables of points made of tables."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable

TABLE = PointTable.from_yx([[1, 1], [2, 2], [3, 3]], score=[0.5, np.nan, 1], status="proposed")


@pytest.mark.parametrize("rows", [[2, 0], [-1, 0], np.array([True, False, True]), [], [1]])
def test_rows_taken_from_a_table_are_what_a_table_of_them_would_be(rows: object) -> None:
    taken = TABLE.take(rows)
    index = np.asarray(rows, np.bool_ if np.asarray(rows).dtype == np.bool_ else np.intp)
    assert taken.equals(PointTable(**{name: column[index] for name, column in vars(TABLE).items()}))
    assert len(taken) == len(TABLE.yx[index])


def test_a_row_cannot_be_taken_twice() -> None:
    for rows in ([0, 0], [2, -1]):
        with pytest.raises(ValueError, match="same id"):
            TABLE.take(rows)


def test_rows_that_are_not_there_cannot_be_taken() -> None:
    for rows in ([3], np.array([True, False])):
        with pytest.raises(IndexError):
            TABLE.take(rows)


def test_what_was_taken_cannot_be_changed_and_changes_nothing() -> None:
    taken = TABLE.take([0, 1])
    for column in vars(taken).values():
        assert not column.flags.writeable
        assert column.base is None or not np.shares_memory(column, TABLE.yx)
    with pytest.raises(ValueError, match="read-only"):
        taken.yx[0] = 9
    with pytest.raises(ValueError, match="shapes"):
        TABLE.take([[0, 1], [1, 2]])
