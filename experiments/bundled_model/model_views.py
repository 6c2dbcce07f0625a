"""Predict an image several times, flipped and turned, and take the mean of the maps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.candidates import find_candidates
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.core.views import VIEWS, View
from napari_slitseg.pipelines.predict_one import predict_image

MOST_VIEWS: Final = 1 + len(VIEWS)

T = TypeVar("T")


def predict(predictor: Predictor, image: Micrograph, views: int = 1) -> Prediction:
    """Return what a model finds; with more views, from the mean of the maps of each.

    Parameters
    ----------
    predictor : Predictor
    image : Micrograph
    views : int
        From 1, the image itself, as ``slitseg predict`` has it, to 8.

    Raises
    ------
    ValueError
        If there are not so many views.
    """
    if not 1 <= views <= MOST_VIEWS:
        raise ValueError(f"There are 1 to {MOST_VIEWS} views, not {views}.")
    plain = last(predict_image(predictor, image))
    if views == 1:
        return plain
    others = [_seen(predictor, image, view) for view in VIEWS[: views - 1]]
    membrane = _mean([plain.membrane, *(membrane for membrane, _ in others)])
    slit = _mean([plain.slit, *(slit for _, slit in others)])
    found = find_candidates(plain.detector, slit, pixel_size_nm=plain.pixel_size_nm)
    return replace(plain, membrane=membrane, slit=slit, candidates=found)


def _seen(predictor: Predictor, image: Micrograph, view: View) -> tuple[NDArray[Any], NDArray[Any]]:
    """Membrane and slit map of one view, turned back."""
    pixels = np.ascontiguousarray(view.of(np.asarray(image.pixels)))
    found = last(predict_image(predictor, replace(image, pixels=pixels)))
    return turned_back(view, found.membrane), turned_back(view, found.slit)


def turned_back(view: View, seen: NDArray[Any]) -> NDArray[Any]:
    """Return a map of a view as one of the image."""
    own = seen.T if view.transposes else seen
    return own[:: -1 if view.flips[0] else 1, :: -1 if view.flips[1] else 1]


def _mean(maps: list[NDArray[Any]]) -> NDArray[np.float32]:
    return np.asarray(np.mean([np.asarray(each, np.float32) for each in maps], axis=0))


def last(steps: Generator[Any, None, T]) -> T:
    """Run a generator to its end and give what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
