"""How losses are combined: sums, two heads, stages of a training."""

from __future__ import annotations

from _loss_markdown import settings_table, table
from _loss_words import CURRICULA_TEXT, HEADS_TEXT, POINTS_TEXT, SUM_TEXT

from napari_slitseg.core.curriculum import Curriculum, DynamicDilation, Ramp, Stage
from napari_slitseg.core.curriculum.presets import CURRICULA
from napari_slitseg.core.losses.point_losses import SetPrediction
from napari_slitseg.core.losses.spec import LossSpec
from napari_slitseg.core.losses.spec_combine import Term, TwoHeads, WeightedSum


def combining_section() -> list[str]:
    """Return the section on sums, two heads and curricula."""
    lines = ["## Combining losses", "", "### A sum of losses", "", SUM_TEXT, "", *_sums(), ""]
    lines += ["A term of a sum:", "", *settings_table(Term), ""]
    lines += ["A ramp, of a weight for example:", "", *settings_table(Ramp), ""]
    lines += ["### Two heads", "", HEADS_TEXT, "", *settings_table(TwoHeads), ""]
    lines += ["### Points instead of a map", "", *_points(), ""]
    lines += ["### Curricula", "", CURRICULA_TEXT, "", *_curricula(), ""]
    lines += ["A curriculum:", "", *settings_table(Curriculum), ""]
    lines += ["One of its stages:", "", *settings_table(Stage), ""]
    return [*lines, "Dots that shrink:", "", *settings_table(DynamicDilation), ""]


def _points() -> list[str]:
    """Return what trains a model that gives points."""
    about = SetPrediction.about
    words = POINTS_TEXT.format(source=about.source)
    return [words, "", f"$${about.formula}$$", "", *settings_table(SetPrediction)]


def _sums() -> list[str]:
    specs = [(name, WeightedSum.preset(name)) for name in WeightedSum.presets]
    rows = [[f"`{name}`", in_words(spec), spec.balance] for name, spec in specs]
    return table(["preset", "sum", "balance"], rows)


def _curricula() -> list[str]:
    rows = [
        [f"`{name}`", each.title, _slits(each.curriculum), each.use_when, each.source]
        for name, each in CURRICULA.items()
    ]
    return table(["name", "curriculum", "losses", "use when", "source"], rows)


def in_words(loss: LossSpec) -> str:
    """Return the name of a loss, of a sum those of its terms."""
    if not isinstance(loss, WeightedSum):
        return f"`{loss.name}`"
    return " + ".join(_term(term) for term in loss.terms)


def _term(term: Term) -> str:
    weight = "" if term.weight == 1 else f"{term.weight:g} · "
    ramp = f" (weight {term.ramp.begin:g} to {term.ramp.end:g})" if term.ramp else ""
    return f"{weight}{in_words(term.loss)}{ramp}"


def _slits(curriculum: Curriculum) -> str:
    """Return the losses of the slits, and those of the membrane where they are not Dice alone."""
    stages = [_stage(stage) for stage in curriculum.stages]
    return "; ".join([*stages, *([_dots(curriculum.dilation)] if curriculum.dilation else [])])


def _stage(stage: Stage) -> str:
    until = f"{stage.until:.0%}" if stage.unit == "fraction" else f"{stage.until:g} epochs"
    heads = stage.losses
    return f"until {until}: slits {in_words(heads.slit)}, membrane {in_words(heads.membrane)}"


def _dots(dilation: DynamicDilation) -> str:
    return (
        f"dots of {dilation.start_radius_px:g} px shrink to {dilation.end_radius_px:g} px "
        f"until {dilation.until:.0%}"
    )
