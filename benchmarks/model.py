"""Whether the bundled model meets its goals: ``python benchmarks/model.py``.

Slits are found as ``slitseg predict`` finds them, with the model's own threshold and smallest
distance, and matched one to one within 50 nm. Real micrographs and sections of nerve tissue are
not part of this repository: give their folders with ``--real`` and ``--vnc``. A real image that
the model learned from says little, so it is marked; what counts there are the models that were
each trained without one image (``experiments/bundled_model/leave_one_out_scores.py``).
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import torch
from _report import Report

sys.path.append(str(Path(__file__).parents[1] / "experiments" / "bundled_model"))
from model_scoring import Case, f1_interval, figures, find, predict, predictor_of
from model_truths import (
    MOSTLY_UNCERTAIN,
    PARTLY_ANNOTATED,
    TEST_SEEDS,
    WHOLLY_ANNOTATED,
    Truth,
    artificial,
    looks,
    real,
    sections,
    simulated,
)

from napari_slitseg.core.bundled import DEFAULT_MODEL, resolve_model
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.pooling import pool_scores
from napari_slitseg.core.metrics.result import describe

RESULTS: Final = Path(__file__).parents[1] / "experiments" / "bundled_model" / "results"
F1_SIMULATED: Final = 0.95
F1_REAL: Final = 0.85
RECALL_REAL: Final = 0.80
LINE_ERROR_NM: Final = 30.0
FALSE_SLITS: Final = 2.0
SIZE_MB: Final = 15.0
SECONDS: Final = 0.5
THREADS: Final = 2
FIELD_PX: Final = 640

Found = dict[str, Any]


def main() -> int:
    """Print every goal with its figure; return 1 if a goal was missed."""
    args = _parser().parse_args()
    torch.set_num_threads(args.threads)
    predictor = predictor_of(args.model, args.views)
    report, info = Report(f"Model {predictor.info.name}"), predictor.info
    print(
        f"weights {info.sha256[:12]}, threshold {info.threshold:g}, {info.min_distance_nm:g} nm\n"
    )
    found: Found = {"model": info.name, "sha256": info.sha256, "threshold": info.threshold}
    n = 1 if args.quick else None
    found["simulated"] = _simulated(report, predictor, n)
    found["real"] = _given(args.real, "real micrographs", lambda at: _real(report, predictor, at))
    found["left out"] = _left_out(report, info.name)
    found["no podocytes"] = _nothing(report, predictor, args.vnc, n)
    found["size_mb"] = resolve_model(args.model).stat().st_size / 1e6
    report.figure("file", found["size_mb"], "{:.1f} MB", SIZE_MB)
    found["seconds"] = _seconds(report, predictor, runs=1 if args.quick else 7)
    found |= {"date": report.date, "hardware": report.hardware, "missed": report.missed}
    found["figures"] = report.figures
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(to_json(found), encoding="utf-8")
    return report.exit_code()


def _given(folder: Path | None, what: str, then: Callable[[Path], Found]) -> Found:
    """Do something with a folder, or say that it is not there."""
    if folder is None or not folder.is_dir():
        print(f"{what}: not judged, " + ("no folder given" if folder is None else f"no {folder}"))
        return {}
    return then(folder)


def _simulated(report: Report, predictor: Predictor, n: int | None) -> Found:
    """Judge simulated test scenes, each look of the simulator by itself."""
    found = {}
    for look in looks():
        cases = find(simulated(TEST_SEEDS[:n], look), predictor)
        name = f"simulated, {look}" if look else "simulated"
        found[look or "default"] = figures(cases)
        _print_cases(name, cases)
        report.figure(f"{name}: F1 at 50 nm", figures(cases)["f1"], "{:.3f}", at_least=F1_SIMULATED)
        report.figure(f"{name}: membrane line, median", _line_error(cases), "{:.1f} nm")
    return found


def _line_error(cases: Sequence[Case]) -> float:
    """Median over images in which a line lies near an annotated one."""
    errors = [error.error_nm for case in cases if (error := case.line_error())]
    known = [each for each in errors if not math.isnan(each)]
    return statistics.median(known) if known else math.nan


def _real(report: Report, predictor: Predictor, folder: Path) -> Found:
    """Judge real micrographs one by one, and those together that are wholly annotated."""
    learned = tuple(predictor.info.job.get("real_images", ()))
    cases = find(real(folder, WHOLLY_ANNOTATED + MOSTLY_UNCERTAIN + PARTLY_ANNOTATED), predictor)
    found: Found = {case.truth.name: _image(report, case, learned) for case in cases}
    for name, chosen in _groups(cases, learned).items():
        if chosen:
            _print_cases(name, chosen)
            together = found[name] = figures(chosen)
            new = chosen[0].truth.name not in learned
            goals = {"f1": F1_REAL, "recall": RECALL_REAL} if new else {}
            for title, key in (("F1 at 50 nm", "f1"), ("recall", "recall")):
                figure, least = together[key] or 0.0, goals.get(key)
                report.figure(f"{name}: {title}", figure, "{:.3f}", at_least=least)
            mean = found[name]["mean_f1"] = statistics.fmean(each.score().f1 for each in chosen)
            report.figure(f"{name}: mean of the images' F1", mean, "{:.3f}")
    return found


def _left_out(report: Report, name: str) -> Found:
    """Print what was found by models trained without the image that judges them, if known."""
    file = RESULTS / f"{name}_leave_one_out.csv"
    if not file.is_file():
        print("real images left out, one at a time: not judged, no table of that")
        return {}
    rows = pd.read_csv(file).set_index("image")
    print(f"real images left out, one at a time, from {file.name}:")
    print(rows.to_string(na_rep=""))
    f1, recall = (float(rows[column].iloc[-1]) for column in ("f1", "recall"))
    report.figure("left out: F1 at 50 nm", f1, "{:.3f}", at_least=F1_REAL)
    report.figure("left out: recall", recall, "{:.3f}", at_least=RECALL_REAL)
    worst = float(rows["membrane_error_nm"].max())
    report.figure("left out: membrane line, the worst image", worst, "{:.1f} nm", LINE_ERROR_NM)
    return {"f1": f1, "recall": recall, "membrane_error_nm": worst}


def _groups(cases: Sequence[Case], learned: tuple[str, ...]) -> dict[str, list[Case]]:
    whole = [case for case in cases if case.truth.name in WHOLLY_ANNOTATED]
    new = [case for case in whole if case.truth.name not in learned]
    return {"real, learned from": [c for c in whole if c not in new], "real, never seen": new}


def _image(report: Report, case: Case, learned: tuple[str, ...]) -> Found:
    """Print one real micrograph and its membrane."""
    score, name = case.score(), case.truth.name
    seen = "learned from" if name in learned else "never seen"
    found: Found = {**score.to_dict(), "learned_from": name in learned}
    print(
        f"{name} ({seen}): precision {score.precision:.3f}, recall {score.recall:.3f}, "
        f"F1 {score.f1:.3f}, {score.n_predicted} found of {score.n_annotated} "
        f"({score.n_set_aside} at uncertain ones), Chamfer {score.chamfer_nm:.0f} nm"
    )
    if error := case.line_error():
        found["membrane"] = vars(error)
        goal = LINE_ERROR_NM if name not in MOSTLY_UNCERTAIN + PARTLY_ANNOTATED else None
        report.figure(f"{name}: membrane line", error.error_nm, "{:.1f} nm", goal)
        rest = f"{error.false_um:.1f} um beside it" if case.truth.is_whole else "partly annotated"
        share = 100 * error.found_share
        print(f"{name}: {share:.0f} % of {error.annotated_um:.1f} um membrane found, {rest}")
    return found


def _nothing(report: Report, predictor: Predictor, vnc: Path | None, n: int | None) -> Found:
    """Count false slits where there are no podocytes."""

    def judged(name: str, truths: Sequence[Truth]) -> Found:
        counts = {case.truth.name: len(case.slits()) for case in find(truths, predictor)}
        fields = sum(_fields(truth) for truth in truths)
        mean, most = sum(counts.values()) / len(counts), max(counts.values())
        report.figure(f"{name}, {len(counts)}: false slits, mean", mean, "{:.2f}", FALSE_SLITS)
        report.figure(f"{name}: the worst image", most, "{:.0f}", FALSE_SLITS)
        a_field = sum(counts.values()) / fields
        report.figure(f"{name}: for each field of 6.4 x 6.4 um", a_field, "{:.2f}", FALSE_SLITS)
        return {"counts": counts, "mean": mean, "most": most, "a_field": a_field}

    found = {"artificial": judged("artificial images", list(artificial(n)))}
    found["nerve"] = _given(
        vnc, "sections of nerve", lambda at: judged("sections of nerve", list(sections(at, n)))
    )
    return found


def _fields(truth: Truth) -> float:
    """Area of an image in fields of 640 x 640 px at 10 nm/px."""
    height, width = truth.image.shape
    return height * width * (truth.nm / 10 / FIELD_PX) ** 2


def _seconds(report: Report, predictor: Predictor, runs: int) -> Found:
    """Time a whole prediction, slits included, of an image at the model's own scale."""
    [scene] = simulated([TEST_SEEDS[0]])
    image = scene.image.with_pixel_size(predictor.info.network_pixel_size_nm)
    _timed(predictor, image)
    clock = sorted(_timed(predictor, image) for _ in range(runs))
    name = f"{image.shape[0]} x {image.shape[1]} px, {torch.get_num_threads()} thread(s)"
    report.figure(f"{name}: median of {runs}", statistics.median(clock), "{:.2f} s", SECONDS)
    report.figure(f"{name}: quickest", clock[0], "{:.2f} s")
    return {"median": statistics.median(clock), "quickest": clock[0], "runs": runs}


def _timed(predictor: Predictor, image: Micrograph) -> float:
    start = time.perf_counter()
    predict(predictor, image)
    return time.perf_counter() - start


def _print_cases(name: str, cases: Sequence[Case]) -> None:
    """Print what images have together, with an interval over them."""
    scores = [case.score() for case in cases]
    together = pool_scores(scores)
    print(
        f"{name}, {len(cases)}: precision {together.precision:.3f}, recall {together.recall:.3f}, "
        f"F1 {describe(f1_interval(scores), digits=3)}, "
        f"{together.n_predicted} found of {together.n_annotated}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL, help="bundled model or file")
    parser.add_argument("--real", type=Path, help="folder of real micrographs")
    parser.add_argument("--vnc", type=Path, help="folder of sections of nerve tissue")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    parser.add_argument("--views", type=int, help="sides to see images from; default: its own")
    parser.add_argument("--threads", type=int, default=THREADS, help="of the processor")
    parser.add_argument("--quick", action="store_true", help="few images, to see that it runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
