"""What can be said of the poster without training: its table, and its formulas by numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from study_numbers import Number
from torch import Tensor

from napari_slitseg.core.losses.distribution import binary_cross_entropy, focal
from napari_slitseg.core.losses.overlap import dice, focal_tversky, tversky

PRINTED = {
    "dice_bce": 0.907812499999999,
    "jaccard": 0.907812499999999,
    "focal": 0.906249999999999,
    "tversky": 0.895312499999999,
    "focal_tversky": 0.914062499999999,
}
"""Column "IoU Score" of the poster's second table."""

PRINTED_ACCURACY = {
    "dice_bce": 0.982588768005371,
    "jaccard": 0.981801509857177,
    "focal": 0.982077360153198,
    "tversky": 0.980249404907226,
    "focal_tversky": 0.982855081558227,
}
LARGEST_DENOMINATOR = 2000
DIGITS = 1e-13
EXPONENTS = (0.75, 1.0, 4 / 3, 2.0, 3.0)
INDICES = (0.5, 0.9, 0.99)


def denominators(values: list[float], largest: int = LARGEST_DENOMINATOR) -> list[int]:
    """Return every n up to the largest for which all values are whole multiples of 1 / n."""
    found = np.asarray(values)
    return [
        n for n in range(1, largest + 1) if np.all(abs(found * n - np.rint(found * n)) < DIGITS * n)
    ]


def numbers() -> list[Number]:
    """Return each figure with its name."""
    return [*_table(), *_focal(), *_tversky(), *_focal_tversky()]


def _table() -> Iterator[Number]:
    for name, value in PRINTED.items():
        yield f"printed score of {name} times 640", round(value * 640, 9)
    for i, number in enumerate(denominators(list(PRINTED.values()))):
        yield f"denominator {i + 1} of all five printed scores up to {LARGEST_DENOMINATOR}", number
    common = denominators(list(PRINTED_ACCURACY.values()))
    yield f"common denominators up to {LARGEST_DENOMINATOR} of the printed accuracies", len(common)


def _focal() -> Iterator[Number]:
    logits, mask = _at_probability(0.8), torch.ones(1, 1, 1, 1)
    yield (
        "cross-entropy of an annotated pixel at p = 0.8",
        float(binary_cross_entropy(logits, mask)),
    )
    for gamma in (0.0, 1.0, 2.0):
        value = float(focal(logits, mask, gamma=gamma, alpha=None))
        yield f"focal loss there with gamma {gamma:g}, without alpha", value
    yield (
        "focal loss there with gamma 2, alpha 0.25",
        float(focal(logits, mask, gamma=2.0, alpha=0.25)),
    )


def _tversky() -> Iterator[Number]:
    mask = torch.zeros(1, 1, 10, 10)
    mask[..., :4, :] = 1
    missing, added = mask.clone(), mask.clone()
    missing[..., :1, :] = 0
    added[..., 4:5, :] = 1
    for beta in (0.3, 0.5, 0.7):
        weights = {"fp_weight": beta, "fn_weight": 1 - beta, "smooth": 0.0, "activation": "none"}
        yield (
            f"tversky loss, beta {beta:g}, 10 of 40 px missed",
            _value(tversky, missing, mask, weights),
        )
        yield f"tversky loss, beta {beta:g}, 10 px too many", _value(tversky, added, mask, weights)
    plain = {"smooth": 0.0, "activation": "none"}
    yield "dice loss, 10 of 40 px missed", _value(dice, missing, mask, plain)
    even = {"fp_weight": 0.5, "fn_weight": 0.5, **plain}
    same = _value(focal_tversky, missing, mask, {**even, "exponent": 1.0})
    yield "focal tversky loss, beta 0.5, exponent 1, 10 of 40 px missed", same


def _focal_tversky() -> Iterator[Number]:
    for exponent in EXPONENTS:
        for index in INDICES:
            slope = exponent * (1 - index) ** (exponent - 1)
            yield f"slope of (1 - T)^{exponent:.3g} at T = {index:g}", slope


def _value(loss, predicted: Tensor, mask: Tensor, settings: dict[str, object]) -> float:  # type: ignore[no-untyped-def]
    return round(float(loss(predicted, mask, **settings)), 6)


def _at_probability(p: float) -> Tensor:
    return torch.logit(torch.full((1, 1, 1, 1), p))
