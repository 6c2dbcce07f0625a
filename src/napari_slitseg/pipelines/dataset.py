"""The images of a fine-tuning: found, looked at once, and parted."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.events import Event, ImageFailed, ImageSkipped, Notice, Progress
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset_examine import Examiner, NoAnnotation
from napari_slitseg.pipelines.dataset_member import (
    Grey,
    Loaded,
    Member,
    load_member,
    told_apart,
)
from napari_slitseg.pipelines.dataset_parts import (
    Wanted,
    check_usable,
    parted,
    same,
    steps_per_epoch,
    trains,
)
from napari_slitseg.pipelines.dataset_record import (
    DataSet,
    check_unchanged,
    read_record,
    write_record,
)
from napari_slitseg.pipelines.each import describe
from napari_slitseg.pipelines.inputs import ImageReader, ShouldStop, never
from napari_slitseg.pipelines.tables import read_biopsies

__all__ = [
    "DataSet",
    "Grey",
    "Loaded",
    "Member",
    "check_unchanged",
    "collect",
    "load_member",
    "read_record",
    "steps_per_epoch",
    "trains",
    "write_record",
]


def collect(job: FinetuneJob, should_stop: ShouldStop = never) -> Generator[Event, None, DataSet]:
    """Find and look at the images of a job, and part them.

    Yields
    ------
    Event
        `Progress`, and for images that are left out `ImageSkipped` (no annotation) or
        `ImageFailed`; a `Notice` for what the person should know.

    Returns
    -------
    DataSet

    Raises
    ------
    JobError
        If it cannot be trained with what is there; the message says what to do.
    Cancelled
        If `should_stop` says so.
    """
    wanted = Wanted.of(job)
    search = _Search(Examiner(job, ImageReader.of(job), _biopsies(job)))
    for number, path in enumerate(wanted.images):
        if should_stop():
            raise Cancelled
        yield Progress(done=number, total=len(wanted.images), message=path.name)
        yield from search.look(path)
    yield Progress(done=len(wanted.images), total=len(wanted.images))
    yield from search.leave_out_ambiguous()
    members = told_apart(search.members)
    check_usable(job, members, search.left_out)
    data = parted(job, members, wanted, tuple(search.left_out))
    for text in data.notices:
        yield Notice(text=text)
    return data


@dataclass
class _Search:
    """Images that were looked at so far."""

    examiner: Examiner
    members: list[Member] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)

    def look(self, path: Path) -> Generator[Event, None, None]:
        """Take in one image or leave it out, whatever is wrong with it."""
        try:
            member, notices = self.examiner.examine(path)
        except NoAnnotation as error:
            self.left_out.append((path, str(error)))
            yield ImageSkipped(name=path.name, path=path, reason=str(error))
        except Exception as error:  # noqa: BLE001 (a bad file never stops the others)
            yield self._failed(path, describe(error))
        else:
            self.members.append(member)
            for text in notices:
                yield Notice(text=text, item=path.name)

    def leave_out_ambiguous(self) -> Generator[Event, None, None]:
        """Leave out images of different folders that would have the same annotation."""
        for members in same(self.members, lambda member: str(member.annotation)):
            contents = {member.content_sha256 for member in members}
            folders = {member.image.parent for member in members}
            if len(contents) > 1 and len(folders) > 1:
                for member in members:
                    self.members.remove(member)
                    yield self._failed(
                        member.image,
                        f"{member.annotation} would be the annotation of {len(members)} images "
                        "of the same name in different folders. Keep each beside its image.",
                    )

    def _failed(self, path: Path, reason: str) -> ImageFailed:
        self.left_out.append((path, reason))
        return ImageFailed(name=path.name, path=path, reason=reason)


def _biopsies(job: FinetuneJob) -> dict[str, str]:
    return {} if job.biopsies is None else read_biopsies(job.biopsies)
