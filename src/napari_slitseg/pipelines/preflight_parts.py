"""Findings about what images are there together: slits, membranes, doubles, and the split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, Member, trains
from napari_slitseg.pipelines.dataset_parts import about_twins
from napari_slitseg.pipelines.preflight_finding import Finding, counted, some

_SHOWN: Final = 3


def about_parts(job: FinetuneJob, data: DataSet) -> Iterator[Finding]:
    """Look at the images that train, choose and judge, each as a whole."""
    if trains(job, "slit"):
        yield _empty(data.train)
    yield _membranes(job, data)
    yield _twins(data)
    yield _split(job, data)


def _empty(members: Sequence[Member]) -> Finding:
    empty = [member.name for member in members if not member.n_slits]
    n = f"{len(empty)} of {counted(len(members), 'training image')}"
    n += " has" if len(empty) == 1 else " have"
    if len(empty) == len(members):
        return Finding(
            "fail",
            "Images without slits",
            "No training image has a slit, so a model would learn to find none.",
            "Annotate slits in more images, or choose another seed for the split.",
        )
    if 2 * len(empty) > len(members):
        return Finding(
            "warn",
            "Images without slits",
            f"{n} no slit ({some(empty)}): so many teach a model to find few.",
            "Check that these are annotated, and take some of them out.",
        )
    text = f"{n} none, which teaches what is no slit." if empty else "All have slits."
    return Finding("ok", "Images without slits", text)


def _membranes(job: FinetuneJob, data: DataSet) -> Finding:
    n = sum(member.membrane is not None for member in data.train)
    if not trains(job, "membrane"):
        return Finding("ok", "Membranes", "The membrane is not trained, as asked.")
    if not n:
        return Finding(
            "warn",
            "Membranes",
            "No training image has a mask of the membrane, so only the slits are trained; the "
            "membrane may get worse as the network changes.",
            "Draw masks, such as image_membrane.png beside image.tif, if you need the membrane.",
        )
    if n == len(data.train):
        return Finding("ok", "Membranes", "All training images have a mask of the membrane.")
    text = f"{n} of {counted(len(data.train), 'training image')} {'has' if n == 1 else 'have'}"
    others = "a mask of the membrane; the others teach slits only."
    return Finding("ok", "Membranes", f"{text} {others}")


def _twins(data: DataSet) -> Finding:
    if notices := about_twins(data.members):
        return Finding(
            "warn",
            "Doubles",
            f"{' '.join(notices[:_SHOWN])}{_more(len(notices) - _SHOWN)}",
            "Take one of each out, if they are there by mistake.",
        )
    return Finding("ok", "Doubles", "No picture is there twice.")


def _more(number: int) -> str:
    return f" And {counted(number, 'other')} like that." if number > 0 else ""


def _split(job: FinetuneJob, data: DataSet) -> Finding:
    text = (
        f"{counted(len(data.train), 'image')} to train, {len(data.validation)} to choose the best "
        f"model, {len(data.test)} to judge it; divided by {job.split_by}."
    )
    for what in ("image", "content_sha256"):
        if shared := _shared(data, what):
            return Finding(
                "fail",
                "Split",
                f"{text} The same picture is on two sides: {some(shared)}.",
                "Take it out of one of the lists.",
            )
    if shared := _shared(data, "biopsy"):
        return Finding(
            "warn",
            "Split",
            f"{text} Images of one biopsy, which resemble each other, are on two sides: "
            f"{some(shared)}.",
            "Give --split-by biopsy for an honest verdict.",
        )
    if not data.test:
        return Finding(
            "warn",
            "Split",
            f"{text} Those that choose the model judge it too, which flatters.",
            "Annotate more images, or give --test-images.",
        )
    judged = sum(member.n_slits for member in data.test)
    if trains(job, "slit") and not judged:
        return Finding(
            "warn",
            "Split",
            f"{text} No image that judges has a slit.",
            "Annotate more images, or give --test-images.",
        )
    return Finding("ok", "Split", text)


def _shared(data: DataSet, what: str) -> list[str]:
    """Values that members of two parts have in common."""
    sides = [
        {str(getattr(member, what)) for member in part} - {""}
        for part in (data.train, data.validation, data.test)
    ]
    return sorted(set().union(*(one & other for one, other in combinations(sides, 2))))
