"""Review of annotations: edits that are pure, and a history that undoes them."""

from napari_slitseg.core.review.annotation import Annotation
from napari_slitseg.core.review.drawn import drawn_edit
from napari_slitseg.core.review.edit import Edit, EditConflict, StripeChange, apply, points_edit
from napari_slitseg.core.review.history import History, Record
from napari_slitseg.core.review.signature import Signature
from napari_slitseg.core.review.text import (
    annotation_from_bytes,
    annotation_to_bytes,
    record_from_text,
    record_to_text,
)

__all__ = [
    "Annotation",
    "Edit",
    "EditConflict",
    "History",
    "Record",
    "Signature",
    "StripeChange",
    "annotation_from_bytes",
    "annotation_to_bytes",
    "apply",
    "drawn_edit",
    "points_edit",
    "record_from_text",
    "record_to_text",
]
