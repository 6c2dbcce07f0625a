"""What is measured of an image, and what came of it. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM
from napari_slitseg.core.morphometry import EditCounts, ImageMeasures, MeasureSettings
from napari_slitseg.core.morphometry.sources import SAME_SLIT_NM
from napari_slitseg.widgets._keeper_measuring import Polygons

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_slitseg.core.morphometry.lines import Lines
    from napari_slitseg.core.morphometry.value import Value
    from napari_slitseg.core.points import PointTable
    from napari_slitseg.core.prediction import Prediction
    from napari_slitseg.widgets._entry import ImageEntry

NO_MEMBRANE: Final = "Predict slits first, or draw the membrane in Review."
NO_SLITS: Final = (
    "Nobody said where its slits are. Predict slits first, annotate them in Review, or mark the "
    "review as done if there are none."
)
_NOT_READ: Final = "Not read yet. Click it in Load images."
_NO_MAPS: Final = (
    "Its maps were let go to save memory. Predict slits again, or draw the membrane in Review."
)


@dataclass(frozen=True, eq=False)
class ToMeasure:
    """One image as it is to be measured: a snapshot for a thread.

    Attributes
    ----------
    entry : ImageEntry
    scale : Scale or None
    settings : MeasureSettings
    excluded : tuple of (K, 2) float64
        Polygons around stretches that do not count, px.
    review : str
        "open", "in progress" or "done".
    lines : Lines or None
        Membrane lines of before, where they still hold.
    drawn : array, Path or None
        The stripe that a person drew, or the file that it is read from.
    """

    entry: ImageEntry
    scale: Scale | None = None
    settings: MeasureSettings = field(default_factory=MeasureSettings)
    excluded: Polygons = ()
    review: str = "open"
    lines: Lines | None = None
    drawn: NDArray[np.bool_] | Path | None = None

    @property
    def key(self) -> int:
        """Which image."""
        return self.entry.key

    @property
    def is_done(self) -> bool:
        """Whether its review is done."""
        return self.review == "done"

    @property
    def prediction(self) -> Prediction | None:
        """What the model found."""
        return self.entry.prediction

    @property
    def proposals(self) -> PointTable | None:
        """The model's slits at the threshold."""
        return None if self.prediction is None else self.prediction.table

    @property
    def membrane_map(self) -> NDArray[np.floating[Any]] | None:
        """The model's membrane; None where there is none, or no longer."""
        prediction = self.prediction
        return None if prediction is None or not prediction.has_maps else prediction.membrane

    @property
    def tolerance_px(self) -> float:
        """Within it, a proposal and a judged point are the same slit, px."""
        size_nm = ASSUMED_PIXEL_SIZE_NM if self.scale is None else self.scale.nm_per_px
        return SAME_SLIT_NM / size_nm

    @property
    def obstacle(self) -> str:
        """Why it cannot be measured, and what to do; "" where it can."""
        if not self.entry.shape[0]:
            return self.entry.message or _NOT_READ
        has_membrane = self.drawn is not None or self.membrane_map is not None
        if has_membrane or self.lines is not None:
            return ""
        return NO_MEMBRANE if self.prediction is None else _NO_MAPS


class Stamp:
    """What an image was when it was measured, without keeping its maps alive."""

    def __init__(self, of: ToMeasure) -> None:
        entry = of.entry
        self._parts = tuple(map(_held, (entry.annotation, of.drawn, of.proposals)))
        self._map = _held(of.membrane_map)
        self._candidates = _held(None if of.prediction is None else of.prediction.candidates)
        self._plain = (of.scale, of.settings, of.excluded, of.is_done)

    def fits(self, now: ToMeasure) -> bool:
        """Whether an image still is what it was."""
        annotation, _, proposals = (held() for held in self._parts)
        scale, settings, excluded, is_done = self._plain
        return (
            annotation is now.entry.annotation
            and proposals is now.proposals
            and self.has_lines_of(now)
            and (scale, settings, is_done) == (now.scale, now.settings, now.is_done)
            and excluded is now.excluded
        )

    def has_lines_of(self, now: ToMeasure) -> bool:
        """Whether its membrane lines still hold; also when the maps were only let go since."""
        drawn, (scale, settings, *_) = self._parts[1](), self._plain
        if not _is_same(drawn, now.drawn) or (scale, settings) != (now.scale, now.settings):
            return False
        prediction = now.prediction
        if drawn is not None or prediction is None:
            return True
        if prediction.has_maps:
            return self._map() is prediction.membrane
        return self._candidates() is prediction.candidates


@dataclass(frozen=True, eq=False)
class Measured:
    """What came of measuring an image.

    Attributes
    ----------
    key : int
        Which image.
    stamp : Stamp
        What it was then.
    measures : ImageMeasures or None
        None where it could not be measured.
    lines : Lines or None
        Membrane lines, with excluded stretches.
    reason : str
        Why not, and what to do.
    figures : mapping of str to Value
        Every figure of `MEASURES`, by name.
    slits_from, membrane_from : str
        As in `MeasuredImage`.
    edits : EditCounts
    editors, proposed_by : tuple of str
        As in `MeasuredImage`.
    """

    key: int
    stamp: Stamp
    measures: ImageMeasures | None = None
    lines: Lines | None = None
    reason: str = ""
    figures: Mapping[str, Value] = field(default_factory=dict)
    slits_from: str = "none"
    membrane_from: str = "none"
    edits: EditCounts = field(default_factory=EditCounts)
    editors: tuple[str, ...] = ()
    proposed_by: tuple[str, ...] = ()


def _held(thing: Any) -> Callable[[], Any]:
    """Return a function that gives a thing back for as long as somebody else holds it."""
    return (lambda: thing) if thing is None or isinstance(thing, Path) else ref(thing)


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, Path) and isinstance(other, Path) and one == other)
