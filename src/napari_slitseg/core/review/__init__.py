"""Review of annotations: edits that are pure, and a history that undoes them."""

from napari_slitseg.core.review.annotation import Annotation
from napari_slitseg.core.review.drawn import drawn_edit
from napari_slitseg.core.review.edit import Edit, EditConflict, StripeChange, apply, points_edit
from napari_slitseg.core.review.history import History, Record
from napari_slitseg.core.review.signature import Signature

__all__ = [
    "Annotation",
    "Edit",
    "EditConflict",
    "History",
    "Record",
    "Signature",
    "StripeChange",
    "apply",
    "drawn_edit",
    "points_edit",
]
