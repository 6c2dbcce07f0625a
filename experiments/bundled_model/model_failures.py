"""Pictures of what a model gets wrong: the surest false slits and the most clearly missed ones.

``python experiments/bundled_model/model_failures.py`` makes ``docs/model_failures.png`` from
simulated test scenes. With ``--real PODOCYTE_TEM`` and ``--vnc DROSOPHILA_VNC`` pictures of those
go to a folder of your own (``--to``): they are not part of this repository.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from model_scoring import Case, find, predictor_of
from model_truths import (
    TEST_SEEDS,
    WHOLLY_ANNOTATED,
    Truth,
    artificial,
    looks,
    real,
    sections,
    simulated,
)

from napari_slitseg.core.bundled import DEFAULT_MODEL

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
CROP_NM: Final = 1100.0
COLUMNS: Final = 6
MOST_OF_AN_IMAGE: Final = 2
INCH: Final = 1.55
FOUND, ANNOTATED, WRONG = "#00b7ff", "#ffd400", "#ff5a36"


@dataclass(frozen=True, eq=False)
class Failure:
    """A slit that is none, or one that was not found.

    Attributes
    ----------
    case : Case
        The image.
    yx : (2,) float64
        Place, px.
    is_false : bool
        Whether it was found and is none.
    score : float
        Probability there; for a missed slit the highest within 50 nm.
    """

    case: Case
    yx: Any
    is_false: bool
    score: float

    @property
    def title(self) -> str:
        """Which image, what, how sure."""
        kind = "false" if self.is_false else "missed"
        return f"{self.case.truth.name}\n{kind}, {self.score:.2f}"


def failures(case: Case) -> list[Failure]:
    """Return every false and every missed slit of an image, at the model's threshold."""
    matching, found = case.matching(), case.slits()
    wrong = [(found[i], True) for i in matching.false_positive]
    wrong += [(case.truth.slits[i], False) for i in matching.missed]
    return [Failure(case, yx, is_false, _score(case, yx)) for yx, is_false in wrong]


def _score(case: Case, yx: Any, within_nm: float = 50.0) -> float:
    candidates = case.prediction.candidates
    apart = np.hypot(*(candidates.yx - yx).T) * case.truth.nm
    return float(candidates.score[apart <= within_nm].max(initial=0.0))


def worst(found: Iterable[Failure], n: int | None) -> list[Failure]:
    """Return the surest false slits, then the missed ones that the model gave the least.

    Where only so many are asked for, two of each kind from one image at most.
    """
    everything = list(found)
    false = sorted((f for f in everything if f.is_false), key=lambda f: -f.score)
    missed = sorted((f for f in everything if not f.is_false), key=lambda f: f.score)
    return false + missed if n is None else _varied(false)[:n] + _varied(missed)[:n]


def _varied(ordered: Sequence[Failure]) -> list[Failure]:
    shown: Counter[str] = Counter()
    kept = []
    for failure in ordered:
        shown[failure.case.truth.name] += 1
        if shown[failure.case.truth.name] <= MOST_OF_AN_IMAGE:
            kept.append(failure)
    return kept


def picture(shown: Sequence[Failure], legend: str) -> Figure:
    """Draw crops of 1.1 um around failures, numbered in their order."""
    rows = max(1, -(-len(shown) // COLUMNS))
    figure = Figure(figsize=(COLUMNS * INCH, rows * (INCH + 0.35) + 0.5))
    figure.suptitle(legend, fontsize=7, x=0.01, ha="left")
    cells = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for cell in cells:
        cell.set_axis_off()
    for number, (cell, failure) in enumerate(zip(cells, shown, strict=False), 1):
        _draw(cell, failure)
        cell.set_title(f"{number}. {failure.title}", fontsize=6, pad=2)
    top = 1 - 0.6 / figure.get_figheight()
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=top, hspace=0.26)
    return figure


def _draw(cell: Axes, failure: Failure) -> None:
    case, half = failure.case, CROP_NM / 2 / failure.case.truth.nm
    y, x = failure.yx
    cell.imshow(case.truth.image.pixels, cmap="gray", interpolation="bilinear")
    _mark(cell, case.truth.slits, c=ANNOTATED, marker="+", s=26, linewidths=0.9)
    _mark(cell, case.truth.uncertain, c=ANNOTATED, marker="x", s=22, linewidths=0.6)
    _mark(cell, case.slits(), facecolors="none", edgecolors=FOUND, s=16, linewidths=0.8)
    _mark(cell, failure.yx[None], facecolors="none", edgecolors=WRONG, s=130, linewidths=1.0)
    cell.set_xlim(x - half, x + half)
    cell.set_ylim(y + half, y - half)


def _mark(cell: Axes, yx: Any, **look: Any) -> None:
    cell.scatter(yx[:, 1], yx[:, 0], **look)


LEGEND: Final = (
    "Crops of 1.1 um. Yellow +: true slit (x: uncertain). Blue ring: found. Red ring: what is "
    "wrong, false or missed, with the probability there."
)


def save(found: Iterable[Failure], file: Path, n: int | None, sha256: str = "") -> None:
    """Write one picture, which remembers by its SHA-256 whose failures it shows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"Software": None, "Description": sha256, "Title": LEGEND}
    picture(worst(found, n), LEGEND).savefig(file, dpi=100, metadata=told)
    print(file)


def main() -> None:
    """Make the pictures that are asked for."""
    args = _parser().parse_args()
    mpl.use("Agg")
    predictor = predictor_of(args.model)

    def of(truths: Iterable[Truth]) -> list[Failure]:
        return [each for case in find(truths, predictor) for each in failures(case)]

    if args.real or args.vnc:
        for name in args.only if args.real else ():
            save(of(real(args.real, [name])), args.to / f"{name}.png", None)
        if args.vnc:
            save(of([*sections(args.vnc), *artificial()]), args.to / "no_podocytes.png", None)
        return
    scenes = [truth for look in looks() for truth in simulated(TEST_SEEDS[: args.scenes], look)]
    save(of(scenes), args.to / "model_failures.png", args.most, predictor.info.sha256)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL, help="bundled model or file")
    parser.add_argument("--to", type=Path, default=DOCS, help="folder to write into")
    parser.add_argument("--scenes", type=int, default=len(TEST_SEEDS), help="of each look")
    parser.add_argument("--most", type=int, default=COLUMNS, help="false slits, and missed ones")
    parser.add_argument("--real", type=Path, help="folder of real micrographs")
    parser.add_argument("--only", nargs="*", default=WHOLLY_ANNOTATED, help="of the real ones")
    parser.add_argument("--vnc", type=Path, help="folder of sections of nerve tissue")
    return parser


if __name__ == "__main__":
    main()
