"""One run in a comparison: what it did, how far it came, how it was judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from napari_slitseg.core.metrics.bootstrap import Interval
from napari_slitseg.core.metrics.verdict import Verdict
from napari_slitseg.events import EpochDone
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.compare_curves import Curve, curves_of
from napari_slitseg.pipelines.runs.compare_losses import LossAccount, losses_of
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.history import brief_history
from napari_slitseg.pipelines.runs.status import State, status_of
from napari_slitseg.pipelines.verdict import read_verdict
from napari_slitseg.pipelines.verdict_report import minutes_of, name_of_loss

_BEST: Final = ("f1", "chamfer_nm", "count_ratio")


@dataclass(frozen=True)
class RunAccount:
    """One run: what it did, how far it came, how it was judged.

    Attributes
    ----------
    name : str
        Name of its folder; the whole path where another has the same name.
    folder : RunFolder
    job : FinetuneJob
    state : str
        See `status_of`.
    curves : tuple of Curve
    best : EpochDone or None
        The epoch whose model is kept.
    minutes : float
        Time of all epochs so far.
    verdict : Verdict or None
    no_verdict : str
        Why there is none.
    """

    name: str
    folder: RunFolder
    job: FinetuneJob
    state: State
    curves: tuple[Curve, ...]
    best: EpochDone | None
    minutes: float
    verdict: Verdict | None
    no_verdict: str = ""

    @property
    def loss(self) -> str:
        """What was minimised, in a few words."""
        job = self.job
        if job.curriculum is not None:
            stages = len(job.curriculum.get("stages", ()))
            return f"curriculum of {stages} stage{'' if stages == 1 else 's'}"
        heads = ((job.membrane_loss, job.membrane_weight), (job.slit_loss, job.slit_weight))
        return ", ".join(name_of_loss(loss) for loss, weight in heads if weight)

    @property
    def schedule(self) -> str:
        """Name of the schedule and its rate."""
        rate = self.job.schedule.get("rate")
        name = str(self.job.schedule["name"])
        return f"{name} {rate:g}" if isinstance(rate, float) else name

    @cached_property
    def test_f1(self) -> Interval | None:
        """F1 of its best model on the test images; None without a verdict on such."""
        if self.verdict is None or self.verdict.judged_on != "test":
            return None
        return self.verdict.new.figure("f1")

    @cached_property
    def losses(self) -> tuple[LossAccount, ...]:
        """Every loss in the course of the run."""
        return losses_of(self.curves)

    def curve(self, group: str, name: str) -> Curve | None:
        """Return one curve; None where there is none."""
        found = (each for each in self.curves if (each.group, each.name) == (group, name))
        return next(found, None)

    def row(self) -> dict[str, Any]:
        """Return what the final table says."""
        best, test = self.best, self.test_f1
        scores = {} if best is None else best.scores
        return {
            "run": self.name,
            "state": self.state,
            "loss": self.loss,
            "schedule": self.schedule,
            "epochs": self.curves[0].epochs[-1] if self.curves else 0,
            "best_epoch": None if best is None else best.epoch,
            **{f"validation_{name}": scores.get(name) for name in _BEST},
            "test_f1": None if test is None else test.value,
            "test_f1_low": None if test is None else test.low,
            "test_f1_high": None if test is None else test.high,
            "test_images": None if test is None else test.n_images,
            "minutes": self.minutes,
            "verdict": None if self.verdict is None else self.verdict.verdict,
            "advice": self.no_verdict if self.verdict is None else self.verdict.advice,
        }


def read_account(folder: RunFolder, name: str) -> RunAccount:
    """Read what a run told, also while it goes on.

    Raises
    ------
    JobError
        If there is no run.
    """
    job, told = folder.read_job(), brief_history(folder)
    verdict, why = _verdict(folder)
    return RunAccount(
        name=name,
        folder=folder,
        job=job,
        state=status_of(folder).state,
        curves=curves_of(told),
        best=told.best,
        minutes=minutes_of(told.epochs),
        verdict=verdict,
        no_verdict=why,
    )


def _verdict(folder: RunFolder) -> tuple[Verdict | None, str]:
    try:
        found = read_verdict(folder)
    except JobError as error:
        return None, str(error)
    return found, "" if found else "no verdict yet"
