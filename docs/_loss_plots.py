"""Figures of the page of losses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import torch
from _loss_page import families
from _loss_results import GOAL, Results, is_recommended, title_of
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from napari_slitseg.core.losses import LOSSES, LossSpec, build_loss
from napari_slitseg.core.losses.probes import field_of, target_of
from napari_slitseg.core.schedules import SCHEDULES
from napari_slitseg.core.schedules.previews import preview

BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#777777",
)
COLUMNS: Final = 3
DOTS_PER_INCH: Final = 120
GOAL_YX: Final = (64.0, 54.0)
DISTANCES_PX: Final = np.arange(0, 20.01, 0.25)
STEPS, STEPS_PER_EPOCH = 4000, 100
PULL_LINES: Final = ("dice", "energy", "sinkhorn")
BACKGROUND: Final = -10.0
STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "axes.formatter.limits": (-5, 5),
    "axes.formatter.useoffset": False,
}


def draw_all(folder: Path, results: Results) -> list[Path]:
    """Draw every figure that there is data for.

    Parameters
    ----------
    folder : Path
        Where to; made if missing.
    results : Results
        Of the range of the pull.

    Returns
    -------
    list of Path
        The files written.
    """
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    with mpl.rc_context(STYLE):
        figures = {family: _family(specs) for family, specs in families().items()}
        figures["schedules"] = _schedules()
        if results.pulls:
            figures["pull"] = _pull(results.pulls)
        return [_save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def values_by_distance(
    spec: LossSpec, distances_px: NDArray[np.float64] = DISTANCES_PX
) -> tuple[NDArray[np.float64], float]:
    """Return the loss of one dot at each distance from one annotation, and that of no dot."""
    loss = build_loss(spec)
    goal = np.array([GOAL_YX])
    places = [goal + np.array([[0.0, distance]]) for distance in distances_px]
    target = target_of([goal])
    with torch.no_grad():
        values = [float(loss(_sure_dots(yx), target)) for yx in [*places, goal[:0]]]
    return np.array(values[:-1]), values[-1]


def _sure_dots(yx: NDArray[np.float64]) -> torch.Tensor:
    """Return logits with a dot at each point on a background so clean that it weighs nothing."""
    field = field_of(yx, height=-2 * BACKGROUND)
    return torch.from_numpy(field - field_of(yx[:0]) + np.float32(BACKGROUND))[None, None]


def _family(specs: Mapping[str, type[LossSpec]]) -> Figure:
    figure, panels = _grid(len(specs), height=2.05)
    for axes, spec in zip(panels, specs.values(), strict=True):
        _loss(axes, spec())
    figure.supxlabel("distance of the predicted dot from the annotation, px", fontsize=9.5)
    figure.supylabel("loss", fontsize=9.5)
    return figure


def _loss(axes: Axes, spec: LossSpec) -> None:
    values, none = values_by_distance(spec)
    axes.plot(DISTANCES_PX, values, color=BLUE, linewidth=1.8)
    axes.set_title(spec.about.title.removesuffix(" (2021 study)"))
    axes.set_xlim(0, 20)
    axes.set_xticks([0, 5, 10, 15, 20])
    axes.margins(y=0.12)
    _mark_nothing(axes, values, none)


def _mark_nothing(axes: Axes, values: NDArray[np.float64], none: float) -> None:
    """Show the loss where nothing is found: as a line, or in words where that is far off."""
    span = float(np.ptp(values))
    off = max(none - values.max(), values.min() - none, 0.0)
    if off <= 1.5 * span or span < 0.05 * off:
        axes.axhline(none, color=VERMILLION, linestyle=(0, (4, 3)), linewidth=1.3)
        return
    words = f"nothing found: {none:.3g} {'↑' if none > values.max() else '↓'}"
    axes.text(0.97, 0.06, words, transform=axes.transAxes, ha="right", color=VERMILLION, fontsize=8)


def _schedules() -> Figure:
    figure, panels = _grid(len(SCHEDULES), height=1.75, share_y=True)
    for axes, spec in zip(panels, SCHEDULES.values(), strict=True):
        steps, rates = preview(spec(), STEPS, steps_per_epoch=STEPS_PER_EPOCH)
        axes.plot(100 * steps / STEPS, 1000 * rates, color=BLUE, linewidth=1.6)
        axes.set_title(spec.about.title)
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 1.08)
    told = f"no epoch improves\n({STEPS // STEPS_PER_EPOCH} epochs)"
    which = list(SCHEDULES).index("plateau")
    panels[which].text(95, 0.95, told, ha="right", va="top", fontsize=8, color=GREY)
    figure.supxlabel("part of the training that is over, %", fontsize=9.5)
    figure.supylabel("learning rate, thousandths", fontsize=9.5)
    return figure


def _pull(pulls: Mapping[str, Mapping[float, float]]) -> Figure:
    names = list(pulls)
    figure = Figure(figsize=(9, 4.0 + 0.235 * len(names)), layout="constrained")
    lines, rows = figure.subplots(2, 1, height_ratios=[3.3, 0.235 * len(names)])
    _pull_lines(lines, pulls)
    _pull_map(figure, rows, pulls, names)
    return figure


def _pull_lines(axes: Axes, pulls: Mapping[str, Mapping[float, float]]) -> None:
    wanted = [name for name, spec in LOSSES.items() if spec.about.recommended]
    wanted += [name for name in PULL_LINES if name not in wanted]
    colours = (BLUE, GREEN, PURPLE, VERMILLION, ORANGE, SKY)
    drawn = [name for name in wanted if name in pulls][: len(colours)]
    for name, colour in zip(drawn, colours, strict=False):
        bold = is_recommended(name)
        x, y = zip(*sorted(pulls[name].items()), strict=True)
        dash, width = ("-", 2.2) if bold else ("--", 1.5)
        axes.plot(x, y, dash, marker="o", ms=3, color=colour, lw=width, label=title_of(name))
    axes.axhline(GOAL, color=GREY, linewidth=1)
    right = axes.get_yaxis_transform()
    axes.text(1.005, GOAL, "goal", color=GREY, va="center", fontsize=8, transform=right)
    axes.axhline(0, color="#BBBBBB", linewidth=0.8)
    axes.set(xlim=(0.5, 20.5), xlabel="displacement of the dot, px", ylabel="cosine of the pull")
    axes.set_xticks(range(1, 21))
    axes.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8.5)


def _pull_map(
    figure: Figure,
    axes: Axes,
    pulls: Mapping[str, Mapping[float, float]],
    names: Sequence[str],
) -> None:
    distances = sorted({distance for name in names for distance in pulls[name]})
    shown = np.array([[pulls[name].get(d, math.nan) for d in distances] for name in names])
    colours = LinearSegmentedColormap.from_list("pull", [VERMILLION, "#FFFFFF", BLUE])
    image = axes.imshow(shown, cmap=colours, vmin=-1, vmax=1, aspect="auto")
    axes.set_yticks(range(len(names)), [title_of(name) for name in names], fontsize=8.5)
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if is_recommended(name) else "normal")
    axes.set_xticks(range(len(distances)), [f"{distance:g}" for distance in distances])
    rows, columns = np.nonzero(shown >= GOAL)
    axes.plot(columns, rows, "o", color="white", markersize=3)
    axes.set_xlabel("displacement of the dot, px   (white dots: 0.3 or more; bold: recommended)")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03, aspect=30)
    bar.set_label("cosine of the pull")


def _grid(n: int, *, height: float, share_y: bool = False) -> tuple[Figure, list[Axes]]:
    """Return a figure of at least n panels in rows, without the panels that are not needed."""
    rows = math.ceil(n / COLUMNS)
    figure = Figure(figsize=(9, height * rows + 0.35), layout="constrained")
    panels = list(figure.subplots(rows, COLUMNS, squeeze=False, sharey=share_y).flat)
    for unused in panels[n:]:
        unused.remove()
    return figure, panels[:n]


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=DOTS_PER_INCH, facecolor="white", pil_kwargs={"optimize": True})
    if not any(axes.images for axes in figure.axes):
        _reduce_colours(path)
    return path


def _reduce_colours(path: Path) -> None:
    """Make a picture of lines a third of its size, without a difference that shows."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE)
    small.save(path, optimize=True)
