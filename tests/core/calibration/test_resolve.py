"""Of several scales of an image, the one that is nearest to it holds."""

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
