"""What is compared: losses alone and added to dice, and what the study's author did later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from napari_slitseg.core.curriculum import DynamicDilation
from napari_slitseg.core.losses import LOSSES, LossSpec
from napari_slitseg.core.losses.spec_combine import Term, WeightedSum
from napari_slitseg.core.losses.spec_overlap import Dice, DiceBCE
from napari_slitseg.core.ramp import Ramp

Kind = Literal["baseline", "alone", "added", "curriculum", "model", "improved"]

RATES: Final = (1.5e-3, 4e-3)
ADDED_WEIGHTS: Final = (0.3, 1.0)
HEAD_WEIGHTS: Final = (1.0, 3.0)

SAFE: Final = (
    "one_to_one",
    "expected_composite",
    "expected_chamfer",
    "peak_chamfer",
    "energy",
    "mmd",
    "sinkhorn",
    "heatmap_bce",
    "centernet_focal",
    "adaptive_wing",
)
BASE: Final = "dice"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way to go on from the pretrained network.

    Attributes
    ----------
    kind : str
        What it is compared as.
    loss : str
        Name of the loss that is new.
    ramp : Ramp or None
        Of the weight of what is added.
    mean_memory : float
        Of a running mean of the weights, which is judged instead of the last ones; 0: none.
    dilation : bool
        Whether dots of the target start large and shrink.
    windows : bool
        Whether slits are learnt and looked for along the membrane only.
    own_weights : tuple of float, optional
        The two weights of its grid, if they are not the usual ones.
    """

    kind: Kind
    loss: str = BASE
    ramp: Ramp | None = None
    mean_memory: float = 0.0
    dilation: bool = False
    windows: bool = False
    own_weights: tuple[float, float] | None = None

    @property
    def is_sum(self) -> bool:
        """Whether the loss is added to dice."""
        return self.kind in ("added", "improved") and self.loss != BASE

    @property
    def weights(self) -> tuple[float, float]:
        """The two weights of its grid: of the addition, or of the whole slit head."""
        return self.own_weights or (ADDED_WEIGHTS if self.is_sum else HEAD_WEIGHTS)

    @property
    def grid(self) -> tuple[tuple[float, float], ...]:
        """Learning rates and weights that are tried, equally many for every recipe."""
        return tuple((rate, weight) for rate in RATES for weight in self.weights)

    def slit_loss(self, weight: float) -> LossSpec:
        """Return what the slit head learns from; the weight is in it where it is a sum."""
        if self.loss == "dice_bce":
            return DiceBCE()
        if not self.is_sum:
            return LOSSES[self.loss]()
        new = Term(loss=LOSSES[self.loss](), weight=weight, ramp=self.ramp)
        return WeightedSum(terms=(Term(loss=Dice()), new), balance="grad_ema")

    def shrinking(self, radius_px: float) -> DynamicDilation | None:
        """Return how the dots of the target shrink to their radius, if they do."""
        if not self.dilation:
            return None
        return DynamicDilation(start_radius_px=radius_px + 2, end_radius_px=radius_px)


def _added(*losses: str) -> dict[str, Recipe]:
    return {f"dice + {loss}": Recipe(kind="added", loss=loss) for loss in losses}


def _alone(*losses: str) -> dict[str, Recipe]:
    return {f"{loss} alone": Recipe(kind="alone", loss=loss) for loss in losses}


_FIRST: Final = {
    "dice": Recipe(kind="baseline"),
    **_added("distance_weighted", "one_to_one"),
    **_alone("expected_composite"),
}
RECIPES: Final = {
    **_FIRST,
    "dice_bce": Recipe(kind="baseline", loss="dice_bce"),
    **_added("mmd"),
    **_alone("mmd", "one_to_one"),
    **_added("expected_composite"),
    "dynamic dilation": Recipe(kind="curriculum", dilation=True),
    "windows along the membrane": Recipe(kind="curriculum", windows=True),
    "coordinates": Recipe(kind="model", loss="set_prediction"),
    **_added(*SAFE),
    **_alone(*SAFE),
}
"""What was planned, in the order in which it is tuned."""

FIRST: Final = tuple(_FIRST)
"""What is tuned and tested before all others."""

IMPROVED: Final = {
    "dice, mean of weights": Recipe(kind="improved", mean_memory=0.95),
    "dice + one_to_one, rising": Recipe(
        kind="improved", loss="one_to_one", ramp=Ramp(begin=0.0, end=1.0)
    ),
    "dice + one_to_one, heavier": Recipe(
        kind="improved", loss="one_to_one", own_weights=(2.0, 4.0)
    ),
}
"""What was thought of after a look at the results."""

ALL: Final = {**RECIPES, **IMPROVED}
