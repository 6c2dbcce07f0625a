"""Prediction: the slits follow from the candidates; the slider reselects only."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
import pytest

from napari_slitseg.core.detection import peaks
from napari_slitseg.core.detection.peaks import Detections, candidates
from napari_slitseg.core.prediction import Prediction


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
