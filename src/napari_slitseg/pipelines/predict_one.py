"""Find the slits of one image."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_slitseg.core.bundled import resolve_model
from napari_slitseg.core.detection import DetectorSpec, Peaks
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference_types import TileProgress
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, Notice, Progress
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.region import (
    Part,
    Parts,
    Region,
    Search,
    clip_region,
    grow_region,
    paste,
)

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor, ProbabilityMaps

_REST_IS_GONE: Final = (
    "The maps of the rest of the image were let go to save memory, so all of it was predicted."
)


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
    detector: DetectorSpec | None = None,
    should_stop: ShouldStop = never,
    part: Part | None = None,
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
    detector : DetectorSpec, optional
        What finds the slits in the slit map; None for `Peaks`.
    should_stop : callable
        Asked between tiles, and between the blocks in which slits are looked for.
    part : Part, optional
        Predict only this part; the result is of the whole image nevertheless.

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
    pixel_size_nm = image.pixel_size_nm or info.pixel_size_nm
    search = Search(detector or Peaks(), pixel_size_nm, should_stop)
    part = part and _usable(part, image, predictor)
    if part and part.earlier and not part.earlier.has_maps:
        part = None
        yield _noted(_REST_IS_GONE, image, notices)
    if part is None:
        maps = yield from _maps(predictor, image, None, should_stop, notices)
        parts = maps.membrane, maps.slit, search.find(maps.slit)
    else:
        parts = yield from _pasted(predictor, image, part, search, notices)
    return Prediction(
        *parts,
        threshold=info.threshold if threshold is None else threshold,
        min_distance_nm=info.min_distance_nm if min_distance_nm is None else min_distance_nm,
        pixel_size_nm=pixel_size_nm,
        model_name=info.name,
        model_sha256=info.sha256,
        notices=tuple(notices),
        detector=search.detector,
    )


def _pasted(
    predictor: Predictor, image: Micrograph, part: Part, search: Search, notices: list[str]
) -> Generator[Event, None, Parts]:
    """Predict a part and put it into what is known of the rest, found by the same detector."""
    region, earlier = clip_region(part.region, image.shape), part.earlier
    grown = grow_region(region, image.shape, search.margin_px)
    maps = yield from _maps(predictor, image, grown, search.should_stop, notices)
    if earlier is not None:
        earlier = earlier.at(detector=search.detector, should_stop=search.should_stop)
    return paste(maps, region, image.shape, search, earlier)


def _maps(
    predictor: Predictor,
    image: Micrograph,
    region: Region | None,
    should_stop: ShouldStop,
    notices: list[str],
) -> Generator[Event, None, ProbabilityMaps]:
    """Run the model, turning what it says into events and collecting its notices."""
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
            yield Progress(done=step.done, total=step.total, message=_name(image))
        else:
            yield _noted(step.text, image, notices)


def _noted(text: str, image: Micrograph, notices: list[str]) -> Notice:
    """Keep what there is to say of an image, and return it as an event."""
    notices.append(text)
    return Notice(text=text, item=_name(image))


def _name(image: Micrograph) -> str:
    return image.path.name if image.path else image.name


def _usable(part: Part, image: Micrograph, predictor: Predictor) -> Part:
    """Part without an earlier prediction that is not of this image by this model."""
    earlier = part.earlier
    if earlier is None or earlier.shape != image.shape:
        return Part(part.region)
    return part if earlier.model_sha256 == predictor.info.sha256 else Part(part.region)
