"""What a verdict on two models says, in sentences; part of `verdict`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from napari_slitseg.core.metrics.comparison import Comparison, say_verdict, signed
from napari_slitseg.core.metrics.paired import PairedComparison

_POWER: Final = 0.8
_MANY: Final = 500


@dataclass(frozen=True)
class Account:
    """What the sentences tell of.

    Attributes
    ----------
    comparison, as_it_came : Comparison
        The old model against the new one: at its best threshold, and at its own.
    ratios : (float, float)
        Slits found for each annotated one, old and new.
    erases, counts_worse : bool
        The new model finds too few; its count is farther off.
    flatters : bool
        The images chose epoch and threshold of the new model.
    """

    comparison: Comparison
    as_it_came: Comparison
    ratios: tuple[float, float]
    erases: bool
    counts_worse: bool
    flatters: bool

    @property
    def f1(self) -> PairedComparison:
        """The figure that decides."""
        return self.comparison.figures[0]

    @property
    def too_few(self) -> bool:
        """Whether so few images, or biopsies, could show no difference however large."""
        return self.f1.difference.n_units < fewest_units(self.f1.difference.confidence)


def fewest_units(confidence: float) -> int:
    """Return how many images, or biopsies, a swap test needs at least: 6 for 95 %."""
    return math.ceil(math.log2(2 / (1 - confidence)) - 1e-9)


def units_needed(found: PairedComparison) -> int | None:
    """Return roughly how many images like these would show the difference four times in five.

    None where that cannot be told: fewer than two images, no difference, or differences that point
    the other way than that of all images together. An estimate from a few images is a rough one.

    Notes
    -----
    Of a paired comparison by the normal distribution: ((z_a + z_b) s / d)^2, J. Cohen,
    "Statistical Power Analysis for the Behavioral Sciences" (1988).
    """
    differences = np.array(list(found.image_differences.values()), np.float64)
    differences = differences[np.isfinite(differences)]
    if found.difference.unit != "image" or len(differences) < 2:
        return None
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    if mean * found.difference.value <= 0:
        return None
    confidence = found.difference.confidence
    z = float(ndtri((1 + confidence) / 2) + ndtri(_POWER))
    return max(fewest_units(confidence), math.ceil((z * spread / mean) ** 2))


def explain(of: Account) -> str:
    """Say what was found."""
    sentences = [_comparison(of), _from_to(of), _counts(of), _threshold_alone(of), _flattery(of)]
    return " ".join(filter(None, sentences))


def advise(of: Account, *, use_new: bool) -> str:
    """Say which model to use, and why."""
    if use_new:
        doubt = " But see first how it does on images that chose nothing." if of.flatters else ""
        return f"Use the new one.{doubt}"
    if of.erases:
        better = ", though its F1 is better" if of.f1.verdict > 0 else ""
        return (
            f"Keep the old one: the new one erases slits, it finds {_ratio(of.ratios[1])} for each "
            f"annotated one{better}. A lower learning rate, a loss that is safe from erasing or "
            "more annotated slits help."
        )
    if of.f1.verdict > 0:
        return (
            "Keep the old one where you count slits: the new one has the better F1, but its count "
            f"is farther off ({_ratio(of.ratios[0])} slits for each annotated one before, "
            f"{_ratio(of.ratios[1])} now). Another threshold may put that right."
        )
    if of.f1.verdict < 0:
        return "Keep the old one: the new one is worse."
    return _not_shown(of)


def _not_shown(of: Account) -> str:
    if not of.too_few:
        return "Keep the old one: no difference was shown."
    looks = _looks(of.f1)
    return f"Keep the old one for now: {_units(of.f1)} cannot prove a difference; {looks}."


def _comparison(of: Account) -> str:
    if not of.too_few:
        text = _sentence(say_verdict(of.f1, of.comparison.names))
        return text if of.f1.verdict else f"{text} {_more(of.f1)}".rstrip()
    n = of.f1.difference.n_units
    odds = f" chance alone puts all {n} on one side once in {2 ** (n - 1)} times."
    why = odds if n > 1 else " one says nothing of the next."
    return f"{_sentence(_looks(of.f1))}. {_units(of.f1)} cannot prove it:{why} {_more(of.f1)}"


def _looks(found: PairedComparison) -> str:
    """Say which side looks better, where nothing was proven."""
    value = found.difference.value
    if math.isnan(value) or value == 0:
        return "both models look the same"
    side, wins = ("new", found.n_better) if value > 0 else ("old", found.n_worse)
    n = found.difference.n_images
    by = f"by {abs(value):.3f} in F1"
    return f"the {side} model looks better, {by}, on {wins} of {n} {_images(n)}"


def _more(found: PairedComparison) -> str:
    """Say how many images it would take; "" where there are as many."""
    interval = found.difference
    least, needed = fewest_units(interval.confidence), units_needed(found)
    unit = {"image": "images", "biopsy": "biopsies"}[interval.unit]
    if needed is None:
        return f"At least {least} test {unit} are needed." if interval.n_units < least else ""
    if needed > _MANY:
        return f"If others are like these, more than {_MANY} test {unit} would be needed."
    if needed <= interval.n_units:
        return ""
    about = f"{least}" if needed == least else f"about {needed}"
    return f"If others are like these, {about} test {unit} would be needed."


def _from_to(of: Account) -> str:
    return f"F1 was {of.f1.first:.3f} and is {of.f1.second:.3f}."


def _counts(of: Account) -> str:
    old, new = of.ratios
    if math.isnan(new):
        return ""
    text = f"Slits found for each annotated one: {_ratio(old)} before, {_ratio(new)} now."
    if of.erases:
        return f"{text} The new model erases slits."
    return f"{text} The count is farther off." if of.counts_worse else text


def _threshold_alone(of: Account) -> str:
    """Say how much of the gain another threshold of the old model gives too."""
    came = of.as_it_came.figures[0]
    gain = of.f1.first - came.first
    if not gain >= 0.005:
        return ""
    text = (
        f"With the threshold it came with, the old model has {came.first:.3f}; the threshold alone "
        f"brings {signed(gain)}."
    )
    if came.verdict > 0 and of.f1.verdict <= 0:
        return f"{text} More than that was not shown of the training."
    return text


def _flattery(of: Account) -> str:
    if not of.flatters:
        return ""
    return (
        "There are no test images, so these are the validation images. They chose the epoch of the "
        "new model and both thresholds, which flatters the new model."
    )


def _ratio(ratio: float) -> str:
    return "-" if math.isnan(ratio) else "without end" if math.isinf(ratio) else f"{ratio:.2f}"


def _units(found: PairedComparison) -> str:
    n, unit = found.difference.n_units, found.difference.unit
    several = {"image": "images", "biopsy": "biopsies"}[unit]
    return f"{n} {unit if n == 1 else several}"


def _images(n: int) -> str:
    return "image" if n == 1 else "images"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
