"""A folder is measured: whose slits, which membrane, which scale, and what is said of all of it."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import (
    EditCounts,
    ImageMeasures,
    MeasureSettings,
    Sample,
    figures,
    measure_image,
)
from napari_slitseg.core.morphometry.sources import appended
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.review import Annotation
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.events import ImageDone, ImageFailed, ImageSkipped, Notice, Started
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.measure_json import to_dict
from napari_slitseg.pipelines.measure_old import old_figures
from napari_slitseg.pipelines.measure_result import MeasuredImage
from napari_slitseg.pipelines.measure_words import methods_of
from napari_slitseg.store import LISTED, PROJECT_FILE, SHARED, Project
from tests.pipelines.dots import DOTS, StopAfter, drain, draw_dots
from tests.pipelines.measured_folders import (
    COLUMNS,
    NM,
    ROW,
    SHAPE,
    annotate,
    ending,
    run,
    stripe,
    table,
    write_image,
)


def value(image: MeasuredImage, name: str) -> float:
    return figures(image.measures)[name].value


def plain(measures: ImageMeasures) -> dict[str, float | str]:
    """Every figure, or why there is none."""
    return {n: v.value if v.is_known else v.why for n, v in figures(measures).items()}


def told(events: list[object]) -> str:
    return "\n".join(each.text for each in events if isinstance(each, Notice))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two annotated images with a membrane, and one that is not annotated at all."""
    for seed, name in enumerate(("a", "b", "c")):
        image = write_image(tmp_path / "images" / f"{name}.tif", seed=seed)
        if name != "c":
            annotate(image, COLUMNS if name == "a" else COLUMNS[::2])
    return tmp_path / "images"


@pytest.fixture
def project(images: Path) -> Path:
    """The same as a project: `a` done, `b` in progress with decisions only, `c` unknown to it."""
    for file in (*images.glob("*.csv"), *images.glob("*_membrane.tif")):
        file.unlink()
    with Project.create(images) as made:
        a = made.add_image(images / "a.tif", 0, SHAPE, NM)
        b = made.add_image(images / "b.tif", 0, SHAPE, NM)
        statuses = ["moved", *["accepted"] * 6, "rejected", "added"]
        made.begin(a, SHARED, Annotation(table(status=statuses), stripe()))
        made.set_review(a, SHARED, "done", "Ada")
        b_table = table(COLUMNS[:3], ["accepted", "rejected", "added"], editor="Bo")
        made.begin(b, SHARED, Annotation(b_table, stripe()))
        made.set_samples({a: Sample("B1", "1", "lean"), b: Sample("B2", "1", "obese")})
    return images


def predict_to(folder: Path, name: str, columns: tuple[int, ...] = COLUMNS) -> None:
    """Write what predict writes of an image, without a record."""
    folder.mkdir(exist_ok=True)
    yx = np.array([(ROW, x) for x in columns], np.float64).reshape(-1, 2)
    slits = PointTable.from_yx(yx, score=np.full(len(yx), 0.9), status="proposed")
    write_points(folder / f"{name}_slits.csv", slits, ("index", "axis-0", "axis-1", "score"))
    maps = np.stack([stripe() * 0.9, np.zeros(SHAPE)]).astype(np.float16)
    tifffile.imwrite(folder / f"{name}_maps.tif", maps, photometric="minisblack")


# -- from files


def test_files_beside_the_images_are_measured(images: Path) -> None:
    events, result = run(images)
    assert events[0] == Started(total=3)
    a, b = result.images
    assert (a.name, b.name) == ("a.tif", "b.tif")
    assert (a.slits_from, a.membrane_from, a.review) == ("annotation", "drawn", "")
    assert value(a, "n_slits") == 9
    assert value(a, "membrane_length_um") == pytest.approx(1.99, rel=0.005)
    assert value(a, "fpw_mean_nm") == pytest.approx(200, rel=1e-3)
    assert value(b, "fpw_mean_nm") == pytest.approx(400, rel=1e-3)
    assert a.edits == EditCounts(added=9)
    assert a.model is None
    assert a.measures.scale == Scale(NM, "file", "ImageJ")
    [skipped] = [each for each in events if isinstance(each, ImageSkipped)]
    [failure] = result.failures
    assert failure.name == skipped.name == "c.tif"
    assert failure.reason == skipped.reason
    assert "Nobody annotated it" in failure.reason
    assert ending(events).reason == "done"
    assert (ending(events).n_ok, ending(events).n_skipped) == (2, 1)


