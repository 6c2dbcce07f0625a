"""What a model says of an image that is measured: from files it wrote, or by running it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.bundled import resolve_model
from napari_slitseg.core.checkpoint import read_checkpoint_info
from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.spec_settings import brief
from napari_slitseg.events import Event
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.inputs import ShouldStop
from napari_slitseg.pipelines.measure_result import ModelUsed
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo
    from napari_slitseg.core.inference import Predictor
    from napari_slitseg.core.prediction import Prediction


@dataclass(frozen=True, eq=False)
class Proposed:
    """What a model found in an image.

    Attributes
    ----------
    slits : PointTable
    membrane, slit : (H, W) float or None
        Its maps, [0, 1]; None where they were not kept.
    model : ModelUsed or None
        None where nobody wrote down which it was.
    notices : tuple of str
    """

    slits: PointTable
    membrane: NDArray[np.floating[Any]] | None = None
    slit: NDArray[np.floating[Any]] | None = None
    model: ModelUsed | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """The model of a job: loaded when it is needed first.

    Attributes
    ----------
    job : MeasureJob
    info : CheckpointInfo
        What its file says.
    should_stop : callable
    """

    job: MeasureJob
    info: CheckpointInfo
    should_stop: ShouldStop

    @classmethod
    def of(cls, job: MeasureJob, should_stop: ShouldStop) -> Model:
        """Look at the file of a job's model.

        Raises
        ------
        CheckpointError
            If there is no such model.
        """
        return cls(job, read_checkpoint_info(resolve_model(job.model)), should_stop)

    @cached_property
    def predictor(self) -> Predictor:
        """The model on its device."""
        return open_predictor(self.job.model, self.job.device, self.job.precision)

    @property
    def has_run(self) -> bool:
        """Whether it was needed."""
        return "predictor" in vars(self)

    @property
    def asked(self) -> dict[str, Any]:
        """What the record of a prediction made by this model, as the job asks, says."""
        job, info = self.job, self.info
        own = job.min_distance_nm
        return {
            "sha256": info.sha256,
            "threshold": info.threshold if job.threshold is None else job.threshold,
            "min_distance_nm": info.min_distance_nm if own is None else own,
            "detector": job.detector,
        }

    def propose(self, image: Micrograph) -> Generator[Event, None, Proposed]:
        """Run the model on an image.

        Raises
        ------
        Cancelled, CheckpointError, InferenceError
            As `predict_image`.
        """
        prediction = yield from predict_image(
            self.predictor,
            image,
            threshold=self.job.threshold,
            min_distance_nm=self.job.min_distance_nm,
            detector=detector_from_dict(self.job.detector),
            should_stop=self.should_stop,
        )
        return proposed_by(prediction)


def proposed_by(prediction: Prediction) -> Proposed:
    """Return what a prediction says, as it is measured."""
    detector = prediction.detector
    model = ModelUsed(
        name=prediction.model_name,
        sha256=prediction.model_sha256,
        detector=words_of(detector.to_dict()),
        threshold=prediction.threshold,
        min_distance_nm=prediction.min_distance_nm,
    )
    return Proposed(
        prediction.table, prediction.membrane, prediction.slit, model, prediction.notices
    )


def words_of(document: Mapping[str, Any]) -> str:
    """Return a detector, and those of its settings that are not its defaults."""
    changed = dict(brief(detector_from_dict(dict(document))))
    name = str(changed.pop("name"))
    told = ", ".join(f"{key} {value}" for key, value in changed.items())
    return f"{name} ({told})" if told else name
