"""No slit is counted twice, and slits that nobody knows are not taken for none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.review import Annotation, Record, Signature
from napari_slitseg.core.review.operations_detections import accept_detections
from napari_slitseg.core.review.operations_points import delete, move
from napari_slitseg.events import Notice
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.predict import predict_files
from napari_slitseg.store import SHARED, Project
from tests.pipelines.dots import drain, draw_dots
from tests.pipelines.measured_folders import (
    COLUMNS,
    NM,
    ROW,
    SHAPE,
    annotate,
    run,
    stripe,
    table,
    write_image,
)

BY = Signature("Ada", "2026-11-21T10:00:00Z")


def proposals() -> PointTable:
    """What a model found: a slit at every column."""
    yx = np.array([(ROW, x) for x in COLUMNS], np.float64)
    found = PointTable.from_yx(yx, score=np.full(len(yx), 0.9), status="proposed")
    origin = np.full(len(yx), "model:net@12345678")
    return PointTable(found.ids, found.yx, found.score, found.status, origin, found.uncertain)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of one image without annotation; `found` holds what a model found in it."""
    images, found = tmp_path / "images", tmp_path / "found"
    found.mkdir()
    write_image(images / "a.tif")
    with Project.create(images) as project:
        project.add_image(images / "a.tif", 0, SHAPE, NM)
    write_points(found / "a_slits.csv", proposals())
    maps = np.stack([stripe() * 0.9, np.zeros(SHAPE)]).astype(np.float16)
    tifffile.imwrite(found / "a_maps.tif", maps, photometric="minisblack")
    return images


def test_a_slit_that_was_moved_far_is_not_found_again_by_the_model(folder: Path) -> None:
    with Project.open(folder) as project:
        number = project.images()[0].id
        head = project.begin(number, SHARED, Annotation(membrane=stripe()))
        for step in ("accept", "move", "move again", "reject"):
            points = project.history(number, SHARED)[0].state.points
            if step == "accept":
                edit = accept_detections(points, proposals().take([0, 1]), BY)
            elif step == "reject":
                edit = delete(points, points.ids[1:2], BY)
            else:
                edit = move(points, points.ids[0], (ROW, 28 if step == "move" else 36), BY)
            head = project.append(number, SHARED, Record("edit", edit), head)
    _, result = run(folder, predictions=folder.parent / "found")
    [image] = result.images
    assert image.slits_from == "decisions and unjudged proposals"
    on_line = sorted(image.measures.slits.yx[:, 1])
    assert on_line == [36.0, *COLUMNS[2:]]
    assert (image.edits.moved, image.edits.taken_away, image.edits.unjudged) == (1, 1, 7)


def test_a_prediction_is_not_taken_for_that_of_a_namesake(
    folder: Path, model_file: Path, tmp_path: Path
) -> None:
    study, flat, found = tmp_path / "study", tmp_path / "flat", tmp_path / "by model"
    for place in ("B1", "B2"):
        (study / place).mkdir(parents=True)
        resolution = {"resolution": (0.1, 0.1), "metadata": {"unit": "nm"}}
        dots = draw_dots() if place == "B2" else np.flipud(draw_dots())
        tifffile.imwrite(study / place / "a.tif", dots, imagej=True, **resolution)
    events, result = run(study, subfolders=True, predictions=folder.parent / "found")
    assert not result.images
    told = [each.text for each in events if isinstance(each, Notice)]
    assert sum("Another image has the same name" in text for text in told) == 2
    flat.mkdir()
    shutil.copy2(study / "B2" / "a.tif", flat)
    job = PredictJob(images=(flat,), out=found, model=str(model_file))
    drain(predict_files(job))
    _, result = run(study, subfolders=True, predictions=found)
    assert [image.name for image in result.images] == ["B2/a.tif"]


def test_a_membrane_without_a_word_on_slits_is_no_membrane_without_slits(tmp_path: Path) -> None:
    for name in ("known", "unknown"):
        annotate(write_image(tmp_path / f"{name}.tif"), COLUMNS if name == "known" else ())
    (tmp_path / "unknown.csv").unlink()
    _, result = run(tmp_path)
    assert [image.name for image in result.images] == ["known.tif"]
    [failure] = result.failures
    assert (failure.name, "Nobody said where its slits are" in failure.reason) == (
        "unknown.tif",
        True,
    )
    assert "1 further image was not measured." in result.methods


@pytest.mark.parametrize("track", [SHARED, "Cy"])
def test_a_review_that_is_done_without_a_point_found_none(folder: Path, track: str) -> None:
    with Project.open(folder) as project:
        number = project.images()[0].id
        project.begin(number, SHARED, Annotation(membrane=stripe()))
        if track != SHARED:
            project.begin(number, track, Annotation())
        project.set_review(number, track, "done", "Ada")
    _, result = run(folder, track=track)
    [image] = result.images
    assert (image.slits_from, len(image.measures.slits.ids)) == ("reviewed", 0)
    assert result.rollups is not None
    assert result.rollups.everything.estimates["slit_density_per_um"].pooled.value == 0


def test_only_the_photograph_itself_is_taken_for_the_grating(tmp_path: Path) -> None:
    for name in ("grating 1", "1"):
        annotate(write_image(tmp_path / f"{name}.tif"))
    with Project.create(tmp_path) as project:
        project.set_scale(Scale(5.0, "grating", "grating 1.tif", 0.001), None, before_file=True)
    _, result = run(tmp_path)
    assert [image.name for image in result.images] == ["1.tif"]


def test_an_unknown_membrane_is_told_once_and_blames_no_map(tmp_path: Path) -> None:
    image = write_image(tmp_path / "a.tif")
    write_points(image.with_suffix(".csv"), table())
    _, result = run(tmp_path)
    [notice] = result.images[0].notices
    assert "Its membrane is not known" in notice


def test_a_slit_somebody_was_not_sure_of_counts_and_is_told(tmp_path: Path) -> None:
    image = write_image(tmp_path / "a.tif")
    annotate(image)
    sure = table()
    is_unsure = np.arange(len(sure)) < 2
    write_points(image.with_suffix(".csv"), replace(sure, uncertain=is_unsure))
    _, result = run(tmp_path)
    assert result.edits.uncertain == 2
    assert result.images[0].measures.slits.is_on_line.sum() == len(COLUMNS)
    assert "Somebody was not sure of 2 slits; such slits count." in result.methods