def test_simulated_images_give_what_the_maths_gives_when_called_directly(tmp_path: Path) -> None:
    options = SceneOptions(shape=(256, 256), capillaries=1)
    made = {seed: simulate(seed, options) for seed in (1, 2)}
    with Project.create(tmp_path) as project:
        for seed, scene in made.items():
            path = tmp_path / f"{seed}.tif"
            tifffile.imwrite(path, scene.image)
            number = project.add_image(path, 0, scene.image.shape)
            slits = PointTable.from_yx(scene.slits)
            project.begin(number, SHARED, Annotation(slits, scene.membrane))
            project.set_review(number, SHARED, "done")
        grating = Scale(10.0, "grating", "grating.tif", 0.001)
        project.set_scale(grating, None)
    _, result = run(tmp_path, assign_nm=120)
    assert len(result.images) == 2
    for image, scene in zip(result.images, made.values(), strict=True):
        n = len(scene.slits)
        direct = measure_image(
            scene.membrane,
            np.arange(n),
            scene.slits,
            scale=grating,
            settings=MeasureSettings(assign_nm=120),
        )
        assert n > 0
        assert plain(image.measures) == plain(direct)
        assert image.measures.scale == grating
        assert image.slits_from == "reviewed"


# -- from a project


def test_a_project_tells_slits_membrane_review_editors_and_samples(project: Path) -> None:
    before = (project / PROJECT_FILE).read_bytes()
    _, result = run(project)
    a, b = result.images
    assert (a.slits_from, a.review, a.editors) == ("reviewed", "done", ("Ada",))
    assert a.edits == EditCounts(added=1, moved=1, accepted=6, taken_away=1)
    assert value(a, "n_slits") == 8
    assert a.sample == Sample("B1", "1", "lean")
    assert (b.slits_from, b.review, b.editors) == ("annotation", "open", ("Bo",))
    assert value(b, "n_slits") == 2
    assert result.project == project / PROJECT_FILE
    assert result.rollups is not None
    assert [unit.name for unit in result.rollups.biopsies] == ["B1", "B2"]
    assert result.edits == EditCounts.together([a.edits, b.edits])
    assert (project / PROJECT_FILE).read_bytes() == before


def test_decisions_are_completed_from_a_folder_of_predictions(
    project: Path, tmp_path: Path
) -> None:
    for name in "abc":
        predict_to(tmp_path / "found", name)
    events, result = run(project, predictions=tmp_path / "found")
    a, b, c = result.images
    assert a.slits_from == "reviewed"
    assert value(a, "n_slits") == 8
    assert b.slits_from == "decisions and unjudged proposals"
    assert b.edits == EditCounts(added=1, accepted=1, taken_away=1, unjudged=6)
    assert value(b, "n_slits") == 8
    assert (c.slits_from, c.membrane_from) == ("proposals", "model")
    assert c.edits.edited_share == 0
    assert value(c, "fpw_mean_nm") == pytest.approx(200, rel=1e-3)
    assert not result.models
    assert "Which model it is was not recorded in 2 images." in result.methods
    assert ending(events).n_failed == 0


