"""Leave one real micrograph out: train on the others, judge on the one left out, pool all.

Needs a folder of annotated micrographs with ``images/``, ``slits/``, ``membrane/`` and
``images.csv``; they are not part of this repository. Only figures are written.

The bundled model was trained on four of these five images, so starting from it is not clean: both
old and new model have seen the image that is left out, the old one directly, the new one through
what it started from. Only ``snider_A1_0024`` is new to both.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from runs import circumstances, settings_of, told, train, verdict_of

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.verdict import Verdict, pool_verdicts
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs.folder import RunFolder

MODEL: Final = "slitseg-forknet-v1"
HERE: Final = Path(__file__).parent
WHOLLY_ANNOTATED: Final = ("good", "good2", "snider_A1_0024")
"""Images whose every slit is annotated, so that false detections can be counted."""

NEW_TO_THE_START: Final = ("snider_A1_0024",)

Fold = tuple[Verdict, dict[str, float]]


def fold(data: Path, left_out: Path, work: Path, settings: dict[str, Any]) -> Fold:
    """Train without an image and judge with it; what was done before is taken as it is."""
    took = work / f"{left_out.stem}.json"
    if took.is_file():
        known = json.loads(took.read_text(encoding="utf-8"))
        return verdict_of(RunFolder(work / known["run"])), known["took"]
    images = sorted((data / "images").glob("*.png"))
    chooses = next(
        path for path in images if path.stem in WHOLLY_ANNOTATED and path.stem != left_out.stem
    )
    job = FinetuneJob(
        images=tuple(path for path in images if path != left_out),
        validation_images=(chooses,),
        test_images=(left_out,),
        pixel_sizes=data / "images.csv",
        **{"start": MODEL, "runs": work, "name": f"without {left_out.stem}", **settings},
    )
    folder, time = train(job)
    took.write_text(to_json({"run": folder.name, "took": time}), encoding="utf-8")
    return verdict_of(folder), time


def main() -> None:
    """Train once for each image, pool the verdicts, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of annotated micrographs")
    parser.add_argument("--work", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "leave_one_out.json")
    parser.add_argument("--only", nargs="*", default=[], help="leave out these alone, in turn")
    parser.add_argument("--set", nargs="*", default=[], help="settings of the job, NAME=VALUE")
    args = parser.parse_args()
    images = [
        path
        for path in sorted((args.data / "images").glob("*.png"), reverse=True)
        if not args.only or path.stem in args.only
    ]
    if not images:
        sys.exit(f"skipped: there are no images in {args.data / 'images'}")
    settings = settings_of(args.set)
    found = {path.stem: fold(args.data, path, args.work, settings) for path in images}
    groups = {
        "all": list(found),
        "wholly annotated": [name for name in found if name in WHOLLY_ANNOTATED],
        "new to the start": [name for name in found if name in NEW_TO_THE_START],
    }
    pooled = {
        group: told(pool_verdicts([found[name][0] for name in names]))
        for group, names in groups.items()
        if names
    }
    report = {
        "settings_that_are_not_the_default": settings,
        "time": {name: took for name, (_, took) in found.items()},
        "pooled": pooled,
        "folds": {name: told(verdict) for name, (verdict, _) in found.items()},
        **circumstances(),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(to_json(report), encoding="utf-8")
    for group, row in pooled.items():
        print(f"{group}: {row['text']} {row['advice']}")


if __name__ == "__main__":
    main()
