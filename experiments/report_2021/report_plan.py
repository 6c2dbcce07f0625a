"""What is run: sizes, arms and their learning rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from napari_slitseg.core.schedules import ReduceOnPlateau, ScheduleSpec, Triangular2

Figure = Literal[
    "vanilla_px", "point", "proportional", "composite_0", "composite_1", "slit_dice_loss"
]


LOSSES: Final = ("vanilla", "point", "proportional", "composite_0", "composite_1")
"""Arms of one run, "losses": they differ in what their plateau and the choice of an epoch see."""
FIRST: Final = ("pretraining", "losses", "ambitious", "dice", "reloaded", "not_reloaded")
LATER: Final = (
    *("triangular2", "prudent", "dice_ambitious", "triangular2_ambitious", "dice_triangular2"),
)
ONCE: Final = ("moves", "detectors", "loops", "gradients")


@dataclass(frozen=True, kw_only=True, eq=False)
class Size:
    """How large a study is; as it stands, the whole one.

    Attributes
    ----------
    name : str
        Part of the names of cached files.
    seeds : tuple of int
        Each has images, first weights and order of batches of its own.
    side_px, field_px : int
        Side of a crop, and of the simulated micrographs that crops are cut from.
    scenes : dict
        Number of micrographs of each part.
    crops_per_scene : int
        Crops cut from each.
    width : float
        Of the ForkNet; 1 is the published one.
    pretraining, epochs, steps : int
        Steps of pretraining; epochs of fine-tuning and steps of each.
    runs : tuple of str
        What is run of each seed, in order: arms, and parts of `report_mechanism`.
    once : tuple of str
        Those that are run of the first seed only.
    later : tuple of str
        What is run when all that is done.
    """

    name: str = "full"
    seeds: tuple[int, ...] = (0, 1, 2)
    side_px: int = 96
    field_px: int = 512
    scenes: dict[str, int] = field(
        default_factory=lambda: {"train": 14, "validation": 4, "test": 6}
    )
    crops_per_scene: int = 4
    width: float = 0.125
    pretraining: int = 500
    epochs: int = 10
    steps: int = 8
    runs: tuple[str, ...] = (*FIRST, *ONCE)
    once: tuple[str, ...] = ONCE
    later: tuple[str, ...] = LATER


PRETRAINING_BATCH: Final = 4
FINETUNING_BATCH: Final = 2
PRETRAINING_RATE: Final = 3e-3
MIDDLE: Final = 1e-3
MOVING_EPOCHS: Final = 2
"""Epochs after which the movement of maps is measured."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to fine-tune.

    Attributes
    ----------
    name : str
    slit : str
        "nothing": only the membrane's dice has a gradient, as with every loss of 2021; "dice".
    schedule : ScheduleSpec
    watched : str
        Figure on the validation images that chooses the best epoch, and that a plateau looks at.
    after : str
        Arm whose best weights it starts from; empty for the pretrained ones.
    """

    name: str
    slit: Literal["nothing", "dice"]
    schedule: ScheduleSpec
    watched: Figure
    after: str = ""


def plateau(rate: float, decay_factor: float = 2.0, patience: int = 2) -> ReduceOnPlateau:
    """Return a reduction on a plateau that may fall to a ten thousandth."""
    return ReduceOnPlateau(
        rate=rate, decay_factor=decay_factor, patience=patience, min_rate=rate / 1e4
    )


CYCLES: Final = Triangular2(low=MIDDLE / 100, high=MIDDLE, periods=4)
AMBITIOUS: Final = 1e-2

_ARMS: Final = (
    Arm(name="composite_1", slit="nothing", schedule=plateau(MIDDLE), watched="composite_1"),
    Arm(
        name="ambitious",
        slit="nothing",
        schedule=plateau(AMBITIOUS, decay_factor=1.25, patience=5),
        watched="composite_1",
    ),
    Arm(name="triangular2", slit="nothing", schedule=CYCLES, watched="composite_1"),
    Arm(name="dice", slit="dice", schedule=plateau(MIDDLE), watched="slit_dice_loss"),
    Arm(
        name="reloaded",
        slit="nothing",
        schedule=plateau(MIDDLE / 3),
        watched="composite_1",
        after="composite_1",
    ),
    Arm(name="not_reloaded", slit="nothing", schedule=plateau(MIDDLE / 3), watched="composite_1"),
    Arm(name="vanilla", slit="nothing", schedule=plateau(MIDDLE), watched="vanilla_px"),
    Arm(
        name="dice_ambitious",
        slit="dice",
        schedule=plateau(AMBITIOUS, decay_factor=1.25, patience=5),
        watched="slit_dice_loss",
    ),
    Arm(name="point", slit="nothing", schedule=plateau(MIDDLE), watched="point"),
    Arm(name="proportional", slit="nothing", schedule=plateau(MIDDLE), watched="proportional"),
    Arm(name="composite_0", slit="nothing", schedule=plateau(MIDDLE), watched="composite_0"),
    Arm(
        name="prudent",
        slit="nothing",
        schedule=plateau(MIDDLE / 100, decay_factor=10, patience=0),
        watched="composite_1",
    ),
    Arm(
        name="triangular2_ambitious",
        slit="nothing",
        schedule=Triangular2(low=AMBITIOUS / 100, high=AMBITIOUS, periods=4),
        watched="composite_1",
    ),
    Arm(name="dice_triangular2", slit="dice", schedule=CYCLES, watched="slit_dice_loss"),
)
ARMS: Final = {arm.name: arm for arm in _ARMS}
"""Arms in the order in which they are run."""

FULL: Final = Size()
QUICK: Final = Size(
    name="quick",
    seeds=(0,),
    side_px=64,
    field_px=128,
    scenes={"train": 1, "validation": 1, "test": 1},
    crops_per_scene=2,
    width=0.0625,
    pretraining=2,
    epochs=2,
    steps=1,
    runs=("pretraining", "losses", "dice", "reloaded", "loops", "gradients", "moves"),
    once=(),
    later=(),
)
