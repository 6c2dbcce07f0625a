"""One image of the workspace and everything known about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import History
from napari_slitseg.widgets._overlay import Overlay

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.scores import ImageScores
    from napari_slitseg.core.prediction import Prediction
    from napari_slitseg.pipelines.save_plan_file import PointsFile
    from napari_slitseg.pipelines.save_plan_membrane import MembraneFile

_BEGINNING: Final = History()
_NOTHING_DRAWN: Final = Overlay()
"""One for all images of which nothing is known yet: there may be thousands."""


class Status(Enum):
    """Where an image stands; the value is what the list shows."""

    READY = "ready"
    WAITING = "waiting"
    PREDICTING = "predicting"
    PREDICTED = "predicted"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class ImageEntry:
    """An image of the workspace; an edit makes a new entry with the same key.

    Attributes
    ----------
    key : int
        Names the image for as long as the workspace lives.
    name : str
        What lists call it.
    path : Path or None
        Its file, None for an image that came as a napari layer.
    page, n_pages : int
        Which page of how many.
    shape : (int, int)
        Rows and columns.
    pixel_size_nm : float or None
        None when unknown.
    scale : Scale or None
        Where the pixel size comes from; None when it is unknown.
    file_scale : Scale or None
        What the file itself says.
    micrograph : Micrograph or None
        Kept here for images without a file; others are read when needed.
    layer_slice : tuple
        (id of a foreign napari layer, indices of the slice), empty for files.
    annotation : PointTable or None
        The human's slits.
    annotation_path : Path or None
        Where they were read from.
    seen, seen_membrane : PointsFile, MembraneFile or None
        Files of points and membrane as they were read or written here last.
    edited : bool
        Whether the annotation has changes that no file has.
    membrane : (H, W) bool or None
        The stripe that a person drew.
    history : History
        How the two came about; its state is what they are.
    prediction : Prediction or None
        The model's maps and slits.
    overlay : Overlay
        What to draw over the image.
    scores : ImageScores or None
        Comparison of the two.
    status : Status
        Where the image stands.
    notices : str
        What was noticed when it was read; stays for good.
    reason : str
        Why it failed, or what else there is to say about its status.
    """

    key: int
    name: str
    path: Path | None = None
    page: int = 0
    n_pages: int = 1
    shape: tuple[int, int] = (0, 0)
    pixel_size_nm: float | None = None
    scale: Scale | None = None
    file_scale: Scale | None = None
    micrograph: Micrograph | None = None
    layer_slice: tuple[int, ...] = ()
    annotation: PointTable | None = None
    annotation_path: Path | None = None
    seen: PointsFile | None = None
    seen_membrane: MembraneFile | None = None
    edited: bool = False
    membrane: NDArray[np.bool_] | None = None
    history: History = _BEGINNING
    prediction: Prediction | None = None
    overlay: Overlay = _NOTHING_DRAWN
    scores: ImageScores | None = None
    status: Status = Status.READY
    notices: str = ""
    reason: str = ""

    @property
    def file_size_nm(self) -> float | None:
        """Pixel size that the file itself says, nm; None where it says none."""
        return None if self.file_scale is None else self.file_scale.nm_per_px

    @property
    def message(self) -> str:
        """Everything there is to say, a sentence a line."""
        return "\n".join(text for text in (self.reason, self.notices) if text)
