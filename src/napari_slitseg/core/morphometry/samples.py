"""Which image belongs to which sample: from a table, from names of files, or from folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.core.morphometry.samples_table import SampleRow, SamplesError, read_rows

FIELDS: Final = ("biopsy", "glomerulus", "group")
"""What a pattern or a table can tell of an image."""


@dataclass(frozen=True)
class SamplesOfImages:
    """Samples of images, and what did not fit.

    Attributes
    ----------
    samples : mapping of str to Sample
        By name of the image; those of which nothing is known have an empty sample.
    without : tuple of str
        Names of those images.
    unused : tuple of str
        Images of a table that are not there.
    """

    samples: Mapping[str, Sample]
    without: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """What the person should know: images without a sample, rows without an image."""
        said = []
        if self.without:
            said.append(f"No biopsy, glomerulus or group is known of {_some(self.without)}.")
        if self.unused:
            said.append(f"The table names images that are not there: {_some(self.unused)}.")
        return tuple(said)


def read_samples(path: Path) -> dict[str, Sample]:
    """Read a table with the columns image and biopsy, glomerulus, group, of which some may lack.

    CSV in UTF-8; commas, semicolons or tabs part the columns.

    Returns
    -------
    dict
        Sample by name of the image in lower case, as written: with or without folder and ending.

    Raises
    ------
    SamplesError
        If it is no such table, an image has two rows, a biopsy is in two groups, or a column
        means nothing here.
    """
    rows = read_rows(path)
    lines: dict[str, int] = {}
    for row in rows:
        if row.image in lines:
            raise SamplesError(
                f"The table of samples {path} names the image '{row.image}' twice, in lines "
                f"{lines[row.image]} and {row.line}: take one of them away."
            )
        lines[row.image] = row.line
    _check_groups([row.sample for row in rows], _lines_of(rows, path))
    return {row.image: row.sample for row in rows}


def samples_of(table: Mapping[str, Sample], names: Sequence[str]) -> SamplesOfImages:
    """Find images in a table of `read_samples`.

    Parameters
    ----------
    table : mapping of str to Sample
    names : sequence of str
        Paths of the images relative to their folder, with "/". A row fits by the whole path, with
        or without ending, else by the file's name alone.

    Raises
    ------
    SamplesError
        If a row fits several images of the same name in different folders.
    """
    found = {name: _row_of(table, name) for name in names}
    for row in {row for row in found.values() if row is not None}:
        several = [name for name in names if found[name] == row]
        if len(several) > 1:
            raise SamplesError(
                f"The table of samples has one row '{row}' for {len(several)} images, "
                f"{_some(several)}: write their folders in the column image."
            )
    samples = {name: Sample() if row is None else table[row] for name, row in found.items()}
    unused = tuple(sorted(set(table) - set(found.values())))
    return SamplesOfImages(samples, _without(samples), unused)


def samples_from_names(names: Sequence[str], pattern: str) -> SamplesOfImages:
    r"""Read samples out of the names of images.

    Parameters
    ----------
    names : sequence of str
        Paths relative to their folder, with "/".
    pattern : str
        Regular expression with named groups, found anywhere in the path, such as
        ``(?P<group>\w+?)_(?P<biopsy>\d+)_g(?P<glomerulus>\d+)``.

    Raises
    ------
    SamplesError
        If it is no regular expression, has no or unknown named groups, fits no name, or puts a
        biopsy in two groups.
    """
    expression = _compiled(pattern)

    def read(name: str) -> Sample:
        match = expression.search(name)
        return Sample(**{k: v or "" for k, v in match.groupdict().items()}) if match else Sample()

    found = _of_each(names, read)
    if names and len(found.without) == len(names):
        raise SamplesError(
            f"The pattern {pattern} fits none of the names, such as '{names[0]}': "
            "change it, or give a table of samples."
        )
    return found


def samples_from_folders(names: Sequence[str]) -> SamplesOfImages:
    """Read samples out of folders: biopsy/image, biopsy/glomerulus/image, group/biopsy/....

    Of deeper ones, the last three folders count; an image in no folder has no sample.

    Raises
    ------
    SamplesError
        If a biopsy is in two groups.
    """
    meaning = {1: ("biopsy",), 2: ("biopsy", "glomerulus"), 3: ("group", "biopsy", "glomerulus")}

    def read(name: str) -> Sample:
        folders = PurePosixPath(name.replace("\\", "/")).parts[:-1][-3:]
        return Sample(**dict(zip(meaning.get(len(folders), ()), folders, strict=True)))

    return _of_each(names, read)


def _of_each(names: Sequence[str], read: Callable[[str], Sample]) -> SamplesOfImages:
    samples = {name: read(name) for name in names}
    _check_groups(list(samples.values()), lambda biopsy: f"By these names the biopsy '{biopsy}'")
    return SamplesOfImages(samples, _without(samples))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise SamplesError(f"The pattern {pattern} is no regular expression: {error}.") from error
    unknown = set(expression.groupindex) - set(FIELDS)
    if unknown or not expression.groupindex:
        has = f"names {', '.join(sorted(unknown))}" if unknown else "names nothing"
        raise SamplesError(
            f"The pattern {pattern} {has}: it can name {', '.join(FIELDS)}, "
            "such as (?P<biopsy>[^_]+)."
        )
    return expression


def _check_groups(samples: Sequence[Sample], named: Callable[[str], str]) -> None:
    groups: dict[str, str] = {}
    for each in samples:
        if not (each.biopsy and each.group):
            continue
        if groups.setdefault(each.biopsy, each.group) != each.group:
            raise SamplesError(
                f"{named(each.biopsy)} is in two groups, '{groups[each.biopsy]}' and "
                f"'{each.group}': a biopsy belongs to one. If these are two biopsies, give them "
                "two names."
            )


def _lines_of(rows: Sequence[SampleRow], path: Path) -> Callable[[str], str]:
    def named(biopsy: str) -> str:
        lines = [str(row.line) for row in rows if row.sample.biopsy == biopsy]
        return f"In the table of samples {path} (lines {', '.join(lines[:6])}) '{biopsy}'"

    return named


def _row_of(table: Mapping[str, Sample], name: str) -> str | None:
    path = PurePosixPath(name.replace("\\", "/").casefold())
    wholes = (str(path), str(path.with_suffix("")), path.name, path.stem)
    return next((each for each in wholes if each in table), None)


def _without(samples: Mapping[str, Sample]) -> tuple[str, ...]:
    return tuple(name for name, sample in samples.items() if not sample.is_known)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more
