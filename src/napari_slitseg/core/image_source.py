"""What every image reader hands over: one page of pixels and what the file says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from numpy.typing import NDArray

from napari_slitseg.core.pixel_size import PixelSize

MEMORY_LIMIT: Final = 2**30
"""Pages of more bytes are mapped from disk instead of read into memory, where possible."""


class ImageReadError(ValueError):
    """An image cannot be read; the message is written for the person at the screen."""


@dataclass(frozen=True)
class PageData:
    """One page as stored in its file.

    Attributes
    ----------
    pixels : array, (H, W) or (H, W, samples)
        Values in the file's own units; may be memory-mapped.
    pixel_size : PixelSize or None
        Size of a pixel as the file states it, None where it states none.
    n_pages : int
        Number of pages the file offers.
    notices : tuple of str
        What the person should know about how this page was read.
    """

    pixels: NDArray[Any]
    pixel_size: PixelSize | None = None
    n_pages: int = 1
    notices: tuple[str, ...] = field(default=())


def check_page(page: int, n_pages: int, name: str) -> None:
    """Refuse a page the file does not have.

    Raises
    ------
    ImageReadError
        If `page` is not in 0 ... `n_pages` - 1.
    """
    if not 0 <= page < n_pages:
        raise ImageReadError(
            f"{name} has {n_pages} page(s), counted from 0; there is no page {page}. "
            f"Choose one from 0 to {n_pages - 1}."
        )
