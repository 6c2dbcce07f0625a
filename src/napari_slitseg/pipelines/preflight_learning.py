"""Findings about what a training starts from, minimises, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from napari_slitseg.core.losses.spec import About, LossSpec
from napari_slitseg.core.losses.spec_combine import WeightedSum
from napari_slitseg.core.models.spec_points import PointSpec
from napari_slitseg.core.schedules import rate_at
from napari_slitseg.core.schedules.spec_cycles import ExpRange, Triangular, Triangular2
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.jobs.learning import LEAST_PATCH_PX
from napari_slitseg.pipelines.preflight_finding import Finding, counted, some

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo

_HIGHEST_RATE: Final = {"adamw": 3e-3, "adam": 3e-3, "sgd": 0.5}
_LOWEST_RATE: Final = 1e-7
_FEW_STEPS: Final = 100
_STEPS_OF_PERIOD: Final = 10
_LOOKS: Final = 500


def about_start(job: FinetuneJob, info: CheckpointInfo) -> Finding:
    """Say what the model is that is trained further."""
    about = info.spec.about
    text = f"{info.name}: {about.title}, for pixels of {info.pixel_size_nm:.3g} nm."
    if isinstance(info.spec, PointSpec):
        return Finding(
            "fail",
            "Start model",
            f"{text} It gives points instead of maps and cannot be trained here.",
            "Choose a model with maps, such as slitseg-unet-v2.",
        )
    if info.spec.norm == "batch" and job.batch == 1 and job.batch_norm != "frozen":
        return Finding(
            "warn",
            "Start model",
            f"{text} It normalises over the patches of a batch, and a batch is a single one.",
            "Raise --batch, or give --batch-norm frozen.",
        )
    return Finding("ok", "Start model", text)


def about_losses(job: FinetuneJob) -> Iterator[Finding]:
    """Look at the losses of both heads in all stages."""
    stages = [stage.losses for stage in job.the_curriculum().stages]
    slit = [each.slit for each in stages if each.slit_weight]
    membrane = [each.membrane for each in stages if each.membrane_weight]
    yield from _stages_fit(job)
    if membrane:
        yield _head("Loss of the membrane", membrane, compares="points")
    if slit:
        yield _head("Loss of the slits", slit, compares="")


def about_rate(job: FinetuneJob, total_steps: int) -> Iterator[Finding]:
    """Look at the learning rate and at the number of steps."""
    schedule = job.the_schedule()
    looked_at = range(0, total_steps, max(1, total_steps // _LOOKS))
    rates = [rate_at(schedule, step, total_steps) for step in looked_at]
    text = (
        f"{schedule.about.title}, from {rates[0]:.2g} to {rates[-1]:.2g}, at most "
        f"{max(rates):.2g}, with {job.the_optimiser().about.title}."
    )
    limit = _HIGHEST_RATE[job.optimiser["name"]]
    if max(rates) > limit:
        yield Finding(
            "warn",
            "Learning rate",
            f"{text} Above {limit:g} a trained model often forgets what it knows.",
            "Lower the highest rate of the schedule.",
        )
    elif max(rates) < _LOWEST_RATE:
        yield Finding(
            "fail",
            "Learning rate",
            f"{text} Nothing would change.",
            "Raise the rate of the schedule; 0.0005 is usual.",
        )
    else:
        yield Finding("ok", "Learning rate", text)
    yield _length(job, total_steps)


def about_patches(
    job: FinetuneJob, smallest_side_px: float, multiple: int, reach_px: int
) -> Finding:
    """Look at the size of patches.

    Parameters
    ----------
    job : FinetuneJob
    smallest_side_px : float
        Of all training images, px of the model.
    multiple : int
        Sizes that the network works on are multiples of this.
    reach_px : int
        How far the network sees.
    """
    side = job.patch_px
    text = f"{counted(job.global_batch, 'patch').replace('patchs', 'patches')} of {side} px a step."
    if side % multiple:
        return Finding(
            "warn",
            "Patches",
            f"{text} The network works on multiples of {multiple} px, so each is padded.",
            f"Give --patch-px {_multiple_of(multiple, side)}.",
        )
    if side > max(smallest_side_px, _multiple_of(multiple, smallest_side_px)):
        return Finding(
            "warn",
            "Patches",
            f"{text} The smallest training image has a side of {smallest_side_px:.0f} px of the "
            "model, so the rest of its patches is a mirror image that teaches nothing.",
            f"Give --patch-px {_multiple_of(multiple, smallest_side_px)}.",
        )
    if side < reach_px:
        return Finding(
            "warn",
            "Patches",
            f"{text} The network sees {reach_px} px far, more than a patch has.",
            f"Give --patch-px {-(-reach_px // multiple) * multiple} or more, if memory allows.",
        )
    return Finding("ok", "Patches", text)


def _multiple_of(multiple: int, side_px: float) -> int:
    """Return the largest size of a patch up to a side, or the smallest that a job may have."""
    return max(-(-LEAST_PATCH_PX // multiple), int(side_px) // multiple) * multiple


def needs_pretraining(job: FinetuneJob) -> bool:
    """Whether a loss of the slits ends wrong unless the model already finds dots."""
    stages = [stage.losses for stage in job.the_curriculum().stages]
    first = stages[0]
    return bool(first.slit_weight) and all(one.needs_pretraining for one in _abouts(first.slit))


def _length(job: FinetuneJob, total_steps: int) -> Finding:
    text = f"{counted(job.epochs, 'epoch')}, about {counted(total_steps, 'step')} in all."
    schedule = job.the_schedule()
    if isinstance(schedule, Triangular | Triangular2 | ExpRange):
        each = total_steps / schedule.periods
        if each < _STEPS_OF_PERIOD:
            return Finding(
                "warn",
                "Length",
                f"{text} A period of the schedule has only {each:.2g}.",
                "Lower the number of periods, or train longer.",
            )
    if total_steps < _FEW_STEPS:
        return Finding(
            "warn",
            "Length",
            f"{text} So few change a model little.",
            "Raise --epochs or --steps-per-epoch, unless this is only a try.",
        )
    return Finding("ok", "Length", text)


def _stages_fit(job: FinetuneJob) -> Iterator[Finding]:
    try:
        job.the_curriculum().at(0.5, total_epochs=job.epochs)
    except ValueError as error:
        yield Finding("fail", "Curriculum", f"{error}.", "Train for more epochs.")


def _head(title: str, losses: list[LossSpec], *, compares: str) -> Finding:
    abouts = [about for loss in losses for about in _abouts(loss)]
    text = f"{some(list(dict.fromkeys(about.title for about in abouts)))}."
    if wrong := [about.title for about in abouts if compares == about.compares_with]:
        return Finding(
            "fail",
            title,
            f"{some(wrong)} compares points, and a membrane has none.",
            "Choose another loss, such as dice.",
        )
    if dead := [loss for loss in losses if all(_is_dead(one) for one in _abouts(loss))]:
        names = [_abouts(loss)[0].title for loss in dead]
        return Finding(
            "fail",
            title,
            f"{some(names)} has no gradient: it can measure, not train.",
            "Choose another loss, or add one with a gradient to it (sum).",
        )
    if not compares and all(one.erasure == "erases" for one in abouts if not _is_dead(one)):
        return Finding(
            "warn",
            title,
            f"{text} When nothing else is minimised it can remove slits that were right "
            "(docs/losses.md tells from which starts).",
            "Take sum:dice_and_one_to_one, or heed the alarm and the previews.",
        )
    return Finding("ok", title, text)


def _is_dead(about: About) -> bool:
    return about.erasure == "no gradient"


def _abouts(loss: LossSpec) -> list[About]:
    """Return what the terms that train say of themselves; of a plain loss, what it does."""
    if isinstance(loss, WeightedSum):
        trained = [term.loss for term in loss.terms if term.weight] or [loss.terms[0].loss]
        return [about for each in trained for about in _abouts(each)]
    return [loss.about]
