"""How the membrane map of each image agrees with the stripe a person drew; kept while both stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_slitseg.widgets._entry import ImageEntry

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.masks import PixelCounts


@dataclass(frozen=True, eq=False)
class _Counted:
    """Pixels of a mask and a map."""

    mask: ref[Any]
    map: ref[Any]
    model: tuple[str, float]
    counts: PixelCounts


class Membranes:
    """Numbers of pixels by image; a map that was let go since keeps its figure.

    Attributes
    ----------
    version : int
        Rises with every image that is counted.
    """

    def __init__(self) -> None:
        self.version = 0
        self._counted: dict[int, _Counted] = {}

    def counts(self, entry: ImageEntry) -> PixelCounts | None:
        """Return the numbers of an image as it is now, None where they are not known."""
        found = self._counted.get(entry.key)
        return found.counts if found is not None and _is_of(found, entry) else None

    def dice(self, entry: ImageEntry) -> float | None:
        """Dice of an image, None where it is not known."""
        counts = self.counts(entry)
        return None if counts is None else counts.dice

    def missing(self, entries: Iterable[ImageEntry]) -> list[ImageEntry]:
        """Images that have map and mask and are not counted yet."""
        return [each for each in entries if _can_count(each) and self.counts(each) is None]

    def count(self, entry: ImageEntry) -> None:
        """Count the pixels of an image; nothing where map or mask is missing."""
        from napari_slitseg.core.metrics.further import MEMBRANE_CUT
        from napari_slitseg.core.metrics.masks import count_pixels

        prediction, mask = entry.prediction, entry.membrane
        if prediction is None or mask is None or not _can_count(entry):
            return
        counts = count_pixels(prediction.membrane >= MEMBRANE_CUT, mask)
        model = (prediction.model_sha256, prediction.pixel_size_nm)
        self.version += 1
        self._counted[entry.key] = _Counted(ref(mask), ref(prediction.membrane), model, counts)

    def pooled(self, entries: Iterable[ImageEntry]) -> float | None:
        """Dice of the pixels of all images together, None without one."""
        from napari_slitseg.core.metrics.masks import PixelCounts

        known = [counts for each in entries if (counts := self.counts(each)) is not None]
        return sum(known, PixelCounts()).dice if known else None

    def figures(self, entry: ImageEntry) -> dict[str, float]:
        """Return figures of an image by their names in tables; counts what is not counted yet."""
        from napari_slitseg.core.metrics.membranes import PIXEL_COUNTS

        if self.counts(entry) is None:
            self.count(entry)
        counts = self.counts(entry)
        if counts is None:
            return {}
        return {
            "membrane_dice": counts.dice,
            "membrane_iou": counts.iou,
            "membrane_accuracy": counts.accuracy,
            **dict(zip(PIXEL_COUNTS, map(float, astuple(counts)), strict=True)),
        }


def _can_count(entry: ImageEntry) -> bool:
    prediction, mask = entry.prediction, entry.membrane
    if prediction is None or mask is None or not prediction.has_maps:
        return False
    return prediction.membrane.shape == mask.shape


def _is_of(found: _Counted, entry: ImageEntry) -> bool:
    prediction = entry.prediction
    if prediction is None or entry.membrane is None or found.mask() is not entry.membrane:
        return False
    if prediction.has_maps:
        return found.map() is prediction.membrane
    return found.model == (prediction.model_sha256, prediction.pixel_size_nm)
