"""Projects that went apart become one again."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation, Record
from napari_slitseg.store import PROJECT_FILE, SHARED, Project, StoreError, merge
from tests.store.edits import (
    SHAPE,
    added,
    changed,
    edit_at_random,
    painted,
    project_with_image,
    same,
)

START = Annotation(PointTable.from_yx([[1, 1], [2, 2], [3, 3]], status="proposed", score=[0.5] * 3))


def project_of(
    folder: Path, base: Annotation = START, name: str = "a.tif", sha256: str = ""
) -> int:
    folder.mkdir(exist_ok=True)
    with Project.open_or_create(folder) as project:
        image = project.add_image(folder / name, 0, SHAPE, None, sha256)
        project.begin(image, SHARED, base)
    return image


def do(folder: Path, *edits: tuple[int, dict[str, object]], image: int = 1) -> None:
    """Change rows, or add points: row -1."""
    with Project.open(folder) as project:
        for row, values in edits:
            history, head = project.history(image, SHARED)
            table = history.state.points
            editor = folder.name
            if row < 0:
                edit = added(table, values["yx"], editor)  # type: ignore[arg-type]
            else:
                assert table is not None
                edit = replace(changed(table, row, **values), editor=editor)
            project.append(image, SHARED, Record("edit", edit), head)


def undo(folder: Path, count: int = 1, image: int = 1) -> None:
    with Project.open(folder) as project:
        for _ in range(count):
            project.append(image, SHARED, Record("undo"), project.head(image, SHARED))


def points(folder: Path, image: int = 1) -> list[tuple[float, float, str]]:
    with Project.open(folder) as project:
        table = project.history(image, SHARED)[0].state.points
    assert table is not None
    return sorted(
        (*yx, status) for yx, status in zip(table.yx.tolist(), table.status.tolist(), strict=True)
    )


def living(found: Sequence[tuple[float, float, str]]) -> list[tuple[float, float]]:
    return [(y, x) for y, x, status in found if status not in ("deleted", "rejected")]


@pytest.fixture
def apart(tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of one project."""
    project_of(tmp_path / "mine")
    shutil.copytree(tmp_path / "mine", tmp_path / "theirs")
    return tmp_path / "mine", tmp_path / "theirs"


