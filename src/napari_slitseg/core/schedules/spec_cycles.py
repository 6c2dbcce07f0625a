"""Specs of learning rates that rise and fall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.schedules.spec import About, ScheduleSpec
from napari_slitseg.core.spec import setting

_SMITH = "L. N. Smith, Cyclical Learning Rates for Training Neural Networks, WACV 2017"
_LOW = "Lowest learning rate."
_HIGH = "Highest learning rate."
_PERIODS = (
    "How many times the rate rises and falls during the training; a period takes 2 steps or more."
)


@dataclass(frozen=True, kw_only=True)
class _Cyclic(ScheduleSpec):
    low: float = setting(1e-5, _LOW, ge=0)
    high: float = setting(1e-3, _HIGH, gt=0)
    periods: float = setting(4.0, _PERIODS, gt=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_order("low", "high")


@dataclass(frozen=True, kw_only=True)
class Triangular(_Cyclic):
    """A rate that rises and falls linearly again and again."""

    about: ClassVar[About] = About(
        title="Triangular",
        formula=r"r(s) = r_{l} + (r_{h} - r_{l})\,\Lambda(s k / T),\quad "
        r"\Lambda(x) = 1 - |2 (x - \lfloor x \rfloor) - 1|",
        use_when="You look for the range of rates that works.",
        source=_SMITH,
    )

    name: Literal["triangular"] = "triangular"


@dataclass(frozen=True, kw_only=True)
class Triangular2(_Cyclic):
    """The triangular rate with an amplitude that halves every period."""

    about: ClassVar[About] = About(
        title="Triangular, halved every period",
        formula=r"r(s) = r_{l} + (r_{h} - r_{l})\,\Lambda(s k / T)\,2^{-\lfloor s k / T \rfloor}",
        use_when="You repeat the 2021 study, which prefers it to the reduction on a plateau.",
        source=f"{_SMITH}; Distance Loss for Improved Slit Segmentation (2021), section 4.2: the "
        "amplitude halves, not the highest rate",
    )

    name: Literal["triangular2"] = "triangular2"


@dataclass(frozen=True, kw_only=True)
class ExpRange(_Cyclic):
    """The triangular rate with an amplitude that shrinks exponentially."""

    about: ClassVar[About] = About(
        title="Triangular, shrinking exponentially",
        formula=r"r(s) = r_{l} + (r_{h} - r_{l})\,\Lambda(s k / T)\,a^{s / T}",
        use_when="Cycles are wanted whose amplitude falls smoothly.",
        source=_SMITH,
    )

    name: Literal["exp_range"] = "exp_range"
    final_amplitude: float = setting(
        0.1, "Amplitude at the end as a fraction of that at the start.", gt=0, le=1
    )


@dataclass(frozen=True, kw_only=True)
class OneCycle(ScheduleSpec):
    """A rate that rises once and falls far below its start."""

    about: ClassVar[About] = About(
        title="One cycle",
        formula=r"r:\ \frac{h}{d_0} \nearrow h \searrow \frac{h}{d_0 d_1}",
        use_when="Epochs are few and the rate is high; test briefly first how high it can be.",
        source="L. N. Smith and N. Topin, Super-Convergence, 2018, in torch's two phases",
    )

    name: Literal["one_cycle"] = "one_cycle"
    high: float = setting(1e-3, _HIGH, gt=0)
    rise: float = setting(0.3, "Fraction of the training until the highest rate.", gt=0, lt=1)
    start_divisor: float = setting(25.0, "The first rate is the highest divided by this.", ge=1)
    end_divisor: float = setting(1e4, "The last rate is the first divided by this.", ge=1)
    shape: Literal["cosine", "linear"] = setting("cosine", "Shape of both slopes.")
