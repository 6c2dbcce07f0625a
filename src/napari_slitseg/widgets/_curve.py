"""Precision and recall of all images at all thresholds, computed beside the window."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_not
from typing import TYPE_CHECKING, Any

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._scoring import scored_image

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.curves import PrecisionRecall
    from napari_slitseg.core.metrics.ranking import RankedImage, ScoredImage

Signature = tuple[Any, ...]


@dataclass(frozen=True)
class Ranking:
    """What ranking an image brought, and from what."""

    signature: Signature
    ranked: RankedImage


@dataclass
class Ranks:
    """Images ranked so far; a threshold changes nothing in them."""

    by_key: dict[int, Ranking] = field(default_factory=dict)
    _pooled: tuple[list[Ranking], PrecisionRecall] | None = None

    def missing(
        self, entries: Sequence[ImageEntry], tolerance_nm: float
    ) -> dict[int, tuple[Signature, ScoredImage]]:
        """Return the images that are not ranked as they are now."""
        found = {}
        for entry in entries:
            signature = _signature(entry, tolerance_nm)
            known = self.by_key.get(entry.key)
            if known is None or known.signature != signature:
                found[entry.key] = signature, scored_image(entry, tolerance_nm)
        return found

    def add(self, rankings: Mapping[int, Ranking]) -> None:
        """Take what `rank_all` returned."""
        self.by_key.update(rankings)

    def points(self, entries: Sequence[ImageEntry]) -> PrecisionRecall:
        """Return the pooled curve of images that are all ranked."""
        from napari_slitseg.core.metrics.curves import precision_recall

        rankings = [self.by_key[entry.key] for entry in entries]
        known = self._pooled
        if known is None or len(known[0]) != len(rankings) or any(map(is_not, known[0], rankings)):
            known = rankings, precision_recall([each.ranked for each in rankings])
            self._pooled = known
        return known[1]


def rank_all(
    images: Mapping[int, tuple[Signature, ScoredImage]], should_stop: Callable[[], bool]
) -> Generator[None, None, dict[int, Ranking]]:
    """Rank images, one after the other; work for a thread."""
    from napari_slitseg.core.metrics.ranking import rank_image

    done = {}
    for key, (signature, image) in images.items():
        if should_stop():
            return {}
        done[key] = Ranking(signature, rank_image(image))
        yield
    return done


def _signature(entry: ImageEntry, tolerance_nm: float) -> Signature:
    """Return what a ranking depends on; tables and candidates are never changed in place."""
    prediction = entry.prediction
    if prediction is None:
        return ()
    return (
        _Same(prediction.candidates),
        _Same(entry.annotation),
        prediction.min_distance_px,
        entry.pixel_size_nm,
        tolerance_nm,
    )


@dataclass(frozen=True, eq=False)
class _Same:
    """Equal where it is of the very same object, which it keeps alive."""

    of: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.of is other.of

    def __hash__(self) -> int:
        return id(self.of)
