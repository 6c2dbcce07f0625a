"""Bring a model back that fails in another domain, with eight annotated images.

The bundled model learned from simulated scenes at 10 nm/px with dark membranes. Here the contrast
is inverted and a pixel is twice as large. Every image says its right pixel size, as a microscope's
files do; one row shows what happens where it is taken for that of the model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import tifffile
from runs import circumstances, settings_of, tell, told, train, verdict_of

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.events import Event
from napari_slitseg.jobs import EvaluateJob, FinetuneJob, SimulateJob
from napari_slitseg.pipelines.evaluate import evaluate
from napari_slitseg.pipelines.simulate import simulate_files

MODEL: Final = "slitseg-forknet-v1"
HERE: Final = Path(__file__).parent
TRAIN_SEED, TEST_SEED = 70_000, 71_000
OLD_NM, NEW_NM = 10.0, 20.0
OLD_SIDE_PX: Final = 640

T = TypeVar("T")


def drawn(folder: Path, n: int, seed: int, *, nm: float, inverted: bool) -> Path:
    """Draw annotated scenes of 6.4 um into a folder; the same seed is the same anatomy."""
    side = round(OLD_SIDE_PX * OLD_NM / nm)
    job = SimulateJob(out=folder, n=n, seed=seed, pixel_size_nm=nm, shape=(side, side))
    if not (folder / "images").is_dir():
        last(simulate_files(job))
        for path in sorted((folder / "images").glob("*.tif")) if inverted else ():
            invert(path, nm)
    return folder / "images"


def invert(path: Path, nm: float) -> None:
    """Exchange dark and bright in a file."""
    pixels = np.uint8(255) - tifffile.imread(path)
    tifffile.imwrite(
        path, pixels, imagej=True, resolution=(1 / nm, 1 / nm), metadata={"unit": "nm"}
    )


def last(steps: Generator[Event, None, T]) -> T:
    """Run a pipeline to its end."""
    while True:
        try:
            tell(next(steps))
        except StopIteration as end:
            result: T = end.value
            return result


def figures(images: Path, model: str, **settings: Any) -> dict[str, Any]:
    """Score a model at its own threshold on annotated images."""
    job = EvaluateJob(images=(images,), model=model, **settings)
    result: EvaluationResult = last(evaluate(job))
    f1, best = result.figure("f1"), result.curve
    return {
        "f1": f1.value,
        "f1_low": f1.low,
        "f1_high": f1.high,
        "count_ratio": result.pooled.count_ratio if result.pooled else None,
        "best_f1_at_any_threshold": best.points.best().f1 if best else None,
        "n_images": len(result.images),
    }


def before(work: Path, n: int) -> dict[str, Any]:
    """Score the bundled model on the old domain, each change alone, and both; once."""
    known = work / "before.json"
    if not known.is_file():
        known.write_text(to_json(scored(work, n)), encoding="utf-8")
    found: dict[str, Any] = json.loads(known.read_text(encoding="utf-8"))
    return found


def scored(work: Path, n: int) -> dict[str, Any]:
    """Score the bundled model on every domain."""
    domains = {
        "old domain": (OLD_NM, False),
        "twice the pixel size": (NEW_NM, False),
        "contrast inverted": (OLD_NM, True),
        "both": (NEW_NM, True),
    }
    found = {
        name: figures(
            drawn(work / name.replace(" ", "_"), n, TEST_SEED, nm=nm, inverted=is_), MODEL
        )
        for name, (nm, is_) in domains.items()
    }
    found["both, pixel size taken for 10 nm"] = figures(
        work / "both" / "images", MODEL, pixel_size_nm=OLD_NM, tolerance_px=50 / NEW_NM
    )
    return found


def main() -> None:
    """Draw, score, train, judge, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for images and runs")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "domain_change.json")
    parser.add_argument("--train", type=int, default=8, help="annotated images to learn from")
    parser.add_argument("--test", type=int, default=16, help="images that judge")
    parser.add_argument("--set", nargs="*", default=[], help="settings of the job, NAME=VALUE")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    scores = before(args.work, args.test)
    for name, row in scores.items():
        print(f"{name:34} F1 {row['f1']:.3f} count ratio {row['count_ratio']:.2f}", flush=True)
    learn = drawn(args.work / "learn", args.train, TRAIN_SEED, nm=NEW_NM, inverted=True)
    test = drawn(args.work / "both", args.test, TEST_SEED, nm=NEW_NM, inverted=True)
    settings = settings_of(args.set)
    job = FinetuneJob(
        images=(learn,),
        test_images=(test,),
        **{"start": MODEL, "runs": args.work / "runs", "name": "domain change", **settings},
    )
    folder, took = train(job)
    verdict = verdict_of(folder)
    old_domain = figures(args.work / "old_domain" / "images", str(folder.best))
    report = {
        "settings_that_are_not_the_default": settings,
        **took,
        "before": scores,
        "after": told(verdict),
        "after_on_the_old_domain": old_domain,
        **circumstances(),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(to_json(report), encoding="utf-8")
    print(f"{took}\n{verdict.text}\n{verdict.advice}")


if __name__ == "__main__":
    main()
