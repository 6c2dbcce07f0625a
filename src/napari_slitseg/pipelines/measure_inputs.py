"""Everything that is needed to measure the images of a folder, checked and opened."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM
from napari_slitseg.core.morphometry import (
    MembraneChoice,
    SlitsChoice,
    membrane_to_measure,
    needs_proposals,
    slits_to_measure,
)
from napari_slitseg.core.points import PointTable
from napari_slitseg.events import Event, Notice
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.import_annotations_read import n_outside
from napari_slitseg.pipelines.inputs import ImageReader, ShouldStop, page_and_notices
from napari_slitseg.pipelines.measure_items import Item, items_of
from napari_slitseg.pipelines.measure_predictions import Predictions
from napari_slitseg.pipelines.measure_proposals import Model, Proposed
from napari_slitseg.pipelines.measure_said import NothingSaid, Said, Sayings
from napari_slitseg.pipelines.measure_samples import KnownSamples, samples_for
from napari_slitseg.pipelines.measure_scales import Scales
from napari_slitseg.store import PROJECT_FILE, SHARED, Project

_NOTHING: Final = (
    "Nobody annotated it, and there is no prediction of it. Annotate it, or let the model run."
)
_GRATING: Final = "It is the photograph of the grating that the scale comes from."
_NO_SLITS: Final = (
    "Nobody said where its slits are, and there is no prediction of them: its membrane alone gives "
    "no figure. Annotate the slits, mark the review as done if there are none, or let the model "
    "run."
)
_NO_MEMBRANE: Final = (
    "Its membrane is not known, so its slits count as off the membrane and nothing else is "
    "measured. Draw it, or let the model run."
)
_DONE_UNSAID: Final = (
    "Its review is done, but nobody decided on any slit: those that the model found are measured."
)
_BEYOND: Final = (
    "{} of its {} slits lie outside the image: they may belong to another image, or to it in "
    "another size."
)


@dataclass(frozen=True, eq=False)
class Gathered:
    """An image with all that is measured in it.

    Attributes
    ----------
    item : Item
    shape : (int, int)
        Rows and columns.
    slits : SlitsChoice
    membrane : MembraneChoice
    scale : Scale or None
    said : Said
    proposed : Proposed or None
        What a model found; None where none was asked.
    notices : tuple of str
    """

    item: Item
    shape: tuple[int, int]
    slits: SlitsChoice
    membrane: MembraneChoice
    scale: Scale | None
    said: Said
    proposed: Proposed | None
    notices: tuple[str, ...] = ()

    @property
    def mask_or_map(self) -> NDArray[Any]:
        """The membrane; one without a pixel where none is known."""
        known = self.membrane.membrane
        return np.zeros(self.shape, np.bool_) if known is None else known

    @property
    def uses_model(self) -> bool:
        """Whether slits or membrane of a model are among what is measured."""
        return (
            self.membrane.source == "model"
            or self.slits.edits.unjudged > 0
            or (self.slits.source == "proposals")
        )


@dataclass(frozen=True, eq=False)
class MeasureInputs:
    """Everything needed to measure; see `MeasureJob`.

    Attributes
    ----------
    job : MeasureJob
    folder : Path
    project : Project or None
    items : tuple of Item
    """

    job: MeasureJob
    folder: Path
    project: Project | None
    items: tuple[Item, ...]
    sayings: Sayings
    scales: Scales
    samples: KnownSamples
    model: Model
    predictions: Predictions

    @classmethod
    def open(cls, job: MeasureJob, stack: ExitStack, should_stop: ShouldStop) -> MeasureInputs:
        """Check and open everything that a job names.

        Raises
        ------
        JobError, SamplesError, StoreError, CheckpointError
            If it cannot be done as asked.
        """
        folder = job.project.parent if job.project.is_file() else job.project
        if not folder.is_dir():
            raise JobError(f"There is no folder {folder}.")
        project = None
        if (folder / PROJECT_FILE).is_file():
            project = stack.enter_context(Project.open(folder, read_only=True))
        items = items_of(job, folder, project)
        kept = {} if project is None else project.samples()
        model = Model.of(job, should_stop)
        return cls(
            job=job,
            folder=folder,
            project=project,
            items=items,
            sayings=Sayings.of(project, job.track),
            scales=Scales(ImageReader.of(job), {} if project is None else project.scales()),
            samples=samples_for(job, items, kept),
            model=model,
            predictions=Predictions.of(job, model, (item.path for item in items)),
        )

    def gather(self, item: Item) -> Generator[Event, None, Gathered]:
        """Collect what is measured in one image, running the model where that is missing.

        Raises
        ------
        NothingSaid
            If there is nothing to measure.
        ValueError, OSError, StoreError, InferenceError
            If something cannot be read, does not fit the image, or the model fails.
        """
        if self.scales.is_grating(item):
            raise NothingSaid(_GRATING)
        read = read_image(item.path, page=item.page)
        scale = self.scales.of(item, read)
        image = read.with_pixel_size(None if scale is None else scale.nm_per_px)
        said = self.sayings.of_image(item, read.shape)
        yield from page_and_notices(read, item.path)
        proposed = yield from self._proposed(item, image, said)
        tolerance_px = self.job.same_slit_nm / (image.pixel_size_nm or ASSUMED_PIXEL_SIZE_NM)
        slits = slits_to_measure(
            _without_slits(said, proposed),
            proposed.slits if proposed is not None and self._wants_slits(said) else None,
            is_done=said.is_done,
            tolerance_px=tolerance_px,
            moved_from=said.moved_from,
        )
        membrane = membrane_to_measure(
            said.membrane, None if proposed is None else proposed.membrane
        )
        if slits.source == "none":
            raise NothingSaid(_NOTHING if membrane.source == "none" else _NO_SLITS)
        gathered = Gathered(item, read.shape, slits, membrane, scale, said, proposed)
        own = (*said.notices, *_odd(gathered))
        for text in own:
            yield Notice(text=text, item=item.name)
        return replace(gathered, notices=own)

    def _wants_slits(self, said: Said) -> bool:
        return self.job.track == SHARED and needs_proposals(said.points, is_done=said.is_done)

    def _proposed(
        self, item: Item, image: Micrograph, said: Said
    ) -> Generator[Event, None, Proposed | None]:
        """Return what a model found, where slits or membrane of it are needed."""
        if not self._wants_slits(said) and said.membrane is not None:
            return None
        found = yield from self.predictions.of_image(item.path, image)
        lacks = found is None or (said.membrane is None and found.membrane is None)
        if not (lacks and self.job.predict):
            return found
        return (yield from self.model.propose(image))


def _without_slits(said: Said, proposed: Proposed | None) -> PointTable | None:
    """Return a person's points; those of a review that is done without any point are none."""
    is_empty = said.points is None and said.is_done and proposed is None
    return PointTable.empty() if is_empty else said.points


def _odd(gathered: Gathered) -> tuple[str, ...]:
    """Say what a person should know of what is measured in an image."""
    said, slits = gathered.said, gathered.slits.table
    beyond = n_outside(slits, gathered.shape)
    texts = (
        _NO_MEMBRANE if gathered.membrane.source == "none" else "",
        _DONE_UNSAID if said.is_done and gathered.slits.source == "proposals" else "",
        _BEYOND.format(beyond, len(slits)) if beyond else "",
    )
    return tuple(filter(None, texts))
