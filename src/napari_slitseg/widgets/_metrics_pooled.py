"""The line that tells the figures of all images together, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy

from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._score_columns import POOLED, calibrated_scores, pooled_interval

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.bootstrap import Interval
    from napari_slitseg.core.metrics.scores import ImageScores

_MEAN: Final = "mean_image_"


class PooledLine(QLabel):
    """F1, precision, recall and mean Chamfer distance; followed a moment after the images."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setAccessibleName("Figures of all images together")
        self._of: list[ImageScores] = []

    def is_behind(self, scored: Sequence[ImageEntry]) -> bool:
        """Whether it tells of other scores than these."""
        scores = calibrated_scores(scored)
        return len(scores) != len(self._of) or any(
            one is not other for one, other in zip(scores, self._of, strict=True)
        )

    def follow(self, scored: Sequence[ImageEntry]) -> Iterator[None]:
        """Compute the figures one by one, then tell them."""
        scores = calibrated_scores(scored)
        found: dict[str, Interval] = {}
        for name in POOLED:
            interval = pooled_interval(name, scores) if scores and not _has_chamfer(found) else None
            if interval is not None:
                found[name] = interval
            yield
        self._of = scores
        self._tell(found)

    def _tell(self, found: dict[str, Interval]) -> None:
        if not found:
            self.setText("")
            return
        f1 = found["f1"]
        images = "1 image" if f1.n_images == 1 else f"{f1.n_images} images"
        parts = ", ".join(_text(name, interval) for name, interval in found.items())
        says = "" if math.isnan(f1.low) else f", with {f1.confidence * 100:g} % intervals"
        self.setText(f"Pooled over {images}{says}: {parts}. {f1.note}".strip())
        self.setToolTip("\n".join(_meaning(*each) for each in found.items()))


def _has_chamfer(found: dict[str, Interval]) -> bool:
    return any("chamfer" in name for name in found)


def _text(name: str, interval: Interval) -> str:
    unit = name.rpartition("_")[2]
    is_length = unit in ("nm", "px")
    digits = 1 if is_length else 2
    if math.isnan(interval.value):
        return f"{_title(name)} not defined"
    value = f"{_title(name)} <b>{interval.value:.{digits}f}{f' {unit}' if is_length else ''}</b>"
    if math.isnan(interval.low):
        return value
    return f"{value} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def _title(name: str) -> str:
    title = COLUMNS[name.removeprefix(_MEAN)].title
    if name.startswith(_MEAN):
        return f"mean {title.partition(' (')[0]}"
    return title if title.isupper() else title.lower()


def _meaning(name: str, interval: Interval) -> str:
    about = COLUMNS[name.removeprefix(_MEAN)]
    how = "mean over images" if name.startswith(_MEAN) else "of the counts of all images together"
    return f"{about.title} {_exact(interval)}. {about.meaning} Pooled: {how}."


def _exact(found: Interval) -> str:
    if math.isnan(found.low):
        return f"{found.value:.4g}, no interval"
    ends = f"{found.low:.4g} to {found.high:.4g}"
    return f"{found.value:.4g}, {found.confidence * 100:g} % interval {ends}"
