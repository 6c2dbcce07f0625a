"""Readings and agreement in a real project file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.cli.readers import agreement as command
from napari_slitseg.core.blinding import ReadingSettings
from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.review import Annotation
from napari_slitseg.pipelines import readers_plans as plans
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.readers import agree
from napari_slitseg.pipelines.readers_files import predictions_in, result_files, write_agreement
from napari_slitseg.store import Project

SHAPE = (200, 200)
NAMES = [f"b{n}.png" for n in range(4)]


def truth(n: int) -> np.ndarray:
    return np.random.default_rng(n).random((12, 2)) * 180 + 10


def table(yx: np.ndarray) -> Annotation:
    return Annotation(PointTable.from_yx(yx))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four images; Ada sees all, Ben misses two of each and was away for one."""
    membrane = np.zeros(SHAPE, bool)
    membrane[10:190] = True
    with Project.create(tmp_path) as project:
        for n, name in enumerate(NAMES):
            Image.new("L", SHAPE).save(tmp_path / name)
            image = project.add_image(tmp_path / name, shape=SHAPE, pixel_size_nm=10.0)
            project.begin(image, "Ada", Annotation(PointTable.from_yx(truth(n)), membrane))
            if n:
                project.begin(image, "Ben", table(truth(n)[2:] + 1))
    return tmp_path


def test_a_plan_is_kept_and_found_again(folder: Path) -> None:
    with Project.open(folder) as project:
        begun = plans.begin_reading(project, "Ada", NAMES, ReadingSettings(seed=5))
    with Project.open(folder) as project:
        assert plans.readings(project) == {"Ada": begun}
        assert plans.shown_here(project) == begun
        assert project.annotators() == ("Ada",)


def test_everything_that_happens_to_a_reading_is_written_down(folder: Path) -> None:
    with Project.open(folder) as project:
        reading = plans.begin_reading(project, "Ada", NAMES, ReadingSettings())
        left = plans.leave_reading(project, reading, "Ada")
        assert plans.shown_here(project) is None
        again = plans.resume_reading(project, left)
        assert plans.shown_here(project) == again
        over = plans.end_reading(project, again, "Chief")
        assert plans.shown_here(project) is None
        assert over.plan.is_over
    with Project.open(folder) as project:
        (kept,) = plans.readings(project).values()
    told = [(each.what, each.by) for each in kept.log]
    assert told == [("begun", "Ada"), ("left", "Ada"), ("resumed", "Ada"), ("ended", "Chief")]
    assert all(each.time.endswith("Z") for each in kept.log)
    assert kept.plan.ended_by == "Chief"
    assert {row["image"] for row in kept.plan.key_rows()} == set(NAMES)


def test_a_reader_has_one_reading_in_a_project(folder: Path) -> None:
    with Project.open(folder) as project:
        plans.begin_reading(project, "Ada", NAMES, ReadingSettings())
        with pytest.raises(JobError, match=r"Ada has a reading.*Ada 2"):
            plans.begin_reading(project, "ada", NAMES, ReadingSettings())
        plans.begin_reading(project, "Ada 2", NAMES, ReadingSettings())
        assert list(plans.readings(project)) == ["Ada", "Ada 2"]


def test_who_unblinds_has_a_name(folder: Path) -> None:
    with Project.open(folder) as project:
        reading = plans.begin_reading(project, "Ada", NAMES, ReadingSettings())
        with pytest.raises(JobError, match="Say who"):
            plans.end_reading(project, reading, " ")
        assert not plans.readings(project)["Ada"].plan.is_over


@pytest.mark.parametrize(("reader", "images"), [("shared", NAMES), ("", NAMES), ("Ada", [])])
def test_impossible_readings_are_refused_and_leave_no_trace(
    folder: Path, reader: str, images: list[str]
) -> None:
    with Project.open(folder) as project:
        with pytest.raises(JobError):
            plans.begin_reading(project, reader, images, ReadingSettings())
        assert plans.readings(project) == {}


