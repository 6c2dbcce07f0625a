"""How doubtful what was found in an image is."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from napari_slitseg.core.detection import Detections
from napari_slitseg.core.doubt import Doubt, doubt_of, lacking_slits
from napari_slitseg.core.prediction import Prediction

SHAPE = (60, 60)


def prediction(*found: tuple[float, float, float], membrane: float = 1.0) -> Prediction:
    """Candidates (y, x, score) on a membrane map of one value; threshold 0.5, 10 nm/px."""
    table = np.array(found, np.float64).reshape(-1, 3)
    order = np.argsort(-table[:, 2], kind="stable")
    return Prediction(
        membrane=np.full(SHAPE, membrane, np.float32),
        slit=np.zeros(SHAPE, np.float32),
        candidates=Detections(table[order, :2], table[order, 2]),
        threshold=0.5,
        min_distance_nm=20.0,
        pixel_size_nm=10.0,
        model_name="m",
        model_sha256="0" * 64,
    )


def test_a_score_at_the_threshold_is_an_even_chance() -> None:
    assert doubt_of(prediction((10, 10, 0.5))).total == pytest.approx(0.5)


@pytest.mark.parametrize("score", [0.8, 0.2])
def test_doubt_falls_with_the_distance_to_the_threshold(score: float) -> None:
    assert doubt_of(prediction((10, 10, score))).margin == pytest.approx(0.2)


def test_doubts_of_an_image_add_up() -> None:
    assert doubt_of(prediction((10, 10, 0.8), (30, 30, 0.2))).total == pytest.approx(0.4)
    assert doubt_of(prediction((10, 10, 0.8), (30, 30, 0.2))).n_found == 1


def test_a_slit_off_the_membrane_is_doubtful_and_a_weak_candidate_there_is_not() -> None:
    off = doubt_of(prediction((10, 10, 0.999), (30, 30, 0.1), membrane=0.1))
    assert off.membrane == pytest.approx(0.8)
    assert off.total == pytest.approx(0.8 + 0.1)


def test_a_membrane_within_reach_is_enough() -> None:
    far, near = prediction((10, 10, 0.999), membrane=0.0), prediction((10, 10, 0.999))
    far.membrane[10, 17] = near.membrane[10, 16] = 1.0
    near.membrane[:, :16] = 0
    assert doubt_of(far).membrane == pytest.approx(1.0)
    assert doubt_of(near).membrane == pytest.approx(0.0)


def test_what_only_some_views_have_is_doubtful() -> None:
    image = prediction((10, 10, 0.999), (30, 30, 0.05))
    both, one = np.array([[10.0, 10.0], [30.0, 30.0]]), np.array([[50.0, 50.0]])
    doubt = doubt_of(image, [both, one])
    assert doubt.views == pytest.approx(0.5 + 0.5 + 0.5)
    assert doubt.total == pytest.approx(1.5)
    assert doubt_of(image, [both[:1]]).views == pytest.approx(0.0)


def test_the_tolerance_says_what_is_the_same_slit() -> None:
    image, view = prediction((10, 10, 0.999)), np.array([[10.0, 14.0]])
    assert doubt_of(image, [view], tolerance_nm=40).views == pytest.approx(0.0)
    assert doubt_of(image, [view], tolerance_nm=39).views == pytest.approx(2.0)


def test_slits_at_the_border_look_for_the_membrane_inside_the_image() -> None:
    corners = [(y, x, 0.999) for y in (0, 59.4) for x in (0, 59.4)]
    image = prediction(*corners, membrane=0.0)
    image.membrane[6, 6] = 1.0
    assert doubt_of(image).membrane == pytest.approx(3.0)


def test_maps_are_read_piece_by_piece() -> None:
    height, width = 4000, 1000
    membrane = np.zeros((height, width), np.float16)
    membrane[:1000], membrane[1000:] = 1.0, 0.1
    bare = prediction((10, 10, 0.999))
    image = replace(bare, membrane=membrane, slit=np.zeros_like(membrane))
    tracemalloc.start()
    doubt = doubt_of(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * membrane.nbytes
    assert doubt.blindness == pytest.approx((0.3 / 1.3 - 0.2) / 0.8, rel=0.01)


def test_without_views_or_maps_their_doubts_are_unknown() -> None:
    bare = doubt_of(prediction((10, 10, 0.8), membrane=0.0).without_maps())
    assert math.isnan(bare.views)
    assert math.isnan(bare.membrane)
    assert math.isnan(bare.blindness)
    assert bare.total == pytest.approx(0.2)


def test_nothing_found_is_no_doubt_but_blindness() -> None:
    nothing = doubt_of(prediction(membrane=0.1))
    assert nothing.total == 0
    assert nothing.blindness == pytest.approx(1.0)
    assert doubt_of(prediction(membrane=1.0)).blindness == 0
    assert nothing.field_um2 == pytest.approx(0.36)


def doubt(n_found: int, blindness: float, field_um2: float = 4.0) -> Doubt:
    return Doubt(1.0, 1.0, 0.0, 0.0, blindness, n_found, field_um2)


def test_slits_lack_where_the_model_is_blind_and_finds_fewer_than_elsewhere() -> None:
    images = [doubt(8, 0), doubt(8, 0), doubt(0, 1), doubt(0, 0.5), doubt(0, 0), doubt(20, 1)]
    assert lacking_slits(images).tolist() == [0, 0, 8, 4, 0, 0]


def test_a_field_twice_as_large_lacks_twice_as_many() -> None:
    images = [doubt(8, 0), doubt(8, 0), doubt(8, 0), doubt(0, 1, field_um2=8.0)]
    assert lacking_slits(images)[-1] == pytest.approx(16)


def test_unknown_blindness_lacks_nothing_and_no_images_are_no_list() -> None:
    assert lacking_slits([doubt(8, 0), doubt(0, math.nan)]).tolist() == [0, 0]
    assert lacking_slits([]).shape == (0,)
