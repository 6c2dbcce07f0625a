"""Put what was measured in all images together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from napari_slitseg.core.metrics.bootstrap import Bootstrap
from napari_slitseg.pipelines.measure_inputs import MeasureInputs
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureFailure, MeasureResult
from napari_slitseg.pipelines.measure_rollups import rollups_of
from napari_slitseg.pipelines.measure_words import methods_of
from napari_slitseg.pipelines.record import versions

_NO_SCALE: Final = (
    "{} of {} images have no known scale, so their figures are in pixels. Give one with slitseg "
    "calibrate, in the window, or with --pixel-size-nm."
)
_NO_MEMBRANE: Final = (
    "No image has a membrane line, so there is neither a density nor a foot process width. Draw "
    "the membrane in the Review dock, or let the model run."
)
_DIFFERENT: Final = (
    "The images have pixels of {:.4g} to {:.4g} nm, so what can be told apart in them differs: "
    "compare biopsies at one magnification."
)
_COARSE: Final = 2.0


def whole_result(
    inputs: MeasureInputs, images: Sequence[MeasuredImage], failures: Sequence[MeasureFailure]
) -> MeasureResult:
    """Return the result of a measuring, with all that is said of the whole.

    Parameters
    ----------
    inputs : MeasureInputs
    images : sequence of MeasuredImage
    failures : sequence of MeasureFailure
    """
    job, project = inputs.job, inputs.project
    how = Bootstrap(n_resamples=job.resamples, confidence=job.confidence, seed=job.seed)
    rolled = rollups_of(images, how)
    result = MeasureResult(
        folder=inputs.folder,
        images=tuple(images),
        failures=tuple(failures),
        settings=job.measure_settings,
        rollups=rolled if images else None,
        job=job.model_dump(mode="json"),
        track=job.track,
        project=None if project is None else project.path,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(("numpy", "scipy", *(("torch",) if inputs.model.has_run else ()))),
        notices=(
            *_of_project(inputs),
            *inputs.samples.notices,
            *notices_of(images),
            *rolled.notices,
        ),
    )
    return replace(result, methods=methods_of(result))


def _of_project(inputs: MeasureInputs) -> tuple[str, ...]:
    return () if inputs.project is None else (*inputs.project.notices, *inputs.project.unread)


def notices_of(images: Sequence[MeasuredImage]) -> tuple[str, ...]:
    """Say what a person should know of all images together.

    Parameters
    ----------
    images : sequence of MeasuredImage
    """
    sizes = [i.measures.scale.nm_per_px for i in images if i.measures.scale is not None]
    unknown = len(images) - len(sizes)
    texts = (
        _NO_SCALE.format(unknown, len(images)) if unknown else "",
        _NO_MEMBRANE if images and not any(i.measures.paths for i in images) else "",
        _DIFFERENT.format(min(sizes), max(sizes))
        if sizes and max(sizes) > _COARSE * min(sizes)
        else "",
    )
    return tuple(filter(None, texts))
