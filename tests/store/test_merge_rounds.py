"""Two people who edit, and merge both ways, again and again, agree each time."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_slitseg.core.review import Annotation, Record
from napari_slitseg.store import SHARED, Project, merge
from tests.store.edits import SHAPE, added, changed, edit_at_random


def begin(folder: Path) -> None:
    folder.mkdir()
    with Project.create(folder) as project:
        image = project.add_image(folder / "a.tif", 0, SHAPE, None, "abc")
        project.begin(image, SHARED, Annotation())


def edit(folder: Path, count: int, rng: random.Random) -> None:
    with Project.open(folder) as project:
        edit_at_random(project, 1, count, rng)


def living(folder: Path) -> tuple[list[list[float]], NDArray[np.bool_]]:
    with Project.open(folder, read_only=True) as project:
        state = project.history(1, SHARED)[0].state
    points = [] if state.points is None else sorted(state.points.living.yx.tolist())
    return points, np.zeros(SHAPE, np.bool_) if state.membrane is None else state.membrane


def assert_agree(one: Path, other: Path) -> None:
    for mine, theirs in zip(living(one), living(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("are_copies", [True, False])
@pytest.mark.parametrize("seed", [0, 20])
def test_rounds_of_editing_and_merging_both_ways_agree(
    tmp_path: Path, seed: int, are_copies: bool
) -> None:
    rng, one, other = random.Random(seed), tmp_path / "one", tmp_path / "other"
    begin(one)
    edit(one, rng.randrange(10), rng)
    if are_copies:
        shutil.copytree(one, other)
    else:
        begin(other)
    for _ in range(4):
        for folder in (one, other):
            edit(folder, rng.randrange(12), rng)
        first, second = (one, other) if rng.random() < 0.5 else (other, one)
        merge(first, second)
        merge(second, first)
        assert_agree(one, other)
        assert not merge(one, other).changes_anything
        assert not merge(other, one).changes_anything
    assert len(living(one)[0]) > 3


def do(folder: Path, row: int, place: tuple[float, float]) -> None:
    """Move a row, or add a point: row -1."""
    with Project.open(folder) as project:
        history, head = project.history(1, SHARED)
        table = history.state.points
        what = added(table, place)
        if row >= 0 and table is not None:
            what = changed(table, row, yx=np.array(place), status="moved")
        project.append(1, SHARED, Record("edit", what), head)


@pytest.fixture
def met(tmp_path: Path) -> tuple[Path, Path]:
    """Two projects with a point each, merged both ways."""
    folders = tmp_path / "one", tmp_path / "other"
    for number, folder in enumerate(folders):
        begin(folder)
        do(folder, -1, (number, number))
    merge(*folders)
    merge(*reversed(folders))
    return folders


def test_a_point_of_theirs_that_was_moved_here_is_moved_there(met: tuple[Path, Path]) -> None:
    one, other = met
    do(one, 1, (9, 9))
    merge(other, one)
    merge(one, other)
    assert living(one)[0] == living(other)[0] == [[0, 0], [9, 9]]


def test_a_merge_that_was_undone_takes_nothing_from_the_other(met: tuple[Path, Path]) -> None:
    one, other = met
    with Project.open(one) as project:
        project.append(1, SHARED, Record("undo"), project.head(1, SHARED))
    do(one, -1, (7, 7))
    merge(other, one)
    assert living(other)[0] == [[0, 0], [1, 1], [7, 7]]
    merge(one, other)
    assert living(one)[0] == [[0, 0], [1, 1], [7, 7]]
