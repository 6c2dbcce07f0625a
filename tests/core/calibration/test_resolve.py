"""Of several scales of an image, the one that is nearest to it holds; all read well."""

from __future__ import annotations

import pytest

from napari_slitseg.core.calibration import FolderScale, Scale, resolve_scale

OWN = Scale(9.0, "scale bar", "a bar")
FOLDER = Scale(8.0, "grating", "a grating")
FILE = Scale(7.0, "file", "OME-XML")


@pytest.mark.parametrize(
    ("own", "folder", "file", "wanted"),
    [
        (None, None, None, None),
        (None, None, FILE, FILE),
        (None, FolderScale(FOLDER), None, FOLDER),
        (None, FolderScale(FOLDER), FILE, FILE),
        (None, FolderScale(FOLDER, before_file=True), FILE, FOLDER),
        (None, FolderScale(FOLDER, before_file=True), None, FOLDER),
        (OWN, FolderScale(FOLDER, before_file=True), FILE, OWN),
        (OWN, None, None, OWN),
    ],
)
def test_the_own_scale_goes_before_all_and_the_file_before_the_folder_unless_told(
    own: Scale | None, folder: FolderScale | None, file: Scale | None, wanted: Scale | None
) -> None:
    assert resolve_scale(own, folder, file) is wanted


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (Scale(9.7, "typed", "log book"), "9.7 nm per pixel (typed: log book)"),
        (Scale(9.7, "typed", "", 0.0), "9.7 nm per pixel (typed)"),
        (
            Scale(8.1557, "scale bar", "scale bar of 2 µm, 245.2 px in a.png", 0.003),
            "8.16 ± 0.02 nm per pixel (scale bar of 2 µm, 245.2 px in a.png)",
        ),
        (
            Scale(9.70004, "grating", "grating-2160.tif", 8e-6),
            "9.70004 ± 0.00008 nm per pixel (grating: grating-2160.tif)",
        ),
        (
            Scale(9.7, "grating", "grating of 2160 lines per mm", 1e-9),
            "9.70000 ± 0.00001 nm per pixel (grating of 2160 lines per mm)",
        ),
        (Scale(900, "table", "sizes.csv", 0.02), "900 ± 18 nm per pixel (table: sizes.csv)"),
    ],
)
def test_a_scale_shows_the_decimals_that_are_known_and_says_its_kind_once(
    scale: Scale, words: str
) -> None:
    assert str(scale) == words
