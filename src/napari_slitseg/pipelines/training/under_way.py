"""A training under way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

from napari_slitseg.core.training.examples import Example
from napari_slitseg.core.training.patches import Patch
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.course import Course, Plan
from napari_slitseg.pipelines.training.learner import Learner
from napari_slitseg.pipelines.training.team import Team


@dataclass
class Training:
    """A training under way, as one process sees it.

    Attributes
    ----------
    folder : RunFolder
    team : Team
    data : DataSet
    plan : Plan
    course : Course
    learner : Learner
    patches : iterator of Patch
        Those of this process, from the next step on.
    examples : tuple of Example
        That train.
    saved_at, epoch_began_at : float
        Seconds of a monotonic clock.
    saved_step : int
        Steps in the state that was written last.
    """

    folder: RunFolder
    team: Team
    data: DataSet
    plan: Plan
    course: Course
    learner: Learner
    patches: Iterator[Patch]
    examples: tuple[Example, ...]
    saved_at: float = field(default_factory=monotonic)
    saved_step: int = 0
    epoch_began_at: float = field(default_factory=monotonic)

    @property
    def job(self) -> FinetuneJob:
        """What to do."""
        return self.plan.job

    @property
    def is_epoch_full(self) -> bool:
        """Whether an epoch, or the start, waits to be validated."""
        return self.course.validated < self.course.step // self.plan.steps_per_epoch

    @property
    def has_stalled(self) -> bool:
        """Whether the best model is too long ago."""
        patience, course = self.job.patience, self.course
        return patience is not None and course.validated - course.best_epoch >= patience

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do but the verdict."""
        return self.course.validated >= self.job.epochs or self.has_stalled

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return self.course.step // self.plan.steps_per_epoch
