"""What a person chose for the slits of all images. Knows neither Qt nor napari."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.widgets._entry import ImageEntry, Status

if TYPE_CHECKING:
    from napari_slitseg.core.detection import DetectorSpec
    from napari_slitseg.core.prediction import Prediction

_NO_MAPS: Final = "Its maps were let go to save memory. Predict it again to see them."
_OTHER: Final = (
    "Its slits are still those of {}, and not scored: its maps were let go to save memory. Predict "
    "it again."
)


@dataclass
class Choices:
    """Threshold, smallest distance and detector.

    Attributes
    ----------
    cut : (float, float) or None
        Threshold and minimum distance (nm), None for each prediction's own.
    detector : DetectorSpec or None
        None for each prediction's own.
    """

    cut: tuple[float, float] | None = None
    detector: DetectorSpec | None = None

    def cut_anew(self, prediction: Prediction) -> Prediction:
        """Return a prediction at the chosen threshold and distance."""
        return prediction if self.cut is None else prediction.at(*self.cut)

    def is_behind(self, prediction: Prediction | None) -> bool:
        """Whether a prediction is by another detector than the chosen one."""
        if prediction is None or self.detector is None:
            return False
        return prediction.detector != self.detector

    def can_follow(self, prediction: Prediction | None) -> bool:
        """Whether a prediction is behind, and its maps are there to search."""
        return prediction is not None and self.is_behind(prediction) and prediction.has_maps

    def followed(self, entry: ImageEntry) -> dict[str, Any]:
        """Return what changes about an image when it is brought up to date, but its detector."""
        if entry.prediction is None:
            return {}
        changed: dict[str, Any] = {"prediction": self.cut_anew(entry.prediction)}
        if not entry.prediction.has_maps and entry.status is Status.PREDICTED:
            changed["reason"] = self.why_no_maps(entry.prediction)
        return changed

    def why_no_maps(self, prediction: Prediction) -> str:
        """Say what follows from the maps of a prediction having been let go."""
        title = prediction.detector.about.title
        return _OTHER.format(title) if self.is_behind(prediction) else _NO_MAPS
