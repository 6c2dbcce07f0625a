"""Runs side by side: curves, what became of them, and what may be said of their differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from napari_slitseg.core.metrics.comparison import Comparison, compare_results
from napari_slitseg.core.metrics.paired import NotComparable, some_of
from napari_slitseg.core.metrics.verdict import Verdict
from napari_slitseg.core.rows import rows_as_csv
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.compare_account import RunAccount, read_account
from napari_slitseg.pipelines.runs.folder import RunFolder

NOT_COMPARABLE: Final = (
    "Losses of different runs have different units, and min-max scaling takes even those away: "
    "such curves tell when a run moves, not which run is better. F1, Chamfer distance and count "
    "ratio can be compared, on the same images."
)
"""What must be said wherever losses of different runs are shown together."""

FORMAT: Final = "napari-slitseg comparison of runs"
"""What the record of a comparison says it is."""


@dataclass(frozen=True)
class Pair:
    """The best models of two runs on the same test images.

    Attributes
    ----------
    first, second : str
        Names of the runs.
    comparison : Comparison or None
    why_not : str
        Why the two cannot be compared; "" otherwise.
    """

    first: str
    second: str
    comparison: Comparison | None = None
    why_not: str = ""

    @property
    def text(self) -> str:
        """What may be said, in a sentence."""
        if self.comparison is not None:
            return self.comparison.verdict
        return f"{self.first} and {self.second} cannot be compared: {self.why_not}"

    def row(self) -> dict[str, Any]:
        """Return one row."""
        row: dict[str, Any] = {"first": self.first, "second": self.second}
        if self.comparison is not None:
            found = self.comparison.figures[0]
            ends = {"low": found.difference.low, "high": found.difference.high}
            row |= {"f1_difference": found.difference.value, **ends, "swap_p": found.swap_p}
            row |= {"n_images": found.difference.n_images, "verdict": found.verdict}
        return row | {"text": self.text}


@dataclass(frozen=True)
class RunsComparison:
    """Runs side by side, whether they have ended or not.

    Attributes
    ----------
    runs : tuple of RunAccount
        In the order given.
    """

    runs: tuple[RunAccount, ...]

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every two runs, compared where that is possible."""
        return tuple(_pair(one, other) for one, other in combinations(self.runs, 2))

    @property
    def text(self) -> str:
        """What may be said of the differences, a line each."""
        return "\n".join(pair.text for pair in self.pairs)

    def rows(self) -> list[dict[str, Any]]:
        """Return the final table, one row a run."""
        return [run.row() for run in self.runs]

    def to_csv(self) -> str:
        """Return the final table as CSV."""
        return rows_as_csv(self.rows())

    def curves_csv(self) -> str:
        """Return all curves as CSV, one row an epoch of a curve; min_max is not comparable."""
        rows = (row for run in self.runs for curve in run.curves for row in curve.rows(run.name))
        return rows_as_csv(list(rows))

    def pairs_csv(self) -> str:
        """Return one row for every two runs as CSV."""
        return rows_as_csv([pair.row() for pair in self.pairs])

    def losses_csv(self) -> str:
        """Return one row for every loss of a run as CSV."""
        return rows_as_csv(
            [{"run": run.name} | each.to_dict() for run in self.runs for each in run.losses]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; NaN and infinity are kept."""
        return {
            "format": FORMAT,
            "format_version": 1,
            "note": NOT_COMPARABLE,
            "runs": [
                run.row()
                | {"folder": str(run.folder.path)}
                | {"curves": [row for curve in run.curves for row in curve.rows(run.name)]}
                | {"losses": [each.to_dict() for each in run.losses]}
                for run in self.runs
            ],
            "pairs": [pair.row() for pair in self.pairs],
        }


def compare_runs(paths: Sequence[Path]) -> RunsComparison:
    """Read runs and lay them side by side.

    Parameters
    ----------
    paths : sequence of Path
        Folders of runs, also such that still go on.

    Raises
    ------
    JobError
        If there is no run, one is given twice, or a job cannot be read.
    """
    if not paths:
        raise JobError("Give the folders of the runs to compare.")
    folders = list(dict.fromkeys(path.expanduser().resolve() for path in paths))
    if len(folders) < len(paths):
        raise JobError("A run was given twice; give each once.")
    names = [path.name for path in folders]
    return RunsComparison(
        tuple(
            read_account(RunFolder(path), path.name if names.count(path.name) == 1 else str(path))
            for path in folders
        )
    )


def _pair(one: RunAccount, other: RunAccount) -> Pair:
    """Compare two runs, or say why that is not possible."""
    first, second = one.verdict, other.verdict
    if first is None or second is None:
        run = other if second is None and first is not None else one
        return Pair(one.name, other.name, why_not=f"{run.name}: {run.no_verdict}.")
    if why := _why_unfair(first, second):
        return Pair(one.name, other.name, why_not=why)
    try:
        found = compare_results(first.new, second.new, (one.name, other.name))
    except NotComparable as error:
        return Pair(one.name, other.name, why_not=str(error))
    return Pair(one.name, other.name, found)


def _why_unfair(first: Verdict, second: Verdict) -> str:
    """Say what would flatter one of two runs; "" where nothing does."""
    if "validation" in (first.judged_on, second.judged_on):
        return "a run was judged by its validation images, which chose its best epoch."
    seen = [
        name
        for one, other in ((first, second), (second, first))
        for sha256, name in _images(one, "test").items()
        if sha256 in _images(other, "train") | _images(other, "validation")
    ]
    return f"images that judge one run taught the other: {some_of(seen)}." if seen else ""


def _images(verdict: Verdict, part: str) -> dict[str, str]:
    """Names of the images of a part of a run, by their SHA-256."""
    images = verdict.facts.get("split", {}).get(part, ())
    return {each["sha256"]: Path(each["image"]).name for each in images}
