"""Settings that hold for all images of a window, and which images are behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_slitseg.widgets._choices import Choices
from napari_slitseg.widgets._editing import Editing
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._scoring import compare_entry

if TYPE_CHECKING:
    from napari_slitseg.core.detection import DetectorSpec
    from napari_slitseg.core.prediction import Prediction


class Settling(Editing):
    """Images that follow tolerance, threshold and detector: the current one at once.

    Signals, besides those of the list: `settings_changed()` for tolerance and detector,
    `cut_changed(threshold, min_distance_nm)`, and `search_wanted(keys)` for images that the chosen
    detector has yet to search.
    """

    settings_changed = Signal()
    cut_changed = Signal(float, float)
    search_wanted = Signal(object)

    def __init__(self, tolerance_nm: float) -> None:
        super().__init__()
        self._tolerance_nm = tolerance_nm
        self._choices = Choices()
        self._stale: set[int] = set()

    @property
    def tolerance_nm(self) -> float:
        """Largest distance of a matched pair, nm."""
        return self._tolerance_nm

    @property
    def is_settled(self) -> bool:
        """Whether every image is up to date with the settings."""
        return not self._stale

    @property
    def stale(self) -> frozenset[int]:
        """Keys of images that are behind the settings."""
        return frozenset(self._stale)

    @property
    def cut(self) -> tuple[float, float] | None:
        """Threshold and minimum distance (nm) chosen for all images, None before."""
        return self._choices.cut

    @property
    def detector(self) -> DetectorSpec | None:
        """Detector chosen for all images, None before."""
        return self._choices.detector

    @property
    def to_search(self) -> dict[int, Prediction]:
        """Predictions with maps that the chosen detector has yet to search, by key."""
        held = {key: entry.prediction for key, entry in self._entries.items()}
        return {key: each for key, each in held.items() if each and self._choices.can_follow(each)}

    def is_behind(self, entry: ImageEntry) -> bool:
        """Whether the slits of an image are those of another detector than the chosen one."""
        return self._choices.is_behind(entry.prediction)

    @property
    def unscored_text(self) -> str:
        """Say how many annotated images have no scores for that reason, "" for none."""
        if self.blind is not None:
            return "Blinded reading: scores are hidden."
        number = sum(e.annotation is not None and self.is_behind(e) for e in self.entries)
        image = "1 image is" if number == 1 else f"{number} images are"
        return f"{image} not scored: found by another detector." if number else ""

    def update(self, key: int, **values: Any) -> None:
        """Change attributes of an image, score it anew and tell everybody."""
        before = self._entries[key]
        self._entries[key] = self._resolved(replace(before, **values), before)
        self.entry_changed.emit(key)

    def set_tolerance(self, tolerance_nm: float) -> None:
        """Change the largest distance of a matched pair, nm; the current image follows at once."""
        if tolerance_nm != self._tolerance_nm:
            self._tolerance_nm = tolerance_nm
            self._restale()
            self.settings_changed.emit()

    def set_cut(self, threshold: float, min_distance_nm: float) -> None:
        """Change threshold and minimum distance; the current image follows at once."""
        if self._choices.cut != (threshold, min_distance_nm):
            self._choices.cut = (threshold, min_distance_nm)
            self._restale()
            self.cut_changed.emit(threshold, min_distance_nm)

    def set_detector(self, detector: DetectorSpec) -> None:
        """Change the detector; images by another one have no scores until it searched them."""
        if self._choices.detector != detector:
            self._choices.detector = detector
            for entry in filter(self.is_behind, tuple(self._entries.values())):
                self._entries[entry.key] = replace(entry, scores=None)
            self._restale()
            self.settings_changed.emit()

    def settle(self, key: int | None = None) -> None:
        """Bring images up to date with the settings: one, or all that are behind."""
        for each in sorted(self._stale) if key is None else {key} & self._stale:
            self._stale.discard(each)
            self.update(each, **self._choices.followed(self._entries[each]))
        self._want(self._entries if key is None else [key])

    def _want(self, keys: Iterable[int]) -> None:
        """Ask for a search of those images that the chosen detector has yet to search."""
        held = {key: self._entries[key].prediction for key in keys}
        if wanted := {key for key, each in held.items() if self._choices.can_follow(each)}:
            self.search_wanted.emit(wanted)

    def _restale(self) -> None:
        self._stale = set(self._entries)
        if self._current is not None:
            self.settle(self._current)

    def _resolved(self, entry: ImageEntry, before: ImageEntry | None = None) -> ImageEntry:
        """Return the entry with overlay and scores that follow from the rest of it."""
        overlay, scores = compare_entry(entry, self._tolerance_nm, before)
        scores = None if self.is_behind(entry) else scores
        return replace(entry, overlay=overlay, scores=scores)
