"""Old annotations are taken into a project, with a report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
from PIL import Image

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.review import Annotation, Record, Signature, apply, drawn_edit
from napari_slitseg.events import Event, Finished, ImageDone, ImageSkipped, Notice, Started
from napari_slitseg.jobs.project import ImportAnnotationsJob
from napari_slitseg.pipelines.import_annotations import import_annotations
from napari_slitseg.pipelines.import_annotations_report import ImportReport
from napari_slitseg.store import PROJECT_FILE, SHARED, Project

SHAPE = (60, 50)
BY = Signature("Ada", "2026-11-21T10:00:00Z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images whose names have a space, umlauts and capitals."""
    path = tmp_path / "Bilder größer"
    path.mkdir()
    for number, name in enumerate(("a 1.png", "Füße.png", "C.tif")):
        Image.fromarray(np.full(SHAPE, number + 1, np.uint8)).save(path / name)
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old"
    path.mkdir()
    return path


def imported(folder: Path, *files: Path, **values: object) -> ImportReport:
    return with_events(folder, *files, **values)[0]


def with_events(folder: Path, *files: Path, **values: object) -> tuple[ImportReport, list[Event]]:
    job = ImportAnnotationsJob.model_validate({"folder": folder, "files": files, **values})
    steps, events = import_annotations(job), []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            return stop.value, events


def outcomes(report: ImportReport) -> dict[str, str]:
    return {each.image.name: each.outcome for each in report.images}


def kept(folder: Path, name: str) -> Annotation:
    """Return what the project holds of an image."""
    with Project.open(folder, read_only=True) as project:
        number = project.image_id(folder / name)
        assert number is not None
        return project.history(number, SHARED)[0].state


def places(annotation: Annotation) -> list[list[float]]:
    assert annotation.points is not None
    return sorted(annotation.points.living.yx.tolist())


def dots(*places: tuple[int, int], shape: tuple[int, int] = SHAPE) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    for y, x in places:
        mask[y, x] = 255
    return mask


def test_every_format_is_imported_and_reported(folder: Path, old: Path) -> None:
    (old / "A 1_annotations.csv").write_bytes(
        b"axis-0;axis-1;uncertain;comment\r\n10,5;10;1;x\r\n10,9;10;0;y\r\n99;10;0;z\r\n"
    )
    roi = roifile.ImagejRoi.frompoints([[7, 5], [9, 8]])
    roi.roitype = roifile.ROI_TYPE.POINT
    roifile.roiwrite(old / "Füße.zip", [roi])
    layers = np.zeros((4, *SHAPE), np.uint8)
    layers[2, 20:23], layers[3, 30, 12] = 255, 255
    tifffile.imwrite(old / "C.tif", layers, photometric="minisblack")
    Image.fromarray(dots((1, 1))).save(old / "nobody's.png")

    report, events = with_events(folder, old)
    assert outcomes(report) == dict.fromkeys(("a 1.png", "Füße.png", "C.tif"), "imported")
    one = next(each for each in report.images if each.image.name == "a 1.png")
    assert (one.n_points, one.n_uncertain) == (3, 1)
    assert one.notes == (
        "1 point outside the image",
        "1 point within 1 px of another one",
        "ignored columns: comment",
    )
    assert [path.name for path in report.unmatched] == ["nobody's.png"]
    assert isinstance(events[0], Started)
    assert sum(isinstance(each, ImageDone) for each in events) == 3
    notices = [f"{e.item}: {e.text}" for e in events if isinstance(e, Notice)]
    assert "a 1.png: A 1_annotations.csv: ignored columns: comment" in notices
    assert "nobody's.png: It belongs to no image." in notices
    assert isinstance(events[-1], Finished)
    assert events[-1].n_ok == 3

    assert places(kept(folder, "a 1.png")) == [[10.5, 10], [10.9, 10], [99, 10]]
    assert places(kept(folder, "Füße.png")) == [[5, 7], [8, 9]]
    layered = kept(folder, "C.tif")
    assert places(layered) == [[30, 12]]
    assert layered.membrane is not None
    assert np.flatnonzero(layered.membrane.any(axis=1)).tolist() == [20, 21, 22]
    [told] = [each for each in report.to_dict()["images"] if each["image"].endswith("C.tif")]
    assert told["n_membrane_px"] == 3 * SHAPE[1]


def test_a_dry_run_reports_the_same_and_writes_nothing(folder: Path, old: Path) -> None:
    write_points(old / "a 1.csv", PointTable.from_yx([[1, 1], [2, 30]]))
    dry = imported(folder, old, dry_run=True)
    assert not (folder / PROJECT_FILE).exists()
    assert dry.is_dry
    real = imported(folder, old)
    assert [each.to_dict() for each in dry.images] == [each.to_dict() for each in real.images]
    assert outcomes(real) == {
        "a 1.png": "imported",
        "Füße.png": "no annotation",
        "C.tif": "no annotation",
    }
    again = imported(folder, old, dry_run=True)
    assert outcomes(again)["a 1.png"] == "same already"


