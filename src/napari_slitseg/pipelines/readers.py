"""Agreement of the readers of a project, and of a model, as tables with how they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.readers_files import FORMAT, PointsOf, annotations_beside
from napari_slitseg.pipelines.readers_plans import readings
from napari_slitseg.pipelines.readers_tracks import tracks_in, tracks_read
from napari_slitseg.pipelines.record import versions
from napari_slitseg.store import SHARED, Project, StoredImage, StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_slitseg.core.metrics.readers import ReaderAgreement, ReadImage

MODEL: Final = "model"
"""What the model is called among readers."""

_ASSUMED_NM: Final = 10.0
_HOW: Final = (
    "F1: positive agreement of matched points; first reader as prediction, second as annotation. "
    "kappa: (F1 - E) / (1 - E), E the F1 of points thrown at random over the region. "
    "Intervals: bootstrap over images. count_bias and limits: Bland and Altman, first - second. "
    "icc: ICC(2,1) of counts. See docs/metrics.md, Readers."
)


@dataclass(frozen=True, eq=False)
class Agreement:
    """What readers of a project agree on.

    Attributes
    ----------
    found : ReaderAgreement
        All pairs.
    tolerance_nm : float
        Largest distance of a matched pair.
    n_images : int
        Images that somebody read.
    notes : tuple of str
        What was assumed or left out.
    regions : dict
        Where chance threw points, by image: "membrane" or "image".
    log : list
        What happened to the readings: reader, what, by whom, when.
    """

    found: ReaderAgreement
    tolerance_nm: float
    n_images: int
    notes: tuple[str, ...] = ()
    regions: dict[str, str] = field(default_factory=dict)
    log: list[dict[str, str]] = field(default_factory=list)

    def pair_rows(self) -> list[dict[str, Any]]:
        """Return a row for each pair of readers."""
        return [pair.to_dict() for pair in self.found.pairs]

    def image_rows(self) -> list[dict[str, Any]]:
        """Return a row for each image of each pair."""
        return [
            {
                "image": each.name,
                "first": pair.readers[0],
                "second": pair.readers[1],
                "kappa": each.kappa,
                "n_by_chance": each.n_by_chance,
                "region": self.regions.get(each.name, ""),
                **each.scores.to_dict(),
            }
            for pair in self.found.pairs
            for each in pair.images
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything, with how it was computed."""
        return {
            "format": FORMAT,
            "version": 1,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(("numpy", "scipy")),
            "how": _HOW,
            "tolerance_nm": self.tolerance_nm,
            "draws": self.found.n_draws,
            "seed": self.found.seed,
            "readers": list(self.found.readers),
            "notes": list(self.notes),
            "readings": self.log,
            "icc_of_all": self.found.icc.to_dict(),
            "pairs": [
                row | {"f1_interval": pair.f1.to_dict(), "kappa_interval": pair.kappa.to_dict(),
                       "counts": pair.counts.to_dict(), "icc_of_pair": pair.icc.to_dict()}
                for row, pair in zip(self.pair_rows(), self.found.pairs, strict=True)
            ],
            "images": self.image_rows(),
        }  # fmt: skip