def test_excluded_stretches_and_the_scale_of_an_image_count(project: Path) -> None:
    with Project.open(project) as opened:
        number = opened.image_id(project / "a.tif")
        assert number is not None
        left = np.array([[0, -1], [0, 95], [79, 95], [79, -1]], np.float64)
        opened.set_excluded(number, SHARED, [left])
        opened.set_scale(Scale(5.0, "scale bar", "bar of 1 µm"), [number])
        opened.set_scale(Scale(7.0, "typed", "microscope"), None, before_file=True)
    _, result = run(project)
    a, b = result.images
    assert "0 of 10 slits lie on none" in result.methods
    assert "excluded stretches of membrane in 1 image, with 4 slits." in result.methods
    assert value(a, "excluded_px") == pytest.approx(95, abs=1)
    assert value(a, "n_excluded") == 4
    assert value(a, "fpw_mean_nm") == pytest.approx(
        np.diff([100, 120, 140, 180]).mean() * 5, rel=1e-3
    )
    assert b.measures.scale == Scale(7.0, "typed", "microscope")
    a, b = run(project, pixel_size_nm=4)[1].images
    assert a.measures.nm_per_px == b.measures.nm_per_px == 4


def test_where_a_file_says_no_scale_the_list_of_images_and_the_folder_do(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        for name, nm in (("a", 6.0), ("b", None)):
            number = project.add_image(write_image(tmp_path / f"{name}.tif", nm=None), 0, SHAPE, nm)
            project.begin(number, SHARED, Annotation(table(), stripe()))
        project.set_scale(Scale(8.0, "grating", "g.tif", 0.001), None)
    a, b = (image.measures.scale for image in run(tmp_path)[1].images)
    assert a == Scale(6.0, "typed", LISTED)
    assert b == Scale(8.0, "grating", "g.tif", 0.001)
    sizes = tmp_path / "sizes.csv"
    sizes.write_text("image,pixel_size_nm\na,3\n")
    a, b = (image.measures.scale for image in run(tmp_path, pixel_sizes=sizes)[1].images)
    assert a == Scale(3.0, "table", "sizes.csv")
    assert b == Scale(8.0, "grating", "g.tif", 0.001)


def test_a_reader_is_measured_by_what_the_reader_said_alone(project: Path, tmp_path: Path) -> None:
    predict_to(tmp_path / "found", "a")
    with Project.open(project) as opened:
        number = opened.image_id(project / "a.tif")
        assert number is not None
        opened.begin(number, "Cy", Annotation(table(COLUMNS[:4], editor="Cy")))
    events, result = run(project, track="Cy", predictions=tmp_path / "found")
    [image] = result.images
    assert value(image, "n_slits") == 4
    assert (image.editors, image.membrane_from) == (("Cy",), "drawn")
    assert "Cy has not marked it as done" in told(events)
    assert {each.name for each in result.failures} == {"b.tif", "c.tif"}
    assert "as the reader Cy saw them" in result.methods
    events, _ = run(project, track="Di")
    assert ending(events).reason == "refused"
    assert "no track Di" in ending(events).message
    assert "Cy, shared" in ending(events).message


def test_an_image_that_was_renamed_is_the_one_that_was_annotated(project: Path) -> None:
    from napari_slitseg.pipelines.fingerprints import sha256_of

    with Project.open(project) as opened:
        opened.add_image(project / "a.tif", 0, SHAPE, NM, sha256_of(project / "a.tif"))
    (project / "a.tif").rename(project / "new name.tif")
    _, result = run(project)
    image = {each.name: each for each in result.images}["new name.tif"]
    assert (image.slits_from, value(image, "n_slits")) == ("reviewed", 8)
    assert "a.tif" not in {each.name for each in (*result.images, *result.failures)}


def test_another_picture_under_the_name_of_an_annotated_one_is_told(project: Path) -> None:
    with Project.open(project) as opened:
        opened.add_image(project / "a.tif", 0, SHAPE, NM, "0" * 64)
    _, result = run(project)
    assert any("another picture" in text for text in result.images[0].notices)


def test_some_images_are_measured_by_file_or_name(project: Path) -> None:
    def names(*asked: str) -> list[str]:
        paths = tuple(map(Path, asked))
        return [each.name for each in run(project, images=paths)[1].images]

    assert names("b") == ["b.tif"]
    assert names("b.tif", str(project / "a.tif"), "b") == ["b.tif", "a.tif"]
    assert names(str(project)) == ["a.tif", "b.tif"]
    events, _ = run(project, images=(Path("nobody"),))
    assert "nobody" in ending(events).message


def test_the_photograph_of_the_grating_is_no_micrograph(project: Path) -> None:
    write_image(project / "grating 1.tif")
    with Project.open(project) as opened:
        opened.set_scale(Scale(5.0, "grating", "grating 1.tif", 0.001), None, before_file=True)
    _, result = run(project)
    assert {each.name for each in result.images} == {"a.tif", "b.tif"}
    reasons = {each.name: each.reason for each in result.failures}
    assert "photograph of the grating" in reasons["grating 1.tif"]
    assert "standard uncertainty of 0.1 %" in result.methods


# -- samples


def test_where_an_image_belongs_is_told_by_table_project_and_names(
    project: Path, tmp_path: Path
) -> None:
    annotate(write_image(project / "P7_3.tif"))
    file = tmp_path / "samples.csv"
    file.write_text("image,biopsy,glomerulus\na,X,9\nnot there,Y,1\n")
    events, result = run(project, samples=file, name_pattern=r"(?P<biopsy>P\d+)_(?P<glomerulus>\d)")
    samples = {image.name: image.sample for image in result.images}
    assert samples["a.tif"] == Sample("X", "9")
    assert samples["b.tif"] == Sample("B2", "1", "obese")
    assert samples["P7_3.tif"] == Sample("P7", "3")
    assert "not there" in told(events)
    assert "--folder-names tells nothing" in told(run(project, folder_names=True)[0])
    for bad in ({"name_pattern": "("}, {"samples": tmp_path / "none.csv"}):
        events, _ = run(project, **bad)
        assert ending(events).reason == "refused"
        assert ending(events).message


def test_folders_tell_where_images_belong(tmp_path: Path) -> None:
    for place in ("B1/1/x.tif", "B1/2/x.tif", "B2/1/x.tif"):
        annotate(write_image(tmp_path / place))
    assert "Add --subfolders" in ending(run(tmp_path)[0]).message
    events, result = run(tmp_path, subfolders=True, folder_names=True)
    assert "tells nothing" not in told(events)
    assert [image.name for image in result.images] == ["B1/1/x.tif", "B1/2/x.tif", "B2/1/x.tif"]
    assert [image.sample for image in result.images] == [
        Sample("B1", "1"),
        Sample("B1", "2"),
        Sample("B2", "1"),
    ]
    assert "3 images of 3 glomeruli of 2 biopsies" in result.methods


def test_old_and_new_figures_stand_side_by_side_on_request(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert run(images)[1].images[0].old is None
    _, result = run(images, old_tool=True, out=(out,))
    old = result.images[0].old
    assert old is not None
    direct = old_figures(
        stripe(), [(ROW, x) for x in COLUMNS], scale=result.images[0].measures.scale
    )
    assert old.found.n_slits == direct.found.n_slits == 9
    assert old.found.membrane_px == direct.found.membrane_px > 0
    told = json.loads(out.read_text())["images"][0]["fpw_dl_v1"]
    assert told["theirs"]["Membrane"] == direct.found.membrane_px
    assert told["ours"]["Count"] == 9
    assert told["frame_nm_per_px"] == pytest.approx(16)


# -- the model


@pytest.fixture
def dotted(tmp_path: Path) -> Path:
    """An image whose bright dots the model of dots finds; its membrane is drawn."""
    folder = tmp_path / "dotted"
    folder.mkdir()
    image = draw_dots()
    resolution = {"resolution": (0.1, 0.1), "metadata": {"unit": "nm"}}
    tifffile.imwrite(folder / "d.tif", image, imagej=True, **resolution)
    mask = np.zeros(image.shape, np.uint8)
    mask[46:55] = 255
    tifffile.imwrite(folder / "d_membrane.tif", mask)
    return folder


def test_what_is_missing_a_model_finds_and_is_named_for_it(dotted: Path, model_file: Path) -> None:
    events, result = run(dotted, predict=True, model=str(model_file), assign_nm=400)
    [image] = result.images
    assert (image.slits_from, image.membrane_from) == ("proposals", "drawn")
    assert len(image.measures.slits.ids) == len(DOTS)
    assert image.edits == EditCounts(unjudged=len(DOTS))
    assert image.model is not None
    assert image.model.name == "dots"
    for words in ("The model is dots", image.model.sha256, "PyTorch", "detector peaks", "0.5"):
        assert words in result.methods
    assert ending(events).reason == "done"


def test_a_model_that_is_not_needed_is_neither_run_nor_named(images: Path) -> None:
    (images / "c.tif").unlink()
    _, result = run(images, predict=True)
    assert len(result.images) == 2
    assert not result.models
    assert "model is" not in result.methods
    assert "PyTorch" not in result.methods
    assert "torch" not in result.versions


def test_predictions_in_the_usual_place_are_taken_if_they_are_what_is_asked(
    dotted: Path, model_file: Path
) -> None:
    from napari_slitseg.jobs import PredictJob
    from napari_slitseg.pipelines.predict import predict_files

    job = PredictJob(images=(dotted,), out=dotted / "results", model=str(model_file))
    drain(predict_files(job))
    _, result = run(dotted, model=str(model_file))
    [image] = result.images
    assert len(image.measures.slits.ids) == len(DOTS)
    assert image.model is not None
    assert image.model.name == "dots"
    assert "PyTorch" not in result.methods
    events, result = run(dotted, model=str(model_file), threshold=0.9)
    assert "there is no prediction of them" in result.failures[0].reason
    assert "another threshold" in told(events)
    events, result = run(dotted, predictions=dotted / "results", threshold=0.9)
    assert len(result.images[0].measures.slits.ids) == len(DOTS)
    tifffile.imwrite(dotted / "d.tif", np.flipud(draw_dots()))
    events, result = run(dotted, model=str(model_file), pixel_size_nm=10)
    assert "the image has changed since" in told(events)
    assert not result.images


def test_a_cancelled_model_ends_the_whole_and_writes_nothing(
    dotted: Path, model_file: Path, tmp_path: Path
) -> None:
    from napari_slitseg.pipelines.measure import measure

    out = tmp_path / "r.json"
    job = MeasureJob(project=dotted, model=str(model_file), out=(out,))
    events, result = drain(measure(job, StopAfter(1)))
    assert ending(events).reason == "cancelled"
    assert not result.images
    assert not out.exists()


def test_models_whose_slits_people_confirmed_are_named_though_none_was_run(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        number = project.add_image(write_image(tmp_path / "a.tif"), 0, SHAPE, NM)
        by_hand, found = table(COLUMNS[:4]), table(COLUMNS[4:], "accepted")
        origin = np.full(len(found), 'model:net@12345678 detector:log{"a": 1}')
        found = replace(found, origin=origin)
        project.begin(number, SHARED, Annotation(appended(by_hand, found), stripe()))
        unknown = np.full(len(found), "model:unknown")
    _, result = run(tmp_path)
    assert result.images[0].proposed_by == ("net@12345678",)
    assert "Points that people confirmed or moved were found by net@12345678." in result.methods
    assert not result.models
    with Project.open(tmp_path) as project:
        head = project.begin(number, SHARED, Annotation(replace(found, origin=unknown)), 0)
        assert head
    _, result = run(tmp_path)
    assert "were found by a model that was not recorded." in result.methods


def test_a_model_of_which_only_the_membrane_is_measured_is_not_said_to_have_found_slits(
    dotted: Path, model_file: Path
) -> None:
    (dotted / "d_membrane.tif").unlink()
    write_points(dotted / "d.csv", PointTable.from_yx([[50, 20], [50, 60]]))
    _, result = run(dotted, predict=True, model=str(model_file))
    assert result.images[0].membrane_from == "model"
    assert "The model is dots (SHA-256" in result.methods
    assert "detector" not in result.methods
    two = replace(result.images[0], model=replace(result.models[0], name="other"))
    assert methods_of(replace(result, images=(*result.images, two))).count("One model is") == 2


# -- words


def test_the_methods_say_what_was_done(project: Path) -> None:
    _, result = run(project, spur_nm=111, seed=5, resamples=300)
    for words in (
        "Slits and membrane in 2 images of 2 glomeruli of 2 biopsies",
        "those of a finished review in 1 image and those of a person's annotation in 1 image",
        "The review of 1 of 2 images was finished.",
        "Of 12 points, people set, moved or took away 42 % and confirmed 58 %; 0 % are",
        "drawn by a person",
        "side branches below 111 nm dropped",
        "metadata of the image files in 2 images",
        "are by Student's t over the units right below each figure, cut off",
        "1 further image was not measured.",
        f"scipy {result.versions['scipy']}",
    ):
        assert words in result.methods
    assert not re.search(r"\bnan\b|None|\{|\}", result.methods)
    assert "Groups were compared" not in result.methods


def test_the_methods_say_how_groups_were_compared(tmp_path: Path) -> None:
    places = [f"{group}/{group}{b}/1/x.tif" for group in "pqr" for b in range(2)]
    for place in places:
        annotate(write_image(tmp_path / place))
    _, result = run(tmp_path, subfolders=True, folder_names=True)
    assert "permutation test of the difference of means, with Holm's" in result.methods
    _, result = run(
        tmp_path, subfolders=True, folder_names=True, images=tuple(map(Path, places[:4]))
    )
    assert "permutation test of the difference of means, and its" in result.methods


def test_every_setting_has_an_option_with_the_same_default() -> None:
    job = MeasureJob(project=Path())
    assert job.measure_settings == MeasureSettings()
    assert {each.name for each in fields(MeasureSettings)} <= set(MeasureJob.model_fields)
    assert MeasureJob(project=Path(), effaced_nm=7).measure_settings.effaced_nm == 7


def test_everything_is_there_as_plain_values_with_reasons(images: Path, tmp_path: Path) -> None:
    write_image(images / "d.tif", nm=None)
    annotate(images / "d.tif", ())
    out = tmp_path / "r.json"
    _, result = run(images, out=(out,))
    read = json.loads(out.read_text())
    assert read["format"] == "napari-slitseg measurement"
    assert [each["name"] for each in read["images"]] == ["a.tif", "b.tif", "d.tif"]
    assert read["methods"] == result.methods
    assert read["edits"]["edited_share"] == 1
    assert [each["name"] for each in read["failures"]] == ["c.tif"]
    for image in read["images"]:
        for figure in image["figures"].values():
            assert (figure["value"] is None) == bool(figure["why"])
    assert read["images"][2]["figures"]["fpw_mean_nm"]["why"]
    assert read["images"][0]["intervals"]["kind"][:2] == ["border", "measured"]
    assert len(to_dict(result)["images"]) == 3


def test_plain_values_have_biopsies_with_who_edited_and_where_the_scale_comes_from(
    project: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.json"
    _, result = run(project, out=(out,))
    read = json.loads(out.read_text())
    assert result.rollups is not None
    [lean, obese] = read["biopsies"]
    assert (lean["biopsy"], lean["group"], obese["biopsy"]) == ("B1", "lean", "B2")
    estimate = result.rollups.biopsies[0].estimates["fpw_mean_nm"]
    assert lean["fpw_mean_nm"] == estimate.mean.value
    assert lean["edited_share"] == result.images[0].edits.edited_share
    assert lean["scale_from"] == "file (1 image)"
    assert lean["fpw_mean_nm_low"] is None
    assert "no interval" in lean["why_empty"]
    assert [each["group"] for each in read["groups"]] == ["lean", "obese", "all images"]
    assert len(read["glomeruli"]) == 2
    assert "nothing can be said" in read["comparisons"][0]["words"]


# -- trouble


def test_one_image_that_fails_never_ends_the_others(images: Path) -> None:
    (images / "b.tif").write_bytes(b"II*\0 and no more")
    events, result = run(images)
    [failed] = [each for each in events if isinstance(each, ImageFailed)]
    assert (failed.name, failed.path) == ("b.tif", images / "b.tif")
    assert [each.name for each in result.images] == ["a.tif"]
    assert {each.name: each.reason for each in result.failures}["b.tif"] == failed.reason
    assert ending(events).reason == "done"
    assert ending(events).n_failed == 1


def test_without_a_scale_there_is_no_nanometre(tmp_path: Path) -> None:
    annotate(write_image(tmp_path / "a.tif", nm=None))
    events, result = run(tmp_path)
    [image] = result.images
    assert image.measures.scale is None
    assert value(image, "fpw_mean_px") == pytest.approx(20, rel=1e-3)
    named = figures(image.measures)
    for name in named:
        if name.endswith(("_nm", "_um")):
            assert math.isnan(named[name].value)
            assert named[name].why
    assert "1 of 1 images have no known scale" in told(events)
    assert "The scale is unknown in 1 image" in result.methods
    assert "The scale is known" not in result.methods


def test_without_any_membrane_slits_are_counted_and_that_is_said(tmp_path: Path) -> None:
    image = write_image(tmp_path / "a.tif")
    write_points(image.with_suffix(".csv"), PointTable.from_yx([[5, 5], [9, 9]]))
    events, result = run(tmp_path)
    [found] = result.images
    assert (found.membrane_from, value(found, "n_off_line")) == ("none", 2)
    assert figures(found.measures)["slit_density_per_um"].why
    assert "No image has a membrane line" in told(events)
    assert "The membrane is not known." in result.methods


def test_slits_outside_the_image_are_told(tmp_path: Path) -> None:
    annotate(write_image(tmp_path / "a.tif"), (10, 30, 500))
    events, _ = run(tmp_path)
    assert "1 of its 3 slits lie outside the image" in told(events)


def test_a_membrane_or_a_prediction_of_another_size_fails_that_image(
    images: Path, tmp_path: Path
) -> None:
    tifffile.imwrite(images / "a_membrane.tif", np.ones((30, 30), np.uint8))
    predict_to(tmp_path / "found", "c")
    maps = np.zeros((2, 50, 60), np.float16)
    tifffile.imwrite(tmp_path / "found" / "c_maps.tif", maps, photometric="minisblack")
    _, result = run(images, predictions=tmp_path / "found")
    reasons = {each.name: each.reason for each in result.failures}
    assert "30 x 30 px, but its image is 80 x 200 px" in reasons["a.tif"]
    assert "50 x 60 px, but its image is 80 x 200 px" in reasons["c.tif"]
    assert [each.name for each in result.images] == ["b.tif"]


@pytest.mark.parametrize("trouble", ["empty", "missing", "model", "predictions", "newer", "sizes"])
def test_what_makes_no_sense_is_refused_in_words(trouble: str, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    changes: dict[str, object] = {}
    if trouble != "missing":
        folder.mkdir()
    if trouble not in ("empty", "missing"):
        annotate(write_image(folder / "a.tif"))
    if trouble == "newer":
        Project.create(folder).close()
        with sqlite3.connect(folder / PROJECT_FILE) as database:
            database.execute("PRAGMA user_version = 99")
    if trouble == "model":
        changes["model"] = "no-such-model"
    if trouble in ("predictions", "sizes"):
        changes["predictions" if trouble == "predictions" else "pixel_sizes"] = tmp_path / "nowhere"
    out = tmp_path / "r.json"
    events, result = run(folder, out=(out,), **changes)
    assert [each.kind for each in events] == ["finished"]
    assert ending(events).reason == "refused"
    words = {"empty": "no images", "missing": "no folder", "newer": "newer", "model": "no-such"}
    assert words.get(trouble, "nowhere") in ending(events).message
    assert not result.images
    assert not out.exists()


def test_nothing_to_measure_at_all_is_a_failure_and_no_report(tmp_path: Path) -> None:
    write_image(tmp_path / "a.tif")
    out = tmp_path / "reports" / "r.json"
    events, result = run(tmp_path, out=(out,))
    assert ending(events).reason == "failed"
    assert "No image could be measured" in ending(events).message
    assert not out.exists()
    assert result.methods == ""
    assert isinstance(result.failures[0].reason, str)


def test_done_images_are_counted_with_their_slits(images: Path) -> None:
    events, _ = run(images)
    done = [each for each in events if isinstance(each, ImageDone)]
    assert [(each.name, each.n_slits) for each in done] == [("a.tif", 9), ("b.tif", 5)]
