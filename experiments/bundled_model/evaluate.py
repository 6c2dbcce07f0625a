"""Score the bundled model, choose its threshold and write its card.

The threshold is chosen on simulated validation scenes and the wholly annotated real images that
the model learned from, unless one is given; the simulated test scenes and the real images that it
never saw are scored once, at that threshold. The slit head is then shifted so that the threshold
becomes 0.5. Scores of models trained in the same way without an image, from
``leave_one_out_scores.py``, go into the card.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pandas as pd
import torch
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
from napari_slitseg.core.models.base import SegmentationModel

CENTRE: Final = 0.5
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
    threshold = args.threshold or choose_threshold([*validation.values(), seen])
    report: dict[str, Any] = {"threshold": threshold, "tolerance_nm": TOLERANCE_NM}
    for look, cases in validation.items():
        report[_key("simulated_validation", look)] = figures(cases, threshold)
        test = find(simulated(TEST_SEEDS, look), predictor)
        report[_key("simulated_test", look)] = figures(test, threshold)
    for nm in args.scales:
        other = find(simulated(TEST_SEEDS[:8], nm=nm), predictor)
        report[f"simulated_test_{nm:g}_nm_per_px"] = figures(other, threshold)
    report |= _real(whole, seen, threshold) | _left_out(args.left_out)
    print(json.dumps(report, indent=2))
    if args.out:
        centre(model, threshold)
        report |= {"threshold": CENTRE, "threshold_before_the_shift": threshold}
        card = {"about": ABOUT, **info.card, "scores": report}
        save_checkpoint(args.out, model, replace(info, threshold=CENTRE, card=card))


def centre(model: SegmentationModel, threshold: float) -> None:
    """Shift the slit head so that what was at the threshold is at 0.5; nothing else changes."""
    head = list(model.get_submodule("slit").modules())[-1]
    with torch.no_grad():
        head.get_parameter("bias").sub_(math.log(threshold / (1 - threshold)))


def _key(name: str, look: str) -> str:
    """Name of a set in the card; the first look has none of its own."""
    return name if look == looks()[0] else f"{name}_{look}"


def _real(whole: list[Case], seen: list[Case], threshold: float) -> dict[str, Any]:
    """Return figures of real images learned from and never seen, as far as there are any."""
    new = [case for case in whole if case not in seen]
    groups = {"real_seen_in_training": seen, "real_held_out": new}
    return {name: figures(cases, threshold) for name, cases in groups.items() if cases}


def _left_out(table: Path | None) -> dict[str, Any]:
    """Return what the models got on the images that they were trained without."""
    if table is None:
        return {}
    *images, pooled = pd.read_csv(table).to_dict("records")
    scores = {name: float(pooled[name]) for name in ("precision", "recall", "f1")}
    counts = {"slits": int(pooled["annotated"]), "detections": int(pooled["found"])}
    interval = [float(pooled["f1_low"]), float(pooled["f1_high"])]
    return {"real_left_out": {"images": len(images), **counts, **scores, "f1_interval": interval}}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--real", type=Path, help="folder of real micrographs (podocyte_tem)")
    parser.add_argument("--out", type=Path, help="write the weights with their card here")
    parser.add_argument("--threshold", type=float, help="take this one instead of choosing")
    parser.add_argument("--left-out", type=Path, help="table of models trained without an image")
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
    "U-Net on blocks of 2 x 2 pixels, trained on simulated podocyte micrographs and five real ones "
    "from two laboratories (fpw-dl-v1 and TEM-glomerular-basement-segmentation, MIT). Models from "
    "a shorter training, each without one of the real images, tell how it does on new ones. Real "
    "annotations were made by non-experts. A research tool, not for diagnosis."
)

if __name__ == "__main__":
    main()
