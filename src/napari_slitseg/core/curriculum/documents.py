"""Curricula: which losses and which targets are in force when, as documents."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from napari_slitseg.core.losses.spec_combine import TwoHeads
from napari_slitseg.core.ramp import Ramp, check_progress
from napari_slitseg.core.spec import Spec, setting

_UNITS: Final = ("fraction", "epochs")


@dataclass(frozen=True, kw_only=True)
class DynamicDilation(Spec):
    """Dots of the target that start large and blurred and shrink to their true size.

    What the authors of the 2021 study turned to later; for models that are trained already.

    Raises
    ------
    ValueError
        If dots would grow.
    """

    start_radius_px: float = setting(5.0, "Radius of the dots at the start.", unit="px", gt=0)
    end_radius_px: float = setting(
        1.9, "Radius of the dots in the end; not above that at the start.", unit="px", gt=0
    )
    until: float = setting(
        0.7, "Fraction of the training after which dots have their last size.", gt=0, le=1
    )
    blur_px: float = setting(
        0.8,
        "Standard deviation of the blur at the start; it falls to 0 as the radius does.",
        unit="px",
        ge=0,
    )
    shape: Literal["linear", "cosine"] = setting(
        "linear", "linear: straight; cosine: half of one, slow, fast, slow."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.end_radius_px > self.start_radius_px:
            raise ValueError(
                f"DynamicDilation.end_radius_px is {self.end_radius_px:g}, above "
                f"DynamicDilation.start_radius_px, which is {self.start_radius_px:g}"
            )

    def at(self, progress: float) -> tuple[float, float]:
        """Return the radius and the blur of the dots, px, at a fraction of the training.

        Raises
        ------
        ValueError
            If the progress is not in [0, 1].
        """
        radius = self._falling(self.start_radius_px, self.end_radius_px)
        return radius.at(progress), self._falling(self.blur_px, 0.0).at(progress)

    def _falling(self, begin: float, end: float) -> Ramp:
        return Ramp(stop=self.until, begin=begin, end=end, shape=self.shape)


@dataclass(frozen=True, kw_only=True)
class Stage(Spec):
    """The losses of a part of the training."""

    until: float = setting(1.0, "Moment at which the stage ends.", gt=0)
    unit: Literal["fraction", "epochs"] = setting(
        "fraction", "fraction: the end is a fraction of the training; epochs: a number of epochs."
    )
    losses: TwoHeads = setting(TwoHeads(), "Losses of both heads.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unit == "fraction" and self.until > 1:
            raise ValueError(f"Stage.until is {self.until:g}; a fraction is at most 1")

    def ends_at(self, total_epochs: float | None) -> float:
        """Return the end as a fraction of a training.

        Raises
        ------
        ValueError
            If the end is given in epochs, and their number is not.
        """
        if self.unit == "fraction":
            return self.until
        if not total_epochs or total_epochs < 0:
            raise ValueError(
                "a stage ends after some epochs; say how many the training has in total"
            )
        return self.until / total_epochs


@dataclass(frozen=True)
class InForce:
    """What a training uses at one moment.

    Attributes
    ----------
    stage : int
        Which stage, from 0.
    losses : TwoHeads
        Losses with the weights of the moment, without ramps.
    radius_px, blur_px : float or None
        Radius of the dots of the target and standard deviation of their blur; None where the
        curriculum leaves them alone.
    """

    stage: int
    losses: TwoHeads
    radius_px: float | None = None
    blur_px: float | None = None


@dataclass(frozen=True, kw_only=True)
class Curriculum(Spec):
    """Stages of a training, one after the other; ramps and dilation run through all of them.

    Raises
    ------
    ValueError
        If stages do not follow each other up to the end of the training.
    """

    stages: tuple[Stage, ...] = setting((Stage(),), "Stages in their order.")
    dilation: DynamicDilation | None = setting(
        None, "Dots that start large and shrink; none leaves the target as it is."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        ends = {unit: [s.until for s in self.stages if s.unit == unit] for unit in _UNITS}
        if any(each != sorted(set(each)) for each in ends.values()):
            raise ValueError("stages must end one after the other; put them in order")
        last = self.stages[-1] if self.stages else None
        if last is None or (last.until, last.unit) != (1, "fraction"):
            raise ValueError("the last stage must go to the end: until=1, unit='fraction'")

    def at(self, progress: float, *, total_epochs: float | None = None) -> InForce:
        """Return what is in force at a moment.

        Parameters
        ----------
        progress : float
            Fraction of the training that is over, in [0, 1].
        total_epochs : float, optional
            Epochs of the training; needed where stages are counted in epochs.

        Raises
        ------
        ValueError
            For any other progress, without the number of epochs where it is needed, or if stages
            in epochs and in fractions do not follow each other in a training of that length.
        """
        check_progress(progress)
        ends = [stage.ends_at(total_epochs) for stage in self.stages[:-1]]
        for number, (end, following) in enumerate(pairwise(ends), start=1):
            if following <= end:
                raise ValueError(
                    f"in a training of {total_epochs:g} epochs, stage {number + 1} ends before "
                    f"stage {number}; give both in epochs or both as fractions"
                )
        number = next((i for i, end in enumerate(ends) if progress < end), len(ends))
        radius, blur = self.dilation.at(progress) if self.dilation else (None, None)
        return InForce(number, self.stages[number].losses.at(progress), radius, blur)
