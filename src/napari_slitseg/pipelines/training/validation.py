"""Validation: losses on fixed patches, and the real figures on whole images."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from napari_slitseg.core.checkpoint_info import CheckpointInfo
from napari_slitseg.core.detection import Detections, select
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.metrics.curves import precision_recall
from napari_slitseg.core.metrics.pooling import pool_scores
from napari_slitseg.core.metrics.ranking import RankedImage, ScoredImage, rank_image
from napari_slitseg.core.metrics.scores import ImageScores, score_image
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, Figures, Progress
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import Loaded, Member, load_member
from napari_slitseg.pipelines.predict_one import predict_image

_IN_MEMORY_BYTES = 2**30


@dataclass(frozen=True, eq=False)
class Seen:
    """What the model made of one validation image."""

    name: str
    source: Path
    candidates: Detections
    truth: PointTable
    shape: tuple[int, int]
    pixel_size_nm: float
    min_distance_px: float
    prediction: Prediction | None = None

    def ranked(self, job: FinetuneJob) -> RankedImage:
        """Return what each candidate adds to the counts."""
        image = ScoredImage(
            found=self.candidates,
            annotated_yx=self.truth.yx[~self.truth.uncertain],
            tolerance_px=job.tolerance_nm / self.pixel_size_nm,
            min_distance_px=self.min_distance_px,
            uncertain_yx=self.truth.yx[self.truth.uncertain],
            ignore_radius_px=job.ignore_radius_nm / self.pixel_size_nm,
        )
        return rank_image(image)

    def scores(self, job: FinetuneJob, threshold: float) -> ImageScores:
        """Return all figures at a threshold."""
        found = select(self.candidates, threshold=threshold, min_distance_px=self.min_distance_px)
        return score_image(
            found.yx,
            self.truth.yx[~self.truth.uncertain],
            shape=self.shape,
            tolerance_px=job.tolerance_nm / self.pixel_size_nm,
            pixel_size_nm=self.pixel_size_nm,
            ignored_yx=self.truth.yx[self.truth.uncertain],
            ignore_radius_px=job.ignore_radius_nm / self.pixel_size_nm,
        )


@dataclass(frozen=True, eq=False)
class Judgement:
    """Figures of the validation images.

    Attributes
    ----------
    threshold : float
        Of the highest pooled F1; that of the model it started from where nothing is annotated.
    scores : dict
        At that threshold; ``fixed_count_ratio`` is the count ratio at the threshold that the model
        came with, which does not follow a map that fades.
    shown : tuple of Seen
        The first images, with their maps.
    """

    threshold: float
    scores: Figures
    shown: tuple[Seen, ...]


@dataclass
class Images:
    """Validation images; those that fit stay in memory.

    Attributes
    ----------
    members : sequence of Member
    job : FinetuneJob
    """

    members: Sequence[Member]
    job: FinetuneJob
    _kept: dict[Path, Loaded] = field(default_factory=dict)
    _kept_bytes: int = 0

    def load(self, member: Member) -> Loaded:
        """Return an image with its annotation.

        Raises
        ------
        JobError
            If a file has changed since the run was begun.
        """
        if member.image in self._kept:
            return self._kept[member.image]
        loaded = load_member(member, self.job)._replace(membrane=None)
        if self._kept_bytes + loaded.image.pixels.nbytes <= _IN_MEMORY_BYTES:
            self._kept[member.image] = loaded
            self._kept_bytes += loaded.image.pixels.nbytes
        return loaded


def judge_images(
    images: Images,
    model: SegmentationModel,
    info: CheckpointInfo,
    device: str,
    *,
    n_shown: int,
    pause: Callable[[], Generator[Event, None, None]],
) -> Generator[Event, None, Judgement]:
    """Predict all validation images and score them at the best threshold.

    Parameters
    ----------
    images : Images
    model : SegmentationModel
        Put into eval mode and, on most devices, into another layout of memory.
    info : CheckpointInfo
    device : str
    n_shown : int
        Of how many images the maps are kept.
    pause : callable
        Run between images; ends the validation by raising.
    """
    predictor = Predictor(model, info, device, images.job.precision)
    seen = []
    for number, member in enumerate(images.members):
        yield from pause()
        yield Progress(done=number, total=len(images.members), message="validation")
        seen.append(_look(predictor, images, member, keep_maps=number < n_shown))
    ranked = [each.ranked(images.job) for each in seen]
    curve = precision_recall(ranked)
    threshold = curve.best().threshold if curve.n_annotated else info.threshold
    pooled = pool_scores([each.scores(images.job, threshold) for each in seen])
    hits, wrong, missed = curve.counts_at(info.threshold)
    scores = {
        "f1": pooled.f1,
        "precision": pooled.precision,
        "recall": pooled.recall,
        "count_ratio": pooled.count_ratio,
        "fixed_count_ratio": (hits + wrong) / (hits + missed) if hits + missed else math.nan,
        "chamfer_nm": pooled.mean_image_chamfer_nm,
        "vanilla_nm": pooled.mean_image_vanilla_nm,
        "point_loss": pooled.mean_image_point_loss,
        "localisation_nm": pooled.localisation_nm,
    }
    return Judgement(threshold, plain(scores), tuple(seen[:n_shown]))


def _look(predictor: Predictor, images: Images, member: Member, *, keep_maps: bool) -> Seen:
    image, truth, _ = images.load(member)
    steps = predict_image(predictor, image)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            prediction: Prediction = stop.value
            break
    return Seen(
        name=member.name,
        source=member.image,
        candidates=prediction.candidates,
        truth=truth,
        shape=image.shape,
        pixel_size_nm=prediction.pixel_size_nm,
        min_distance_px=prediction.min_distance_px,
        prediction=prediction if keep_maps else None,
    )


def plain(figures: Mapping[str, float | None]) -> Figures:
    """Return figures with None for what is not defined, since JSON has no NaN."""
    return {
        name: None if value is None or not math.isfinite(value) else value
        for name, value in figures.items()
    }


@torch.no_grad()
def load_weights(model: SegmentationModel, state: Mapping[str, torch.Tensor]) -> None:
    """Put a state into a model that may have another layout of memory, and into eval mode."""
    for name, own in model.state_dict().items():
        own.copy_(state[name])
    model.eval()
