"""The detector of a job, in files, in regions of an image and in an evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_slitseg.core.detection import DETECTORS as SPECS
from napari_slitseg.core.detection import (
    Components,
    DetectorSpec,
    DeterminantOfHessian,
    DifferenceOfGaussians,
    LaplacianOfGaussian,
    Peaks,
    find,
)
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference import Cancelled, Predictor
from napari_slitseg.core.points import read_points
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Notice
from napari_slitseg.jobs import EvaluateJob, PredictJob
from napari_slitseg.pipelines.evaluate import evaluate
from napari_slitseg.pipelines.predict import open_predictor, predict_files, predict_image
from napari_slitseg.pipelines.region import MARGIN_PX, Part, Search
from tests.pipelines.dots import DOTS, StopAfter, drain, draw_dots

WINDOW = (slice(10, 40), slice(60, 100))
CLOSE = ((40.0, 40.0), (40.0, 48.0))
"""Two dots that a wide Gaussian takes for one."""
LOG = LaplacianOfGaussian()
WIDE = LaplacianOfGaussian(min_sigma_nm=60, max_sigma_nm=80)
DETECTORS = [
    Peaks(),
    Peaks(sigma_nm=25),
    LOG,
    LaplacianOfGaussian(relative_response=0.9),
    DifferenceOfGaussians(border_nm=250),
    DeterminantOfHessian(),
    Components(),
]


@pytest.fixture(scope="module")
def predictor(model_file: Path) -> Predictor:
    return open_predictor(str(model_file), "cpu")


def image(dots: Any = DOTS) -> Micrograph:
    return Micrograph(draw_dots(dots), 10.0, "user", "dots")


def predicted(predictor: Predictor, dots: Any = DOTS, **options: Any) -> Prediction:
    return drain(predict_image(predictor, image(dots), **options))[1]


# -- one image


def test_each_detector_finds_its_own_candidates(predictor: Predictor) -> None:
    by_peaks = predicted(predictor, CLOSE)
    by_log = predicted(predictor, CLOSE, detector=WIDE)
    assert (by_peaks.detector, by_log.detector) == (Peaks(), WIDE)
    expected = find(WIDE, by_log.slit, pixel_size_nm=10)
    np.testing.assert_array_equal(by_log.candidates.yx, expected.yx)
    assert (len(by_peaks.table), len(by_log.table)) == (2, 1)


@pytest.mark.parametrize("detector", [spec() for spec in SPECS.values()], ids=list(SPECS))
def test_cancelling_works_within_the_search(predictor: Predictor, detector: DetectorSpec) -> None:
    asked = StopAfter(10**6)
    predicted(predictor, detector=detector, should_stop=asked)
    n_questions = 10**6 - asked.n
    with pytest.raises(Cancelled):
        predicted(predictor, detector=detector, should_stop=StopAfter(n_questions - 1))


# -- a region of one image


@pytest.mark.parametrize("detector", DETECTORS, ids=str)
def test_a_region_has_the_slits_of_the_whole(predictor: Predictor, detector: DetectorSpec) -> None:
    whole = predicted(predictor, detector=detector, threshold=0.4)
    patched = None
    for rows in (slice(0, 50), slice(50, None)):
        for columns in (slice(0, 71), slice(71, None)):
            part = Part((rows, columns), patched)
            patched = predicted(predictor, detector=detector, threshold=0.4, part=part)
    assert patched is not None
    assert len(patched.table) == len(whole.table) > 0
    assert patched.detector == detector
    assert cdist(patched.table.yx, whole.table.yx).min(axis=0).max() < 1e-3


def test_a_share_of_the_highest_response_is_that_of_the_whole_image(predictor: Predictor) -> None:
    """In the window there is only the dim dot, which is the best there."""
    dim = 40 + 0.35 * (draw_dots(DOTS[:1]).astype(float) - 40)
    pixels = np.maximum(draw_dots(DOTS[1:]), dim).astype(np.uint8)
    both = Micrograph(pixels, 10.0, "user", "dim")
    for share, count in ((0.0, 4), (0.9, 3)):
        options = {"detector": LaplacianOfGaussian(relative_response=share), "threshold": 0.1}
        whole = drain(predict_image(predictor, both, **options))[1]
        part = Part((slice(12, 28), slice(22, 38)), whole)
        again = drain(predict_image(predictor, both, part=part, **options))[1]
        assert (len(whole.table), len(again.table)) == (count, count)


@pytest.mark.parametrize("max_diameter_nm", [80, 2000], ids=["too_long", "kept"])
def test_a_region_across_the_edge_of_a_window_stays_one(
    predictor: Predictor, max_diameter_nm: float
) -> None:
    """The piece of it in the window has another centre, and is not too long where all of it is."""
    detector = Components(level=0.3, max_diameter_nm=max_diameter_nm)
    row = tuple((24.0, float(x)) for x in range(10, 90, 5))
    whole = predicted(predictor, row, detector=detector, threshold=0.4)
    part = Part((slice(12, 36), slice(4, 30)), whole)
    again = predicted(predictor, row, detector=detector, threshold=0.4, part=part)
    assert len(whole.table) == (max_diameter_nm == 2000)
    np.testing.assert_allclose(again.table.yx, whole.table.yx, atol=1e-3)


def test_the_margin_is_as_wide_as_the_detector_reaches() -> None:
    assert Search(Peaks(), 10).margin_px == MARGIN_PX
    assert Search(LaplacianOfGaussian(max_sigma_nm=200), 10).margin_px == 101
    assert Search(LaplacianOfGaussian(max_sigma_nm=200), 20).margin_px == 51
    assert Search(Peaks(border_nm=300), 10).margin_px == 31


def test_what_was_found_by_another_detector_is_found_anew(predictor: Predictor) -> None:
    dots = (*CLOSE, (28.0, 80.0))
    earlier = predicted(predictor, dots)
    now = predicted(predictor, dots, detector=WIDE, part=Part(WINDOW, earlier))
    whole = predicted(predictor, dots, detector=WIDE)
    assert (len(earlier.table), len(now.table)) == (3, 2)
    assert cdist(now.table.yx, whole.table.yx).min(axis=0).max() < 1e-3


@pytest.mark.parametrize("detector", [Peaks(), LOG], ids=["peaks", "log"])
def test_where_the_maps_of_the_rest_are_gone_all_is_predicted(
    predictor: Predictor, detector: DetectorSpec
) -> None:
    earlier = predicted(predictor).without_maps()
    steps = predict_image(predictor, image(), detector=detector, part=Part(WINDOW, earlier))
    events, now = drain(steps)
    [notice] = [event for event in events if isinstance(event, Notice)]
    assert "all of it was predicted" in notice.text
    assert now.notices == (notice.text,)
    assert now.has_maps
    assert len(now.table) == len(DOTS)
    assert now.slit[80:].max() > 0


# -- files


def job_for(folder: Path, model: Path, out: Path, **options: Any) -> PredictJob:
    values = {"images": (folder,), "out": out, "model": str(model), "device": "cpu"}
    return PredictJob(**values, pixel_size_nm=10, **options)


def test_files_and_their_record(folder: Path, model_file: Path, tmp_path: Path) -> None:
    none = LaplacianOfGaussian(response=10)
    for detector, count in ((Peaks(), 4), (LOG, 4), (none, 0)):
        job = job_for(folder, model_file, tmp_path / "out", detector=detector.to_dict())
        drain(predict_files(job))
        assert len(read_points(job.out / "img1_slits.csv")) == count
        content = json.loads((job.out / "predictions.json").read_text())
        assert content["detector"] == detector.to_dict()
        assert [each["detector"] for each in content["images"]] == [detector.to_dict()] * 3
        assert PredictJob.model_validate(content["job"]) == job


def test_each_image_of_a_record_tells_its_own_detector(
    folder: Path, model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    drain(predict_files(job_for(folder, model_file, out)))
    drain(predict_files(job_for(folder / "img1.png", model_file, out, detector="log")))
    content = json.loads((out / "predictions.json").read_text())
    names = {each["name"]: each["detector"]["name"] for each in content["images"]}
    assert names == {"img1": "log", "img2": "peaks", "img10": "peaks"}


# -- evaluation


def test_an_evaluation_honours_it(folder: Path, model_file: Path) -> None:
    for stem, dots in (("img1", DOTS), ("img2", DOTS[:1])):
        rows = "".join(f"{y},{x}\n" for y, x in dots)
        (folder / f"{stem}.csv").write_text("axis-0,axis-1\n" + rows)
    values = {"images": (folder,), "model": str(model_file), "device": "cpu", "pixel_size_nm": 10}
    _, found = drain(evaluate(EvaluateJob(**values, detector="log")))
    _, none = drain(evaluate(EvaluateJob(**values, detector={"name": "log", "response": 10})))
    assert found.pooled is not None
    assert none.pooled is not None
    assert (found.pooled.recall, none.pooled.recall) == (1, 0)
