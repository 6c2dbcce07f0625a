"""Groups compared, images needed, sources of variation; part of `measure_page`."""

from __future__ import annotations

import math

from napari_slitseg.core.morphometry import Rollup
from napari_slitseg.pipelines.measure_comparisons import COMPARED, comparisons, needed
from napari_slitseg.pipelines.measure_page_table import (
    NONE,
    PageTable,
    heading,
    percent,
    ranged,
    told_once,
)


def compared(rolled: Rollup) -> PageTable:
    """Return the pairs of groups, side by side."""
    columns = (
        "Figure", "Groups", "Biopsies", "Difference", "Ratio", "P (permutation)", "P after Holm",
        "Smallest P possible",
    )  # fmt: skip
    rows = [
        (
            heading(figure),
            f"{pair.second} \N{MINUS SIGN} {pair.first}",
            f"{pair.n_second}, {pair.n_first}",
            ranged(pair.difference, *pair.difference_range, figure.unit or "share"),
            ranged(pair.ratio, *pair.ratio_range, "ratio"),
            f"{pair.p:.2g}" if math.isfinite(pair.p) else NONE,
            f"{pair.p_holm:.2g}" if math.isfinite(pair.p_holm) else NONE,
            f"{pair.p_smallest:.2g}" if math.isfinite(pair.p_smallest) else NONE,
        )
        for figure, pairs in comparisons(rolled)
        for pair in pairs
    ]
    note = (
        "Each biopsy counts once, with its mean of means, as in the table of biopsies. In brackets "
        f"{percent(rolled)} ranges by Welch's t. P: "
        "two-sided permutation test of the difference of means; corrected by Holm for all pairs of "
        "groups, not for the several figures."
    )
    return PageTable("Groups compared", columns, tuple(rows), note, 2)


def precision(rolled: Rollup) -> PageTable:
    """Return how many images a wanted precision takes, for each biopsy."""
    units = rolled.biopsies or (rolled.everything,)
    rows = []
    for unit in units:
        for figure in COMPARED if unit.rows else ():
            five, ten = needed(unit, figure)
            if not math.isnan(five.reached):
                reached = f"± {100 * five.reached:.1f} %"
                n = str(len(unit.rows))
                rows.append((unit.name, figure.title, n, reached, str(five.n), str(ten.n)))
    note = (
        "Reached: 1.96 standard errors of the pooled figure, as a share of it; and how many images "
        "would make it 5 % and 10 %, taken as these were: as many in each glomerulus, from further "
        "glomeruli. More than there are is extrapolated by the law of the square root; from fewer "
        "than 10 glomeruli (images, where none is named) all of this is rough."
    )
    columns = ("Biopsy", "Figure", "Images", "Reached", "Images for 5 %", "Images for 10 %")
    return PageTable("How many images are needed", columns, tuple(rows), note, 2)


def variation(rolled: Rollup) -> PageTable:
    """Return where the variation between images comes from."""
    rows = []
    for figure in COMPARED:
        found = rolled.components[figure.name]
        shares = found.shares
        parts = (found.biopsies, found.glomeruli, found.images)
        if sum(map(math.isfinite, parts)) < 2 or not math.isfinite(shares[0]):
            continue
        cells = [
            NONE if math.isnan(part) else f"{100 * of:.0f} %"
            for part, of in zip(parts, shares, strict=True)
        ]
        n = f"{found.n_biopsies} / {found.n_glomeruli or NONE} / {found.n_images}"
        rows.append((heading(figure), *cells, n, found.note or ""))
    note = (
        "Share of the variance of images that is between biopsies of a group, between glomeruli of "
        "a biopsy, and between images of a glomerulus (nested analysis of variance). What varies "
        "most deserves more of it in the next study."
    )
    columns = (
        "Figure", "Between biopsies", "Between glomeruli", "Between images",
        "Biopsies / glomeruli / images", "Note",
    )  # fmt: skip
    table = PageTable("Where the variation comes from", columns, tuple(rows), note, 1, n_words=1)
    return told_once(table, ("Note",))