def test_without_files_what_lies_beside_the_images_is_taken(folder: Path) -> None:
    write_points(folder / "a 1.csv", PointTable.from_yx([[1, 1]]))
    Image.fromarray(dots((5, 5), (5, 6))).save(folder / "C_membrane.png")
    report = imported(folder)
    assert outcomes(report) == {
        "a 1.png": "imported",
        "Füße.png": "no annotation",
        "C.tif": "imported",
    }
    state = kept(folder, "C.tif")
    assert state.points is None
    assert state.membrane is not None
    assert state.membrane.sum() == 2
    with Project.open(folder, read_only=True) as project:
        assert project.known_file(folder / "a 1.csv") is not None


def test_masks_in_a_folder_of_that_name_are_membranes(folder: Path, old: Path) -> None:
    (old / "membrane").mkdir()
    (old / "slits").mkdir()
    Image.fromarray(dots((5, 5), (5, 6), (5, 7))).save(old / "membrane" / "C.png")
    write_points(old / "slits" / "C.csv", PointTable.from_yx([[1, 1]]))
    report = imported(folder, old / "membrane", old / "slits")
    [one] = report.of("imported")
    assert (one.n_points, one.n_membrane_px) == (1, 3)
    assert report.unused == ()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a 1.csv", b"", "is empty"),
        ("a 1.csv", b"axis-0,axis-1\n1,2\nnan,3\n", "line 3"),
        ("a 1.csv", b"x,y\n1,2\n", "needed are axis-0"),
        ("a 1.zip", b"no zip", "no readable ImageJ ROI file"),
        ("a 1.png", b"no picture", "a 1.png"),
    ],
)
def test_a_file_that_cannot_be_read_fails_its_image_only(
    folder: Path, old: Path, name: str, content: bytes, told: str
) -> None:
    (old / name).write_bytes(content)
    write_points(old / "C.csv", PointTable.from_yx([[1, 1]]))
    report, events = with_events(folder, old)
    assert outcomes(report) == {
        "a 1.png": "failed",
        "Füße.png": "no annotation",
        "C.tif": "imported",
    }
    assert told in report.of("failed")[0].notes[0]
    assert isinstance(events[-1], Finished)
    assert events[-1].n_failed == 1


def test_masks_in_colour_are_read_and_of_another_size_refused(folder: Path, old: Path) -> None:
    grey = dots((10, 20), (30, 40))
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(old / "a 1_slits.png")
    Image.fromarray(dots((1, 1), shape=(20, 20))).save(old / "C_points.png")
    Image.fromarray(dots((1, 1), shape=(20, 20))).save(old / "Füße_membrane.png")
    report = imported(folder, old)
    assert outcomes(report) == {"a 1.png": "imported", "Füße.png": "failed", "C.tif": "failed"}
    assert places(kept(folder, "a 1.png")) == [[10, 20], [30, 40]]
    assert all("20 x 20 px" in each.notes[0] for each in report.of("failed"))


def test_a_table_without_points_says_that_there_are_none(folder: Path, old: Path) -> None:
    (old / "C.csv").write_text("axis-0,axis-1\n")
    report = imported(folder, old)
    assert report.of("imported")[0].notes == ("it has no points: it says that there are no slits",)
    assert places(kept(folder, "C.tif")) == []


def test_edits_are_never_overwritten_unless_asked_and_then_undone(folder: Path, old: Path) -> None:
    file = old / "a 1.csv"
    write_points(file, PointTable.from_yx([[1, 1], [20, 20]]))
    imported(folder, old)
    with Project.open(folder) as project:
        number = project.image_id(folder / "a 1.png")
        assert number is not None
        history, head = project.history(number, SHARED)
        table = history.state.points
        assert table is not None
        edit = drawn_edit(
            table, table.ids, np.array([0, 1, -1]), np.array([[1.0, 1], [22, 20], [5, 5]]), BY
        )
        edited = apply(history.state, edit)
        project.append(number, SHARED, Record("edit", edit), head)

    report = imported(folder, old)
    assert outcomes(report)["a 1.png"] == "skipped"
    assert "--replace" in report.of("skipped")[0].notes[0]
    assert kept(folder, "a 1.png").equals(edited)
    dry = imported(folder, old, replace=True, dry_run=True)
    assert outcomes(dry)["a 1.png"] == "replaced"
    assert kept(folder, "a 1.png").equals(edited)

    replaced = imported(folder, old, replace=True, editor="Bo")
    assert outcomes(replaced)["a 1.png"] == "replaced"
    assert places(kept(folder, "a 1.png")) == [[1, 1], [20, 20]]
    with Project.open(folder, read_only=True) as project:
        history, _ = project.history(number, SHARED)
    assert history.undoes is not None
    assert (history.undoes.kind, history.undoes.editor) == ("import", "Bo")
    assert history.undo().state.equals(edited)


