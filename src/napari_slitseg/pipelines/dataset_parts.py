"""Part the images of a fine-tuning, and refuse what cannot be trained with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from napari_slitseg.core.image import is_image_file
from napari_slitseg.core.split import Item, Part, SplitError, split
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset_member import Member
from napari_slitseg.pipelines.dataset_record import DataSet
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import find_images

LeftOut = tuple[tuple[Path, str], ...]

_SHOWN: Final = 3
_STEPS: Final = (10, 200)


def trains(job: FinetuneJob, head: str) -> bool:
    """Whether a job trains a head, "membrane" or "slit", at any time."""
    stages = job.the_curriculum().stages
    return any(getattr(stage.losses, f"{head}_weight") > 0 for stage in stages)


def steps_per_epoch(job: FinetuneJob, members: Sequence[Member], model_nm: float) -> int:
    """Return the number of steps between two validations.

    Parameters
    ----------
    job : FinetuneJob
        Where it names no number, about as many as see each image once in full, from 10 to 200.
    members : sequence of Member
        Images that train.
    model_nm : float
        Pixel size of the model, to which images are brought.
    """
    if job.steps_per_epoch is not None:
        return job.steps_per_epoch
    sizes = [(member.shape, (member.pixel_size_nm or model_nm) / model_nm) for member in members]
    pixels = sum(height * width * scale**2 for (height, width), scale in sizes)
    low, high = _STEPS
    in_full = math.ceil(pixels / (job.patch_px**2 * job.global_batch))
    return min(max(in_full, low), high)


@dataclass(frozen=True)
class Wanted:
    """Images by what the job says of them."""

    images: tuple[Path, ...]
    parts: dict[Path, Part]

    @classmethod
    def of(cls, job: FinetuneJob) -> Wanted:
        """List the images of a job.

        Raises
        ------
        JobError
            If a folder is missing or has no images, or an image is in both lists.
        """
        if job.annotations is not None and not job.annotations.is_dir():
            raise JobError(f"There is no folder of annotations {job.annotations}.")
        for path in (*job.images, *job.validation_images, *job.test_images):
            if not path.exists() and not is_image_file(path):
                raise JobError(f"There is no file and no folder {path}. Check its name.")
        lists: dict[Part, tuple[Path, ...]] = {
            "validation": find_images(job.validation_images),
            "test": find_images(job.test_images),
        }
        parts: dict[Path, Part] = {}
        for part, paths in lists.items():
            for path in paths:
                if parts.setdefault(path.resolve(), part) != part:
                    raise JobError(
                        f"{path} is among the validation images and the test images, so the "
                        "test would flatter. Take it out of one of the lists."
                    )
        every = (*job.images, *lists["validation"], *lists["test"])
        return cls(find_images(every), parts)


def parted(
    job: FinetuneJob,
    members: Sequence[Member],
    wanted: Wanted,
    left_out: LeftOut,
) -> DataSet:
    """Part usable images as a job asks.

    Raises
    ------
    JobError
        If they cannot be parted so.
    """
    items = [_item(member, wanted.parts.get(member.image), job) for member in members]
    _check_lists(wanted, items, left_out)
    try:
        found = split(
            items,
            validation_share=job.validation_share,
            test_share=job.test_share,
            seed=job.seed,
        )
    except SplitError as error:
        raise JobError(f"{error}{_why_few(left_out)}") from error
    chosen = {
        "train": tuple(members[i] for i in found.train),
        "validation": tuple(members[i] for i in found.validation),
        "test": tuple(members[i] for i in found.test),
    }
    return DataSet(
        **chosen,
        left_out=left_out,
        notices=(*about_twins(members), *found.notices),
        how=_how(job, wanted),
    )


def _item(member: Member, part: Part | None, job: FinetuneJob) -> Item:
    ties = [f"content {member.content_sha256}", f"annotation {member.annotation}"]
    if job.split_by == "biopsy":
        ties.append(f"biopsy {member.biopsy}")
    return Item(
        key=member.content_sha256,
        ties=tuple(ties),
        n_slits=member.n_slits,
        name=member.name,
        part=part,
    )


def _how(job: FinetuneJob, wanted: Wanted) -> dict[str, object]:
    return {
        "by": job.split_by,
        "seed": job.seed,
        "validation_share": job.validation_share,
        "test_share": job.test_share,
        "given_validation": "validation" in wanted.parts.values(),
        "given_test": "test" in wanted.parts.values(),
    }


def about_twins(members: Sequence[Member]) -> list[str]:
    """Return a sentence for each group of images that are the same or share an annotation."""
    notices = []
    same_content = same(members, lambda member: member.content_sha256)
    for twins in same_content:
        names = _some([member.name for member in twins])
        notices.append(
            f"The same picture is there {len(twins)} times, and stays together: {names}."
        )
    for twins in same(members, lambda member: str(member.annotation)):
        if len({member.content_sha256 for member in twins}) > 1:
            names = _some([member.name for member in twins])
            notices.append(
                f"{twins[0].annotation.name} is the annotation of {names}; they stay together. If "
                "they are different pictures, one of them learns wrong slits."
            )
    return notices


def same(members: Sequence[Member], key: Callable[[Member], str]) -> list[list[Member]]:
    """Return groups of more than one image with the same key."""
    found: dict[str, list[Member]] = {}
    for member in members:
        found.setdefault(key(member), []).append(member)
    return [group for group in found.values() if len(group) > 1]


def check_usable(
    job: FinetuneJob, members: Sequence[Member], left_out: Sequence[tuple[Path, str]]
) -> None:
    """Refuse images of which nothing can be learned.

    Raises
    ------
    JobError
        If there are too few, or they lack what is to be learned.
    """
    if len(members) < 2:
        some = "No image" if not members else "Only one image"
        raise JobError(
            f"{some} of {len(members) + len(left_out)} can be trained with, and two are needed: "
            f"one to learn from and one to choose the best model.{_why_few(left_out)} Annotate "
            "more images, or give --annotations, the folder their annotations are in."
        )
    if trains(job, "slit") and not any(member.n_slits for member in members):
        raise JobError(
            f"None of the {len(members)} annotated images has a slit, so a model would only learn "
            "to find none. Annotate slits, or give --slit-weight 0 to train the membrane only."
        )
    if not trains(job, "slit") and not any(member.membrane for member in members):
        raise JobError(
            "Only the membrane is to be trained, but no image has a mask of it, such as "
            f"{members[0].image.stem}_membrane.png. Add masks, or raise --slit-weight."
        )


def _why_few(left_out: Sequence[tuple[Path, str]]) -> str:
    """Sentence about images that are left out; empty where none is."""
    if not left_out:
        return ""
    bare = [path.name for path, reason in left_out if "no annotation" in reason]
    others = [f"{path.name}: {reason}" for path, reason in left_out if path.name not in bare]
    told = [f" {len(bare)} without an annotation ({_some(bare)})."] if bare else []
    told += [f" {text}" for text in others[:_SHOWN]]
    return " Left out:" + "".join(told)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _check_lists(wanted: Wanted, items: Sequence[Item], left_out: LeftOut) -> None:
    """Refuse a list of images of which none is left."""
    for part in sorted(set(wanted.parts.values())):
        if not any(item.part == part for item in items):
            of_list = [each for each in left_out if wanted.parts.get(each[0].resolve()) == part]
            raise JobError(
                f"None of the {part} images that were given can be used.{_why_few(of_list)} "
                "Correct the list, or leave it away: then some of the other images are taken."
            )
