"""The columns of the published tool's workbooks: what they mean, and which of our figures is it.

Read in ``analysis.py`` and ``najafian/report.py`` of najafian-lab/fpw-dl-v1 at f3d17f4.
``bulk_report.xlsx`` has a row for each folder (a biopsy); ``report.xlsx`` of a folder has sheets
Global, File and Individual. A third workbook, with a sheet for each glomerulus and biopsy and with
z-scores, is switched off in that version of the tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

BULK: Final = "bulk_report.xlsx, Bulk Report"
GLOBAL: Final = "bulk_report.xlsx, Global Measurements"
FILES: Final = "report.xlsx, File"
INDIVIDUAL: Final = "report.xlsx, Individual"
OUTLIERS: Final = "workbook of a biopsy or glomerulus"


@dataclass(frozen=True)
class OldColumn:
    """A column of the published tool.

    Attributes
    ----------
    sheet : str
        Workbook and sheet.
    meaning : str
        What the tool writes there, as its source has it.
    unit : str
        "px" of its frame, 1.6 pixels of the micrograph each; "s", "%", or "" for numbers and names.
    ours : str
        The figure of `MEASURES` that means the same, if need be summed or averaged as the meaning
        says; "" where there is none.
    differs : str
        What is nevertheless different.
    """

    sheet: str
    meaning: str
    unit: str = ""
    ours: str = ""
    differs: str = ""


_ALL_DOTS: Final = "The tool counts every dot of the image, also far from every line."
_NO_NARROW: Final = (
    "Lines with fewer than two slits are left out; lengths are those of pixel steps."
)
_SPREAD: Final = "The tool divides by n, ours by n - 1."

FPW_DL_V1_COLUMNS: Final[Mapping[str, OldColumn]] = MappingProxyType(
    {
        "Report Folder": OldColumn(BULK, "Folder of the predicted maps: one biopsy."),
        "Average File Slit Count": OldColumn(
            BULK, "Dots of the slit map, mean over the images.", "", "n_slits", _ALL_DOTS
        ),
        "Average Time": OldColumn(BULK, "Seconds spent measuring an image, mean.", "s"),
        "Average FPW": OldColumn(
            BULK,
            "Mean of all widths of the folder, every width alike (pooled); with "
            "--use_file_average, as in the paper, the mean of the images' means, images without a "
            "width left out. -1 where there is none.",
            "px",
            "fpw_mean_px",
            _NO_NARROW,
        ),
        "STD FPW": OldColumn(
            BULK,
            "Standard deviation of what Average FPW is the mean of: of single widths, or, with "
            "--use_file_average, of the images' means.",
            "px",
            "fpw_std_px",
            _SPREAD,
        ),
        "Membrane Length": OldColumn(
            BULK,
            "Length of all lines of all images of the folder: a sum, no mean.",
            "px",
            "membrane_length_px",
            "Steps from pixel to pixel: about 5 % too long.",
        ),
        "Average Attachment": OldColumn(
            BULK,
            "Sum of the widths on a line, mean over the lines of an image, mean over images: a "
            "length, no share.",
            "px",
        ),
        "STD Attachment": OldColumn(
            BULK, "Standard deviation of that over images, dividing by n.", "px"
        ),
        "Fraction FPW": OldColumn(
            BULK,
            "Membrane Length over the number of all dots of the folder.",
            "px",
            "fpw_length_over_count_px",
            _ALL_DOTS,
        ),
        "FPW Measurement (Pixels)": OldColumn(
            GLOBAL, "One width; beside it Biopsy and Glom, the names of two folders.", "px"
        ),
        "Name": OldColumn(FILES, "File of the predicted maps."),
        "Membrane": OldColumn(
            FILES, "Length of all lines of the image.", "px", "membrane_length_px"
        ),
        "Distances": OldColumn(
            FILES, "Mean width in the image; -1 where there is none.", "px", "fpw_mean_px"
        ),
        "Count": OldColumn(FILES, "Dots of the image.", "", "n_slits", _ALL_DOTS),
        "Time": OldColumn(FILES, "Seconds spent measuring the image.", "s"),
        "Individual Membrane": OldColumn(INDIVIDUAL, "Length of one line.", "px"),
        "Individual Attachment": OldColumn(INDIVIDUAL, "Sum of the widths on that line.", "px"),
        "Individual Attachment Percent": OldColumn(
            INDIVIDUAL,
            "That over the line's length, in percent.",
            "%",
            "attachment_fraction",
            "Ours is of the image, not of a line, and a share.",
        ),
        "Biopsy": OldColumn(OUTLIERS, "Name of the folder of the biopsy."),
        "Glom": OldColumn(OUTLIERS, "Name of the folder of the glomerulus."),
        "File": OldColumn(OUTLIERS, "File of the predicted maps."),
        "Min FPW": OldColumn(OUTLIERS, "Smallest width in the image.", "px", "fpw_min_px"),
        "Max FPW": OldColumn(OUTLIERS, "Largest width in the image.", "px", "fpw_max_px"),
        "Min Z-score": OldColumn(
            OUTLIERS,
            "Smallest width, in standard deviations from the mean of all widths of the glomerulus "
            "or biopsy.",
        ),
        "Max Z-score": OldColumn(OUTLIERS, "The same of the largest width."),
        "Type": OldColumn(OUTLIERS, "'Glom' or 'Biopsy': over what the z-scores are taken."),
    }
)
"""Columns by name. "Average FPW" also stands beside File: the mean width in the image then."""
