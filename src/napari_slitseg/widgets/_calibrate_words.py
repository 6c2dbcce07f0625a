"""What is said about scales. Knows neither Qt nor napari."""

from __future__ import annotations

from typing import Final

from napari_slitseg.widgets._entry import ImageEntry

NO_IMAGE: Final = "Open an image first."
BLIND: Final = "Blinded reading: scales stay as they are."
UNKNOWN: Final = "Scale unknown: nothing can be told in nm."


def scale_words(entry: ImageEntry | None) -> str:
    """Return the scale of an image and where it comes from, as a sentence without full stop."""
    if entry is None:
        return NO_IMAGE
    if entry.scale is not None:
        return str(entry.scale)
    if entry.pixel_size_nm is not None:
        return f"{entry.pixel_size_nm:.5g} nm per pixel"
    return UNKNOWN


def images(number: int) -> str:
    """Return a number of images in words."""
    return "1 image" if number == 1 else f"{number} images"


def counted(number: int, unread: int) -> str:
    """Say how many images are known to have no scale, and of how many nobody knows yet."""
    return f"({number}; {unread} not read yet)" if unread else f"({number})"


def dropped(number: int) -> str:
    """Say how many predictions another pixel size drops, "" for none."""
    if not number:
        return ""
    what = "what the model found in it" if number == 1 else "what the model found in them"
    return f"Another pixel size for {images(number)}: {what} is dropped; predict again."


def given(number: int, keep_own: int) -> str:
    """Say to how many images a scale was given, and how many keep their own."""
    told = f"Given to {images(number)}."
    if not keep_own:
        return told
    keeps = "keeps a scale of its own" if keep_own == 1 else "keep a scale of their own"
    return f"{told} {images(keep_own).capitalize()} {keeps}."
