"""What a person can do to the points of an annotation: pure functions that return an edit.

Nothing is changed by them. An edit that would change nothing is empty. A point is *judged* when it
carries a time; those read from a file do not until a person confirms them. What is taken away
stays as a tombstone: "rejected" is judged to be no slit, "deleted" is a mistake withdrawn.
"""

from napari_slitseg.core.review.operations_detections import (
    accept_above,
    accept_detections,
    reject_detections,
)
from napari_slitseg.core.review.operations_points import (
    accept,
    add,
    delete,
    move,
    reject,
    set_uncertain,
)
from napari_slitseg.core.review.operations_shape import merge, project, split

__all__ = [
    "accept",
    "accept_above",
    "accept_detections",
    "add",
    "delete",
    "merge",
    "move",
    "project",
    "reject",
    "reject_detections",
    "set_uncertain",
    "split",
]
