"""Whether a new model should take the place of an old one, from their scores of the same images."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal, Self

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.comparison import Comparison, compare_results
from napari_slitseg.core.metrics.paired import NotComparable, PairedComparison, some_of
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.core.metrics.verdict_words import Account, advise, explain
from napari_slitseg.core.rows import rows_as_csv

JudgedOn = Literal["test", "validation"]
"""Images that chose nothing, or those that also chose epoch and threshold."""

ERASES_BELOW: Final = 0.5
"""A model that finds fewer slits than this share of the annotated ones erases."""

_FARTHER: Final = math.log(1.25)
_FORMAT: Final = "napari-slitseg verdict"
_VERSION: Final = 1
_SIDES: Final = ("old", "as_it_came", "new")
_ROW: Final = (
    *("threshold", "n_predicted", "true_positive", "false_positive", "missed"),
    *("precision", "recall", "f1", "count_ratio", "chamfer_nm", "vanilla_nm"),
)


@dataclass(frozen=True)
class Verdict:
    """An old and a new model on the same images, and what follows from it.

    Attributes
    ----------
    old, new : EvaluationResult
        Each at its best threshold on the validation images.
    as_it_came : EvaluationResult
        The old model at the threshold it came with.
    judged_on : str
        "test", or "validation" where there were no test images.
    facts : mapping
        What a person may want to know besides: run, models, split, dates; plain values.
    """

    old: EvaluationResult
    new: EvaluationResult
    as_it_came: EvaluationResult
    judged_on: JudgedOn = "test"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def comparison(self) -> Comparison:
        """Old against new, image by image."""
        return compare_results(self.old, self.new, ("the old model", "the new model"))

    @cached_property
    def against_as_it_came(self) -> Comparison:
        """The old model with its own threshold against the new one."""
        return compare_results(self.as_it_came, self.new, ("the old model", "the new model"))

    @property
    def f1(self) -> PairedComparison:
        """The figure that decides."""
        return self.comparison.figures[0]

    @property
    def verdict(self) -> Literal[-1, 0, 1]:
        """1: the new one is better; -1: the old one is; 0: no difference was shown."""
        shown = self.f1.verdict
        return 1 if shown > 0 else -1 if shown < 0 else 0

    @property
    def erases(self) -> bool:
        """Whether the new model finds less than `ERASES_BELOW` of what is annotated."""
        return ratio_of(self.new) < ERASES_BELOW

    @property
    def counts_worse(self) -> bool:
        """Whether the new count of slits is farther off by more than a quarter."""
        old, new = ratio_of(self.old), ratio_of(self.new)
        if not (0 < new < math.inf and 0 < old < math.inf):
            return new in (0, math.inf) and 0 < old < math.inf
        return abs(math.log(new)) - abs(math.log(old)) > _FARTHER

    @property
    def is_for_new(self) -> bool:
        """Whether the new model should be used: shown better, and its count is no worse."""
        return self.verdict > 0 and not self.erases and not self.counts_worse

    @property
    def text(self) -> str:
        """What was found, in sentences."""
        return explain(self._account)

    @property
    def advice(self) -> str:
        """Which model to use, and why, in a sentence."""
        return advise(self._account, use_new=self.is_for_new)

    @property
    def _account(self) -> Account:
        return Account(
            comparison=self.comparison,
            as_it_came=self.against_as_it_came,
            ratios=(ratio_of(self.old), ratio_of(self.new)),
            erases=self.erases,
            counts_worse=self.counts_worse,
            flatters=self.judged_on == "validation",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; NaN and infinity are kept."""
        return {
            "format": _FORMAT,
            "format_version": _VERSION,
            "verdict": self.verdict,
            "use": "new" if self.is_for_new else "old",
            "text": self.text,
            "advice": self.advice,
            "judged_on": self.judged_on,
            "erases": self.erases,
            "counts_worse": self.counts_worse,
            "facts": dict(self.facts),
            "figures": [each.to_dict() for each in self.comparison.figures],
            **{name: getattr(self, name).to_dict() for name in _SIDES},
        }

    def to_json(self) -> str:
        """Return everything as JSON, in which NaN and infinity are null."""
        return to_json(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; what follows from the images is computed again.

        Raises
        ------
        ValueError
            If it is no such text.
        """
        try:
            values = json.loads(text)
            if (values["format"], values["format_version"]) != (_FORMAT, _VERSION):
                raise ValueError("of another format")
            sides = {name: EvaluationResult.from_json(to_json(values[name])) for name in _SIDES}
            return cls(**sides, judged_on=values["judged_on"], facts=values["facts"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"This is no verdict of this program: {error}.") from error

    def to_csv(self) -> str:
        """Return one row an image: the figures of old, old as it came, and new."""
        results = {name: getattr(self, name) for name in _SIDES}
        scores = {name: result.scores for name, result in results.items()}
        rows = []
        for image in self.new.images:
            row: dict[str, Any] = {"image": image.name, "biopsy": image.biopsy}
            row["n_annotated"] = image.scores.n_annotated
            for name, result in results.items():
                own = {"threshold": result.provenance.threshold}
                own |= scores[name][image.name].to_dict()
                row |= {f"{figure}_{name}": own[figure] for figure in _ROW}
            difference = row["f1_new"] - row["f1_old"]
            rows.append(row | {"f1_difference": difference})
        return rows_as_csv(rows)


def ratio_of(result: EvaluationResult) -> float:
    """Return detections over annotations of all images; NaN or infinite without annotations."""
    return result.pooled.count_ratio if result.pooled else math.nan


def pool_verdicts(verdicts: Sequence[Verdict], facts: Mapping[str, Any] | None = None) -> Verdict:
    """Judge the images of several verdicts together, each at the thresholds of its own.

    So a leave-one-out, in which every training left another image out, gets one verdict over all.

    Parameters
    ----------
    verdicts : sequence of Verdict
        On different images.
    facts : mapping, optional
        Of the whole.

    Raises
    ------
    NotComparable
        If there is none, or an image is in two of them.
    """
    if not verdicts:
        raise NotComparable("There is no verdict to put together with others.")
    names = [image.name for verdict in verdicts for image in verdict.new.images]
    if twice := {name for name in names if names.count(name) > 1}:
        raise NotComparable(f"Images were judged in more than one run: {some_of(twice)}.")
    on_test = all(verdict.judged_on == "test" for verdict in verdicts)
    sides = {name: _together([getattr(each, name) for each in verdicts]) for name in _SIDES}
    return Verdict(**sides, judged_on="test" if on_test else "validation", facts=facts or {})


def _together(results: Sequence[EvaluationResult]) -> EvaluationResult:
    thresholds = {each.provenance.threshold for each in results}
    models = {(each.provenance.model, each.provenance.model_sha256) for each in results}
    model, sha256 = models.pop() if len(models) == 1 else ("", "")
    provenance = replace(
        results[0].provenance,
        threshold=thresholds.pop() if len(thresholds) == 1 else None,
        model=model,
        model_sha256=sha256,
    )
    images = tuple(image for each in results for image in each.images)
    return EvaluationResult(images=images, provenance=provenance, how=results[0].how)
