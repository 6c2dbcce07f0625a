"""Agreement of readers: what each pair of them, or a reader and a model, say of the same images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics.agreement import bland_altman
from napari_slitseg.core.metrics.bootstrap import Bootstrap, interval_of_sums
from napari_slitseg.core.metrics.figures import FIGURES
from napari_slitseg.core.metrics.readers_chance import expected_matches, kappa_of_sums
from napari_slitseg.core.metrics.readers_counts import intraclass_correlation
from napari_slitseg.core.metrics.readers_parts import (
    Floats,
    ImageAgreement,
    PairAgreement,
    ReaderAgreement,
    ReadImage,
)
from napari_slitseg.core.metrics.scores import score_image
from napari_slitseg.core.points_table import PointTable

__all__ = ["ImageAgreement", "PairAgreement", "ReadImage", "ReaderAgreement", "compare_readers"]


def compare_readers(
    images: Sequence[ReadImage],
    readers: Sequence[str] | None = None,
    *,
    how: Bootstrap | None = None,
    n_draws: int = 100,
    on_image: Callable[[], None] = lambda: None,
) -> ReaderAgreement:
    """Compare every pair of readers on the images that both read.

    Parameters
    ----------
    images : sequence of ReadImage
    readers : sequence of str, optional
        Whom to compare, at least two; otherwise all there are, as they first appear.
    how : Bootstrap, optional
        For intervals; its seed is also that of chance.
    n_draws : int
        See `expected_matches`.
    on_image : callable
        Called before each image of each pair; it stops the comparison by raising something.

    Raises
    ------
    ValueError
        If there are fewer than two readers, one is named twice, or an image makes no sense.
    """
    how = how or Bootstrap()
    found = dict.fromkeys(name for image in images for name in image.points)
    names = tuple(found if readers is None else readers)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"Agreement takes two different readers at least; here are {list(names)}.")
    pairs = []
    for pair in combinations(names, 2):
        common = [image for image in images if all(name in image.points for name in pair)]
        if common:
            pairs.append(_compare_pair(common, pair, how, n_draws, on_image))
    table = [
        [_n_certain(image.points[name]) for name in names]
        for image in images
        if all(name in image.points for name in names)
    ]
    counts = np.array(table, np.float64).reshape(-1, len(names))
    icc = intraclass_correlation(counts, confidence=how.confidence)
    return ReaderAgreement(names, tuple(pairs), icc, n_draws, how.seed)


def _n_certain(table: PointTable) -> int:
    return int(np.count_nonzero(table.is_slit & ~table.uncertain))


def _compare_pair(
    images: Sequence[ReadImage],
    readers: tuple[str, str],
    how: Bootstrap,
    n_draws: int,
    on_image: Callable[[], None],
) -> PairAgreement:
    found = []
    for row, image in enumerate(images):
        on_image()
        found.append(_compare_image(image, readers, n_draws, [how.seed, row]))
    biopsies = [image.biopsy or image.name for image in images]
    of = biopsies if any(image.biopsy for image in images) else None
    scores = [each.scores for each in found]
    f1, f1_rows = FIGURES["f1"], FIGURES["f1"].rows(scores)
    first, second = ([getattr(s, name) for s in scores] for name in ("n_predicted", "n_annotated"))
    rows = np.array(
        [(s.true_positive, e.n_by_chance, s.n_predicted + s.n_annotated)
         for e, s in zip(found, scores, strict=True)],
        np.float64,
    )  # fmt: skip
    return PairAgreement(
        readers=readers,
        images=tuple(found),
        f1=interval_of_sums(f1_rows, f1.value, biopsies=of, how=how),
        kappa=interval_of_sums(rows, kappa_of_sums, biopsies=of, how=how),
        counts=bland_altman(first, second, confidence=how.confidence, exact=True),
        icc=intraclass_correlation(np.stack([first, second], axis=1), confidence=how.confidence),
    )


def _compare_image(
    image: ReadImage, readers: tuple[str, str], n_draws: int, seed: list[int]
) -> ImageAgreement:
    one, other = (image.points[name] for name in readers)
    one_yx, other_yx, n_set_aside = _counted(one, other, image.tolerance_px)
    scores = score_image(
        one_yx,
        other_yx,
        shape=image.shape,
        tolerance_px=image.tolerance_px,
        pixel_size_nm=image.pixel_size_nm,
    )
    chance = expected_matches(
        one_yx,
        other_yx,
        shape=image.shape,
        tolerance_px=image.tolerance_px,
        region=image.region,
        n_draws=n_draws,
        seed=seed,
    )
    n_uncertain = sum(int((table.is_slit & table.uncertain).sum()) for table in (one, other))
    scores = replace(scores, n_set_aside=n_set_aside, n_uncertain=n_uncertain)
    return ImageAgreement(image.name, scores, chance)


def _counted(one: PointTable, other: PointTable, tolerance_px: float) -> tuple[Floats, Floats, int]:
    """Certain points of both that count, and the number of those that are set aside."""
    sure = [table.yx[table.is_slit & ~table.uncertain] for table in (one, other)]
    unsure = [table.yx[table.is_slit & table.uncertain] for table in (one, other)]
    found = match(sure[0], sure[1], tolerance_px)
    kept, n_aside = [], 0
    for side, left in enumerate((found.false_positive, found.missed)):
        excused = left[match(sure[side][left], unsure[1 - side], tolerance_px).true_positive]
        kept.append(np.delete(sure[side], excused, axis=0))
        n_aside += len(excused)
    return kept[0], kept[1], n_aside
