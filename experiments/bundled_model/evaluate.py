"""Score the bundled model, choose its threshold and write its card.

The threshold is chosen on simulated validation scenes and the wholly annotated real images that
the model learned from; the simulated test scenes and the real images that it never saw are scored
once, at that threshold.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from model_scoring import TOLERANCE_NM, Case, choose_threshold, figures, find
from model_truths import (
    TEST_SEEDS,
    VALIDATION_SEEDS,
    WHOLLY_ANNOTATED,
    looks,
    real,
    simulated,
)

from napari_slitseg.core.checkpoint import load_checkpoint, save_checkpoint
from napari_slitseg.core.inference import Predictor

OTHER_PIXEL_SIZES_NM: Final = (4.0, 6.0, 15.0, 20.0)


def main() -> None:
    """Choose the threshold, score, and write weights with their card."""
    args = _parser().parse_args()
    model, info = load_checkpoint(args.weights)
    info = replace(info, views=args.views or info.views)
    predictor = Predictor(model, info, device="cpu")
    validation = {look: find(simulated(VALIDATION_SEEDS, look), predictor) for look in looks()}
    learned = info.job.get("real_images", ())
    whole = find(real(args.real, WHOLLY_ANNOTATED), predictor) if args.real else []
    seen = [case for case in whole if case.truth.name in learned]
    threshold = choose_threshold([*validation.values(), seen])
    report: dict[str, Any] = {"threshold": threshold, "tolerance_nm": TOLERANCE_NM}
    for look, cases in validation.items():
        report[_key("simulated_validation", look)] = figures(cases, threshold)
        test = find(simulated(TEST_SEEDS, look), predictor)
        report[_key("simulated_test", look)] = figures(test, threshold)
    for nm in args.scales:
        other = find(simulated(TEST_SEEDS[:8], nm=nm), predictor)
        report[f"simulated_test_{nm:g}_nm_per_px"] = figures(other, threshold)
    report |= _real(whole, seen, threshold)
    print(json.dumps(report, indent=2))
    if args.out:
        card = {"about": ABOUT, **info.card, "scores": report}
        save_checkpoint(args.out, model, replace(info, threshold=threshold, card=card))


def _key(name: str, look: str) -> str:
    """Name of a set in the card; the first look has none of its own."""
    return name if look == looks()[0] else f"{name}_{look}"


def _real(whole: list[Case], seen: list[Case], threshold: float) -> dict[str, Any]:
    """Return figures of real images learned from and never seen, as far as there are any."""
    new = [case for case in whole if case not in seen]
    groups = {"real_seen_in_training": seen, "real_held_out": new}
    return {name: figures(cases, threshold) for name, cases in groups.items() if cases}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--real", type=Path, help="folder of real micrographs (podocyte_tem)")
    parser.add_argument("--out", type=Path, help="write the weights with their card here")
    parser.add_argument("--views", type=int, help="sides to see each image from, 1 to 8")
    parser.add_argument(
        "--scales",
        type=float,
        nargs="*",
        default=OTHER_PIXEL_SIZES_NM,
        help="other pixel sizes at which simulated scenes are scored, nm",
    )
    return parser


ABOUT: Final = (
    "ForkNet at a quarter of its published width, trained on simulated podocyte micrographs and "
    "four real ones from one laboratory (fpw-dl-v1, MIT). One real micrograph from another "
    "laboratory (TEM-glomerular-basement-segmentation, MIT) was held out. Real annotations were "
    "made by non-experts. A research tool, not for diagnosis."
)

if __name__ == "__main__":
    main()
