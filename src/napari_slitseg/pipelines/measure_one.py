"""Measure one image."""

from __future__ import annotations

from dataclasses import replace

from napari_slitseg.core.morphometry.measure_image import measure_image
from napari_slitseg.core.morphometry.people import confirmed_models
from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.measure_inputs import Gathered
from napari_slitseg.pipelines.measure_old import OldFigures, old_figures
from napari_slitseg.pipelines.measure_result import MeasuredImage


def measured(gathered: Gathered, sample: Sample, job: MeasureJob) -> MeasuredImage:
    """Measure what was gathered of an image.

    Parameters
    ----------
    gathered : Gathered
    sample : Sample
        Where the image belongs.
    job : MeasureJob
        How it is measured.
    """
    slits, said = gathered.slits, gathered.said
    is_known = gathered.membrane.source != "none"
    measures = measure_image(
        gathered.mask_or_map,
        slits.table.ids,
        slits.table.yx,
        scale=gathered.scale,
        settings=job.measure_settings,
        excluded=said.excluded,
    )
    if not is_known:
        measures = replace(measures, notices=())
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
        proposed_by=confirmed_models(slits.table),
        old=_by_the_old_tool(gathered) if job.old_tool else None,
        model=None if proposed is None else proposed.model,
        notices=(*gathered.notices, *measures.notices),
    )


def _by_the_old_tool(gathered: Gathered) -> OldFigures | None:
    """Return what the published tool's rules give; it finds slits itself in a map of its own."""
    if gathered.membrane.source == "none":
        return None
    proposed, slits = gathered.proposed, gathered.slits
    is_model = slits.source == "proposals"
    return old_figures(
        gathered.mask_or_map,
        slits.table.yx,
        slit_map=proposed.slit if is_model and proposed is not None else None,
        scale=gathered.scale,
    )