def agree(
    project: Project,
    *,
    tolerance_nm: float = 50.0,
    readers: Sequence[str] = (),
    also: dict[str, PointsOf] | None = None,
    on_image: Callable[[], None] = lambda: None,
) -> Agreement:
    """Compare all readers of a project on the images that they read.

    An image counts as read once the reader has opened it in a reading that is over, also where
    nothing was set; while the reading goes on, once it is marked as done. The shared annotation is
    a reader too: that of the project, or the file beside an image that nobody has edited here.

    Parameters
    ----------
    project : Project
    tolerance_nm : float
        Largest distance of a matched pair.
    readers : sequence of str
        Whom to compare; otherwise all.
    also : dict
        Further readers by name, such as a model.
    on_image : callable
        See `compare_readers`.

    Raises
    ------
    JobError
        If there are fewer than two readers, one is not known, or no two read the same image.
    """
    from napari_slitseg.core.metrics.readers import compare_readers

    if not tolerance_nm > 0:
        raise JobError(f"The tolerance must be above 0 nm, not {tolerance_nm:g}.")
    also = {SHARED: annotations_beside(project)} | (also or {})
    known = sorted({*(track for _, track in tracks_in(project)), *also})
    if unknown := [name for name in readers if name not in known]:
        raise JobError(f"Nobody called {unknown[0]} has read here. Known: {', '.join(known)}.")
    names = tuple(dict.fromkeys(readers or sorted(known, key=_shared_and_model_last)))
    if len(names) < 2:
        there = f"Only {names[0]} has" if names else "Nobody has"
        raise JobError(f"Agreement takes two readers. {there} annotations in {project.folder}.")
    images, notes = _read(project, names, also, tolerance_nm)
    read = {name for image in images for name in image.points}
    names = names if readers else tuple(name for name in names if name in read)
    if not any(sum(name in image.points for name in names) > 1 for image in images):
        who = ", ".join(names) or "nobody"
        why = "".join(f" {note}" for note in notes)
        raise JobError(f"No image of {project.folder} was read by two of: {who}.{why}")
    regions = {each.name: "image" if each.region is None else "membrane" for each in images}
    log = [
        {"reader": reader, "what": each.what, "by": each.by, "time": each.time}
        for reader, reading in readings(project).items()
        for each in reading.log
    ]
    found = compare_readers(images, names, on_image=on_image)
    notes.append(_of_regions(regions))
    return Agreement(found, tolerance_nm, len(images), tuple(filter(None, notes)), regions, log)


def _of_regions(regions: dict[str, str]) -> str:
    """Say where chance put points, if not in the same kind of place everywhere."""
    number = Counter(regions.values())
    if len(number) < 2:
        return ""
    return (
        f"Chance put points along the membrane in {number['membrane']} images and all over the "
        f"image in {number['image']}: kappa mixes both. Draw the membrane in all, or in none."
    )


def _shared_and_model_last(name: str) -> tuple[bool, bool, str]:
    return name == MODEL, name == SHARED, name


def _read(
    project: Project, names: Sequence[str], also: dict[str, PointsOf], tolerance_nm: float
) -> tuple[list[ReadImage], list[str]]:
    """Return the images that somebody read, and what there is to say about them."""
    from napari_slitseg.core.metrics.readers import ReadImage

    tracks, notes = tracks_read(project, names)
    images, unscaled, scales = [], [], project.scales_of_images()
    for stored in project.images():
        said: dict[str, Annotation] = {}
        for name in names:
            try:
                if (stored.id, name) in tracks:
                    said[name] = project.history(stored.id, name)[0].state
                elif name in also and (table := also[name](stored)) is not None:
                    said[name] = Annotation(table)
            except StoreError as error:
                notes.append(f"{stored.path.name}, {name}: left out. {error}")
        if not said or not min(stored.shape):
            continue
        size = scales[stored.id].nm_per_px if stored.id in scales else _ASSUMED_NM
        if stored.id not in scales:
            unscaled.append(stored.path.name)
        images.append(
            ReadImage(
                name=_name_of(project, stored),
                shape=stored.shape,
                tolerance_px=tolerance_nm / size,
                points={name: each.points or PointTable.empty() for name, each in said.items()},
                pixel_size_nm=size,
                region=_region(said),
            )
        )
    if unscaled:
        more = f" and {len(unscaled) - 1} more" if len(unscaled) > 1 else ""
        notes.append(f"{unscaled[0]}{more}: pixel size unknown, {_ASSUMED_NM:g} nm was assumed.")
    return images, notes


def _region(said: dict[str, Annotation]) -> NDArray[np.bool_] | None:
    """Return the membrane that was drawn: by all together, or else by the first reader who did."""
    drawn = {name: each.membrane for name, each in said.items() if each.membrane is not None}
    return drawn.get(SHARED, next(iter(drawn.values()), None))


def _name_of(project: Project, stored: StoredImage) -> str:
    path = stored.path
    inside = path.is_relative_to(project.folder)
    name = path.relative_to(project.folder).as_posix() if inside else str(path)
    return f"{name} [page {stored.page + 1}]" if stored.page else name