def test_a_damaged_reading_is_told_by_name(folder: Path) -> None:
    with Project.open(folder) as project:
        plans.begin_reading(project, "Ada", NAMES, ReadingSettings())
        project.put("reading of Ada", {"plan": 3})
        with pytest.raises(JobError, match=r"The reading of Ada in .* damaged"):
            plans.readings(project)


def test_readers_are_compared_on_what_both_read(folder: Path) -> None:
    with Project.open(folder) as project:
        found = agree(project)
    (pair,) = found.found.pairs
    assert found.n_images == 4
    assert [each.name for each in pair.images] == NAMES[1:]
    assert pair.pooled.true_positive == 30
    assert pair.pooled.precision == pytest.approx(10 / 12)
    assert pair.counts.bias == 2
    assert 0 < pair.kappa.value < pair.f1.value < 1
    assert set(found.regions.values()) == {"membrane"}


def test_the_tolerance_decides_what_is_the_same(folder: Path) -> None:
    with Project.open(folder) as project:
        assert agree(project, tolerance_nm=10).found.pairs[0].f1.value == 0
        assert agree(project, tolerance_nm=15).found.pairs[0].f1.value > 0.9
        with pytest.raises(JobError, match="above 0 nm"):
            agree(project, tolerance_nm=0)


def test_the_shared_annotation_may_be_a_file_beside_the_image(folder: Path) -> None:
    write_points(folder / "b1.csv", PointTable.from_yx(truth(1)))
    proposed = PointTable.from_yx(truth(2), status="proposed", score=np.full(12, 0.5))
    write_points(folder / "b2.csv", proposed)
    with Project.open(folder) as project:
        found = agree(project, readers=["Ada", "shared"])
    (pair,) = found.found.pairs
    assert [each.name for each in pair.images] == ["b1.png"]
    assert pair.f1.value == 1


def test_a_folder_of_predictions_takes_part_as_the_model(folder: Path, tmp_path: Path) -> None:
    predictions = tmp_path / "found"
    predictions.mkdir()
    for n in range(4):
        proposed = PointTable.from_yx(truth(n), status="proposed", score=np.full(12, 0.5))
        write_points(predictions / f"b{n}_slits.csv", proposed)
    with Project.open(folder) as project:
        found = agree(
            project, readers=["Ada", "model"], also={"model": predictions_in(predictions)}
        )
    assert found.found.pair("Ada", "model").pooled.f1 == 1


