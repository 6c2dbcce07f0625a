"""The first process's means to validate: a model of its own, images, and patches."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

import torch

from napari_slitseg.core.losses import LossSpec, loss_from_dict
from napari_slitseg.core.losses.combine import GradientBalance
from napari_slitseg.core.models import build_model
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.training.freezing import freeze_alike
from napari_slitseg.core.training.objective import Objective
from napari_slitseg.core.training.patches import Patch
from napari_slitseg.core.training.recalibrate import recalibrate
from napari_slitseg.core.training.spec_augmentation import NoAugmentation
from napari_slitseg.core.training.store import keep_examples
from napari_slitseg.events import Event
from napari_slitseg.jobs.named import with_preset
from napari_slitseg.pipelines.training.begin import examples_of
from napari_slitseg.pipelines.training.fixed_patches import Look, fixed_patches
from napari_slitseg.pipelines.training.previews import N_IMAGES
from napari_slitseg.pipelines.training.under_way import Training
from napari_slitseg.pipelines.training.validation import (
    Images,
    Judgement,
    judge_images,
    load_weights,
)

_RECALIBRATION_BATCHES: Final = 12

Pause = Callable[[], Generator[Event, None, None]]


@dataclass(frozen=True, eq=False)
class Examiner:
    """Validates the weights of a training.

    Attributes
    ----------
    training : Training
    model : SegmentationModel
        Into which the weights are put, so that those that learn stay as they are.
    images : Images
    patches : list of Patch
        Of the validation images, not varied.
    typical : list of Patch
        Of those that train, varied as in training; for statistics of batches.
    tracked : list of (str, LossSpec)
    """

    training: Training
    model: SegmentationModel
    images: Images
    patches: list[Patch]
    typical: list[Patch]
    tracked: list[tuple[str, LossSpec]]

    @classmethod
    def of(cls, training: Training) -> Examiner:
        """Load what validating needs."""
        job, plan = training.job, training.plan
        members = training.data.validation
        model = build_model(plan.info.spec).to(training.team.device)
        freeze_alike(model, training.learner.model)
        takes_statistics = job.batch_norm == "recalibrate"
        n_typical = _RECALIBRATION_BATCHES * job.batch if takes_statistics else 0
        with keep_examples(examples_of(training, members)) as examples:
            patches = fixed_patches(examples, plan, NoAugmentation().full())
        return cls(
            training=training,
            model=model,
            images=Images(members, job),
            patches=patches,
            typical=fixed_patches(training.examples, plan, job.the_augmentation(), n_typical),
            tracked=[
                (name, loss_from_dict(with_preset({"name": name}))) for name in job.track_losses
            ],
        )

    def take_weights(self) -> None:
        """Put the weights to be judged into the model, with statistics that belong to them."""
        load_weights(self.model, self.training.learner.best_guess())
        if self.training.course.step and self.typical:
            look = self._look
            pixels = (batch.pixels for batch in look.batches(self.typical))
            recalibrate(self.model, pixels, look.forward)

    def losses(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return the mean losses of the validation patches, and those that are only noted."""
        objective = self._objective
        torch.manual_seed(self.training.job.seed)
        return (
            self._look.losses(self.patches, objective, self.training.learner.balance),
            self._look.noted(self.patches, objective, self.tracked),
        )

    def comparable(self, loss: float) -> float:
        """Return a loss that is lower for better epochs.

        Stages, ramps and balanced sums change what a loss is in the course of a training, so it is
        that in force at the end, with sums balanced as at the start.

        Parameters
        ----------
        loss : float
            In force now.
        """
        plan, course = self.training.plan, self.training.course
        if not plan.is_ranked_by_loss:
            return loss
        objective = plan.objective(plan.total_steps - 1)
        torch.manual_seed(self.training.job.seed)
        if course.yardstick is None:
            course.yardstick = self._look.balanced(self.patches, objective).state_dict()
        if objective == self._objective and not course.yardstick:
            return loss
        balance = GradientBalance()
        balance.load_state_dict(course.yardstick)
        return self._look.losses(self.patches, objective, balance)["total"]

    def judge(self, pause: Pause, *, with_maps: bool) -> Generator[Event, None, Judgement]:
        """Score the validation images."""
        judgement = yield from judge_images(
            self.images,
            self.model,
            self.training.plan.info,
            str(self.training.team.device),
            n_shown=N_IMAGES if with_maps else 0,
            pause=pause,
        )
        return judgement

    @property
    def _objective(self) -> Objective:
        """What the last step minimised."""
        return self.training.plan.objective(max(0, self.training.course.step - 1))

    @property
    def _look(self) -> Look:
        return Look(
            model=self.model,
            autocast=self.training.team.fabric.autocast,
            device=self.training.team.device,
            batch=self.training.course.micro_batch,
        )
