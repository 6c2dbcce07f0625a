"""Which scale of an image holds, where several are known."""

from __future__ import annotations

from dataclasses import dataclass

from napari_slitseg.core.calibration.scale import Scale


@dataclass(frozen=True)
class FolderScale:
    """Scale of all images of a folder.

    Attributes
    ----------
    scale : Scale
        Side of a pixel, and where it comes from.
    before_file : bool
        Whether it holds even where the file of an image says another.
    """

    scale: Scale
    before_file: bool = False


def resolve_scale(
    of_image: Scale | None, of_folder: FolderScale | None, of_file: Scale | None
) -> Scale | None:
    """Return the scale that holds: the image's own, then the folder's and the file's.

    Parameters
    ----------
    of_image : Scale or None
        What was said of this very image.
    of_folder : FolderScale or None
        What was said of all images of its folder; it goes before the file where it says so.
    of_file : Scale or None
        What the file itself says.
    """
    if of_image is not None:
        return of_image
    if of_folder is not None and (of_folder.before_file or of_file is None):
        return of_folder.scale
    return of_file
