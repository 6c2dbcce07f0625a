"""Annotations leave a project as files, and its edits are told."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook
from PIL import Image

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import Sample
from napari_slitseg.core.points import PointTable, read_points
from napari_slitseg.core.review import (
    Annotation,
    Edit,
    Record,
    Signature,
    StripeChange,
    apply,
    drawn_edit,
)
from napari_slitseg.events import Event, Finished, ImageFailed, Notice
from napari_slitseg.jobs.project import ExportProjectJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.membrane import read_membrane
from napari_slitseg.pipelines.project_export import export_project
from napari_slitseg.pipelines.project_images import journal_of
from napari_slitseg.store import PROJECT_FILE, SHARED, Project

SHAPE = (60, 50)
BY = Signature("Ada", "2026-11-21T10:00:00Z")
LATER = Signature("Bo", "2026-11-21T11:00:00Z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of three images: one edited and painted, one of a reader, one untouched."""
    path = tmp_path / "größer 1"
    (path / "more").mkdir(parents=True)
    files = [path / "a.png", path / "more" / "a.png", path / "c.png"]
    for file in files:
        Image.fromarray(np.zeros(SHAPE, np.uint8)).save(file)
    with Project.create(path) as project:
        one, two, _ = (project.add_image(file, 0, SHAPE, 5.0) for file in files)
        start = Annotation(PointTable.from_yx([[1, 1], [2, 20], [3, 30]]))
        project.begin(one, SHARED, start)
        assert start.points is not None
        edit = drawn_edit(
            start.points,
            start.points.ids,
            np.array([0, 1, -1]),
            np.array([[1, 1], [9, 20], [5, 5]]),
            BY,
        )
        stripe = np.zeros(SHAPE, np.bool_)
        stripe[7] = True
        paint = Edit(
            "paint",
            stripe=StripeChange.between(stripe & False, stripe),
            editor=LATER.editor,
            time=LATER.time,
        )
        for number, each in enumerate((edit, paint, Edit("x", **_point(start, edit)))):
            project.append(one, SHARED, Record("edit", each), number)
        project.append(one, SHARED, Record("undo"), 3)
        project.set_review(one, SHARED, "done", "Ada")
        project.begin(two, "Reader 1", Annotation(PointTable.from_yx([[4, 4]])))
        project.begin(two, SHARED, Annotation(PointTable.from_yx([[8, 8], [9, 30]])))
    return path


def _point(start: Annotation, edit: Edit) -> dict[str, object]:
    table = apply(start, edit).points
    assert table is not None
    last = drawn_edit(table, table.living.ids, np.array([0]), np.array([[1.0, 1]]), LATER)
    return {"before": last.before, "after": last.after, "editor": "Bo", "time": LATER.time}


def exported(folder: Path, out: Path, **values: object) -> tuple[tuple[Path, ...], list[Event]]:
    job = ExportProjectJob.model_validate({"folder": folder, "out": out, **values})
    steps, events = export_project(job), []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            return stop.value, events