def test_a_copy_that_went_on_is_taken_over_as_it_is(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(theirs, (0, {"status": "accepted"}), (-1, {"yx": (9, 9)}))
    undo(theirs)
    report = merge(mine, theirs)
    assert (report.images, report.new_images, report.records, report.conflicts) == (1, 0, 3, ())
    with Project.open(mine) as one, Project.open(theirs) as other:
        assert same(one.history(1, SHARED)[0], other.history(1, SHARED)[0])
    assert not merge(mine, theirs).changes_anything
    assert not merge(theirs, mine).changes_anything


def test_edits_to_different_points_are_joined(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(mine, (0, {"status": "accepted"}), (-1, {"yx": (8, 8)}))
    do(theirs, (1, {"status": "rejected"}), (-1, {"yx": (9, 9)}), (3, {"yx": np.array([9.5, 9])}))
    report = merge(mine, theirs)
    assert (report.records, report.conflicts) == (1, ())
    assert points(mine) == [
        (1, 1, "accepted"),
        (2, 2, "rejected"),
        (3, 3, "proposed"),
        (8, 8, "added"),
        (9.5, 9, "added"),
    ]
    with Project.open(mine) as project:
        edit = project.history(1, SHARED)[0].edits[-1]
        assert edit.editor == "theirs"


def test_merging_twice_changes_nothing_and_both_ways_agree(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(mine, (0, {"status": "accepted"}), (-1, {"yx": (8, 8)}))
    do(theirs, (0, {"status": "rejected"}), (-1, {"yx": (9, 9)}))
    assert merge(mine, theirs).changes_anything
    once = points(mine)
    assert not merge(mine, theirs).changes_anything
    assert points(mine) == once
    merge(theirs, mine)
    assert points(theirs) == once
    for _ in range(2):
        merge(mine, theirs)
        merge(theirs, mine)
    assert points(mine) == once == points(theirs)


def test_what_both_said_differently_stays_in_both_versions(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(mine, (0, {"yx": np.array([1.5, 1]), "status": "moved"}))
    do(theirs, (0, {"status": "rejected"}), (1, {"status": "accepted"}))
    report = merge(mine, theirs)
    (conflict,) = report.conflicts
    assert "a.tif" in conflict
    assert "(1.5, 1) is moved here, and rejected at (1, 1) there" in conflict
    assert points(mine) == [
        (1, 1, "rejected"),
        (1.5, 1, "moved"),
        (2, 2, "accepted"),
        (3, 3, "proposed"),
    ]


def test_the_same_word_of_both_is_no_conflict(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(mine, (0, {"status": "rejected"}))
    do(theirs, (0, {"status": "rejected"}))
    report = merge(mine, theirs)
    assert (report.records, report.conflicts) == (0, ())


def test_what_was_undone_there_is_undone_here(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(theirs, (-1, {"yx": (9, 9)}), (0, {"status": "accepted"}))
    do(mine, (2, {"status": "accepted"}))
    merge(mine, theirs)
    undo(theirs, 2)
    do(theirs, (1, {"status": "accepted"}))
    merge(mine, theirs)
    assert points(mine) == [
        (1, 1, "proposed"),
        (2, 2, "accepted"),
        (3, 3, "accepted"),
        (9, 9, "deleted"),
    ]
    do(theirs, (-1, {"yx": (7, 7)}))
    assert merge(mine, theirs).records == 1
    assert living(points(mine)) == [(1, 1), (2, 2), (3, 3), (7, 7)]


def test_projects_made_apart_are_joined_by_places(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    project_of(mine, sha256="abc")
    base = PointTable.from_yx([[3, 3], [1, 1], [5, 5]], status="proposed", score=[0.5] * 3)
    project_of(theirs, Annotation(base), "renamed.tif", "abc")
    do(mine, (0, {"status": "accepted"}))
    do(theirs, (0, {"status": "rejected"}), (2, {"status": "accepted"}))
    report = merge(mine, theirs)
    assert (report.images, report.new_images, report.conflicts) == (1, 0, ())
    assert points(mine) == [
        (1, 1, "accepted"),
        (2, 2, "proposed"),
        (3, 3, "rejected"),
        (5, 5, "accepted"),
    ]
    assert not merge(mine, theirs).changes_anything


def test_images_of_the_other_project_come_with_their_journals(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    project_of(mine, sha256="abc")
    project_of(theirs, name="b.tif", sha256="def")
    do(theirs, (0, {"status": "rejected"}))
    with Project.open(theirs) as project:
        project.set_review(1, SHARED, "done", "Bob")
        project.add_annotator("Bob")
        project.add_model_run("m", "x", "peaks", 0.5)
    report = merge(mine, theirs)
    assert (report.new_images, report.records, report.reviews) == (1, 2, 1)
    with Project.open(mine) as project:
        assert [image.path for image in project.images()] == [mine / "a.tif", theirs / "b.tif"]
        assert project.reviews()[2, SHARED].editor == "Bob"
        assert project.annotators() == ("Bob",)
        assert len(project.model_runs()) == 1
    assert points(mine, 2) == points(theirs)
    assert not merge(mine, theirs).changes_anything


def test_files_of_one_name_and_different_content_are_different_images(tmp_path: Path) -> None:
    project_of(tmp_path / "mine", sha256="abc")
    project_of(tmp_path / "theirs", sha256="def")
    assert merge(tmp_path / "mine", tmp_path / "theirs").new_images == 1


def test_a_dry_run_tells_and_changes_nothing(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(mine, (0, {"status": "accepted"}))
    do(theirs, (0, {"status": "rejected"}))
    before = points(mine)
    tried = merge(mine, theirs, dry_run=True)
    assert tried.is_dry_run
    assert points(mine) == before
    done = merge(mine, theirs)
    assert (tried.records, tried.conflicts) == (done.records, done.conflicts) != (0, ())


def test_membranes_are_joined(apart: tuple[Path, Path]) -> None:
    rng = random.Random(1)
    drawn = []
    for folder in apart:
        with Project.open(folder) as project:
            edit = painted(rng)
            project.append(1, SHARED, Record("edit", edit), 0)
            drawn.append(project.history(1, SHARED)[0].state.membrane)
    merge(*apart)
    with Project.open(apart[0]) as project:
        membrane = project.history(1, SHARED)[0].state.membrane
    np.testing.assert_array_equal(membrane, drawn[0] | drawn[1])
    assert not np.array_equal(membrane, drawn[0])
    assert not merge(*apart).changes_anything


@pytest.mark.parametrize("seed", range(5))
def test_random_edits_of_two_copies_meet_in_the_middle(tmp_path: Path, seed: int) -> None:
    (tmp_path / "mine").mkdir()
    rng = random.Random(seed)
    project, image = project_with_image(tmp_path / "mine")
    edit_at_random(project, image, 10, rng)
    project.close()
    fork = set(points(tmp_path / "mine"))
    shutil.copytree(tmp_path / "mine", tmp_path / "theirs")
    for name in ("mine", "theirs"):
        with Project.open(tmp_path / name) as project:
            edit_at_random(project, image, 20, rng)
    said = set(points(tmp_path / "theirs")) - fork
    merge(tmp_path / "mine", tmp_path / "theirs")
    assert len(said) > 3
    assert said <= set(points(tmp_path / "mine"))
    assert not merge(tmp_path / "mine", tmp_path / "theirs").changes_anything


def test_a_project_is_not_merged_into_itself(apart: tuple[Path, Path]) -> None:
    with pytest.raises(StoreError, match="very project"):
        merge(apart[0], apart[0] / PROJECT_FILE)


def test_a_merge_that_fails_changes_nothing(apart: tuple[Path, Path]) -> None:
    mine, theirs = apart
    do(mine, (0, {"status": "accepted"}))
    do(theirs, (1, {"status": "accepted"}))
    with Project.open(theirs) as project:
        image = project.add_image(theirs / "z.tif", 0, SHAPE)
        project.begin(image, SHARED, START)
        with project._database.transaction():
            project._database.run("UPDATE records SET content = x'00' WHERE image = 1 AND head = 0")
    before = points(mine)
    with pytest.raises(StoreError, match="damaged"):
        merge(mine, theirs)
    assert points(mine) == before
    with Project.open(mine) as project:
        assert len(project.images()) == 1


def test_readings_figures_and_remembered_files_come_with_the_other_project(
    apart: tuple[Path, Path],
) -> None:
    mine, theirs = apart
    begun = {"plan": {"reader": "Bob", "ended": ""}, "log": [["begun", "Bob", "1"]]}
    over = {"plan": {"reader": "Bob", "ended": "2"}, "log": [*begun["log"], ["ended", "Bob", "2"]]}
    with Project.open(mine) as project:
        project.put("readings", ["Ada", "Bob"])
        project.put("reading of Bob", begun)
        project.put("window", {"image": "a.tif"})
    with Project.open(theirs) as project:
        project.put("readings", ["Bob", "Eve"])
        project.put("reading of Bob", over)
        project.put("reading of Eve", {"log": []})
        project.put("window", {"image": "b.tif"})
        project.put_result(1, SHARED, {"f1": 0.5}, {})
        project.remember_file(theirs / "a.csv", 1, "abc", 3, 4)
    report = merge(mine, theirs)
    assert (report.settings, report.conflicts) == (3, ())
    with Project.open(mine) as project:
        assert project.get("readings") == ["Ada", "Bob", "Eve"]
        assert project.get("reading of Bob") == over
        assert project.get("reading of Eve") == {"log": []}
        assert project.get("window") == {"image": "a.tif"}
        assert project.results()[1, SHARED].scores == {"f1": 0.5}
        known = project.known_file(mine / "a.csv")
        assert known is not None
        assert known.sha256 == "abc"
        project.put("reading of Eve", {"log": [["left", "Eve", "3"]]})
    assert not merge(mine, theirs).changes_anything
    with Project.open(theirs) as project:
        project.put("reading of Eve", {"log": [["ended", "Eve", "4"]]})
    (conflict,) = merge(mine, theirs).conflicts
    assert "reading of Eve" in conflict
