"""Measure one image."""

from __future__ import annotations

from napari_slitseg.core.morphometry.measure_image import measure_image
from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.core.morphometry.settings import MeasureSettings
from napari_slitseg.pipelines.measure_inputs import Gathered
from napari_slitseg.pipelines.measure_result import MeasuredImage


def measured(gathered: Gathered, sample: Sample, settings: MeasureSettings) -> MeasuredImage:
    """Measure what was gathered of an image.

    Parameters
    ----------
    gathered : Gathered
    sample : Sample
        Where the image belongs.
    settings : MeasureSettings
    """
    slits, said = gathered.slits, gathered.said
    measures = measure_image(
        gathered.mask_or_map,
        slits.table.ids,
        slits.table.yx,
        scale=gathered.scale,
        settings=settings,
        excluded=said.excluded,
    )
    proposed = gathered.proposed if gathered.uses_model else None
    return MeasuredImage(
        name=gathered.item.name,
        path=gathered.item.path,
        page=gathered.item.page,
        shape=gathered.shape,
        measures=measures,
        slits_from=slits.source,
        membrane_from=gathered.membrane.source,
        sample=sample,
        edits=slits.edits,
        editors=tuple(sorted(said.editors | set(slits.editors))),
        review=said.review,
        model=None if proposed is None else proposed.model,
        notices=(*gathered.notices, *measures.notices),
    )