def test_a_file_that_fits_two_images_is_given_to_neither(folder: Path, old: Path) -> None:
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(folder / "c.png")
    write_points(old / "C.csv", PointTable.from_yx([[1, 1]]))
    report, events = with_events(folder, old)
    assert outcomes(report)["C.tif"] == outcomes(report)["c.png"] == "skipped"
    [why] = {each.notes[0] for each in report.of("skipped")}
    assert "C.csv fits" in why
    assert "--pairs" in why
    assert sum(isinstance(each, ImageSkipped) for each in events) == 4
    assert any(isinstance(e, ImageSkipped) and e.reason.startswith("C.csv fits") for e in events)
    assert report.unused == (), "it was not read for another reason"

    table = old / "pairs.txt"
    table.write_text("image;file\nC.tif;C.csv\n")
    told = imported(folder, pairs=table)
    assert outcomes(told)["C.tif"] == "imported"
    assert outcomes(told)["c.png"] == "no annotation"


def test_an_umlaut_is_the_same_as_a_mac_writes_it(folder: Path, old: Path) -> None:
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(folder / "n\u00e4chste.png")
    write_points(old / "na\u0308chste.csv", PointTable.from_yx([[3, 4]]))
    (old / "C.csv").mkdir()
    report = imported(folder, old)
    assert outcomes(report)["n\u00e4chste.png"] == "imported"
    assert outcomes(report)["C.tif"] == "no annotation", "a folder is no table"


def test_of_two_files_for_one_image_the_better_name_is_taken(folder: Path, old: Path) -> None:
    write_points(old / "a 1_annotations.csv", PointTable.from_yx([[1, 1]]))
    write_points(old / "a 1_slits.csv", PointTable.from_yx([[9, 9]]))
    report = imported(folder, old)
    assert places(kept(folder, "a 1.png")) == [[1, 1]]
    assert [path.name for path in report.unused] == ["a 1_slits.csv"]
    assert report.unmatched == ()


def test_an_image_that_was_renamed_is_known_again(folder: Path, old: Path) -> None:
    write_points(old / "C.csv", PointTable.from_yx([[1, 1]]))
    imported(folder, old)
    (folder / "C.tif").rename(folder / "new.tif")
    write_points(old / "new.csv", PointTable.from_yx([[9, 9]]))
    assert outcomes(imported(folder, old))["new.tif"] == "skipped"
    assert places(kept(folder, "new.tif")) == [[1, 1]]


@pytest.mark.parametrize("what", ["no folder", "no images", "no file", "no annotation", "no pair"])
def test_what_makes_no_sense_is_refused_before_anything(
    folder: Path, old: Path, tmp_path: Path, what: str
) -> None:
    (old / "pairs.csv").write_text("image,file\na 1.png,nowhere.csv\n")
    (old / "text.txt").write_text("")
    report, events = {
        "no folder": lambda: with_events(tmp_path / "none"),
        "no images": lambda: with_events(old),
        "no file": lambda: with_events(folder, old / "none.csv"),
        "no annotation": lambda: with_events(folder, old / "text.txt"),
        "no pair": lambda: with_events(folder, pairs=old / "pairs.csv"),
    }[what]()
    [end] = events
    assert isinstance(end, Finished)
    assert end.reason == "refused"
    assert len(end.message) > 20
    assert report.images == ()
    assert not (folder / PROJECT_FILE).exists()


FULL = """
import resource, signal, sys
from pathlib import Path
from napari_slitseg.jobs.project import ImportAnnotationsJob
from napari_slitseg.pipelines.import_annotations import import_annotations
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = Path(sys.argv[1], "slitseg-project.sqlite").stat().st_size + 20000
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
*_, last = import_annotations(ImportAnnotationsJob(folder=sys.argv[1], files=[sys.argv[2]]))
print(last.reason, last.n_failed, last.message)
"""


def test_a_full_disk_ends_it_and_keeps_what_was_there(folder: Path, old: Path) -> None:
    write_points(old / "a 1.csv", PointTable.from_yx([[1, 1]]))
    imported(folder, old)
    many = PointTable.from_yx(np.random.default_rng(0).uniform(0, 40, (20000, 2)))
    for name in ("C.csv", "Füße.csv"):
        write_points(old / name, many)
    result = subprocess.run(
        [sys.executable, "-c", FULL, os.fspath(folder), os.fspath(old)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert result.stdout.startswith("failed 1"), result.stdout + result.stderr
    assert places(kept(folder, "a 1.png")) == [[1, 1]]
    assert outcomes(imported(folder, old)) == {
        "a 1.png": "same already",
        "Füße.png": "imported",
        "C.tif": "imported",
    }
