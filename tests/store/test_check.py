"""Projects are looked over, and told of in words."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from napari_slitseg.core.review import Annotation, Record
from napari_slitseg.store import PROJECT_FILE, SHARED, Project, check
from tests.store.edits import SHAPE, added, edit_at_random, project_with_image


def levels(folder: Path) -> list[str]:
    return [finding.level for finding in check(folder)]


def texts(folder: Path, level: str) -> str:
    return "\n".join(finding.text for finding in check(folder) if finding.level == level)


def sound_project(folder: Path) -> int:
    """Project with a real file, a journal and a CSV."""
    (folder / "a.tif").write_bytes(b"pixels")
    (folder / "a.csv").write_bytes(b"points")
    digest = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("a.tif", "a.csv")
    }
    with Project.create(folder) as project:
        image = project.add_image(folder / "a.tif", 0, SHAPE, 2.5, digest["a.tif"])
        project.begin(image, SHARED, Annotation())
        edit_at_random(project, image, 30, random.Random(1))
        project.remember_file(folder / "a.csv", image, digest["a.csv"], 6, 0)
    return image


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / PROJECT_FILE)) as file, file:
        assert file.execute(statement).rowcount == 1


def test_a_sound_project_is_told_so_and_left_as_it_is(tmp_path: Path) -> None:
    sound_project(tmp_path)
    before = (tmp_path / PROJECT_FILE).read_bytes()
    assert levels(tmp_path) == ["ok", "ok", "ok"]
    assert (tmp_path / PROJECT_FILE).read_bytes() == before


def test_no_project_is_a_finding(tmp_path: Path) -> None:
    assert levels(tmp_path) == ["fail"]
    assert "no project" in texts(tmp_path, "fail")


def test_images_and_files_that_changed_or_vanished_are_told(tmp_path: Path) -> None:
    sound_project(tmp_path)
    (tmp_path / "a.tif").write_bytes(b"others")
    (tmp_path / "a.csv").write_bytes(b"others")
    assert "content changed" in texts(tmp_path, "warn")
    assert "a.csv was changed by something else" in texts(tmp_path, "warn")
    (tmp_path / "a.tif").unlink()
    (tmp_path / "a.csv").unlink()
    assert "not where it was" in texts(tmp_path, "warn")
    assert "a.csv is no longer there" in texts(tmp_path, "warn")


def test_a_damaged_record_is_told_and_everything_else_is_still_there(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    table = None
    for row in range(3):
        edit = added(table, (row, row))
        head = project.append(image, SHARED, Record("edit", edit), row)
        history, _ = project.history(image, SHARED)
        table = history.state.points
    project.close()
    change(tmp_path, f"UPDATE records SET content = x'7b7d' WHERE head = {head - 1}")
    assert "record 2 cannot be read" in texts(tmp_path, "fail")
    with Project.open(tmp_path) as project:
        history, _ = project.history(image, SHARED)
    assert history.state.points is not None
    assert history.state.points.yx.tolist() == [[0, 0], [2, 2]]
    assert len(history.edits) == 3


def test_a_missing_record_and_one_that_does_not_fit_are_told(tmp_path: Path) -> None:
    sound_project(tmp_path)
    change(tmp_path, "DELETE FROM records WHERE head = 7")
    assert "records 7 to 7 are missing" in texts(tmp_path, "fail")
    with Project.open(tmp_path) as project:
        assert project.history(1, SHARED)[1] == 30 == project.head(1, SHARED)


def test_a_page_that_is_damaged_is_told(tmp_path: Path) -> None:
    sound_project(tmp_path)
    data = bytearray((tmp_path / PROJECT_FILE).read_bytes())
    for page in range(4, len(data) // 4096):
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    (tmp_path / PROJECT_FILE).write_bytes(data)
    failures = [finding for finding in check(tmp_path) if finding.level == "fail"]
    assert "damaged" in failures[0].text
    assert "Copy" in failures[0].cure
    assert (tmp_path / PROJECT_FILE).read_bytes() == bytes(data)


def test_the_journal_tells_who_did_what_to_which_image(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.editor = "Bob"
    edit = added(None, (1, 1), "Ada")
    project.append(image, SHARED, Record("edit", edit), 0)
    project.append(image, SHARED, Record("undo", edit), 1)
    project.set_review(image, SHARED, "done", "Eve")
    entries = project.journal()
    assert {(entry.editor, entry.what) for entry in entries} == {
        ("Ada", "add (1 point)"),
        ("Bob", "undo add"),
        ("Eve", "review done"),
        ("", "began with nothing"),
    }
    assert {entry.image for entry in entries} == {"a.tif"}
    assert "Ada  a.tif: add (1 point)" in str(entries[-1])
    assert len(project.journal(limit=2)) == 2
    assert project.journal(image + 1) == ()
    project.close()


def test_what_can_be_read_of_a_damaged_journal_is_shown_and_the_rest_is_told(
    tmp_path: Path,
) -> None:
    project, image = project_with_image(tmp_path)
    for number in range(3):
        table = project.history(image, SHARED)[0].state.points
        project.append(image, SHARED, Record("edit", added(table, (number, 0))), number)
    project.close()
    change(tmp_path, "UPDATE records SET content = x'00' WHERE head = 2")
    with Project.open(tmp_path) as project:
        assert project.notices == ()
        history, head = project.history(image, SHARED)
        assert head == 3
        assert history.state.points is not None
        assert history.state.points.yx.tolist() == [[0, 0], [2, 0]]
        (notice,) = project.notices
        assert notice.startswith("1 of the edits of image 1 (shared) cannot be read")
