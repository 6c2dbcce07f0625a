"""How figures of a report look; part of `measure_figures`."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_slitseg.pipelines.measure_page_text import printable

WIDTH_IN: Final = 7.2
"""Width of a figure, that of a page's text, inches."""

GREY: Final = "#6b6b6b"
PALE: Final = "#c8c8c8"
BLUE: Final = "#0072B2"

PALETTE: Final = (
    BLUE, "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
)  # fmt: skip
"""Colours that colour-blind people tell apart: M. Okabe, K. Ito, "Color Universal Design"."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")

_RC: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
        "text.parse_math": False,
        "axes.formatter.use_mathtext": False,
        "font.family": ["DejaVu Sans"],
        "font.size": 8.0,
        "axes.titlesize": 9.0,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "legend.frameon": False,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
    }
)


@contextmanager
def drawing() -> Generator[None]:
    """Draw and save figures inside of this block, in one look, whatever the person's settings."""
    with rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        rcdefaults()
        settings: Any = rcParams
        settings.update(_RC)
        yield


def new_figure(height_in: float) -> Figure:
    """Return an empty figure; it belongs to no window."""
    return Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def style_of(groups: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return colour and marker of each group; "" is grey."""
    named = [group for group in dict.fromkeys(groups) if group]
    n = len(PALETTE)
    styles = {g: (PALETTE[i % n], MARKERS[(i + i // n) % n]) for i, g in enumerate(named)}
    return {**styles, "": (GREY, "o")}


def short(name: str, most: int = 26) -> str:
    """Return a name that fits beside an axis: without line breaks, its middle left out if long."""
    flat = " ".join(printable(name).split())
    if len(flat) <= most:
        return flat
    head = (most - 1) // 2
    return f"{flat[:head]}…{flat[head + 1 - most :]}"


def say(axes: Axes, text: str) -> None:
    """Write into empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)
    axes.set_xticks([])
    axes.set_yticks([])
