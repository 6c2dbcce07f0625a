"""Evaluation: pairing, scales, uncertain points, and the table."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.events import Event, Finished, ImageFailed, ImageSkipped, Notice, Progress
from napari_slitseg.jobs import EvaluateJob, PredictJob
from napari_slitseg.pipelines.evaluate import evaluate
from napari_slitseg.pipelines.predict import predict_files
from tests.pipelines.dots import DOTS, SHAPE, drain

NEAR = [(y + 3, x) for y, x in DOTS]
"""Each dot moved by 3 px."""


def annotate(folder: Path, stem: str, yx: Any, **columns: Any) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{stem}.csv"
    write_points(path, PointTable.from_yx(yx, **columns))
    return path


@pytest.fixture
def slits(folder: Path) -> Path:
    """Annotations of img1 (all right) and img2 (one dot more than there is); none of img10."""
    place = folder.parent / "slits"
    annotate(place, "img1", DOTS)
    annotate(place, "img2", DOTS[:2])
    return place


@pytest.fixture
def job(folder: Path, slits: Path, model_file: Path) -> EvaluateJob:
    return EvaluateJob(
        images=(folder,),
        annotations=slits,
        model=str(model_file),
        device="cpu",
        pixel_size_nm=10,
    )


def run(job: EvaluateJob, **change: Any) -> tuple[list[Event], EvaluationResult]:
    return drain(evaluate(job.model_copy(update=change)))


def ended(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_with_the_model(job: EvaluateJob) -> None:
    events, table = run(job)
    assert ended(events) == Finished(reason="done", n_ok=2, n_skipped=1)
    assert any(isinstance(event, Progress) for event in events)
    counts = [
        (Path(i.name).stem, i.scores.true_positive, i.scores.false_positive, i.scores.missed)
        for i in table.images
    ]
    assert counts == [("img1", 4, 0, 0), ("img2", 1, 0, 1)]
    assert table.skipped == {"img10.png": "It has no annotation."}
    assert table.pooled is not None
    assert table.pooled.recall == pytest.approx(5 / 6)
    assert table.pooled.tolerance_nm == pytest.approx(50)


def test_annotations_next_to_the_images_are_found(job: EvaluateJob, slits: Path) -> None:
    _, table = run(job, annotations=None)
    assert [image.annotation.parent.name for image in table.images] == ["slits", "slits"]


def test_threshold_reaches_the_model(job: EvaluateJob) -> None:
    _, table = run(job, threshold=1.0)
    assert [image.scores.n_predicted for image in table.images] == [0, 0]


def test_with_predictions_no_model_is_needed(job: EvaluateJob, tmp_path: Path) -> None:
    found = tmp_path / "found"
    annotate(found, "img1_slits", NEAR)
    annotate(found, "img2", NEAR[:2])
    _, table = run(job, predictions=found, model="nothing")
    assert [image.scores.true_positive for image in table.images] == [4, 2]
    assert [image.prediction for image in table.images] == [
        found / "img1_slits.csv",
        found / "img2.csv",
    ]
    assert table.images[0].scores.localisation_nm == pytest.approx(30)


def test_a_missing_prediction_fails_the_image(job: EvaluateJob, tmp_path: Path) -> None:
    found = tmp_path / "found"
    annotate(found, "img1_slits", DOTS)
    events, table = run(job, predictions=found)
    [failed] = [event for event in events if isinstance(event, ImageFailed)]
    assert failed.name == "img2.png"
    assert "img2_slits.csv" in failed.reason
    assert table.failed == {"img2.png": failed.reason}
    assert ended(events) == Finished(reason="done", n_ok=1, n_failed=1, n_skipped=1)


@pytest.mark.parametrize("missing", ["nowhere.tif", "nofolder"])
def test_an_image_that_is_not_there_fails(job: EvaluateJob, folder: Path, missing: str) -> None:
    events, table = run(job, images=(folder / "img1.png", folder / missing))
    assert list(table.failed) == [missing]
    assert f"no file or folder {folder / missing}" in table.failed[missing]
    assert (ended(events).n_ok, ended(events).n_failed) == (1, 1)


def test_annotations_are_not_compared_with_themselves(job: EvaluateJob, slits: Path) -> None:
    events, _ = run(job, predictions=slits)
    assert ended(events).reason == "failed"
    assert all(
        "as well as its prediction" in event.reason
        for event in events
        if isinstance(event, ImageFailed)
    )


def test_an_annotation_that_cannot_be_read_fails_the_image(job: EvaluateJob, slits: Path) -> None:
    (slits / "img2.csv").write_text("a,b\n1,2\n")
    events, table = run(job)
    assert list(table.failed) == ["img2.png"]
    assert ended(events).n_ok == 1


# -- scales


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({"tolerance_nm": 30.0}, 4),
        ({"tolerance_nm": 29.9}, 0),
        ({"tolerance_nm": 29.9, "pixel_size_nm": 9.9}, 4),
        ({"tolerance_px": 3.0, "tolerance_nm": 1.0}, 4),
        ({"tolerance_px": 2.9}, 0),
        ({"tolerance_px": 3.0, "pixel_size_nm": None}, 4),
    ],
)
def test_tolerance(job: EvaluateJob, tmp_path: Path, change: dict[str, Any], right: int) -> None:
    found = tmp_path / "found"
    annotate(found, "img1", NEAR)
    annotate(found, "img2", NEAR)
    _, table = run(job, predictions=found, **change)
    assert table.images[0].scores.true_positive == right


def test_nanometres_need_a_pixel_size(job: EvaluateJob) -> None:
    events, table = run(job, pixel_size_nm=None)
    reasons = [event.reason for event in events if isinstance(event, ImageFailed)]
    assert len(reasons) == 2
    assert all("--tolerance-px" in reason for reason in reasons)
    assert table.pooled is None
    assert ended(events).reason == "failed"


def test_a_table_of_pixel_sizes(job: EvaluateJob, tmp_path: Path) -> None:
    sizes = tmp_path / "sizes.csv"
    sizes.write_text("image,pixel_size_nm\nimg1,5\nimg2.png,20\n")
    _, table = run(job, pixel_sizes=sizes, tolerance_nm=60, threshold=0.2)
    assert [image.scores.tolerance_px for image in table.images] == [12, 3]


# -- what counts


@pytest.mark.parametrize(
    ("change", "set_aside"),
    [
        ({"ignore_radius_nm": 61.0}, 1),
        ({"ignore_radius_nm": 59.0}, 0),
        ({"pixel_size_nm": None, "tolerance_px": 5.0, "ignore_radius_px": 6.1}, 1),
        ({"pixel_size_nm": None, "tolerance_px": 5.0, "ignore_radius_px": 5.9}, 0),
    ],
)
def test_near_uncertain_annotations_nothing_counts(
    job: EvaluateJob, slits: Path, change: dict[str, Any], set_aside: int
) -> None:
    unsure = (DOTS[3][0] + 6, DOTS[3][1])
    annotate(slits, "img1", [*DOTS[:3], unsure], uncertain=[False, False, False, True])
    _, table = run(job, **change)
    scores = table.images[0].scores
    assert (scores.n_set_aside, scores.n_uncertain) == (set_aside, 1)
    assert (scores.true_positive, scores.missed) == (3, 0)
    assert scores.false_positive == 1 - set_aside


def test_rejected_points_are_neither_annotated_nor_predicted(
    job: EvaluateJob, slits: Path, tmp_path: Path
) -> None:
    status = ["added", "moved", "accepted", "rejected"]
    annotate(slits, "img1", DOTS, status=status)
    found = tmp_path / "found"
    annotate(found, "img1", DOTS, status=["rejected", "proposed", "accepted", "proposed"])
    annotate(found, "img2", DOTS[:2])
    _, table = run(job, predictions=found)
    scores = table.images[0].scores
    assert (scores.true_positive, scores.false_positive, scores.missed) == (2, 1, 1)


def test_proposals_that_nobody_reviewed_are_no_annotation(job: EvaluateJob, slits: Path) -> None:
    annotate(slits, "img1", DOTS, status=["added", "added", "added", "proposed"])
    annotate(slits, "img2", DOTS[:2], status="proposed", score=[0.5, 0.9])
    events, table = run(job)
    [notice] = [event for event in events if isinstance(event, Notice)]
    assert notice.text.startswith("1 proposals")
    assert table.images[0].scores.n_annotated == 3
    assert "only proposals" in table.failed["img2.png"]


def test_an_annotation_without_points_says_there_are_none(job: EvaluateJob, slits: Path) -> None:
    annotate(slits, "img2", [])
    _, table = run(job)
    scores = table.images[1].scores
    assert (scores.true_positive, scores.false_positive, scores.missed) == (0, 1, 0)


# -- the table


def test_the_table_has_every_figure(job: EvaluateJob, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "table.csv"
    _, table = run(job, out=out, threshold=1.0)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["img1.png", "img2.png"]
    assert set(rows[0]) == {
        "image",
        "file",
        "annotation",
        "prediction",
        "annotation_sha256",
        "prediction_sha256",
        "biopsy",
        "notice",
        *table.images[0].scores.to_dict(),
    }
    assert rows[0]["missed"] == "4"
    assert rows[0]["precision"] == ""
    assert float(rows[0]["vanilla_nm"]) == table.images[0].scores.vanilla_nm


def test_plain_json(job: EvaluateJob) -> None:
    _, table = run(job, threshold=1.0)
    content = json.loads(to_json(table.to_dict()), parse_constant=pytest.fail)
    assert content["images"][0]["precision"] is None
    assert content["pooled"]["missed"] == 6
    assert content["skipped"] == {"img10.png": "It has no annotation."}


def test_nothing_to_score_writes_nothing(job: EvaluateJob, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "table.csv"
    out.write_text("image,biopsy,n_predicted\n")
    events, table = run(job, annotations=tmp_path / "empty", out=out)
    assert ended(events).reason == "failed"
    assert "No image could be scored" in ended(events).message
    assert "--annotations" in ended(events).message
    assert len([event for event in events if isinstance(event, ImageSkipped)]) == 3
    assert table.pooled is None
    assert out.read_text() == "image,biopsy,n_predicted\n"


def test_cancelled_evaluations_write_nothing(job: EvaluateJob, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    events, table = drain(evaluate(job.model_copy(update={"out": out}), lambda: True))
    assert ended(events).reason == "cancelled"
    assert ended(events).message == "no table was written"
    assert table.images == ()
    assert not out.exists()


@pytest.mark.parametrize("name", ["img1.csv", "x.csv", "x_pooled.csv", "x.json"])
def test_no_file_of_others_is_replaced(job: EvaluateJob, slits: Path, name: str) -> None:
    taken = slits / name
    if not taken.exists():
        taken.write_text("image,biopsy,patient\nimg1,A,1\n")
    before = taken.read_bytes()
    out = slits / ("img1.csv" if name == "img1.csv" else "x.csv")
    events, _ = run(job, out=out)
    assert ended(events).reason == "refused"
    assert f"{taken} would be replaced" in ended(events).message
    assert taken.read_bytes() == before


def test_a_folder_is_no_table(job: EvaluateJob, tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    assert "a.csv would be replaced" in ended(run(job, out=tmp_path / "a.csv")[0]).message


def test_its_own_files_are_replaced(job: EvaluateJob, tmp_path: Path) -> None:
    for threshold in (None, 1.0):
        events, _ = run(job, out=tmp_path / "a.csv", curve=tmp_path / "c.csv", threshold=threshold)
        assert ended(events).reason == "done"
    assert "img1.png,,0," in (tmp_path / "a.csv").read_text()


def test_a_json_file_beside_a_curve_does_not_matter(job: EvaluateJob, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}")
    assert ended(run(job, curve=tmp_path / "c.csv")[0]).reason == "done"


@pytest.mark.parametrize("curve", ["a.csv", "a_pooled.csv"])
def test_two_tables_of_one_name_are_refused(job: EvaluateJob, tmp_path: Path, curve: str) -> None:
    events, _ = run(job, out=tmp_path / "a.csv", curve=tmp_path / curve)
    assert "written twice" in ended(events).message
    assert list(tmp_path.glob("a*")) == []


def test_annotations_outside_the_image_are_told(job: EvaluateJob, slits: Path) -> None:
    rows, columns = SHAPE
    edge, beyond = [(-0.5, 0), (rows - 0.5, columns - 0.5)], [(rows, 0), (0, -1)]
    annotate(slits, "img1", edge)
    annotate(slits, "img2", [*DOTS, *beyond])
    notices = {e.item: e.text for e in run(job)[0] if isinstance(e, Notice)}
    assert list(notices) == ["img2.png"]
    assert f"2 of its {len(DOTS) + 2} annotated slits" in notices["img2.png"]


# -- how sure, and all thresholds


def test_three_files_tell_everything(job: EvaluateJob, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    _, table = run(job, out=out, further=True)
    read = EvaluationResult.from_json(out.with_suffix(".json").read_text())
    assert read.to_json() == table.to_json()
    made = read.provenance
    assert (made.model, made.threshold, made.min_distance_nm) == ("dots", 0.5, 30)
    assert made.detector["name"] == "peaks"
    assert made.versions["napari-slitseg"]
    assert EvaluateJob.model_validate(dict(made.job)) == job.model_copy(
        update={"out": out, "further": True}
    )
    annotation = table.images[0].annotation
    assert annotation is not None
    digest = hashlib.sha256(annotation.read_bytes()).hexdigest()
    assert read.images[0].annotation_sha256 == digest
    with (tmp_path / "table_pooled.csv").open(newline="") as file:
        pooled = {row["figure"]: row for row in csv.DictReader(file)}
    assert float(pooled["recall"]["value"]) == pytest.approx(5 / 6)
    assert pooled["hausdorff_nm"]["how"] == "mean over images"


def test_further_figures_are_computed_when_asked(job: EvaluateJob) -> None:
    assert run(job)[1].images[0].further == {}
    further = run(job, further=True)[1].images[0].further
    assert further["integrated_f1"] > 0.9
    assert further["earth_mover_nm"] == pytest.approx(10 * further["earth_mover_px"])


def test_the_curve_of_a_model_is_whole(job: EvaluateJob, tmp_path: Path) -> None:
    _, table = run(job, curve=tmp_path / "curve.csv")
    assert table.curve is not None
    assert table.curve.is_whole
    with (tmp_path / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    at = [row for row in rows if float(row["threshold"]) >= 0.5][-1]
    assert (at["true_positive"], at["false_positive"], at["missed"]) == ("5", "0", "1")
    best = table.curve.points.best().threshold
    again = run(job, threshold=best)[1]
    assert again.pooled is not None
    assert again.pooled.f1 == pytest.approx(table.curve.points.best().f1)


def test_the_curve_of_files_begins_at_their_threshold(job: EvaluateJob, tmp_path: Path) -> None:
    found = tmp_path / "found"
    annotate(found, "img1", DOTS, score=[0.9, 0.5, 0.8, 0.7], status="proposed")
    annotate(found, "img2", DOTS[:1], score=[0.6], status="proposed")
    events, table = run(job, predictions=found)
    assert table.curve is not None
    assert table.curve.covers_from == 0.6
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any("begins at 0.6" in text and "lower bound" in text for text in notices)
    record = {"images": [{"name": "img1", "threshold": 0.3}, {"name": "img2", "threshold": 0.3}]}
    (found / "predictions.json").write_text(json.dumps(record))
    table = run(job, predictions=found)[1]
    assert table.curve is not None
    assert table.curve.covers_from == 0.3
    assert table.provenance.threshold == 0.3


def test_files_without_scores_have_no_curve(job: EvaluateJob, tmp_path: Path) -> None:
    found = tmp_path / "found"
    annotate(found, "img1", DOTS)
    annotate(found, "img2", [])
    events, table = run(job, predictions=found)
    assert table.curve is None
    assert any(
        "slits have no scores in 1 of 2 images" in e.text for e in events if isinstance(e, Notice)
    )


def test_intervals_are_over_biopsies_where_they_are_known(job: EvaluateJob, tmp_path: Path) -> None:
    biopsies = tmp_path / "biopsies.csv"
    biopsies.write_text("image,biopsy\nimg1,A\nimg2.png,A\n")
    _, table = run(job, biopsies=biopsies, confidence=0.8, resamples=150)
    assert [image.biopsy for image in table.images] == ["A", "A"]
    interval = table.figure("f1")
    assert (interval.unit, interval.n_units, interval.n_images) == ("biopsy", 1, 2)
    assert (interval.confidence, table.how.n_resamples) == (0.8, 150)
    assert "One biopsy" in interval.note
    assert run(job)[1].figure("f1").unit == "image"


def test_an_image_that_the_table_of_biopsies_lacks_fails(job: EvaluateJob, tmp_path: Path) -> None:
    biopsies = tmp_path / "biopsies.csv"
    biopsies.write_text("image,biopsy\nimg1,A\n")
    events, table = run(job, biopsies=biopsies)
    assert "says no biopsy for it" in table.failed["img2.png"]
    assert ended(events).n_ok == 1
    biopsies.write_text("image,patient\nimg1,A\n")
    assert "lacks the column biopsy:" in ended(run(job, biopsies=biopsies)[0]).message


def test_one_image_has_no_interval(job: EvaluateJob, folder: Path) -> None:
    _, table = run(job, images=(folder / "img1.png",))
    assert table.figure("f1").value == 1
    assert "One image" in table.figure("f1").note


def test_images_of_the_same_name_are_told_apart(
    job: EvaluateJob, folder: Path, slits: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "img1.png", other / "img1.png")
    _, table = run(job, images=(folder / "img1.png", other / "img1.png", folder / "img2.png"))
    names = [image.name for image in table.images]
    assert names == [str(folder / "img1.png"), str(other / "img1.png"), "img2.png"]


# -- the membrane


def draw_membrane(file: Path, shape: tuple[int, int] = SHAPE) -> None:
    file.parent.mkdir(exist_ok=True)
    mask = np.zeros(shape, np.uint8)
    mask[30:40] = 255
    Image.fromarray(mask).save(file)


@pytest.mark.parametrize(
    "place", ["images/img1_membrane.png", "images/membrane/img1.tif", "membrane/img1.png"]
)
def test_a_mask_of_the_membrane_is_compared_with_the_map(
    job: EvaluateJob, folder: Path, place: str
) -> None:
    draw_membrane(folder.parent / place)
    _, table = run(job)
    first, second = (image.further for image in table.images)
    assert first["membrane_dice"] == 0  # the model says 0.27 everywhere
    assert 0 < first["membrane_fpw_dice"] < 0.5
    assert "membrane_dice" not in second
    assert table.figure("membrane_dice").n_images == 1


def test_maps_beside_predictions_are_read(
    job: EvaluateJob, folder: Path, slits: Path, tmp_path: Path
) -> None:
    draw_membrane(folder / "img1_membrane.png")
    found = tmp_path / "found"
    images = tuple(folder / f"img{n}.png" for n in (1, 2))
    list(predict_files(PredictJob(images=images, out=found, model=job.model, pixel_size_nm=10)))
    _, table = run(job, predictions=found)
    assert table.images[0].further == pytest.approx(run(job)[1].images[0].further, abs=1e-3)
    assert table.provenance.model == "dots"
    (found / "img1_maps.tif").unlink()
    assert run(job, predictions=found)[1].images[0].further == {}


def test_maps_of_an_earlier_prediction_are_not_read(
    job: EvaluateJob, folder: Path, slits: Path, tmp_path: Path
) -> None:
    draw_membrane(folder / "img1_membrane.png")
    found = tmp_path / "found"
    again = PredictJob(images=(folder,), out=found, model=job.model, pixel_size_nm=10)
    for maps in ("float16", "none"):
        list(predict_files(again.model_copy(update={"maps": maps})))
    assert (found / "img1_maps.tif").is_file()
    assert run(job, predictions=found)[1].images[0].further == {}


def test_a_mask_of_another_size_is_told_and_left_out(job: EvaluateJob, folder: Path) -> None:
    draw_membrane(folder / "img1_membrane.png", (50, 60))
    events, table = run(job)
    [notice] = [e for e in events if isinstance(e, Notice) and "membrane" in e.text]
    assert "50 x 60 px, but its image is 96 x 112 px" in notice.text
    assert table.images[0].further == {}
    assert len(table.images) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotations": Path("nowhere")}, "no folder nowhere"),
        ({"predictions": Path("nowhere")}, "no folder nowhere"),
        ({"model": "nothing"}, "no model 'nothing'"),
    ],
)
def test_refusals(job: EvaluateJob, change: dict[str, Any], message: str) -> None:
    events, table = run(job, **change)
    assert len(events) == 1
    assert ended(events).reason == "refused"
    assert message in ended(events).message
    assert table.images == ()
