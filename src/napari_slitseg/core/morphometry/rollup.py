"""From images to glomeruli, biopsies, groups and the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from napari_slitseg.core.metrics.bootstrap_interval import Bootstrap
from napari_slitseg.core.morphometry.components import Components, components
from napari_slitseg.core.morphometry.image_row import ImageRow
from napari_slitseg.core.morphometry.nested import Nesting
from napari_slitseg.core.morphometry.rollup_estimate import Estimate, estimates
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES
from napari_slitseg.core.morphometry.sample import Sample

Level = Literal["glomerulus", "biopsy", "group", "all"]

_BELOW: Final = {"glomerulus": "image", "biopsy": "glomerulus", "group": "biopsy", "all": "biopsy"}


@dataclass(frozen=True, eq=False)
class Unit:
    """Figures of one glomerulus, biopsy, group, or of all images.

    Attributes
    ----------
    level : str
        "glomerulus", "biopsy", "group" or "all".
    sample : Sample
        Its name and those of what it belongs to; empty for all images.
    rows : tuple of ImageRow
        Its images that have figures.
    left_out : tuple of ImageRow
        Its images that have none, see `ImageRow.why_none`.
    n_glomeruli, n_biopsies : int
        Of known name, with an image that has figures.
    drawn : str
        What is drawn for the intervals: "biopsy", "glomerulus" or "image".
    estimates : mapping of str to Estimate
        By name of the figure; empty where no image has figures.
    """

    level: Level
    sample: Sample
    rows: tuple[ImageRow, ...]
    left_out: tuple[ImageRow, ...]
    n_glomeruli: int
    n_biopsies: int
    drawn: str
    estimates: Mapping[str, Estimate]

    @property
    def name(self) -> str:
        """Its own name."""
        return {
            "glomerulus": self.sample.glomerulus,
            "biopsy": self.sample.biopsy,
            "group": self.sample.group,
        }.get(self.level, "all images")

    @property
    def length_um(self) -> float:
        """Length of membrane of its images with figures, µm."""
        return sum(row.length_nm for row in self.rows) / 1000

    @property
    def n_slits(self) -> int:
        """Slits on that membrane."""
        return sum(row.n_slits for row in self.rows)

    @property
    def n_widths(self) -> int:
        """Foot process widths."""
        return sum(len(row.widths_nm) for row in self.rows)


@dataclass(frozen=True, eq=False)
class Rollup:
    """Images of a study, rolled up.

    Attributes
    ----------
    glomeruli, biopsies, groups : tuple of Unit
        Of known name, in the order of their names.
    everything : Unit
        All images together.
    components : mapping of str to Components
        Where the variation of images comes from, by name of the figure.
    notices : tuple of str
        What the person should know: images that count nowhere, biopsies in two groups.
    """

    glomeruli: tuple[Unit, ...]
    biopsies: tuple[Unit, ...]
    groups: tuple[Unit, ...]
    everything: Unit
    components: Mapping[str, Components]
    notices: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[Unit, ...]:
        """Every unit, from glomeruli to all images."""
        return (*self.glomeruli, *self.biopsies, *self.groups, self.everything)


def roll_up(rows: Sequence[ImageRow], how: Bootstrap | None = None) -> Rollup:
    """Return the figures of all glomeruli, biopsies and groups.

    An image without the name of its glomerulus counts as a glomerulus of its own, and one without
    that of its biopsy as a biopsy of its own among all images: where nothing is named, a level is
    skipped. A group holds images of named biopsies only. Intervals at the level of a biopsy draw
    glomeruli, then images in them; at that of a group biopsies, then glomeruli, then images.

    Parameters
    ----------
    rows : sequence of ImageRow
    how : Bootstrap, optional
        Of the intervals.
    """
    how = how or Bootstrap()
    placed, notices = _with_groups(rows)
    known = [row for row in placed if row.sample.biopsy]

    def units(level: Level, of: Callable[[Sample], Sample], some: Sequence[ImageRow]) -> list[Unit]:
        found: dict[Sample, list[ImageRow]] = {}
        for row in some:
            found.setdefault(of(row.sample), []).append(row)
        order = sorted(found, key=lambda s: (s.group, s.biopsy, s.glomerulus))
        return [_unit(level, sample, found[sample], how) for sample in order]

    in_glomeruli = [row for row in known if row.sample.glomerulus]
    in_groups = [row for row in known if row.sample.group]
    return Rollup(
        glomeruli=tuple(units("glomerulus", lambda s: s, in_glomeruli)),
        biopsies=tuple(units("biopsy", lambda s: replace(s, glomerulus=""), known)),
        groups=tuple(units("group", lambda s: Sample(group=s.group), in_groups)),
        everything=_unit("all", Sample(), placed, how),
        components=_components(in_groups or known),
        notices=(*notices, *_left_out(placed)),
    )


def nesting_of(rows: Sequence[ImageRow], level: Level) -> Nesting:
    """Return how images of a unit of that level are nested below it."""
    glomeruli = [row.sample.glomerulus or (i,) for i, row in enumerate(rows)]
    biopsies = [row.sample.biopsy or (i,) for i, row in enumerate(rows)]
    levels = {"glomerulus": [], "biopsy": [glomeruli]}.get(level, [biopsies, glomeruli])
    return Nesting.of(levels, len(rows))


def _unit(level: Level, sample: Sample, rows: Sequence[ImageRow], how: Bootstrap) -> Unit:
    kept = [row for row in rows if not row.why_none]
    drawn = _drawn(level, kept)
    found = estimates(kept, nesting_of(kept, level), unit=drawn, how=how) if kept else {}
    biopsies = {row.sample.biopsy for row in kept} - {""}
    glomeruli = {(r.sample.biopsy, r.sample.glomerulus) for r in kept if r.sample.glomerulus}
    return Unit(
        level=level,
        sample=sample,
        rows=tuple(kept),
        left_out=tuple(row for row in rows if row.why_none),
        n_glomeruli=len(glomeruli),
        n_biopsies=len(biopsies),
        drawn=drawn,
        estimates=found,
    )


def _drawn(level: Level, rows: Sequence[ImageRow]) -> str:
    """Return what the top level below is, for words: images where nothing is named."""
    below = _BELOW[level]
    if below != "image" and not any(getattr(row.sample, below) for row in rows):
        return "image"
    return below


def _with_groups(rows: Sequence[ImageRow]) -> tuple[list[ImageRow], list[str]]:
    """Give every image the group of its biopsy, and tell of biopsies that are in two."""
    groups: dict[str, set[str]] = {}
    for row in rows:
        groups.setdefault(row.sample.biopsy, set()).update({row.sample.group} - {""})
    groups.pop("", None)
    notices = [
        f"The biopsy '{name}' is in several groups ({', '.join(sorted(found))}), so it counts in "
        "none: correct its samples."
        for name, found in sorted(groups.items())
        if len(found) > 1
    ]
    group = {name: min(found) if len(found) == 1 else "" for name, found in groups.items()}
    placed = [
        replace(row, sample=replace(row.sample, group=group.get(row.sample.biopsy, "")))
        for row in rows
    ]
    return placed, notices


def _left_out(rows: Sequence[ImageRow]) -> list[str]:
    said = []
    for why in dict.fromkeys(row.why_none for row in rows if row.why_none):
        n = sum(row.why_none == why for row in rows)
        said.append(f"{n} of {len(rows)} images count in no figure here: their {why}.")
    n_lost = sum(not row.sample.biopsy for row in rows)
    if 0 < n_lost < len(rows):
        said.append(
            f"{n_lost} of {len(rows)} images belong to no known biopsy: they count in no biopsy "
            "and no group."
        )
    n_plain = sum(bool(row.sample.biopsy and not row.sample.glomerulus) for row in rows)
    if n_plain and any(row.sample.glomerulus for row in rows):
        said.append(
            f"{n_plain} images belong to no known glomerulus: each counts as a glomerulus of its "
            "own in its biopsy."
        )
    return said


def _components(rows: Sequence[ImageRow]) -> dict[str, Components]:
    kept = [row for row in rows if not row.why_none]
    samples = [row.sample for row in kept]
    return {each.name: components(each.of_images(kept), samples) for each in ROLLUP_FIGURES}
