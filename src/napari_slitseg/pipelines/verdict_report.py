"""The page of a verdict that a person reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.metrics.comparison import signed
from napari_slitseg.core.metrics.figures import FIGURES
from napari_slitseg.core.metrics.paired import PairedComparison
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.core.metrics.verdict import Verdict
from napari_slitseg.events import EpochDone
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, Member

if TYPE_CHECKING:
    from napari_slitseg.pipelines.runs.history import History

_MEMBRANE: Final = "pooled_membrane_dice"
_PARTS: Final = {"train": "learned from", "validation": "chose the best", "test": "judged"}
_SHOWN: Final = 12


def summary_page(
    verdict: Verdict, run: str, job: FinetuneJob, data: DataSet, told: History, *, slopes: str
) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    verdict : Verdict
    run : str
        Name of the run.
    job : FinetuneJob
    data : DataSet
    told : History
        Of the run.
    slopes : str
        Name of the drawing beside the page.
    """
    parts = [
        [f"# {_cell(run)}", f"**{verdict.advice}**", verdict.text],
        [f"![F1 of each image, old and new model]({slopes})"],
        ["## Figures", _about_judges(verdict), *_figures(verdict)],
        ["## Image by image", *_images(verdict)],
        ["## How it was made", *_made(verdict, job)],
        ["## Images", *_split(data)],
        ["## Training", *_training(told)],
    ]
    return "\n\n".join(text for part in parts for text in part if text) + "\n"


def _about_judges(verdict: Verdict) -> str:
    n = len(verdict.new.images)
    kind = "test" if verdict.judged_on == "test" else "validation"
    size = verdict.new.provenance.tolerance_nm
    return (
        f"On {n} {kind} image{'' if n == 1 else 's'}, slits within {size:g} nm of an annotation. "
        "Both models have the threshold of their best F1 on the validation images; *as it came* is "
        "the old model at its own."
    )


def _figures(verdict: Verdict) -> list[str]:
    head = ("figure", "old, as it came", "old", "new", "difference", "95 % interval", "P")
    came = {each.figure: each for each in verdict.against_as_it_came.figures}
    rows = [_figure_row(each, came[each.figure]) for each in verdict.comparison.figures]
    membranes = [
        _pooled(side, _MEMBRANE) for side in (verdict.as_it_came, verdict.old, verdict.new)
    ]
    if not any(map(math.isnan, membranes)):
        values = [f"{value:.3f}" for value in membranes]
        rows.append(["Membrane Dice", *values, signed(membranes[2] - membranes[1]), "", ""])
    thresholds = [
        _number(side.provenance.threshold, 3)
        for side in (verdict.as_it_came, verdict.old, verdict.new)
    ]
    return [table(head, [*rows, ["threshold", *thresholds, "", "", ""]])]


def _figure_row(found: PairedComparison, came: PairedComparison) -> list[str]:
    figure, digits = FIGURES[found.figure], 1 if found.figure.endswith(("_nm", "_px")) else 3
    interval = found.difference
    ends = f"{signed(interval.low, digits)} to {signed(interval.high, digits)}"
    return [
        f"{figure.title}, {figure.pooling}",
        *(_number(value, digits) for value in (came.first, found.first, found.second)),
        signed(interval.value, digits),
        "-" if math.isnan(interval.low) else ends,
        _number(found.swap_p, 4),
    ]


def _images(verdict: Verdict) -> list[str]:
    head = ("image", "annotated", "found, old", "found, new", "F1, old", "F1, new", "difference")
    old, rows = verdict.old.scores, []
    for image in verdict.new.images:
        before, after = old[image.name], image.scores
        counts = (after.n_annotated, before.n_predicted, after.n_predicted)
        f1 = (before.f1, after.f1)
        rows.append(
            [image.name, *map(str, counts), *(_number(v, 3) for v in f1), signed(f1[1] - f1[0])]
        )
    return [table(head, rows)]


def _made(verdict: Verdict, job: FinetuneJob) -> list[str]:
    losses = "by a curriculum" if job.curriculum else _losses(job)
    facts = {
        "started from": _model(verdict.facts["old"]),
        "new model": _model(verdict.facts["new"]),
        "losses": losses,
        "learning rate": f"{job.schedule['name']}, {_settings(job.schedule)}",
        "optimiser": job.optimiser["name"],
        "epochs asked for": str(job.epochs),
        "patches in a step": f"{job.global_batch} of {job.patch_px} px",
        "best chosen by": job.keep_best_by,
        "judged": verdict.new.provenance.date,
        "versions": ", ".join(f"{k} {v}" for k, v in verdict.new.provenance.versions.items()),
    }
    return [table(("what", ""), [[key, value] for key, value in facts.items()])]


def _losses(job: FinetuneJob) -> str:
    heads = (
        ("membrane", job.membrane_loss, job.membrane_weight),
        ("slits", job.slit_loss, job.slit_weight),
    )
    return "; ".join(
        f"{head} {name_of_loss(loss)}, weight {weight:g}" for head, loss, weight in heads
    )


def name_of_loss(document: Mapping[str, Any]) -> str:
    """Return the name of a loss; of a sum those of its terms: ``dice + one_to_one``."""
    terms = [name_of_loss(term["loss"]) for term in document.get("terms", ())]
    return " + ".join(terms) or str(document["name"])


def _settings(document: dict[str, Any]) -> str:
    plain = {key: value for key, value in document.items() if key != "name"}
    return ", ".join(
        f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in plain.items()
    )


def _model(facts: dict[str, Any]) -> str:
    return f"{facts['model']} (SHA-256 {facts['sha256'][:8]})"


def _split(data: DataSet) -> list[str]:
    rows = []
    for part, what in _PARTS.items():
        members: Sequence[Member] = getattr(data, part)
        slits = sum(member.n_slits for member in members)
        names = [member.name for member in members[:_SHOWN]]
        more = f" and {len(members) - _SHOWN} more" if len(members) > _SHOWN else ""
        rows.append([what, str(len(members)), str(slits), ", ".join(names) + more])
    return [table(("images that", "how many", "slits", "which"), rows)]


def _training(told: History) -> list[str]:
    if not told.epochs:
        return ["Nothing is known of its epochs."]
    best, last = told.best, told.epochs[-1]
    head = ("", "epoch", "training loss", "validation loss", "F1", "count ratio", "Chamfer, nm")
    rows = [_epoch_row("best", best)] if best else []
    alarms = [f"* epoch {alarm.epoch}: {alarm.text}" for alarm in told.alarms]
    minutes = f"{minutes_of(told.epochs):.1f} minutes for {last.epoch} epochs."
    return [table(head, [*rows, _epoch_row("last", last)]), minutes, "\n".join(alarms)]


def minutes_of(epochs: Iterable[EpochDone]) -> float:
    """Return the time that epochs took; their validation is a part of it."""
    return sum(each.seconds for each in epochs) / 60


def _epoch_row(title: str, epoch: EpochDone) -> list[str]:
    scores = epoch.scores
    return [
        title,
        str(epoch.epoch),
        _number(epoch.train.get("total"), 4),
        _number(epoch.validation.get("total"), 4),
        *(_number(scores.get(name), 3) for name in ("f1", "count_ratio")),
        _number(scores.get("chamfer_nm"), 1),
    ]


def _pooled(result: EvaluationResult, name: str) -> float:
    found = {each.figure: each.interval.value for each in result.summary}
    return found.get(name, math.nan)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    plain = text.encode("utf-8", "replace").decode()
    return plain.replace("|", "\\|").replace("\n", " ")


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"
