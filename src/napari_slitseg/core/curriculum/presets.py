"""Curricula by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from napari_slitseg.core.curriculum.documents import Curriculum, DynamicDilation, Stage
from napari_slitseg.core.losses.spec import LossSpec
from napari_slitseg.core.losses.spec_combine import TwoHeads, WeightedSum
from napari_slitseg.core.losses.spec_distribution import BinaryCrossEntropy
from napari_slitseg.core.losses.spec_expected import ExpectedComposite
from napari_slitseg.core.losses.spec_overlap import Dice

_STUDY: Final = "Distance Loss for Improved Slit Segmentation (2021)"
_BLOG: Final = (
    "A practice of image segmentation: BCE or Dice for a few epochs, then Lovász with one"
)


@dataclass(frozen=True)
class Preset:
    """A curriculum in words.

    Attributes
    ----------
    title : str
        Name in menus.
    use_when : str
        One sentence.
    source : str
        Study it comes from.
    curriculum : Curriculum
        The document.
    """

    title: str
    use_when: str
    source: str
    curriculum: Curriculum


def _then(until: float, first: LossSpec, then: LossSpec, *, membrane: LossSpec) -> Curriculum:
    """Return two stages for the slits; the membrane keeps its loss."""
    return Curriculum(
        stages=(
            Stage(until=until, losses=TwoHeads(membrane=membrane, slit=first)),
            Stage(losses=TwoHeads(membrane=membrane, slit=then)),
        )
    )


_BCE: Final = BinaryCrossEntropy()
_LOVASZ: Final = WeightedSum.preset("lovasz_and_dice")

CURRICULA: Mapping[str, Preset] = MappingProxyType(
    {
        "dice": Preset(
            title="Dice throughout",
            use_when="You begin: every other curriculum is compared with this one.",
            source=f"{_STUDY}, section 3: how its models were trained before distance losses",
            curriculum=Curriculum(),
        ),
        "bce_then_lovasz": Preset(
            title="Cross-entropy, then Lovász and dice",
            use_when="A model is trained from scratch and IoU is the goal.",
            source=_BLOG,
            curriculum=_then(0.3, _BCE, _LOVASZ, membrane=Dice()),
        ),
        "dice_then_lovasz": Preset(
            title="Dice, then Lovász and dice",
            use_when="A model is trained from scratch, slits are few and IoU is the goal.",
            source=_BLOG,
            curriculum=_then(0.3, Dice(), _LOVASZ, membrane=Dice()),
        ),
        "dice_then_distance": Preset(
            title="Dice, then the distance loss alone",
            use_when="You repeat the 2021 study, with a gradient where it had none.",
            source=f"{_STUDY}, sections 3 and 4; its composite in expectation",
            curriculum=_then(0.5, Dice(), ExpectedComposite(), membrane=Dice()),
        ),
        "dice_and_distance": Preset(
            title="Dice, then dice and far errors",
            use_when="Counts and places matter more than areas, at hardly any cost in time.",
            source="This project; the additions are balanced with Dice by their gradients",
            curriculum=_then(0.5, Dice(), WeightedSum.preset("dice_and_distance"), membrane=Dice()),
        ),
        "dice_and_one_to_one": Preset(
            title="Dice, then dice and one-to-one matching",
            use_when="Every slit must be found once, and annotations are exact.",
            source="This project; the additions are balanced with Dice by their gradients",
            curriculum=_then(
                0.5, Dice(), WeightedSum.preset("dice_and_one_to_one"), membrane=Dice()
            ),
        ),
        "dice_then_boundary": Preset(
            title="Dice and a boundary loss that grows",
            use_when="Outlines matter, such as those of broad membranes.",
            source="Kervadec et al., Boundary loss, MIDL 2019: the weight rises, Dice stays",
            curriculum=Curriculum(
                stages=(
                    Stage(
                        losses=TwoHeads(membrane=WeightedSum.preset("dice_and_boundary")),
                    ),
                )
            ),
        ),
        "dynamic_dilation": Preset(
            title="Dots that shrink",
            use_when="A model that finds most slits is fine-tuned; not from scratch.",
            source="The authors of the 2021 study, in 2022",
            curriculum=Curriculum(dilation=DynamicDilation()),
        ),
    }
)
"""Curricula by name, in the order of menus."""
