"""Specs of learning rates that stay or fall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.schedules.spec import About, ScheduleSpec
from napari_slitseg.core.spec import setting

_RATE = "Learning rate at the start."
_MIN_RATE = "Learning rate that is approached at the end; not above the rate at the start."


@dataclass(frozen=True, kw_only=True)
class _Falling(ScheduleSpec):
    rate: float = setting(1e-3, _RATE, gt=0)
    min_rate: float = setting(0.0, _MIN_RATE, ge=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_order("min_rate", "rate")


@dataclass(frozen=True, kw_only=True)
class Constant(ScheduleSpec):
    """The same rate at every step."""

    about: ClassVar[About] = About(
        title="Constant",
        formula=r"r(s) = r_0",
        use_when="You compare losses over a few steps, or look for a good rate.",
        source="Textbook",
    )

    name: Literal["constant"] = "constant"
    rate: float = setting(1e-3, "Learning rate.", gt=0)


@dataclass(frozen=True, kw_only=True)
class ReduceOnPlateau(_Falling):
    """A rate that is divided when the loss has not improved for some epochs."""

    about: ClassVar[About] = About(
        title="Reduce on plateau",
        formula=r"r \leftarrow \max(r / f,\ r_{\min})\ \mathrm{after}\ P + 1\ "
        r"\mathrm{epochs\ with}\ L \geq L_{\mathrm{best}} - \delta",
        use_when="The number of epochs is open and a validation loss is watched.",
        source="Distance Loss for Improved Slit Segmentation (2021), section 4.1, which divides; "
        "improvements are absolute, because relative ones never count as missing where the loss "
        "is negative",
    )

    name: Literal["plateau"] = "plateau"
    decay_factor: float = setting(2.0, "What the rate is divided by.", gt=1)
    patience: int = setting(
        5,
        "Epochs without improvement that are tolerated before the rate falls.",
        unit="epochs",
        ge=0,
    )
    min_improvement: float = setting(
        1e-4, "A loss counts as better when it is lower by more than this.", ge=0
    )
    min_rate: float = setting(
        1e-6, "The rate does not fall below this; not above the rate at the start.", ge=0
    )
    cooldown: int = setting(
        0,
        "Epochs after a reduction in which a lack of improvement does not count.",
        unit="epochs",
        ge=0,
    )


@dataclass(frozen=True, kw_only=True)
class Step(ScheduleSpec):
    """A rate that is divided at some moments of the training."""

    about: ClassVar[About] = About(
        title="Steps",
        formula=r"r(s) = r_0 / f^{\,\#\{i:\ s \geq d_i T\}}",
        use_when="You repeat work that divided the rate at given epochs.",
        source="K. He et al., Deep Residual Learning for Image Recognition, CVPR 2016",
    )

    name: Literal["step"] = "step"
    rate: float = setting(1e-3, _RATE, gt=0)
    decay_factor: float = setting(10.0, "What the rate is divided by at each moment.", gt=1)
    drops: tuple[float, ...] = setting(
        (0.5, 0.75), "Moments, as fractions of the training, in ascending order.", gt=0, lt=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if list(self.drops) != sorted(set(self.drops)):
            raise ValueError(f"Step.drops is {self.drops}; give each once, in ascending order")


@dataclass(frozen=True, kw_only=True)
class Cosine(_Falling):
    """A rate that rises for a short while and then falls as half a cosine."""

    about: ClassVar[About] = About(
        title="Cosine with warm-up",
        formula=r"r(s) = r_{\min} + (r_0 - r_{\min})\,(1 + \cos\,\pi\,\frac{s - w T}{T - w T})/2",
        use_when="The number of steps is known: the best first choice.",
        source="I. Loshchilov and F. Hutter, SGDR, ICLR 2017 (without restarts); linear warm-up "
        "as P. Goyal et al., Accurate, Large Minibatch SGD, 2017",
    )

    name: Literal["cosine"] = "cosine"
    rate: float = setting(1e-3, "Highest learning rate, at the end of the warm-up.", gt=0)
    warm_up: float = setting(
        0.05, "Fraction of the training in which the rate rises linearly.", ge=0, lt=1
    )


@dataclass(frozen=True, kw_only=True)
class Polynomial(_Falling):
    """A rate that falls as a power of what is left of the training."""

    about: ClassVar[About] = About(
        title="Polynomial",
        formula=r"r(s) = r_{\min} + (r_0 - r_{\min})\,(1 - s / T)^p",
        use_when="You repeat work of the DeepLab family.",
        source="L.-C. Chen et al., DeepLab, TPAMI 2018 (power 0.9)",
    )

    name: Literal["polynomial"] = "polynomial"
    power: float = setting(0.9, "Higher falls sooner; 1 is a straight line.", gt=0)
