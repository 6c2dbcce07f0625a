"""How long a pixel of each image that is measured is, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.calibration.resolve import FolderScale, resolve_scale
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.pixel_size import PLAUSIBLE_NM
from napari_slitseg.pipelines.inputs import ImageReader
from napari_slitseg.pipelines.measure_items import Item
from napari_slitseg.store import LISTED, KeptScale


@dataclass(frozen=True)
class Scales:
    """All that is known of scales.

    Attributes
    ----------
    reader : ImageReader
        Knows the pixel sizes that the job gives.
    kept : mapping
        What the project says, by number of the image; None is the whole folder.
    """

    reader: ImageReader
    kept: Mapping[int | None, KeptScale] = field(default_factory=dict)

    def of(self, item: Item, image: Micrograph) -> Scale | None:
        """Return the scale of an image, None where it is unknown.

        What the job gives goes before all, then what `resolve_scale` says. Where the file says
        nothing, the pixel size in the project's list of images stands for it.
        """
        own = None if item.image_id is None else self.kept.get(item.image_id)
        folder = self.kept.get(None)
        return self._given(item) or resolve_scale(
            None if own is None else own.scale,
            None if folder is None else FolderScale(folder.scale, folder.before_file),
            _of_file(image) or _of_list(item),
        )

    def is_grating(self, item: Item) -> bool:
        """Whether an image is a photograph of a grating that a scale was measured in."""
        scales = [kept.scale for kept in self.kept.values()]
        return any(s.kind == "grating" and item.path.name == s.source for s in scales)

    def _given(self, item: Item) -> Scale | None:
        size = self.reader.given_size_nm(item.path)
        table = self.reader.settings.pixel_sizes
        if size is None:
            return None
        if table is not None and not {
            item.path.name.casefold(),
            item.path.stem.casefold(),
        }.isdisjoint(self.reader.sizes_nm):
            return Scale(size, "table", table.name)
        return Scale(size, "typed", "given for all images")


def _of_file(image: Micrograph) -> Scale | None:
    size = image.pixel_size_nm
    return None if size is None else Scale(size, "file", image.pixel_size_source)


def _of_list(item: Item) -> Scale | None:
    size = None if item.stored is None else item.stored.pixel_size_nm
    low, high = PLAUSIBLE_NM
    return Scale(size, "typed", LISTED) if size is not None and low <= size < high else None
