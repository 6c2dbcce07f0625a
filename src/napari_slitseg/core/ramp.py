"""Values that change in the course of a training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from napari_slitseg.core.spec import Spec, setting


@dataclass(frozen=True, kw_only=True)
class Ramp(Spec):
    """A value that goes from one number to another between two moments of a training.

    Raises
    ------
    ValueError
        If it stops before it starts.
    """

    start: float = setting(0.0, "Fraction of the training at which the change begins.", ge=0, le=1)
    stop: float = setting(1.0, "Fraction of the training at which the change ends.", ge=0, le=1)
    begin: float = setting(0.0, "Value until the change begins.", ge=0)
    end: float = setting(1.0, "Value once the change has ended.", ge=0)
    shape: Literal["linear", "cosine"] = setting(
        "linear", "linear: straight; cosine: half of one, slow, fast, slow."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stop < self.start:
            raise ValueError(f"Ramp.stop is {self.stop:g}, before Ramp.start at {self.start:g}")

    def at(self, progress: float) -> float:
        """Return the value at a moment.

        Parameters
        ----------
        progress : float
            Fraction of the training that is over, in [0, 1].

        Raises
        ------
        ValueError
            For any other progress.
        """
        check_progress(progress)
        if progress >= self.stop:
            return self.end
        if progress <= self.start:
            return self.begin
        part = (progress - self.start) / (self.stop - self.start)
        gone = part if self.shape == "linear" else (1 - math.cos(math.pi * part)) / 2
        return self.begin + (self.end - self.begin) * gone


def check_progress(progress: float) -> None:
    """Raise ValueError unless the progress of a training is in [0, 1]."""
    if not 0 <= progress <= 1:
        raise ValueError(f"the progress of a training is a fraction from 0 to 1, not {progress:g}")
