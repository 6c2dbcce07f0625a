"""What ``slitseg calibrate`` prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from napari_slitseg.cli.tables import make_console, say
from napari_slitseg.cli.view import printable

if TYPE_CHECKING:
    from napari_slitseg.core.calibration import GratingScale
    from napari_slitseg.pipelines.calibrate_result import CalibrateResult, ImageScale

_TOLD_BY: Final = {
    "image": "this image",
    "folder": "the folder",
    "file": "its file",
    "window": "a window",
    "none": "",
}


def print_calibration(result: CalibrateResult) -> None:
    """Print a scale with its evidence, and a row for each image of the folder."""
    if result.scale is not None:
        say(printable(str(result.scale), sys.stdout))
    if result.grating is not None:
        for line in _evidence(result.grating):
            say(printable(line, sys.stdout))
    if result.applied_to is not None:
        say(printable(f"Kept in the project of {result.applied_to}.", sys.stdout))
    if result.images:
        _print_images(result.images)


def _evidence(grating: GratingScale) -> Iterator[str]:
    for each in grating.lines:
        yield (
            f"Lines every {each.period_px:.6g} ± {each.uncertainty_px:.1g} px, at "
            f"{each.angle_deg:.2f} degrees to the rows, {each.n_lines:.1f} across the image."
        )
    orders = ", ".join(f"{each.order} ({each.strength:.0%})" for each in grating.harmonics)
    yield f"Harmonics: {orders or 'none for certain'}."
    yield (
        f"The lines are {grating.explained:.0%} of the image's variance, "
        f"{grating.significance:.0f} standard errors strong; "
        f"their distance varies by {grating.variation:.2%} to the corners."
    )


def _print_images(images: tuple[ImageScale, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table(title="Scale of each image", title_justify="left")
    grid.add_column("image", overflow="fold")
    grid.add_column("nm per pixel", justify="right", no_wrap=True)
    for title in ("told by", "known from"):
        grid.add_column(title, overflow="fold")
    for each in images:
        scale = each.scale
        size = "unknown" if scale is None else f"{scale.nm_per_px:.5g}"
        source = "" if scale is None else scale.origin
        texts = (each.path.name, size, _TOLD_BY[each.told_by], source)
        grid.add_row(*(Text(printable(text, sys.stdout)) for text in texts))
    make_console().print(grid)
