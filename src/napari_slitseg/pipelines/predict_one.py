"""Find the slits of one image."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.bundled import resolve_model
from napari_slitseg.core.detection.peaks import candidates
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference_types import Cancelled, TileProgress
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, Notice, Progress
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.region import Region, clip_region, grow_region, paste

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor, ProbabilityMaps


def open_predictor(model: str | Path, device: str = "auto", precision: str = "auto") -> Predictor:
    """Load a model onto a device. This is when torch is loaded.

    Parameters
    ----------
    model : str or Path
        Name of a bundled model or a checkpoint file.
    device, precision : str
        See `napari_slitseg.core.inference.Predictor`.

    Raises
    ------
    CheckpointError
        If there is no such model or its file cannot be trusted.
    InferenceError
        If there is no such device, or the model does not fit on it.
    """
    path = resolve_model(model)
    from napari_slitseg.core.checkpoint import load_checkpoint
    from napari_slitseg.core.inference import Predictor

    return Predictor(*load_checkpoint(path), device=device, precision=precision)


def predict_image(
    predictor: Predictor,
    image: Micrograph,
    *,
    threshold: float | None = None,
    min_distance_nm: float | None = None,
    should_stop: ShouldStop = never,
    region: Region | None = None,
    earlier: Prediction | None = None,
) -> Generator[Event, None, Prediction]:
    """Find the slits of one image.

    Parameters
    ----------
    predictor : Predictor
        See `open_predictor`.
    image : Micrograph
        Of any size; an unknown pixel size is taken for the model's own, with a notice.
    threshold, min_distance_nm : float, optional
        None for the model's own.
    should_stop : callable
        Asked between tiles, and between the blocks in which slits are looked for.
    region : tuple of slice, optional
        Predict only this part, px; the result is of the whole image nevertheless.
    earlier : Prediction, optional
        What is known of the rest of the image. Without it, and if it is by another model, maps are
        zero outside the region.

    Yields
    ------
    Progress or Notice

    Returns
    -------
    Prediction
        Its notices are those yielded.

    Raises
    ------
    Cancelled
        When `should_stop` says so.
    InferenceError
        If the image, its pixel size or the region does not suit the model, or the network fails.
    """
    info, notices = predictor.info, list[str]()
    if region is not None:
        region = clip_region(region, image.shape)
        maps = yield from _maps(
            predictor, image, grow_region(region, image.shape), should_stop, notices
        )
        membrane, slit, found = paste(maps, region, image.shape, _usable(earlier, image, predictor))
    else:
        maps = yield from _maps(predictor, image, None, should_stop, notices)
        membrane, slit = maps.membrane, maps.slit
        found = candidates(cast("NDArray[np.floating]", _Asking(slit, should_stop)))
    return Prediction(
        membrane=membrane,
        slit=slit,
        candidates=found,
        threshold=info.threshold if threshold is None else threshold,
        min_distance_nm=info.min_distance_nm if min_distance_nm is None else min_distance_nm,
        pixel_size_nm=image.pixel_size_nm or info.pixel_size_nm,
        model_name=info.name,
        model_sha256=info.sha256,
        notices=tuple(notices),
    )


@dataclass(frozen=True, eq=False)
class _Asking:
    """A map that asks whether to stop before it is read; it is read block by block."""

    array: NDArray[np.floating]
    should_stop: ShouldStop

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def __getitem__(self, window: tuple[slice, slice]) -> NDArray[np.floating]:
        if self.should_stop():
            raise Cancelled("The prediction was cancelled.")
        return self.array[window]


def _maps(
    predictor: Predictor,
    image: Micrograph,
    region: Region | None,
    should_stop: ShouldStop,
    notices: list[str],
) -> Generator[Event, None, ProbabilityMaps]:
    """Run the model, turning what it says into events and collecting its notices."""
    name = image.path.name if image.path else image.name
    steps = predictor.predict(
        image.pixels, image.pixel_size_nm, region=region, should_stop=should_stop
    )
    while True:
        try:
            step = next(steps)
        except StopIteration as stop:
            maps: ProbabilityMaps = stop.value
            return maps
        if isinstance(step, TileProgress):
            yield Progress(done=step.done, total=step.total, message=name)
        else:
            notices.append(step.text)
            yield Notice(text=step.text, item=name)


def _usable(
    earlier: Prediction | None, image: Micrograph, predictor: Predictor
) -> Prediction | None:
    """Earlier prediction if it is of this image by this model."""
    if earlier is None or earlier.shape != image.shape:
        return None
    return earlier if earlier.model_sha256 == predictor.info.sha256 else None
