"""What every figure means, in one place: for headings, tooltips, help texts and records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

CONVENTIONS: Final = 1
"""Version of the definitions below. It rises when a figure of the same name means another thing."""


@dataclass(frozen=True)
class Column:
    """A figure in words.

    Attributes
    ----------
    title : str
        Heading, with the unit.
    meaning : str
        One or two sentences: definition, convention, and the value where there is nothing.
    """

    title: str
    meaning: str


_NO_PAIR: Final = "None without a pair."
_ONE_EMPTY: Final = "none where exactly one side has no slits, 0 where both have none"
_LENGTHS: Final[Mapping[str, tuple[str, str]]] = {
    "chamfer": (
        "Chamfer",
        "Mean distance to the nearest slit of the other side, averaged over both directions; "
        f"{_ONE_EMPTY}.",
    ),
    "vanilla": (
        "Vanilla",
        "The Chamfer distance, with the image diagonal where exactly one side has no slits.",
    ),
    "localisation": (
        "Offset",
        f"Localisation error: mean distance of the matched pairs. {_NO_PAIR}",
    ),
    "localisation_rms": (
        "Offset, rms",
        f"Root mean square distance of the matched pairs. {_NO_PAIR}",
    ),
    "tolerance": ("Tolerance", "Largest distance of a matched pair, inclusive."),
    "chamfer_predicted": (
        "Chamfer, found",
        "Mean distance from a found slit to the nearest annotated one: how far off the finds are.",
    ),
    "chamfer_annotated": (
        "Chamfer, annotated",
        "Mean distance from an annotated slit to the nearest found one: how much is missed.",
    ),
    "chamfer_sum": (
        "Chamfer, sum",
        "Sum of all distances to the nearest slit of the other side, both directions together.",
    ),
    "averaged_hausdorff": (
        "Averaged Hausdorff",
        "The larger of the two mean distances to the nearest slit of the other side.",
    ),
    "hausdorff": (
        "Hausdorff",
        "Largest distance of any slit to the nearest of the other side.",
    ),
    "bijective": (
        "Bijective",
        "Strongly bijective Chamfer distance: slits are paired one to one before distances are "
        "averaged.",
    ),
    "earth_mover": (
        "Earth mover's",
        "Least mean distance by which one set, taken as equal shares of one unit, must be moved to "
        "become the other.",
    ),
}

_PLAIN: Final[Mapping[str, Column]] = {
    "image": Column("Image", "File or layer."),
    "biopsy": Column("Biopsy", "Biopsy the image is of, as given."),
    "n_annotated": Column("Annotated", "Annotated slits that count, without uncertain ones."),
    "n_predicted": Column("Found", "Slits the model found, without those set aside."),
    "true_positive": Column(
        "True pos.", "Found and annotated: matched one to one within the tolerance."
    ),
    "false_positive": Column("False pos.", "Found, not annotated."),
    "missed": Column("Missed", "Annotated, not found."),
    "n_set_aside": Column(
        "Set aside", "Found near an uncertain annotation: neither right nor wrong."
    ),
    "n_uncertain": Column("Uncertain", "Annotations that may or may not be slits; never missed."),
    "precision": Column(
        "Precision",
        "Share of the found that is right. Where nothing was found: 1 if nothing is annotated, "
        "else none.",
    ),
    "recall": Column(
        "Recall",
        "Share of the annotated that was found. Where nothing is annotated: 1 if nothing was "
        "found, else none.",
    ),
    "f1": Column(
        "F1", "Harmonic mean of precision and recall; 1 where nothing is annotated nor found."
    ),
    "count_ratio": Column(
        "Count ratio", "Found over annotated: below 1 slits were erased, above 1 invented."
    ),
    "point_loss": Column(
        "Point loss",
        "Penalty on the difference in number: surplus squared, shortage cubed.",
    ),
    "proportional_point_loss": Column(
        "Rel. point loss",
        "Point loss of ten times the relative difference in number, from 0 to 1000.",
    ),
    "integrated_f1": Column(
        "Integrated F1",
        "F1 averaged over all tolerances from 0 to the chosen one: also rewards close matches.",
    ),
    "pixel_size_nm": Column("Pixel size (nm)", "Side of a pixel."),
    "membrane_dice": Column(
        "Membrane Dice", "Dice coefficient of the membrane, map cut at 0.5; 1 where both are empty."
    ),
    "membrane_fpw_dice": Column(
        "Membrane soft Dice",
        "Soft Dice of fpw-dl-v1, (2 sum pg + 1) / (sum p + sum g + 1), of the uncut map.",
    ),
    "membrane_iou": Column(
        "Membrane IoU", "Intersection over union, map cut at 0.5; 1 where both are empty."
    ),
    "membrane_accuracy": Column(
        "Membrane pixel accuracy",
        "Share of pixels that are right; high for any map that is mostly empty.",
    ),
    "membrane_boundary_f1": Column(
        "Membrane boundary F1",
        "F1 of the outlines: outline pixels of one mask within the tolerance of the other's.",
    ),
    "membrane_centreline_dice": Column(
        "Membrane clDice",
        "Centre-line Dice: share of either centre line that lies inside the other mask.",
    ),
    "membrane_right_pixels": Column("Membrane right (pixels)", "Found and annotated membrane."),
    "membrane_wrong_pixels": Column("Membrane wrong (pixels)", "Found, not annotated."),
    "membrane_missed_pixels": Column("Membrane missed (pixels)", "Annotated, not found."),
    "membrane_background_pixels": Column("Membrane neither (pixels)", "Neither of the two."),
    "file": Column("File", "Image file."),
    "annotation": Column("Annotation", "File of the annotation."),
    "annotation_sha256": Column("Annotation SHA-256", "Fingerprint of that file."),
    "prediction": Column("Prediction", "File of the predicted slits; none where a model was run."),
    "prediction_sha256": Column("Prediction SHA-256", "Fingerprint of that file."),
    "notice": Column("Notice", "What was assumed, such as a pixel size."),
}


def _in(unit: str) -> dict[str, Column]:
    return {
        f"{name}_{unit}": Column(f"{title} ({unit})", meaning)
        for name, (title, meaning) in _LENGTHS.items()
    }


COLUMNS: Final[Mapping[str, Column]] = MappingProxyType({**_PLAIN, **_in("px"), **_in("nm")})
"""Every column of tables of images, by its name."""
