"""The page that the Fine-tune dock shows about the loss it starts with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distance_paired import Paired, against_dice
from distance_recipes import BASE
from distance_regimes import REGIMES
from distance_results import Results

PAGE: Final = Path(__file__).parents[2] / "src" / "napari_slitseg" / "evidence" / "losses.md"
DEFAULT: Final = "dice + one_to_one"
_BEFORE: Final = """\
# Dice + one-to-one matching, against Dice alone

Fine-tuning starts with this loss of the slits, both parts balanced. It was compared with Dice
alone on simulated pictures: from the same networks, with the same patches, in the same number of
steps, learning rate (0.0015 for both) and weight chosen by the same small search. Each draw has its
own network and pictures.

"""
_AFTER: Final = """

± is the 95 % interval of the mean over the draws. **Bold**: it leaves out zero. Chamfer: mean
distance between found and true slits; less is better. Scores are against the truth, whatever the
labels were. Seven kinds of pictures were looked at; the intervals are not corrected for that, and
the gain that was hoped for where pictures are ordinary (+0.015) was not reached. One of the five
networks with jittered labels had hardly learnt; without it that gain is smaller.

**What this does not tell:** how it is with your images. The pictures are small (48 x 48 px), drawn,
and the network has 121 000 weights. Where the pictures are ordinary, the loss matters little; the
learning rate and more annotated images matter more. The verdict of each run says whether the
new model is better on *your* test images.

All losses, all figures and the command that makes them again are in `experiments/distance_losses`
of the program's source.
"""
_HEAD: Final = (
    "| simulated pictures | draws | F1, Dice alone | F1, difference | Chamfer, % |\n"
    "| --- | --- | --- | --- | --- |"
)


def write_evidence(results: Results) -> None:
    """Write the page into the package."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(evidence(results), "utf-8")


def evidence(results: Results) -> str:
    """Return the page, from the files of results."""
    rows = [_row(results, regime) for regime in REGIMES]
    return "\n".join((_BEFORE + _HEAD, *filter(None, rows))) + _AFTER


def _row(results: Results, regime: str) -> str:
    tested = results.tested(regime)
    f1 = against_dice(tested, DEFAULT, "f1")
    if not len(f1.differences):
        return ""
    chamfer = against_dice(tested, DEFAULT, "chamfer_px", percent=True)
    dice = tested[tested.recipe == BASE].f1.mean()
    cells = (REGIMES[regime].title, str(len(f1.differences)), f"{dice:.3f}")
    return f"| {' | '.join((*cells, _bold(f1, 3), _bold(chamfer, 0)))} |"


def _bold(change: Paired, digits: int) -> str:
    text = change.told(digits)
    return f"**{text}**" if abs(change.mean) > change.half_width else text
