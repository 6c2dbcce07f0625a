"""How far a training is, and what it is made of, in plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from napari_slitseg.core.checkpoint_info import CheckpointInfo
from napari_slitseg.core.curriculum import Curriculum
from napari_slitseg.core.schedules import PlateauState, ReduceOnPlateau, ScheduleSpec, rate_at
from napari_slitseg.core.training.objective import Objective
from napari_slitseg.jobs import FinetuneJob


@dataclass(frozen=True)
class Plan:
    """What is done at each step: a pure function of its number.

    Attributes
    ----------
    job : FinetuneJob
    info : CheckpointInfo
        Of the model it starts from.
    steps_per_epoch : int
    has_membranes : bool
        Whether any image that trains has its membrane drawn.
    """

    job: FinetuneJob
    info: CheckpointInfo
    steps_per_epoch: int
    has_membranes: bool
    curriculum: Curriculum
    schedule: ScheduleSpec

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.steps_per_epoch * self.job.epochs

    @property
    def is_ranked_by_loss(self) -> bool:
        """Whether anything depends on which of two epochs has the lower loss."""
        return self.job.keep_best_by == "loss" or isinstance(self.schedule, ReduceOnPlateau)

    @property
    def uncertain_radius_px(self) -> float:
        """How near to an uncertain annotation nothing is learned, px of the network."""
        return self.job.ignore_radius_nm / self.info.network_pixel_size_nm

    def rate(self, step: int, plateau: PlateauState | None) -> float:
        """Return the learning rate of a step, counted from 0."""
        return rate_at(self.schedule, step, self.total_steps, plateau)

    def objective(self, step: int) -> Objective:
        """Return what a step minimises."""
        in_force = self.curriculum.at(step / self.total_steps, total_epochs=self.job.epochs)
        radius_px = self.job.dot_radius_nm / self.info.network_pixel_size_nm
        return Objective(in_force, radius_px, has_membranes=self.has_membranes)

    def numbers(self, step: int, rank: int = 0) -> tuple[int, range]:
        """Return the epoch, from 1, of a step and the numbers in it of the patches of a process."""
        epoch, in_epoch = divmod(step, self.steps_per_epoch)
        own = self.job.batch * self.job.accumulation
        first = in_epoch * self.job.global_batch + rank * own
        return epoch + 1, range(first, first + own)


@dataclass
class Course:
    """How far a training is.

    Attributes
    ----------
    micro_batch : int
        Patches that are computed at once.
    step : int
        Steps that are done.
    validated : int
        Last epoch that was validated; 0 is the model it starts from, -1 none.
    n_bad : int
        Steps in a row that were not finite.
    sums, counts : dict
        Sums over the steps of the present epoch, and of how many steps, by name of the loss.
    best_merit, best_epoch, best_threshold : float, int, float
        Of the best model so far; the merit is higher for better models.
    yardstick : dict or None
        Lengths of gradients, at the start, by which balanced sums are compared between epochs.
    plateau : dict or None
        State of a schedule that has one.
    highest_ratio : float
        Most detections over annotations so far, at the threshold of the model it starts from.
    is_erasing : bool
        Whether the alarm was given for the fall that lasts.
    """

    micro_batch: int
    step: int = 0
    validated: int = -1
    n_bad: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    best_merit: float = -math.inf
    best_epoch: int = -1
    best_threshold: float = 0.5
    yardstick: dict[str, list[float]] | None = None
    plateau: dict[str, Any] | None = None
    highest_ratio: float = 0.0
    is_erasing: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a course from plain values."""
        return cls(**values)

    @property
    def plateau_state(self) -> PlateauState | None:
        """State of the schedule."""
        return None if self.plateau is None else PlateauState.from_dict(self.plateau)

    def add(self, losses: Mapping[str, float]) -> None:
        """Take in the losses of a step that was applied."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def take_means(self) -> dict[str, float | None]:
        """Return the mean losses of the epoch, and begin the next one.

        A loss that was in force in some steps only has the mean over those.
        """
        means: dict[str, float | None] = {
            name: value / self.counts[name] for name, value in self.sums.items()
        }
        self.sums, self.counts = {}, {}
        return means
