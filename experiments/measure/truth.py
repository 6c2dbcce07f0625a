"""Membranes whose length, slits and foot process widths are known, and pictures of them.

Nothing here uses the product's own measuring: lengths are sums of steps of 2 to 8 nm, and widths
are differences of places along the line where slits were put, or nearest to where they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.membrane import stripe_of
from napari_slitseg.core.simulate import STRIPE_NM, SceneOptions, simulate

Floats = NDArray[np.float64]

FIELD_NM: Final = 6400.0
MICROGRAPH_NM: Final = 4800.0
STEP_NM: Final = 2.0
NM_PER_PX: Final = (3.0, 5.0, 10.0, 20.0)
GAPS: Final = 3
SHORTEST_NM: Final = 400.0
ON_LINE_PX: Final = 1.0


@dataclass(frozen=True, eq=False)
class Truth:
    """A picture of which everything is known.

    Attributes
    ----------
    kind, nm_per_px, seed
        What it is of.
    membrane : (H, W) bool
        Stripe of the membrane, 90 nm wide, perhaps with gaps.
    lines : tuple of (K, 2) float64
        Where the membrane's line is seen, gaps included, px.
    slits : (N, 2) float64
        Slits in view, px.
    image : (H, W) uint8 or None
        Micrograph, of simulated ones.
    """

    kind: str
    nm_per_px: float
    seed: int
    membrane: NDArray[np.bool_]
    lines: tuple[Floats, ...]
    slits: Floats
    image: NDArray[Any] | None = None

    @property
    def figures(self) -> dict[str, float]:
        """Length, mean width and density: NaN for a width where there is none."""
        length = sum(float(_steps(line).sum()) for line in self.lines) * self.nm_per_px
        widths = self.widths_nm
        return {
            "length_nm": length,
            "n_slits": float(len(self.slits)),
            "fpw_nm": float(widths.mean()) if len(widths) else float("nan"),
            "density_per_um": len(self.slits) / length * 1000 if length else float("nan"),
        }

    @property
    def widths_nm(self) -> Floats:
        """Widths of all foot processes between two slits in view on one run of the line."""
        trees = [cKDTree(line) for line in self.lines]
        if not trees or not len(self.slits):
            return np.zeros(0)
        found = [tree.query(self.slits) for tree in trees]
        nearest = np.argmin([apart for apart, _ in found], axis=0)
        widths = [
            _widths(line, at[nearest == index])
            for index, (line, (_, at)) in enumerate(zip(self.lines, found, strict=True))
        ]
        return np.concatenate(widths) * self.nm_per_px


def _steps(line: Floats) -> Floats:
    return np.asarray(np.hypot(*np.diff(line, axis=0).T))


def _widths(line: Floats, at: NDArray[np.intp]) -> Floats:
    arc = np.concatenate([[0.0], np.cumsum(_steps(line))])
    places = np.sort(arc[at])
    if len(places) > 1 and np.array_equal(line[0], line[-1]):
        return np.diff(places, append=places[0] + arc[-1])
    return np.diff(places)


def side_px(field_nm: float, nm_per_px: float) -> int:
    """Return the side of a picture, px: the field is the same at every scale."""
    return round(field_nm / nm_per_px)


def simulated(seed: int, nm_per_px: float, effacement: float) -> Truth:
    """Draw a micrograph, with its own truth; runs are taken on from their last step to the border.

    The same seed shows the same anatomy at every scale.
    """
    side = side_px(MICROGRAPH_NM, nm_per_px)
    options = SceneOptions(
        shape=(side, side), pixel_size_nm=nm_per_px, effacement=effacement, capillaries=2
    )
    scene = simulate(seed, options)
    lines = tuple(_to_border(_dense(line, nm_per_px), side) for line in scene.membrane_lines)
    kept, slits = _long_enough(lines, scene.slits, SHORTEST_NM / nm_per_px)
    kind = f"micrograph, {effacement:.0%} effaced"
    return Truth(kind, nm_per_px, seed, scene.membrane, kept, slits, scene.image)


def _long_enough(
    lines: Sequence[Floats], slits: Floats, shortest_px: float
) -> tuple[tuple[Floats, ...], Floats]:
    """Leave out runs, and slits on them, so short that the product drops them by its settings."""
    kept = tuple(line for line in lines if _steps(line).sum() >= shortest_px)
    if not kept or not len(slits):
        return kept, slits[:0]
    apart = np.min([cKDTree(line).query(slits)[0] for line in kept], axis=0)
    return kept, slits[apart < ON_LINE_PX]


def _dense(line: Floats, nm_per_px: float) -> Floats:
    """Corners every 2 nm or less."""
    parts = int(np.ceil(_steps(line).max() * nm_per_px / STEP_NM))
    at = np.arange((len(line) - 1) * parts + 1) / parts
    return np.stack([np.interp(at, np.arange(len(line)), axis) for axis in line.T], axis=1)


def _to_border(line: Floats, side: int) -> Floats:
    if np.array_equal(line[0], line[-1]):
        return line
    first, last = _ahead(line[::-1], side), _ahead(line, side)
    return np.concatenate([first[::-1], line, last])


def _ahead(line: Floats, side: int) -> Floats:
    """Return the steps from the end of a run on to the border, if that is at most 10 steps away."""
    step = line[-1] - line[-2]
    places = line[-1] + step * np.arange(1, 11)[:, None]
    inside = ((places >= 0) & (places <= side - 1)).all(axis=1)
    return places[: int(inside.argmin())] if not inside.all() else line[:0]


def drawn(kind: str, seed: int, nm_per_px: float) -> Truth:
    """Draw a line of a shape, put slits on it, and cut gaps into its stripe if the kind says so."""
    dice = np.random.default_rng([seed, list(SHAPES).index(kind)])
    whole_nm = _placed(dice, SHAPES[kind](dice))
    widths = _foot_processes(dice, 3000, effaced="effaced" in kind)
    arc = np.concatenate([[0.0], np.cumsum(_steps(whole_nm))])
    slits_at = np.cumsum(widths)
    slits_at = slits_at[slits_at < arc[-1] - 130.0]
    slits = np.stack([np.interp(slits_at, arc, axis) for axis in whole_nm.T], axis=1) / nm_per_px
    side, line = side_px(FIELD_NM, nm_per_px), whole_nm / nm_per_px
    membrane = stripe_of([line[::4]], (side, side), STRIPE_NM / nm_per_px)
    if "broken" in kind:
        membrane &= ~_gaps(dice, line, membrane, nm_per_px)
    seen = ((slits >= 0) & (slits <= side - 1)).all(axis=1)
    return Truth(kind, nm_per_px, seed, membrane, _runs(line, side), slits[seen])


def _foot_processes(dice: np.random.Generator, n: int, *, effaced: bool) -> Floats:
    widths = 380 * np.exp(dice.normal(-0.06, 0.33, n))
    wide = dice.random(n) < (0.12 if effaced else 0.0)
    return np.maximum(np.where(wide, dice.uniform(900, 4500, n), widths), 130.0)


def _placed(dice: np.random.Generator, yx: Floats) -> Floats:
    """Turn a line round the middle of the field, and move it a little."""
    angle = dice.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    placed = yx @ turn.T + FIELD_NM / 2 + dice.uniform(-500, 500, 2)
    if np.array_equal(yx[0], yx[-1]):
        placed[-1] = placed[0]
    return np.asarray(placed)


def _gaps(
    dice: np.random.Generator, line: Floats, membrane: NDArray[np.bool_], nm: float
) -> NDArray[np.bool_]:
    """Pixels of the stripe in stretches of 100 to 400 nm, at least 1 um apart."""
    side = len(membrane)
    inside = np.flatnonzero(((line > 0.1 * side) & (line < 0.9 * side)).all(axis=1))
    room = len(inside) // GAPS
    starts = inside[0] + room * np.arange(GAPS) + dice.integers(0, max(room - 700, 1), GAPS)
    lengths = (dice.uniform(100, 400, GAPS) / STEP_NM).astype(int)
    pixels = np.argwhere(membrane)
    nearest = cKDTree(line).query(pixels)[1]
    cut = np.zeros_like(membrane)
    for start, length in zip(starts, lengths, strict=True):
        cut[tuple(pixels[(nearest >= start) & (nearest < start + length)].T)] = True
    return cut


def _runs(line: Floats, side: int) -> tuple[Floats, ...]:
    """Cut a line, or a loop, into what lies between the centres of the outermost pixels."""
    seen: NDArray[Any] = np.all((line >= 0) & (line <= side - 1), axis=1)
    if seen.all():
        return (line,)
    if np.array_equal(line[0], line[-1]):
        first = int(np.flatnonzero(~seen)[0])
        line, seen = np.roll(line[:-1], -first, axis=0), np.roll(seen[:-1], -first)
    breaks = np.flatnonzero(np.diff(seen.astype(int))) + 1
    parts = zip(np.split(line, breaks), np.split(seen, breaks), strict=True)
    return tuple(part for part, inside in parts if inside[0] and len(part) > 1)


def _along(of: Callable[[Floats], Sequence[Floats]], start: float, end: float) -> Floats:
    """Corners every 2 nm of a curve given by a parameter."""
    fine = np.stack(of(np.linspace(start, end, 200_000)), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(_steps(fine))])
    at = np.arange(0, arc[-1], STEP_NM)
    return np.stack([np.interp(at, arc, axis) for axis in fine.T], axis=1)


def _straight(_: np.random.Generator) -> Floats:
    return _along(lambda t: (0 * t, t), -6000, 6000)


def _wave(dice: np.random.Generator) -> Floats:
    height, length = dice.uniform(200, 500), dice.uniform(2200, 3600)
    return _along(lambda t: (height * np.sin(2 * np.pi * t / length), t), -6000, 6000)


def _spiral(dice: np.random.Generator) -> Floats:
    grow = dice.uniform(110, 150)
    return _along(lambda t: (grow * t * np.sin(t), grow * t * np.cos(t)), 4, 19)


def _loop(dice: np.random.Generator) -> Floats:
    high, wide = dice.uniform(1000, 2300, 2)
    line = _along(lambda t: (high * np.sin(t), wide * np.cos(t)), 0, 2 * np.pi)
    return np.concatenate([line, line[:1]])


SHAPES: Final[dict[str, Callable[[np.random.Generator], Floats]]] = {
    "straight": _straight,
    "wave": _wave,
    "spiral": _spiral,
    "closed": _loop,
    "broken, straight": _straight,
    "broken, wave": _wave,
    "broken, closed": _loop,
    "effaced, wave": _wave,
    "effaced, closed": _loop,
}
"""Shapes of lines (y, x), nm, about the middle of the field."""
EFFACEMENTS: Final = (0.0, 0.6)
