"""What a calibration found, and what is known of the images of a folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from napari_slitseg.core.calibration import GratingScale, Scale, ScaleBar

ScaleOf = Literal["image", "folder", "file", "window", "none"]
"""Who tells the scale of an image: what was said of it, of its folder, the file itself, a window of
napari where its size was typed, or nobody."""


@dataclass(frozen=True)
class ImageScale:
    """The scale of an image that holds.

    Attributes
    ----------
    path : Path
    scale : Scale or None
        None where it is unknown.
    told_by : str
        A `ScaleOf`.
    """

    path: Path
    scale: Scale | None
    told_by: ScaleOf


@dataclass(frozen=True)
class CalibrateResult:
    """What a calibration found and did.

    Attributes
    ----------
    scale : Scale or None
        What was measured or typed.
    grating : GratingScale or None
        The evidence of a grating.
    bar : ScaleBar or None
        The bar that was found; None where its ends were typed.
    applied_to : Path or None
        Folder that the scale was told to.
    images : tuple of ImageScale
        Images of the folder that was told or asked about, with what holds now.
    """

    scale: Scale | None = None
    grating: GratingScale | None = None
    bar: ScaleBar | None = None
    applied_to: Path | None = None
    images: tuple[ImageScale, ...] = field(default=())

    def with_images(self, folder: Path | None, images: tuple[ImageScale, ...]) -> CalibrateResult:
        """Return the same with what holds in a folder."""
        return replace(self, applied_to=folder, images=images)

    def to_dict(self) -> dict[str, Any]:
        """Return numbers, texts, lists and dictionaries only."""
        grating = None
        if self.grating is not None:
            found = self.grating
            grating = asdict(found) | {"period_px": found.period_px, "anisotropy": found.anisotropy}
            grating.pop("scale")
        bar = None
        if self.bar is not None:
            bar = asdict(self.bar) | {"length_px": self.bar.length_px}
        return {
            "scale": None if self.scale is None else asdict(self.scale),
            "grating": grating,
            "bar": bar,
            "applied_to": None if self.applied_to is None else str(self.applied_to),
            "images": [
                {
                    "image": str(each.path),
                    "scale": None if each.scale is None else asdict(each.scale),
                    "told_by": each.told_by,
                }
                for each in self.images
            ],
        }
