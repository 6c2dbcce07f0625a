"""The parts of the published tool's rules against OpenCV, where that is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from napari_slitseg.core.morphometry.fpw_dl_v1_blobs import slit_dots
from napari_slitseg.core.morphometry.fpw_dl_v1_borders import (
    all_borders,
    area_and_centre,
    chain_length,
    outer_borders,
)
from napari_slitseg.core.morphometry.fpw_dl_v1_corners import strongest_corners
from napari_slitseg.core.morphometry.fpw_dl_v1_draw import draw_line, simplified
from napari_slitseg.core.morphometry.fpw_dl_v1_slits import _distance_to_polygon, _is_inside

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed, and nothing else needs it")

SEEDS = range(20)


def mask(seed: int) -> Any:
    """Return a random mask of 60 x 50 px with pieces, holes and pieces in holes."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(60, 50)), 0.6 + seed % 3)
    return smooth > np.median(smooth)


def walk(seed: int, n: int = 80) -> Any:
    """Return a line from pixel to pixel."""
    rng = np.random.default_rng(seed)
    angle = np.cumsum(rng.normal(0, 0.3, n))
    yx = 30 + np.cumsum(np.stack([np.sin(angle), np.cos(angle)], axis=1) * 1.2, axis=0)
    return np.rint(yx - yx.min(axis=0)).astype(np.int64)


def contours(picture: np.ndarray, mode: int) -> list[Any]:
    found = cv2.findContours(picture.astype(np.uint8), mode, cv2.CHAIN_APPROX_NONE)[-2]
    return [each.reshape(-1, 2)[:, ::-1] for each in found]


def sorted_points(borders: Any) -> list[Any]:
    return sorted(border.tolist() for border in borders)


@pytest.mark.parametrize("seed", SEEDS)
def test_borders_are_those_of_find_contours(seed: int) -> None:
    """The order of borders, which newer versions changed, is in the figures of the other tests."""
    picture = mask(seed)
    for ours, mode in ((outer_borders, cv2.RETR_EXTERNAL), (all_borders, cv2.RETR_LIST)):
        theirs = contours(picture, mode)
        assert sorted_points(ours(picture)) == sorted_points(theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_areas_and_centres_are_those_of_moments(seed: int) -> None:
    for border in all_borders(mask(seed)):
        area, y, x = area_and_centre(border)
        moments = cv2.moments(border[:, ::-1].astype(np.int32).reshape(-1, 1, 2))
        assert area == pytest.approx(moments["m00"])
        if area:
            assert x == pytest.approx(moments["m10"] / moments["m00"])
            assert y == pytest.approx(moments["m01"] / moments["m00"])


@pytest.mark.parametrize("seed", SEEDS)
def test_dots_are_those_of_the_simple_blob_detector(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slits = ndimage.gaussian_filter(rng.normal(size=(120, 100)), 1.5)
    slits = np.clip(slits / slits.std() * 90, 0, 255).astype(np.uint8)
    settings = cv2.SimpleBlobDetector_Params()
    settings.filterByArea, settings.minArea, settings.maxArea = True, 3, 100
    settings.minThreshold, settings.minDistBetweenBlobs = 55, 1
    for name in ("Color", "Circularity", "Convexity", "Inertia"):
        setattr(settings, f"filterBy{name}", False)
    found = cv2.SimpleBlobDetector_create(settings).detect(slits)
    theirs = sorted(point.pt[::-1] for point in found)
    np.testing.assert_allclose(sorted(map(tuple, slit_dots(slits))), theirs, atol=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_lengths_are_those_of_arc_length(seed: int) -> None:
    line = walk(seed)
    theirs = cv2.arcLength(line[:, ::-1].astype(np.int32), False)
    assert chain_length(line) == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_simplified_lines_are_those_of_approx_poly(seed: int) -> None:
    """Of a line that never turns back: newer versions of OpenCV differ where one does."""
    line = np.unique(walk(seed), axis=0)
    line = line[np.concatenate([[True], np.diff(line[:, 0]) > 0])]
    theirs = cv2.approxPolyDP(line[:, ::-1].astype(np.int32), 1, False)
    assert simplified(line, 1.0).tolist() == theirs.reshape(-1, 2)[:, ::-1].tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_lines_are_those_of_opencv(seed: int) -> None:
    corners = np.random.default_rng(seed).integers(0, 40, (9, 2))
    ours, theirs = np.zeros((40, 40), np.bool_), np.zeros((40, 40), np.uint8)
    draw_line(ours, corners)
    for start, end in zip(corners[:-1, ::-1].tolist(), corners[1:, ::-1].tolist(), strict=True):
        cv2.line(theirs, start, end, 255, 1)
    np.testing.assert_array_equal(ours, theirs > 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_ends_are_those_of_good_features_to_track(seed: int) -> None:
    picture = np.zeros((120, 120), np.bool_)
    draw_line(picture, walk(seed, 60) + 12)
    thick = ndimage.grey_dilation(picture.astype(np.uint8) * 255, size=(5, 5))
    theirs = cv2.goodFeaturesToTrack(thick, 2, 0.3, 20).reshape(-1, 2)[:, ::-1]
    assert strongest_corners(thick).tolist() == theirs.tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_distances_to_a_line_taken_for_a_polygon_are_those_of_point_polygon_test(seed: int) -> None:
    line, rng = walk(seed), np.random.default_rng(seed)
    points = rng.uniform(-10, line.max() + 10, (40, 2))
    signed = np.where(_is_inside(line, points), 1, -1) * _distance_to_polygon(
        line.astype(np.float64), points
    )
    polygon = line[:, ::-1].astype(np.int32)
    theirs = [cv2.pointPolygonTest(polygon, (float(x), float(y)), True) for y, x in points]
    np.testing.assert_allclose(signed, theirs, atol=1e-3)
