"""Images with their foot processes coloured by width; part of `measure_figures`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from napari_slitseg.core.image import read_image
from napari_slitseg.core.image_source import ImageReadError
from napari_slitseg.pipelines.measure_figures_style import new_figure, short
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_MOST: Final = 3
_LARGEST_PX: Final = 900
_CUT_OFF: Final = "#b5b5b5"
_DARKEST: Final = 0.2
"""Where the colour scale begins: below, it cannot be seen on a dark micrograph."""
_BAR_SHARE: Final = 0.25
_ROUND: Final = (1.0, 2.0, 5.0)


def images_shown(result: MeasureResult) -> list[MeasuredImage]:
    """Return one image of each group: that in the middle by its mean width; three at most.

    Images of unknown scale are shown only where there are no others: widths in nm and in pixels do
    not compare.
    """
    found = [image for image in result.images if image.measures.intervals.is_measured.any()]
    able = [image for image in found if image.measures.scale is not None] or found
    groups: dict[str, list[MeasuredImage]] = {}
    for image in able:
        groups.setdefault(image.sample.group, []).append(image)
    return [_middle(images) for _, images in sorted(groups.items())][:_MOST]


def images_figure(images: Sequence[MeasuredImage]) -> Figure:
    """Draw images with their membrane lines; grey are stretches cut off by an end."""
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    across = 6.9 / len(images)
    figure = new_figure(min(0.95 + across * tallest, 9.0))
    panels = figure.subplots(1, len(images), squeeze=False)[0]
    is_nm = all(image.measures.scale is not None for image in images)
    end = max(_widest(image, is_nm=is_nm) for image in images)
    for axes, image in zip(panels, images, strict=True):
        lines = _panel(axes, image, Normalize(0, end), is_nm=is_nm)
    title = f"Foot process width ({'nm' if is_nm else 'px'})"
    bar = figure.colorbar(
        lines, ax=list(panels), location="bottom", shrink=0.45, aspect=35, pad=0.02, extend="max"
    )
    bar.set_label(title)
    return figure


def _middle(images: Sequence[MeasuredImage]) -> MeasuredImage:
    """Return the image with the middle mean width among the better half by number of widths."""
    counts = [int(image.measures.intervals.is_measured.sum()) for image in images]
    many = [i for i, n in zip(images, counts, strict=True) if n >= np.median(counts)]
    by_width = sorted(many, key=lambda image: _mean_width(image))
    return by_width[len(by_width) // 2]


def _mean_width(image: MeasuredImage) -> float:
    return float(_widths(image, is_nm=image.measures.scale is not None).mean())


def _widths(image: MeasuredImage, *, is_nm: bool) -> NDArray[np.float64]:
    measures = image.measures
    widths = measures.intervals.length_px[measures.intervals.is_measured]
    return widths * measures.nm_per_px if is_nm else widths


def _widest(image: MeasuredImage, *, is_nm: bool) -> float:
    return float(np.percentile(_widths(image, is_nm=is_nm), 95)) or 1.0


def _panel(axes: Axes, image: MeasuredImage, norm: Normalize, *, is_nm: bool) -> LineCollection:
    height, width = image.shape
    background = _background(image)
    if background is not None:
        axes.imshow(background, cmap="gray", extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    else:
        axes.set_facecolor("#404040")
    lines = _add_stretches(axes, image, norm, is_nm=is_nm)
    on_line = image.measures.slits.is_on_line
    slits = image.measures.slits.yx[on_line]
    axes.plot(slits[:, 1], slits[:, 0], "o", color="white", markersize=2.2, mec="black", mew=0.3)
    _add_scale_bar(axes, image)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
    axes.set(xticks=[], yticks=[])
    axes.set_title(_title(image), fontsize=7.5)
    return lines


def _title(image: MeasuredImage) -> str:
    group = image.sample.group
    return short(image.name, 34) + (f"\n{short(group, 34)}" if group else "")


def _add_stretches(
    axes: Axes, image: MeasuredImage, norm: Normalize, *, is_nm: bool
) -> LineCollection:
    measures = image.measures
    kept = measures.intervals
    corners = [
        measures.paths[line].between(start, end)[:, ::-1]
        for line, start, end in zip(kept.line, kept.start, kept.end, strict=True)
    ]
    cut = [c for c, is_whole in zip(corners, kept.is_measured, strict=True) if not is_whole]
    whole = [c for c, is_whole in zip(corners, kept.is_measured, strict=True) if is_whole]
    axes.add_collection(LineCollection(cut, colors=_CUT_OFF, linewidths=1.4))
    lines = LineCollection(whole, cmap=_colours(), norm=norm, linewidths=1.8)
    lines.set_array(_widths(image, is_nm=is_nm))
    axes.add_collection(lines)
    return lines


def _colours() -> ListedColormap:
    return ListedColormap(colormaps["plasma"](np.linspace(_DARKEST, 1, 256)))


def _background(image: MeasuredImage) -> NDArray[Any] | None:
    """Return grey values in [0, 255] of few pixels; None where the file is not there any more."""
    try:
        pixels = read_image(image.path, page=image.page).pixels
    except (ImageReadError, OSError):
        return None
    if pixels.shape != image.shape:
        return None
    step = max(1, math.ceil(max(pixels.shape) / _LARGEST_PX))
    grey = np.asarray(pixels[::step, ::step], np.float32)
    low, high = np.nanpercentile(grey, [0.5, 99.5])
    spread = max(float(high - low), 1e-9)
    shown = np.nan_to_num(np.clip((grey - low) / spread, 0, 1))
    return np.asarray(255 * shown, np.uint8)


def _add_scale_bar(axes: Axes, image: MeasuredImage) -> None:
    scale = image.measures.scale
    if scale is None:
        return
    height, width = image.shape
    nm = _round_below(_BAR_SHARE * width * scale.nm_per_px)
    end, y = 0.96 * width, 0.95 * height
    length = nm / scale.nm_per_px
    told = f"{nm / 1000:g} µm" if nm >= 1000 else f"{nm:g} nm"
    axes.plot([end - length, end], [y, y], color="black", linewidth=5, solid_capstyle="butt")
    axes.plot([end - length, end], [y, y], color="white", linewidth=2.5, solid_capstyle="butt")
    text = axes.text(
        end - length / 2, y - 0.02 * height, told, color="white", ha="center", va="bottom"
    )
    text.set_bbox({"facecolor": "black", "alpha": 0.55, "pad": 1.2, "edgecolor": "none"})


def _round_below(nm: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at most as long."""
    power = 10.0 ** math.floor(math.log10(nm))
    return max(step * power for step in _ROUND if step * power <= nm)
