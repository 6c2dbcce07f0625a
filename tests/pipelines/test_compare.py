"""Two models on the same images: both sides run, compared, written; and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from napari_slitseg.core.metrics.comparison import Comparison
from napari_slitseg.events import Event, Finished, ImageDone, Notice, Started
from napari_slitseg.jobs import CompareJob, explain
from napari_slitseg.pipelines.compare import compare, side_names
from tests.pipelines.dots import DOTS, StopAfter, drain
from tests.pipelines.test_evaluate import annotate


@pytest.fixture
def job(folder: Path, tmp_path: Path) -> CompareJob:
    """Predictions of img1 and img2, the new ones with one slit more that is right."""
    for name, first, second in (("old", 3, 1), ("new", 4, 2)):
        annotate(tmp_path / name, "img1_slits", DOTS[:first])
        annotate(tmp_path / name, "img2_slits", DOTS[:second])
    annotate(tmp_path / "slits", "img1", DOTS)
    annotate(tmp_path / "slits", "img2", DOTS[:2])
    return CompareJob(
        images=(folder,),
        predictions=(tmp_path / "old", tmp_path / "new"),
        pixel_size_nm=10,
    )


def run(job: CompareJob, **change: Any) -> tuple[list[Event], Comparison | None]:
    return drain(compare(job.model_copy(update=change)))


def ended(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_two_folders(job: CompareJob) -> None:
    events, found = run(job)
    assert ended(events) == Finished(reason="done", n_ok=4, n_skipped=2)
    assert [event.total for event in events if isinstance(event, Started)] == [6]
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert notices == ["old (1 of 2)", "new (2 of 2)"]
    assert len([event for event in events if isinstance(event, ImageDone)]) == 4
    assert found is not None
    f1 = found.figures[0]
    assert (f1.first, f1.second) == (pytest.approx(0.8), 1)
    assert (f1.n_better, f1.n_worse, f1.verdict) == (2, 0, 0)
    assert "No difference shown on these 2 images" in found.verdict


def test_two_models(job: CompareJob, model_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(model_file.read_bytes())
    models = (str(model_file), str(other))
    _, found = run(job, models=models, predictions=(), device="cpu")
    assert found is not None
    assert found.names == (model_file.name, "other.safetensors")
    assert found.figures[0].difference.value == 0
    assert found.first.provenance.model_sha256 == found.second.provenance.model_sha256
    _, cut = run(job, models=models, predictions=(), device="cpu", threshold=1.0)
    assert cut is not None
    assert cut.figures[0].first == 0


def test_biopsies_and_settings_reach_both_sides(job: CompareJob, tmp_path: Path) -> None:
    table = tmp_path / "biopsies.csv"
    table.write_text("image;biopsy\nimg1.png;a\nIMG2;b\n")
    _, found = run(job, biopsies=table, confidence=0.8, resamples=300)
    assert found is not None
    interval = found.figures[0].difference
    assert (interval.n_units, interval.unit, interval.confidence) == (2, "biopsy", 0.8)
    assert found.second.how.n_resamples == 300


def test_what_is_written(job: CompareJob, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "both.csv"
    _, found = run(job, out=out)
    assert found is not None
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["img1.png", "img2.png"]
    content = json.loads(out.with_suffix(".json").read_text(), parse_constant=pytest.fail)
    assert content["verdict"] == found.verdict
    assert content["second"]["provenance"]["predictions"].endswith("new")
    assert len(content["first"]["images"][0]["annotation_sha256"]) == 64
    run(job, out=out)  # its own files are replaced


def test_unequal_sets_are_refused_by_name(job: CompareJob) -> None:
    (job.predictions[1] / "img2_slits.csv").unlink()
    events, found = run(job)
    assert found is None
    assert ended(events).reason == "failed"
    assert "only one side has img2.png" in ended(events).message


def test_no_annotations(job: CompareJob, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    events, found = run(job, annotations=tmp_path / "empty")
    assert found is None
    assert "No image could be scored" in ended(events).message


def test_a_side_that_is_not_there(job: CompareJob) -> None:
    events, found = run(job, predictions=(job.predictions[0], Path("nowhere")))
    assert found is None
    assert (ended(events).reason, ended(events).message) == (
        "refused",
        "There is no folder nowhere.",
    )
    assert len(events) == 1  # before any image


def test_cancelled(job: CompareJob, tmp_path: Path) -> None:
    out = tmp_path / "both.csv"
    events, found = drain(compare(job.model_copy(update={"out": out}), StopAfter(4)))
    assert ended(events).reason == "cancelled"
    assert found is None
    assert not out.exists()


def test_a_json_file_of_others_is_left_alone(job: CompareJob, tmp_path: Path) -> None:
    (tmp_path / "both.json").write_text("[]")
    events, _ = run(job, out=tmp_path / "both.csv")
    assert ended(events).reason == "refused"
    assert "none of this program's results" in ended(events).message


@pytest.mark.parametrize(
    "sides",
    [
        {},
        {"models": ("a",)},
        {"models": ("a", "b", "c")},
        {"predictions": (Path("a"),)},
        {"models": ("a", "b"), "predictions": (Path("a"), Path("b"))},
    ],
)
def test_two_sides_are_needed(sides: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        CompareJob(images=(Path("a"),), **sides)
    assert explain(caught.value).startswith("Two models or two folders are compared: give --models")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("x/a.safetensors", "y/b.safetensors"), ("a.safetensors", "b.safetensors")),
        (("x/a", "y/a"), ("x/a", "y/a")),
        (("a", "a"), ("a (1)", "a (2)")),
    ],
)
def test_sides_have_names_that_differ(given: Any, names: Any) -> None:
    assert side_names(CompareJob(images=(Path("i"),), models=given)) == names
