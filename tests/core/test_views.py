"""Views of an image: places come back to where they were."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.views import VIEWS, View

SHAPE = (5, 8)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_pixel_of_a_view_comes_back_to_its_place(view: View) -> None:
    pixels = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    seen = view.of(pixels)
    yx = np.argwhere(np.ones(seen.shape, bool)).astype(float)
    back = view.back(yx, SHAPE)
    np.testing.assert_array_equal(pixels[tuple(back.astype(int).T)], seen.ravel())


def test_the_views_are_all_symmetries_but_the_image_itself() -> None:
    pixels = np.arange(9).reshape(3, 3)
    seen = {view.of(pixels).tobytes() for view in VIEWS}
    assert len(seen) == 7
    assert pixels.tobytes() not in seen


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_copies_nothing(view: View) -> None:
    pixels = np.zeros(SHAPE)
    assert np.shares_memory(view.of(pixels), pixels)


def test_no_places_come_back_as_no_places() -> None:
    assert VIEWS[1].back(np.zeros((0, 2)), SHAPE).shape == (0, 2)
