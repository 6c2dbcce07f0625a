"""To which glomerulus, biopsy and group each image that is measured belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.core.morphometry.samples import (
    SamplesOfImages,
    read_samples,
    samples_from_folders,
    samples_from_names,
    samples_of,
)
from napari_slitseg.jobs.measure import SampleSettings
from napari_slitseg.pipelines.measure_items import Item

_NO_FOLDER: Final = (
    "No image lies in a folder of its biopsy, so --folder-names tells nothing: it is meant for "
    "biopsy/image, with --subfolders."
)


@dataclass(frozen=True)
class KnownSamples:
    """Samples of the images, by name, and what to say of them.

    Attributes
    ----------
    samples : mapping of str to Sample
        Of every image; empty where nothing is known.
    notices : tuple of str
    """

    samples: Mapping[str, Sample]
    notices: tuple[str, ...] = ()


def samples_for(
    settings: SampleSettings, items: Sequence[Item], kept: Mapping[int, Sample]
) -> KnownSamples:
    """Tell where each image belongs: by the table, else the project, else names, else folders.

    Parameters
    ----------
    settings : SampleSettings
    items : sequence of Item
    kept : mapping of int to Sample
        What the project says, by number of the image.

    Raises
    ------
    SamplesError
        If a table or pattern cannot be used.
    """
    names = list(dict.fromkeys(map(_path_name, items)))
    table, *others = _told(settings, names)
    samples = {}
    for item in items:
        name = _path_name(item)
        by_project = Sample() if item.image_id is None else kept.get(item.image_id, Sample())
        told = (_of(table, name), by_project, *(_of(other, name) for other in others))
        samples[item.name] = next((sample for sample in told if sample.is_known), Sample())
    told_by_table = SamplesOfImages({}, unused=table.unused).notices
    return KnownSamples(samples, (*told_by_table, *_in_vain(settings, others[-1])))


def _told(settings: SampleSettings, names: Sequence[str]) -> list[SamplesOfImages]:
    """Return what the table says, then names, then folders; nothing where they are not asked."""
    path, pattern, nothing = settings.samples, settings.name_pattern, SamplesOfImages({})
    return [
        nothing if path is None else samples_of(read_samples(path), names),
        nothing if pattern is None else samples_from_names(names, pattern),
        samples_from_folders(names) if settings.folder_names else nothing,
    ]


def _in_vain(settings: SampleSettings, by_folder: SamplesOfImages) -> Iterator[str]:
    """Say where folders were asked, and know none of the images."""
    knows = any(sample.is_known for sample in by_folder.samples.values())
    if settings.folder_names and not knows:
        yield _NO_FOLDER


def _of(source: SamplesOfImages, name: str) -> Sample:
    return source.samples.get(name, Sample())


def _path_name(item: Item) -> str:
    """Name of an image without its page: what a table or a pattern tells of."""
    return item.name.removesuffix(f", page {item.page + 1}") if item.page else item.name
