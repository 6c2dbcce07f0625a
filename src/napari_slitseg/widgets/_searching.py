"""Search slit maps with another detector: work for a thread, without Qt and napari."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_slitseg.core.detection import DetectorSpec
    from napari_slitseg.core.prediction import Prediction


@dataclass(frozen=True, eq=False)
class Searched:
    """What a detector found in one image, which is the n-th of so many."""

    key: int
    prediction: Prediction
    number: int
    total: int


def search_all(
    predictions: Mapping[int, Prediction], detector: DetectorSpec, should_stop: Callable[[], bool]
) -> Generator[Searched, None, None]:
    """Search the slit maps of predictions, by key, one after the other."""
    for number, (key, prediction) in enumerate(predictions.items(), 1):
        found = prediction.at(detector=detector, should_stop=should_stop)
        yield Searched(key, found, number, len(predictions))
