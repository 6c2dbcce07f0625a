"""Prediction: the slits follow from the candidates; the slider reselects only."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
import pytest

from napari_slitseg.core.detection import LaplacianOfGaussian, Peaks, find, peaks
from napari_slitseg.core.detection.peaks import Detections, candidates
from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.core.prediction import NoMaps, Prediction


def slit_map(shape=(60, 80)):
    y, x = np.indices(shape)
    dots = [((10, 10), 0.9), ((10, 16), 0.6), ((40.25, 50.5), 0.4), ((50, 20), 0.2)]
    values = [h * np.exp(-((y - c[0]) ** 2 + (x - c[1]) ** 2) / 5) for c, h in dots]
    return np.max(values, axis=0).astype(np.float16)


def make(**changes) -> Prediction:
    slit = slit_map()
    fields = {
        "membrane": np.zeros_like(slit),
        "slit": slit,
        "candidates": candidates(slit),
        "threshold": 0.3,
        "min_distance_nm": 30.0,
        "pixel_size_nm": 10.0,
        "model_name": "little",
        "model_sha256": "0123456789abcdef",
        "notices": ("pixel size assumed",),
    }
    return Prediction(**{**fields, **changes})


def test_table_follows_from_the_fields():
    table = make().table
    assert len(table) == 3
    np.testing.assert_allclose(table.score, [0.9, 0.6, 0.4], atol=0.03)
    np.testing.assert_allclose(table.yx[2], [40.25, 50.5], atol=0.05)
    assert set(table.status) == {"proposed"}
    assert set(table.origin) == {"model:little@01234567"}
    assert not table.uncertain.any()


@pytest.mark.parametrize(("threshold", "n"), [(0.0, 4), (0.3, 3), (0.5, 2), (0.8, 1), (1.0, 0)])
def test_at_threshold(threshold, n):
    assert len(make().at(threshold).table) == n


def test_at_distance_in_nm_and_px():
    prediction = make()
    far = prediction.at(min_distance_nm=70.0)
    assert len(far.table) == 2  # the two dots 6 px = 60 nm apart
    assert far.min_distance_px == 7.0
    assert far.threshold == prediction.threshold
    same = prediction.at(min_distance_px=7.0)
    assert same.min_distance_nm == 70.0
    assert same.table.equals(far.table)


def test_at_only_reselects(monkeypatch):
    prediction = make()

    def refuse(*_args, **_kwargs):
        raise AssertionError("candidates were computed again")

    monkeypatch.setattr(peaks, "find_tops", refuse)
    other = prediction.at(0.5, 20.0)
    assert other.candidates is prediction.candidates
    assert other.slit is prediction.slit
    assert other.membrane is prediction.membrane
    assert other.notices == prediction.notices
    assert (other.threshold, other.min_distance_nm) == (0.5, 20.0)


def test_at_and_back_is_the_same():
    prediction = make()
    assert prediction.at(0.9).at(0.3).table.equals(prediction.table)
    assert prediction.at().table.equals(prediction.table)


WIDE = LaplacianOfGaussian(min_sigma_nm=40)
"""Takes the two dots that are 6 px apart for one, and does not see the faint ones."""


def test_at_another_detector():
    prediction = make(threshold=0.1)
    other = prediction.at(detector=WIDE)
    expected = find(WIDE, prediction.slit, pixel_size_nm=10.0)
    np.testing.assert_array_equal(other.candidates.yx, expected.yx)
    assert (len(prediction.table), len(other.table)) == (4, 1)
    assert other.slit is prediction.slit
    assert other.membrane is prediction.membrane
    assert (prediction.detector, other.detector) == (Peaks(), WIDE)
    assert (other.threshold, other.notices) == (0.1, prediction.notices)
    assert other.at(0.95).detector == WIDE
    assert other.at(detector=Peaks()).table.equals(prediction.table)


def test_lengths_of_a_detector_are_taken_at_the_predictions_pixel_size():
    narrow = LaplacianOfGaussian(min_sigma_nm=8, max_sigma_nm=32)
    coarse, fine = make().at(detector=narrow), make(pixel_size_nm=4.0).at(detector=narrow)
    for each, size in ((coarse, 10.0), (fine, 4.0)):
        expected = find(narrow, each.slit, pixel_size_nm=size)
        np.testing.assert_array_equal(each.candidates.yx, expected.yx)
    assert not np.array_equal(coarse.candidates.yx, fine.candidates.yx)


def test_the_same_detector_does_not_search_again(monkeypatch):
    prediction = make().at(detector=WIDE)
    monkeypatch.setattr("napari_slitseg.core.prediction.find_candidates", None)
    assert prediction.at(0.5, detector=LaplacianOfGaussian(min_sigma_nm=40)).detector == WIDE


@pytest.mark.parametrize("detector", [Peaks(sigma_nm=5), WIDE], ids=["peaks", "log"])
def test_a_search_stops_when_asked_to(detector):
    with pytest.raises(Cancelled):
        make().at(detector=detector, should_stop=lambda: True)


def test_the_origin_tells_a_detector_that_is_not_the_default():
    model = "model:little@01234567"
    assert make().origin == model
    assert make().at(detector=WIDE).origin == f'{model} detector:log{{"min_sigma_nm": 40.0}}'
    table = make().at(detector=LaplacianOfGaussian()).table
    assert set(table.origin) == {f"{model} detector:log"}


def test_without_maps_slits_stay_and_another_detector_is_refused():
    prediction = make()
    bare = prediction.without_maps()
    assert (prediction.has_maps, bare.has_maps) == (True, False)
    assert not bare.slit.any()
    assert bare.slit.shape == prediction.slit.shape
    assert bare.table.equals(prediction.table)
    assert len(bare.at(0.5, detector=Peaks()).table) == 2
    with pytest.raises(NoMaps, match=r"slits stay those of Smoothed peaks\. Predict it again"):
        bare.at(detector=WIDE)


def test_slider_is_quick_with_many_candidates():
    rng = np.random.default_rng(0)
    many = Detections(rng.uniform(0, 640, (3000, 2)), np.sort(rng.random(3000))[::-1])
    blank = np.zeros((640, 640), np.float16)
    prediction = make(membrane=blank, slit=blank, candidates=many)
    times = []
    for threshold in (0.1, 0.2, 0.3):
        started = time.process_time()
        prediction.at(threshold)
        times.append(time.process_time() - started)
    assert min(times) < 0.1  # measured: 0.01 s


def test_nothing_found():
    blank = np.zeros((5, 5), np.float16)
    assert len(make(membrane=blank, slit=blank, candidates=candidates(blank)).table) == 0


def test_frozen():
    prediction = make()
    with pytest.raises(dataclasses.FrozenInstanceError):
        prediction.threshold = 0.9
    assert prediction.shape == (60, 80)


class TestRefusals:
    def test_shapes(self):
        with pytest.raises(ValueError, match=r"one shape, got \(3, 3\) and \(60, 80\)"):
            make(membrane=np.zeros((3, 3)))

    @pytest.mark.parametrize("size", [0.0, -1.0, math.nan, math.inf])
    def test_pixel_size(self, size):
        with pytest.raises(ValueError, match="pixel_size_nm"):
            make(pixel_size_nm=size)

    def test_threshold(self):
        with pytest.raises(ValueError, match="threshold"):
            make().at(1.5)

    def test_distance(self):
        with pytest.raises(ValueError, match="min_distance_nm must be"):
            make().at(min_distance_nm=-1.0)
        with pytest.raises(ValueError, match="not both"):
            make().at(min_distance_nm=5.0, min_distance_px=1.0)
