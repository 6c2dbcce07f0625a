"""Read the file formats of electron microscopes: DM3, DM4, MRC and EMD."""

from __future__ import annotations

from pathlib import Path

from napari_slitseg.core.image_source import ImageReadError, PageData


def read_em(path: Path, page: int) -> PageData:
    """Read one page of a DM3, DM4, MRC or EMD file."""
    raise ImageReadError(f"{path.name}: not read yet (page {page}).")