def ended(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_living_points_the_membrane_and_a_table_of_images_are_written(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    files, events = exported(folder, out)
    assert sorted(each.name for each in files) == [
        "a_2_annotations.csv",
        "a_annotations.csv",
        "a_membrane.png",
        "images.json",
        "images.xlsx",
    ]
    assert (ended(events).n_ok, ended(events).n_skipped) == (2, 1)
    points = read_points(out / "a_annotations.csv")
    assert points.yx.tolist() == [[1, 1], [9, 20], [5, 5]]
    assert read_points(out / "a_2_annotations.csv").yx.tolist() == [[8, 8], [9, 30]]
    assert read_membrane(out / "a_membrane.png", SHAPE)[7].all()

    content = json.loads((out / "images.json").read_text())
    first, second, third = content["images"]
    assert (first["review"], first["reviewed_by"]) == ("done", "Ada")
    assert (first["slits"], first["deleted"], first["edits"]) == (3, 1, 2)
    assert (first["membrane_px"], first["last_editor"]) == (50, "Bo")
    assert (second["slits"], second["review"]) == (2, "open")
    assert third["slits"] is None
    assert third["file_exists"]
    sheet = load_workbook(out / "images.xlsx")["Images"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "Image"
    assert [row[0] for row in rows[1:]] == ["a", "a", "c"]
    assert "Chamfer (nm)" not in rows[0]
    assert rows[1][rows[0].index("Slits")] == 3


def test_scales_samples_and_excluded_stretches_are_in_the_table(
    folder: Path, tmp_path: Path
) -> None:
    exported(folder, tmp_path / "before")
    titles = [each.value for each in load_workbook(tmp_path / "before" / "images.xlsx").active[1]]
    assert not {"Scale comes from", "Biopsy", "Group", "Excluded stretches"} & set(titles)
    with Project.open(folder) as project:
        project.set_scale(Scale(4.0, "typed", "Ada"), None)
        project.set_scale(Scale(9.7, "grating", "g.tif"), [1])
        project.set_samples({1: Sample("13-001", "2", "FSGS")})
        project.set_excluded(1, SHARED, [[[0, 0], [0, 9], [9, 9]], [[1, 1], [1, 3], [3, 3]]])
        project.set_excluded(2, "Reader 1", [[[0, 0], [0, 9], [9, 9]]])
    exported(folder, tmp_path / "out")
    sheet = load_workbook(tmp_path / "out" / "images.xlsx").active
    rows = list(sheet.iter_rows(values_only=True))
    first, second, _ = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    assert first["Scale comes from"] == "9.7 nm per pixel (grating: g.tif)"
    assert (first["Pixel size (nm)"], second["Pixel size (nm)"]) == (9.7, 5)
    assert [first[name] for name in ("Biopsy", "Glomerulus", "Group")] == ["13-001", "2", "FSGS"]
    assert (first["Excluded stretches"], second["Excluded stretches"]) == (2, None)
    with Project.open(folder) as project:
        project.set_scale(Scale(4.0, "typed", "Ada"), None, before_file=True)
    exported(folder, tmp_path / "again")
    told = json.loads((tmp_path / "again" / "images.json").read_text())["images"]
    assert [row["pixel_size_nm"] for row in told] == [9.7, 4, 4]
    assert told[1]["scale"] == "4 nm per pixel (typed: Ada)"


def test_figures_that_are_kept_are_in_the_table(folder: Path, tmp_path: Path) -> None:
    with Project.open(folder) as project:
        project.put_result(1, SHARED, {"chamfer_nm": 12.5}, {"threshold": 0.4, "model": "m"})
    exported(folder, tmp_path / "out")
    rows = list(
        load_workbook(tmp_path / "out" / "images.xlsx")["Images"].iter_rows(values_only=True)
    )
    assert [row[rows[0].index("Chamfer (nm)")] for row in rows[1:]] == [12.5, None, None]
    first = dict(zip(rows[0], rows[1], strict=True))
    assert (first["Threshold"], first["Model"]) == (0.4, "m")
    assert "Point loss" not in rows[0]


def test_a_damaged_journal_leaves_the_other_images_and_the_table(
    folder: Path, tmp_path: Path
) -> None:
    damage = "UPDATE records SET content = CAST('x' AS BLOB) WHERE image = 1 AND head = ?"
    with sqlite3.connect(folder / PROJECT_FILE) as database:
        database.execute(damage, [2])
    _, events = exported(folder, tmp_path / "partly")
    [notice] = [each for each in events if isinstance(each, Notice)]
    assert "cannot be read, and are missing: 1" in notice.text
    with sqlite3.connect(folder / PROJECT_FILE) as database:
        database.execute(damage, [0])
    database.close()
    files, events = exported(folder, tmp_path / "out")
    assert [each.name for each in files] == ["a_2_annotations.csv", "images.json", "images.xlsx"]
    assert (ended(events).n_failed, ended(events).n_ok) == (1, 1)
    rows = json.loads((tmp_path / "out" / "images.json").read_text())["images"]
    assert [row["slits"] for row in rows] == [None, 2, None]


def test_no_two_images_are_written_to_one_file(tmp_path: Path) -> None:
    files = [tmp_path / "a_3.png", tmp_path / "a.png", tmp_path / "more" / "a.png"]
    with Project.create(tmp_path) as project:
        for number, file in enumerate(files):
            image = project.add_image(file, 0, SHAPE, 5.0)
            project.begin(image, SHARED, Annotation(PointTable.from_yx([[number, 1]])))
    exported(tmp_path, tmp_path / "out")
    tables = [read_points(each) for each in (tmp_path / "out").glob("*.csv")]
    assert sorted(table.yx[0, 0] for table in tables) == [0, 1, 2]


def test_tombstones_and_the_tracks_of_readers_are_exported_on_request(
    folder: Path, tmp_path: Path
) -> None:
    exported(folder, tmp_path / "all", all=True)
    points = read_points(tmp_path / "all" / "a_annotations.csv")
    assert sorted(points.status.tolist()) == ["added", "added", "added", "deleted"]
    assert "Ada" in points.editor.tolist()
    _, events = exported(folder, tmp_path / "reader", track="Reader 1")
    assert (ended(events).n_ok, ended(events).n_skipped) == (1, 2)
    assert len(read_points(tmp_path / "reader" / "a_2_annotations.csv")) == 1


def test_a_file_that_says_something_else_is_kept(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported(folder, out)
    assert ended(exported(folder, out)[1]).n_failed == 0

    mine = out / "a_annotations.csv"
    mine.write_text("axis-0,axis-1\n7,7\n")
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(out / "a_membrane.png")
    _, events = exported(folder, out)
    [failed] = [each for each in events if isinstance(each, ImageFailed)]
    assert "says something else" in failed.reason
    assert read_points(mine).yx.tolist() == [[7, 7]]
    exported(folder, out, replace=True)
    assert len(read_points(mine)) == 3

    (out / "images.json").write_text("{}")
    _, events = exported(folder, out)
    assert ended(events).reason == "refused"
    assert "no table of a project" in ended(events).message


def test_what_makes_no_sense_is_refused(folder: Path, tmp_path: Path) -> None:
    _, events = exported(tmp_path, tmp_path / "out")
    assert "There is no project" in ended(events).message
    _, events = exported(folder, tmp_path / "out", track="Reader 9")
    assert "it has: Reader 1, shared" in ended(events).message
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    _, events = exported(folder, tmp_path / "file")
    assert "file of that name" in ended(events).message


def test_what_people_did_is_told_oldest_first(folder: Path) -> None:
    with Project.open(folder, read_only=True) as project:
        told = journal_of(project, folder / "a.png")
        assert sorted(entry.what.split()[0] for entry in told) == sorted(
            ["began", "add", "paint", "x", "undo", "review"]
        )
        assert [entry.time for entry in told] == sorted(entry.time for entry in told)
        assert told[0].editor == "Ada"
        assert journal_of(project, folder / "a.png", limit=2) == told[-2:]
        assert len(journal_of(project, Path("A.PNG"))) == 8
        assert len(journal_of(project)) == 8
        assert journal_of(project, Path("c")) == []
        with pytest.raises(JobError, match="no image nothing"):
            journal_of(project, Path("nothing"))
