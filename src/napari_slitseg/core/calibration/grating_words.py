"""What a person is told about a photograph of a grating."""

from __future__ import annotations

from typing import Final

_FEW_LINES: Final = 6.0
_FEW_PX: Final = 8.0
FEWEST_PX: Final = 5.0
"""Of a line: where it has fewer, its harmonics pass for lines of any distance."""

_UNEVEN: Final = 0.005
_SQUEEZED: Final = 0.005


class NoGrating(ValueError):
    """There are no lines of a grating; the text tells what was found instead, and what to do."""


_DO: Final = (
    "Give a photograph of a grating replica alone, in focus, at the magnification of your images, "
    "with at least 4 lines across."
)


def no_peaks() -> NoGrating:
    """Return what to raise where the spectrum has no comb."""
    return NoGrating(
        "No grating found: equally spaced parallel lines were looked for at all angles, and "
        f"nothing in the image repeats itself. {_DO}"
    )


def not_regular(period_px: float, n_lines: float, doubt: float) -> NoGrating:
    """Return what to raise where something repeats here and there only."""
    return NoGrating(
        "No grating found: equally spaced parallel lines were looked for at all angles. The best "
        f"candidate is a structure every {period_px:.4g} px, {n_lines:.1f} times across the image, "
        "but it is not alike in all parts of the image, as lines of a grating are (its distance "
        f"would be known to ± {doubt:.2%} only). Such structures are found in tissue. {_DO}"
    )


def too_fine(period_px: float) -> NoGrating:
    """Return what to raise where pixels are too large for the lines."""
    return NoGrating(
        f"Lines were found every {period_px:.3g} px, but such fine lines may be finer detail that "
        f"shows at a wrong distance: {FEWEST_PX:g} px from line to line are needed. Photograph the "
        "grating at a higher magnification or with less binning, or take a coarser grating."
    )


def not_square(periods_px: tuple[float, float], angle_deg: float) -> NoGrating:
    """Return what to raise where there are two sets of lines that no grating has."""
    first, second = periods_px
    return NoGrating(
        f"Two sets of lines were found, every {first:.4g} and every {second:.4g} px, at an angle "
        f"of {angle_deg:.0f} degrees: they are not those of a cross grating (90 degrees, about the "
        f"same distance), so it is not clear which to measure. {_DO}"
    )


def notices_about(
    *,
    n_lines: float,
    period_px: float,
    variation: float,
    anisotropy: float | None,
    stripes_px: float | None,
) -> tuple[str, ...]:
    """Return what a person should know about a measurement."""
    told = []
    if n_lines < _FEW_LINES:
        told.append(
            f"Only {n_lines:.1f} lines cross the image, so uneven light may shift the result by "
            "more than the uncertainty tells. A photograph of more pixels, or a grating with more "
            "lines per mm, is better."
        )
    if period_px < _FEW_PX:
        told.append(
            f"A line has {period_px:.3g} px only: finer detail of the lines may show as lines of "
            "another distance. Check that they lie that close in the photograph."
        )
    if variation > _UNEVEN:
        told.append(
            f"The distance between lines changes by {variation:.1%} from the middle to the "
            "corners: the microscope distorts, or the replica is stretched. The scale is that of "
            "the middle."
        )
    if anisotropy is not None and anisotropy > _SQUEEZED:
        told.append(
            f"The two sets of lines differ by {anisotropy:.1%}: the pixels are not square, or the "
            "replica is stretched. The scale is the geometric mean."
        )
    if stripes_px is not None:
        told.append(f"There are weaker stripes every {stripes_px:.4g} px, too; they were left out.")
    return tuple(told)
