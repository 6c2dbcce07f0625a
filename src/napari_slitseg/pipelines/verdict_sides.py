"""One model on the images that choose its threshold and on those that judge it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.metrics.curves import BestThreshold, precision_recall
from napari_slitseg.core.metrics.further import membrane_figures
from napari_slitseg.core.metrics.ranking import RankedImage, ScoredImage, rank_image
from napari_slitseg.core.metrics.result import Curve, EvaluationResult, ImageResult, Provenance
from napari_slitseg.core.metrics.scores import score_image
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, Notice, Progress
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import Member, load_member
from napari_slitseg.pipelines.inputs import ShouldStop
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image
from napari_slitseg.pipelines.record import versions

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo
    from napari_slitseg.core.inference import Predictor


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model found in an image, before any threshold, and what is right."""

    member: Member
    annotated_yx: NDArray[np.float64]
    uncertain_yx: NDArray[np.float64]
    prediction: Prediction
    tolerance_px: float
    ignore_radius_px: float
    further: Mapping[str, float]

    def ranked(self) -> RankedImage:
        """Return what each candidate adds to the counts."""
        image = ScoredImage(
            found=self.prediction.candidates,
            annotated_yx=self.annotated_yx,
            tolerance_px=self.tolerance_px,
            min_distance_px=self.prediction.min_distance_px,
            uncertain_yx=self.uncertain_yx,
            ignore_radius_px=self.ignore_radius_px,
        )
        return rank_image(image)

    def at(self, threshold: float) -> ImageResult:
        """Return the scores at a threshold."""
        scores = score_image(
            self.prediction.at(threshold).table.yx,
            self.annotated_yx,
            shape=self.prediction.shape,
            tolerance_px=self.tolerance_px,
            pixel_size_nm=self.prediction.pixel_size_nm,
            ignored_yx=self.uncertain_yx,
            ignore_radius_px=self.ignore_radius_px,
        )
        return ImageResult(
            name=self.member.name,
            scores=scores,
            file=self.member.image,
            annotation=self.member.annotation,
            annotation_sha256=self.member.annotation_sha256,
            biopsy=self.member.biopsy,
            further=self.further,
        )


@dataclass(frozen=True, eq=False)
class Side:
    """A model, what it found in all images, and its thresholds.

    Attributes
    ----------
    file : Path
        Its checkpoint.
    info : CheckpointInfo
    best : BestThreshold
        Of the validation images.
    judged : tuple of Seen
        Images that judge it.
    job : FinetuneJob
    """

    file: Path
    info: CheckpointInfo
    best: BestThreshold
    judged: tuple[Seen, ...]
    job: FinetuneJob

    def at(self, threshold: float) -> EvaluationResult:
        """Return the scores of the images that judge, at a threshold."""
        provenance = Provenance(
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=versions(("numpy", "scipy", "torch")),
            model=self.info.name,
            model_sha256=self.info.sha256,
            detector=self.judged[0].prediction.detector.to_dict(),
            threshold=threshold,
            min_distance_nm=self.judged[0].prediction.min_distance_nm,
            tolerance_nm=self.job.tolerance_nm,
            ignore_radius_nm=self.job.ignore_radius_nm,
            biopsies=str(self.job.biopsies or ""),
        )
        curve = Curve(precision_recall([each.ranked() for each in self.judged]))
        images = tuple(each.at(threshold) for each in self.judged)
        return EvaluationResult(images=images, provenance=provenance, curve=curve)

    def facts(self) -> dict[str, Any]:
        """Return what a person may want to know of the model."""
        return {
            "model": self.info.name,
            "file": str(self.file),
            "sha256": self.info.sha256,
            "own_threshold": self.info.threshold,
            "best_threshold": self.best.threshold,
            "validation_f1": self.best.f1,
        }


@dataclass(frozen=True)
class Looker:
    """Lets models look at the images of a run.

    Attributes
    ----------
    job : FinetuneJob
        How images are read, and what is right.
    device, precision : str
        See `open_predictor`.
    should_stop : callable
        Asked between tiles.
    assumed_nm : float
        Pixel size of images that say none: that of the new model.
    """

    job: FinetuneJob
    device: str
    precision: str
    should_stop: ShouldStop
    assumed_nm: float

    def side(
        self, file: Path, validation: Sequence[Member], judging: Sequence[Member], title: str
    ) -> Generator[Event, None, Side]:
        """Run a model on all images, and choose its threshold on the validation images.

        Parameters
        ----------
        file : Path
            Checkpoint.
        validation, judging : sequence of Member
            They may be the same.
        title : str
            What the model is called in messages.
        """
        predictor = open_predictor(file, self.device, self.precision)
        members = list(dict.fromkeys([*validation, *judging]))
        seen: dict[Member, Seen] = {}
        for number, member in enumerate(members):
            yield Progress(done=number, total=len(members), message=f"{title}: {member.name}")
            seen[member] = yield from self._look(predictor, member)
        yield Progress(done=len(members), total=len(members), message=title)
        return Side(
            file=file,
            info=predictor.info,
            best=precision_recall([seen[each].ranked() for each in validation]).best(),
            judged=tuple(seen[each] for each in judging),
            job=self.job,
        )

    def _look(self, predictor: Predictor, member: Member) -> Generator[Event, None, Seen]:
        loaded = load_member(member, self.job)
        image, points = loaded.image, loaded.points
        if image.pixel_size_nm is None:
            text = f"Its pixel size is unknown; {self.assumed_nm:g} nm, the model's own, was taken."
            yield Notice(text=text, item=member.name)
            image = image.with_pixel_size(self.assumed_nm)
        steps = predict_image(predictor, image, should_stop=self.should_stop)
        prediction = yield from _without_tiles(steps)
        in_px = 1 / prediction.pixel_size_nm
        further: dict[str, float] = {}
        if loaded.membrane is not None:
            tolerance_px = self.job.tolerance_nm * in_px
            further = membrane_figures(
                prediction.membrane, loaded.membrane, tolerance_px=tolerance_px
            )
        return Seen(
            member=member,
            annotated_yx=points.take(~points.uncertain).yx,
            uncertain_yx=points.take(points.uncertain).yx,
            prediction=prediction.without_maps(),
            tolerance_px=self.job.tolerance_nm * in_px,
            ignore_radius_px=self.job.ignore_radius_nm * in_px,
            further=further,
        )


def _without_tiles(steps: Generator[Event, None, Prediction]) -> Generator[Event, None, Prediction]:
    """Leave the progress of single tiles unsaid."""
    while True:
        try:
            event = next(steps)
        except StopIteration as stop:
            prediction: Prediction = stop.value
            return prediction
        if isinstance(event, Notice):
            yield event
