"""What every schedule of the learning rate tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_slitseg.core.spec import Spec


@dataclass(frozen=True, kw_only=True)
class About:
    """A schedule in words, for menus and the documentation.

    Attributes
    ----------
    title : str
        Name in menus.
    formula : str
        LaTeX, without dollar signs; s is the step, T the number of steps.
    use_when : str
        One sentence.
    source : str
        Paper, program or study the formula comes from.
    """

    title: str
    formula: str
    use_when: str
    source: str


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec(Spec):
    """Base of the specs of learning rates.

    Rates are absolute; times are fractions of the training, so that one document fits any number
    of steps. Only the learning rate changes, never momentum or Adam's betas.

    Attributes
    ----------
    about : About
        The schedule in words.
    """

    about: ClassVar[About]

    name: str = ""
