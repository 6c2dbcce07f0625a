"""Findings about each of the images of a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from napari_slitseg.core.inference_request import SAME_SCALE, model_scale
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.events import Notice
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, Member
from napari_slitseg.pipelines.preflight_finding import Finding, counted, some

_SATURATED: Final = 0.2
_FAR: Final = 2.0
_FEW: Final = 5
_TOO_FEW: Final = "Whether a model is better can hardly be told from so few."
_OUTSIDE: Final = "lie outside the image"


def about_images(job: FinetuneJob, data: DataSet, model_nm: float | None) -> Iterator[Finding]:
    """Look at the images one by one.

    Parameters
    ----------
    job : FinetuneJob
    data : DataSet
        Its images.
    model_nm : float or None
        Pixel size of the model to start from; None where that cannot be read.
    """
    yield _pairs(data)
    yield _grey_values(data.members)
    yield _pixel_size(data.members, model_nm)
    yield _places(job, data.members)


def about_notices(data: DataSet, notices: Sequence[Notice]) -> Iterator[Finding]:
    """Tell what reading single images and annotations said, where no other finding does."""
    elsewhere = {text for member in data.members for text in member.grey.notices}
    others = [
        f"{notice.item}: {notice.text}"
        for notice in notices
        if notice.text not in elsewhere and _OUTSIDE not in notice.text
    ]
    if others:
        more = f" And {len(others) - _FEW} more like that." if len(others) > _FEW else ""
        yield Finding(
            "warn",
            "Annotations",
            f"{' '.join(others[:_FEW])}{more}",
            "Correct these files, unless they are meant to be so.",
        )


def _pairs(data: DataSet) -> Finding:
    n_slits = sum(member.n_slits for member in data.members)
    n_unsure = sum(member.n_uncertain for member in data.members)
    text = f"{counted(len(data.members), 'annotated image')} with {counted(n_slits, 'slit')}"
    text += f" and {n_unsure} uncertain ones." if n_unsure else "."
    if data.left_out:
        few = f" {_TOO_FEW}" if len(data.members) < _FEW else ""
        return Finding(
            "warn",
            "Images",
            f"{text}{few} Left out: {_by_reason(data.left_out)}.",
            "Annotate or repair those that should be learned from.",
        )
    if len(data.members) < _FEW:
        return Finding(
            "warn",
            "Images",
            f"{text} {_TOO_FEW}",
            "Annotate some more, best from other biopsies.",
        )
    return Finding("ok", "Images", text)


def _by_reason(left_out: Sequence[tuple[Path, str]]) -> str:
    """Tell which images are left out for which reason, the rarest reasons first."""
    names: dict[str, list[str]] = {}
    for path, reason in left_out:
        names.setdefault(reason.rstrip("."), []).append(path.name)
    rarest_first = sorted(names.items(), key=lambda each: len(each[1]))
    return some([f"{some(paths)} ({reason})" for reason, paths in rarest_first])


def _grey_values(members: Sequence[Member]) -> Finding:
    kinds = sorted({member.grey.dtype for member in members})
    low = min(member.grey.low for member in members)
    high = max(member.grey.high for member in members)
    text = f"Values are {' and '.join(kinds)}, from {low:g} to {high:g}."
    changed = [member.name for member in members if member.grey.notices]
    saturated = [m.name for m in members if m.grey.saturated > _SATURATED]
    if saturated:
        return Finding(
            "warn",
            "Grey values",
            f"{text} More than {_SATURATED:.0%} of the pixels are black or white in "
            f"{some(saturated)}.",
            "Export them again without stretching the contrast, if they are not masks by mistake.",
        )
    if changed:
        notices = list(dict.fromkeys(n for m in members for n in m.grey.notices))
        return Finding(
            "warn",
            "Grey values",
            f"{text} {some(changed)}: {' '.join(notices[:2])}",
            "Nothing to do if that is what you want; micrographs are usually grey.",
        )
    return Finding("ok", "Grey values", text)


def _pixel_size(members: Sequence[Member], model_nm: float | None) -> Finding:
    known = [member.pixel_size_nm for member in members if member.pixel_size_nm is not None]
    unknown = [member.name for member in members if member.pixel_size_nm is None]
    if wrong := [m.name for m in members if not _suits(m.pixel_size_nm, model_nm)]:
        sizes = " to ".join(f"{size:.3g}" for size in sorted({min(known), max(known)}))
        text = f"Images have {sizes} nm, and the model is for {model_nm:.3g} nm: {some(wrong)} "
        cure = "Correct the pixel size; a unit may be wrong."
        return Finding("fail", "Pixel size", f"{text}cannot be brought to that.", cure)
    if unknown:
        return Finding(
            "warn",
            "Pixel size",
            f"It is unknown for {some(unknown)}: taken for the model's own"
            + (f", {model_nm:.3g} nm." if model_nm else "."),
            "Give --pixel-size-nm, or a table with --pixel-sizes.",
        )
    low, high = min(known), max(known)
    alike = (
        f"All have {low:.3g} nm" if high / low - 1 < SAME_SCALE else f"{low:.3g} to {high:.3g} nm"
    )
    if model_nm is None:
        return Finding("ok", "Pixel size", f"{alike}.")
    return _resampling(alike, low / model_nm, high / model_nm, model_nm)


def _resampling(alike: str, low: float, high: float, model_nm: float) -> Finding:
    """Say what bringing images to the model's pixel size does to them."""
    if max(high, 1 / low) - 1 < SAME_SCALE:
        return Finding("ok", "Pixel size", f"{alike}, as the model's.")
    text = f"{alike}; the model is for {model_nm:.3g} nm, so images are resampled "
    text += f"{low:.2g} times" if high / low - 1 < SAME_SCALE else f"{low:.2g} to {high:.2g} times"
    if high > _FAR:
        return Finding(
            "warn",
            "Pixel size",
            f"{text}. Enlarging coarse images adds no detail, so slits stay blurred.",
            "Check the pixel size, or take finer images if you have them.",
        )
    if low < 1 / _FAR:
        return Finding(
            "warn",
            "Pixel size",
            f"{text}. That throws detail away.",
            "Check the pixel size, or start from a model for finer pixels if there is one.",
        )
    return Finding("ok", "Pixel size", f"{text}.")


def _suits(size_nm: float | None, model_nm: float | None) -> bool:
    if model_nm is None:
        return True
    try:
        model_scale(size_nm, model_nm)
    except InferenceError:
        return False
    return True


def _places(job: FinetuneJob, members: Sequence[Member]) -> Finding:
    outside = [m.name for m in members if m.n_outside]
    n_close, n_slits = (sum(getattr(m, key) for m in members) for key in ("n_close", "n_slits"))
    if outside:
        n = sum(member.n_outside for member in members)
        return Finding(
            "warn",
            "Places of slits",
            f"{counted(n, 'annotated point')} outside the image, in {some(outside)}, are not used.",
            "Check that these annotations belong to these images, in this size.",
        )
    if n_close > n_slits / 4:
        return Finding(
            "warn",
            "Places of slits",
            f"{n_close} of {n_slits} slits are nearer to another one than a dot of the target is "
            f"wide ({2 * job.dot_radius_nm:g} nm), so their dots melt together.",
            "Lower --dot-radius-nm, or check the annotations for points set twice.",
        )
    return Finding("ok", "Places of slits", "All are inside their image, and few dots touch.")
