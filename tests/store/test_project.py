"""Projects are made, opened and asked."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation, EditConflict, History, Record
from napari_slitseg.store import PROJECT_FILE, SHARED, Project, Stale, StoreError
from tests.store.edits import (
    SHAPE,
    added,
    edit_at_random,
    painted,
    project_with_image,
    same,
    some_record,
)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path) as project:
        yield project


def test_a_project_is_one_file_in_its_folder(tmp_path: Path) -> None:
    Project.create(tmp_path).close()
    assert [file.name for file in tmp_path.iterdir()] == [PROJECT_FILE]


def test_a_project_is_never_made_over_another(project: Project, tmp_path: Path) -> None:
    project.put("name", "mine")
    with pytest.raises(StoreError, match="already"):
        Project.create(tmp_path)
    with Project.open_or_create(tmp_path) as again:
        assert again.get("name") == "mine"


def test_a_folder_without_a_project_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no project") as told:
        Project.open(tmp_path)
    assert told.value.is_gone
    assert list(tmp_path.iterdir()) == []


def test_images_are_found_again(project: Project, tmp_path: Path) -> None:
    number = project.add_image(tmp_path / "sub" / "ä b#?%.tif", 2, (10, 20), 2.5, "abc")
    (image,) = project.images()
    assert project.image_id(tmp_path / "sub" / "ä b#?%.tif", 2) == number == image.id
    assert project.image_id(tmp_path / "sub" / "ä b#?%.tif", 0) is None
    assert image.path == tmp_path / "sub" / "ä b#?%.tif"
    assert (image.page, image.shape, image.pixel_size_nm, image.sha256) == (2, (10, 20), 2.5, "abc")


def test_accents_that_another_system_writes_otherwise_name_the_same_image(
    project: Project,
) -> None:
    composed, apart = (unicodedata.normalize(form, "Nière ä.tif") for form in ("NFC", "NFD"))
    number = project.add_image(project.folder / apart)
    (project.folder / composed).touch()
    assert project.image_id(project.folder / composed) == number
    assert project.add_image(project.folder / composed) == number
    (project.folder / apart).touch()
    assert project.image_id(project.folder / composed) is None
    assert project.image_id(project.folder / apart) == number


def test_an_image_added_again_is_the_same_image_and_forgets_nothing(project: Project) -> None:
    path = project.folder / "a.tif"
    first = project.add_image(path, 0, (10, 20), 2.5, "abc")
    assert project.add_image(path, 0, (10, 20)) == first
    (image,) = project.images()
    assert (image.pixel_size_nm, image.sha256) == (2.5, "abc")


def test_a_folder_may_be_moved_with_its_project(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with Project.create(tmp_path / "old") as project:
        project.add_image(tmp_path / "old" / "sub" / "a.tif")
        project.add_image(tmp_path / "outside.tif")
    (tmp_path / "old").rename(tmp_path / "new")
    with Project.open(tmp_path / "new") as project:
        inside, outside = project.images()
    assert inside.path == tmp_path / "new" / "sub" / "a.tif"
    assert outside.path == tmp_path / "outside.tif"


def test_a_folder_reached_through_a_link_knows_the_same_images(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with Project.create(tmp_path / "link") as project:
        number = project.add_image(tmp_path / "link" / "a.tif")
        assert project.image_id(tmp_path / "real" / "a.tif") == number


def test_a_renamed_file_is_found_by_its_content(project: Project) -> None:
    number = project.add_image(project.folder / "a.tif", 1, SHAPE, None, "abc")
    other = project.add_image(project.folder / "b.tif", 1, SHAPE, None, "")
    assert [image.id for image in project.find_moved("abc", 1)] == [number]
    assert project.find_moved("", 1) == () == project.find_moved("abc", 0)
    project.relocate(number, project.folder / "c.tif")
    assert project.image_id(project.folder / "c.tif", 1) == number
    with pytest.raises(StoreError, match="another image"):
        project.relocate(other, project.folder / "c.tif")


def test_a_journal_gives_back_every_edit(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    history = edit_at_random(project, image, 200, random.Random(1))
    project.close()
    with Project.open(tmp_path) as again:
        restored, head = again.history(image, SHARED)
    assert head == 200
    assert same(restored, history)
    while history.can_undo:
        history, restored = history.undo(), restored.undo()
        assert restored.state.equals(history.state)
    assert restored.state.points is None


def test_tracks_are_apart(project: Project) -> None:
    image = project.add_image(project.folder / "a.tif")
    project.begin(image, SHARED, Annotation())
    project.begin(image, "Ada", Annotation(PointTable.from_yx([[1, 2]])))
    project.append(image, SHARED, Record("edit", added(None, (3, 4))), 0)
    assert project.head(image, SHARED) == 1
    assert project.head(image, "Ada") == 0
    assert project.tracks() == ((image, "Ada"), (image, SHARED))
    ada, _ = project.history(image, "Ada")
    assert ada.state.points is not None
    assert ada.state.points.yx.tolist() == [[1, 2]]


def test_an_image_without_a_journal_has_an_empty_history(project: Project) -> None:
    image = project.add_image(project.folder / "a.tif")
    history, head = project.history(image, SHARED)
    assert head == 0 == len(history.edits)
    assert project.base(image, SHARED) is None
    with pytest.raises(StoreError, match="begin"):
        project.append(image, SHARED, Record("edit", added(None, (1, 1))), 0)


def test_a_base_comes_back_bit_for_bit(project: Project) -> None:
    image = project.add_image(project.folder / "a.tif")
    membrane = np.random.default_rng(1).random(SHAPE) < 0.3
    points = PointTable.from_yx([[0.1 + 0.2, 1 / 3]], score=[0.7], origin="model:ä@1")
    project.begin(image, SHARED, Annotation(points, membrane))
    base = project.base(image, SHARED)
    assert base is not None
    assert base.equals(Annotation(points, membrane))


def test_an_append_that_is_late_gets_what_was_appended_meanwhile(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    first, second = added(None, (1, 1)), added(None, (2, 2))
    with Project.open(tmp_path) as other:
        other.append(image, SHARED, Record("edit", first), 0)
    with pytest.raises(Stale) as told:
        project.append(image, SHARED, Record("edit", second), 0)
    (newer,) = told.value.records
    assert told.value.head == 1 == project.head(image, SHARED)
    assert newer.edit is not None
    assert newer.edit.after.equals(first.after)
    with pytest.raises(EditConflict):
        History().follow(newer).push(second)
    project.close()


def test_a_record_whose_writing_was_in_doubt_is_not_written_twice(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    record = Record("edit", added(None, (1, 1)))
    assert project.append(image, SHARED, record, 0) == 1
    assert project.append(image, SHARED, record, 0) == 1
    assert project.head(image, SHARED) == 1
    with Project.open(tmp_path) as other, pytest.raises(Stale):
        other.append(image, SHARED, record, 0)
    project.close()


def test_a_journal_begun_anew_keeps_what_was_before(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.append(image, SHARED, Record("edit", added(None, (1, 1))), 0)
    with pytest.raises(Stale):
        project.begin(image, SHARED, Annotation())
    base = Annotation(PointTable.from_yx([[5, 5]]))
    assert project.begin(image, SHARED, base, expected=1) == 2
    history, head = project.history(image, SHARED)
    assert head == 2
    assert history.base.equals(base)
    assert not history.can_undo
    with pytest.raises(Stale) as told:
        project.append(image, SHARED, Record("edit", added(None, (1, 1))), 1)
    assert told.value.is_restarted
    assert told.value.head == 2
    project.close()


def test_membranes_drawn_and_undone_are_unknown_again(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.append(image, SHARED, Record("edit", painted(random.Random(1))), 0)
    painted_history, _ = project.history(image, SHARED)
    project.append(image, SHARED, Record("undo"), 1)
    history, _ = project.history(image, SHARED)
    assert painted_history.state.membrane is not None
    assert history.state.membrane is None is history.state.points
    project.close()


def test_the_last_review_counts_and_earlier_ones_are_kept(project: Project) -> None:
    image = project.add_image(project.folder / "a.tif")
    assert project.reviews() == {}
    project.set_review(image, SHARED, "in progress", "Ada")
    project.set_review(image, SHARED, "done", "Bob")
    project.set_review(image, "Ada", "open", "Ada")
    reviews = project.reviews()
    assert reviews[image, SHARED].status == "done"
    assert reviews[image, SHARED].editor == "Bob"
    assert reviews[image, "Ada"].status == "open"
    with pytest.raises(ValueError, match="finished"):
        project.set_review(image, SHARED, "finished", "Ada")  # type: ignore[arg-type]


def test_a_word_said_under_a_wrong_clock_does_not_count_for_ever(project: Project) -> None:
    image = project.add_image(project.folder / "a.tif")
    project.set_review(image, SHARED, "in progress", "Ada")
    with project._database.transaction():
        project._database.run("UPDATE reviews SET time = '2099-01-01T00:00:00.000Z'")
    for status in ("done", "open", "done"):
        project.set_review(image, SHARED, status, "Ada")  # type: ignore[arg-type]
        assert project.reviews()[image, SHARED].status == status


def test_results_runs_people_files_and_settings_come_back(project: Project) -> None:
    image = project.add_image(project.folder / "a.tif")
    project.put_result(image, SHARED, {"f1": 0.5}, {"tolerance_nm": 20})
    project.put_result(image, SHARED, {"f1": 0.75, "chamfer": None}, {"tolerance_nm": 30})
    assert project.results()[image, SHARED].scores == {"f1": 0.75, "chamfer": None}
    assert project.results()[image, SHARED].settings == {"tolerance_nm": 30}
    project.add_model_run("forknet", "abc", "peaks", 0.4, pixel_size_nm=2.5)
    (run,) = project.model_runs()
    assert (run.model, run.threshold, run.more) == ("forknet", 0.4, {"pixel_size_nm": 2.5})
    for name in ("Bob", "Ada", "Bob"):
        project.add_annotator(name)
    assert project.annotators() == ("Ada", "Bob")
    file = project.folder / "a.csv"
    assert project.known_file(file) is None
    project.remember_file(file, image, "abc", 10, 20)
    project.remember_file(file, image, "def", 11, 21)
    known = project.known_file(file)
    assert known is not None
    assert (known.path, known.sha256, known.size, known.mtime_ns) == (file, "def", 11, 21)
    assert project.known_files() == (known,)
    assert project.get("seed") is None
    project.put("seed", {"a": [1, 2]})
    assert project.get("seed") == {"a": [1, 2]}


def test_what_is_random_can_be_replayed_step_by_step(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    rng, history, head = random.Random(7), History(), 0
    for _ in range(60):
        record = some_record(history, rng)
        head = project.append(image, SHARED, record, head)
        history = history.follow(record)
        restored, _ = project.history(image, SHARED)
        assert same(restored, history)
    assert not history.state.equals(Annotation())
    project.close()