def test_an_unknown_pixel_size_is_said(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        image = project.add_image(tmp_path / "a.png", shape=SHAPE)
        for reader in ("Ada", "Ben"):
            project.begin(image, reader, table(truth(1)))
        found = agree(project)
    assert found.notes == ("a.png: pixel size unknown, 10 nm was assumed.",)


def test_the_tolerance_follows_the_scale_that_was_told(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        image = project.add_image(tmp_path / "a.png", shape=SHAPE)
        for number, reader in enumerate(("Ada", "Ben")):
            project.begin(image, reader, table(np.array([[50.0, 50 + 4 * number]])))
        assert agree(project).found.pair("Ada", "Ben").pooled.f1 == 1
        project.set_scale(Scale(20.0, "typed", "Ada"), None)
        found = agree(project)
    assert found.found.pair("Ada", "Ben").pooled.f1 == 0
    assert found.notes == ()


def test_an_image_that_is_half_read_does_not_count(folder: Path) -> None:
    with Project.open(folder) as project:
        reading = plans.begin_reading(project, "Ben", NAMES, ReadingSettings())
        first, second = (project.image_id(folder / name) for name in NAMES[:2])
        project.set_review(first, "Ben", "in progress", "Ben")
        with pytest.raises(JobError, match=r"read by two of.*Ben still reads: 4 images"):
            agree(project)
        project.set_review(second, "Ben", "done", "Ben")
        found = agree(project)
        (pair,) = found.found.pairs
        assert [each.name for each in pair.images] == NAMES[1:2]
        assert found.notes == ("Ben still reads: 3 images not marked as done, left out.",)
        plans.end_reading(project, reading, "Chief")
        found = agree(project)
        assert len(found.found.pairs[0].images) == 4
        assert found.notes[0].startswith("Ben opened 3 images without marking as done")
        assert "membrane in 3 images" not in "".join(found.notes)


def test_kappa_that_mixes_regions_is_told(folder: Path) -> None:
    with Project.open(folder) as project:
        image = project.add_image(folder / "b9.png", shape=SHAPE, pixel_size_nm=10.0)
        for reader in ("Ada", "Ben"):
            project.begin(image, reader, table(truth(9)))
        (note,) = agree(project).notes
    assert "membrane in 4 images and all over the image in 1" in note


def test_a_comparison_that_is_stopped_ends_at_the_next_image(folder: Path) -> None:
    asked = []

    def on_image() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt

    with Project.open(folder) as project, pytest.raises(KeyboardInterrupt):
        agree(project, on_image=on_image)
    assert len(asked) == 2


def test_one_reader_or_a_stranger_is_refused(folder: Path, tmp_path: Path) -> None:
    with Project.open(folder) as project:
        with pytest.raises(JobError, match=r"Nobody called Cleo.*Ada, Ben"):
            agree(project, readers=["Ada", "Cleo"])
        with pytest.raises(JobError, match=r"two readers. Only Ada"):
            agree(project, readers=["Ada"])


def test_readers_without_a_common_image_are_told(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        for n, reader in enumerate(("Ada", "Ben")):
            image = project.add_image(tmp_path / f"{n}.png", shape=SHAPE, pixel_size_nm=10.0)
            project.begin(image, reader, table(truth(1)))
        with pytest.raises(JobError, match=r"read by two of: Ada, Ben"):
            agree(project)


def test_tables_are_written_with_how_they_were_made(folder: Path) -> None:
    out = folder / "agreement.csv"
    with Project.open(folder) as project:
        reading = plans.begin_reading(project, "Ada", NAMES, ReadingSettings())
        plans.end_reading(project, reading, "Chief")
        found = agree(project)
    write_agreement(out, found)
    write_agreement(out, found)
    pairs, images, record = result_files(out)
    (row,) = csv.DictReader(pairs.read_text().splitlines())
    assert (row["first"], row["second"]) == ("Ada", "Ben")
    assert float(row["f1"]) == found.found.pairs[0].f1.value
    assert [each["image"] for each in csv.DictReader(images.read_text().splitlines())] == NAMES[1:]
    told = json.loads(record.read_text())
    assert told["tolerance_nm"] == 50
    assert told["readings"][0]["what"] == "begun"
    assert "Bland" in told["how"]


def test_a_file_of_somebody_else_is_never_replaced(folder: Path) -> None:
    out = folder / "agreement.csv"
    out.with_suffix(".json").write_text("{}")
    with Project.open(folder) as project:
        found = agree(project)
    with pytest.raises(JobError, match="none of this program's"):
        write_agreement(out, found)
    assert not out.exists()


def test_the_command_prints_and_writes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "slitseg-project.sqlite").read_bytes()
    assert command(folder, out=folder / "a.csv") == 0
    told = capsys.readouterr().out
    assert "Ada / Ben" in told
    assert "kappa" in told
    assert (folder / "a_images.csv").exists()
    assert (folder / "slitseg-project.sqlite").read_bytes() == before
    assert command(folder, as_json=True, readers=("Ada", "Ben")) == 0
    assert json.loads(capsys.readouterr().out)["readers"] == ["Ada", "Ben"]


def test_the_command_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tmp_path) == 2
    assert "no project" in capsys.readouterr().err
    assert command(tmp_path, with_model=tmp_path / "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err


def test_readers_who_have_read_nothing_are_not_in_the_matrix(folder: Path) -> None:
    with Project.open(folder) as project:
        assert agree(project).found.readers == ("Ada", "Ben")
