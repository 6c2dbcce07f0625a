"""Small pictures of a membrane with slits, drawn in a millisecond, and what an annotator says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float64]
T = TypeVar("T", bound=np.generic)

SIDE_PX: Final = 48
FOOT_PX: Final = (6.0, 10.0)
MEMBRANE_PX: Final = (4.0, 6.0)
BORDER_PX: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """What pictures look like, and how well they are annotated.

    Attributes
    ----------
    spacing_px : tuple of float
        Least and largest distance of neighbouring slits along the membrane.
    contrast, gamma : float
        Brightness of slits against feet, as a factor; exponent of all grey values.
    noise : float
        Standard deviation of the noise, where black is 0 and white is 1.
    jitter_px : float
        Standard deviation of annotated places along each axis.
    offset_px : tuple of float
        Least and largest length of another shift of annotated places, in any direction.
    missing : float
        Part of the slits that is not annotated.
    """

    spacing_px: tuple[float, float] = (5.0, 13.0)
    contrast: float = 1.0
    gamma: float = 1.0
    noise: float = 0.09
    jitter_px: float = 1.0
    offset_px: tuple[float, float] = (0.0, 0.0)
    missing: float = 0.0


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture.

    Attributes
    ----------
    pixels : (48, 48) float32 array
        Normalised grey values.
    membrane : (48, 48) bool array
        The stripe.
    true_yx, labelled_yx : (N, 2) and (M, 2) float32 arrays
        Slits as they are and as they were annotated, px.
    strength : (N,) array
        How bright each true slit is, 0.2 to 1.
    """

    pixels: NDArray[np.float32]
    membrane: NDArray[np.bool_]
    true_yx: NDArray[np.float32]
    labelled_yx: NDArray[np.float32]
    strength: Floats


@dataclass(frozen=True, eq=False)
class _Ground:
    """Distance below the membrane's upper edge and place along it, of every pixel, px."""

    depth: Floats
    along: Floats
    edge: Floats


def draw_scenes(number: int, scenery: Scenery, key: tuple[int, ...]) -> list[Scene]:
    """Return pictures that depend on nothing but scenery and key."""
    return [_draw(np.random.default_rng((*key, i)), scenery) for i in range(number)]


def _draw(rng: np.random.Generator, scenery: Scenery) -> Scene:
    ground = _ground(rng)
    thickness = rng.uniform(*MEMBRANE_PX)
    columns = _columns(rng, scenery.spacing_px)
    true_yx = np.stack([np.interp(columns, np.arange(SIDE_PX), ground.edge) - 1, columns], axis=1)
    tissue, (gaps, strength) = _tissue(rng, ground, thickness), _gaps(rng, ground, columns)
    grey = tissue + scenery.contrast * gaps
    grey = gaussian_filter(grey + _dirt(rng), rng.uniform(0.6, 1.0))
    grey = np.clip(grey, 0.01, 1) ** scenery.gamma + rng.normal(0, scenery.noise, grey.shape)
    pixels = ((grey - grey.mean()) / grey.std()).astype(np.float32)
    membrane = (ground.depth >= 0) & (ground.depth <= thickness)
    labelled = _labelled(rng, true_yx, scenery)
    turned = _turned(rng, pixels, membrane, true_yx, labelled)
    return Scene(*turned, strength)


def _ground(rng: np.random.Generator) -> _Ground:
    """Draw a wavy line across the picture."""
    x = np.arange(SIDE_PX, dtype=float)
    waves = sum(
        rng.uniform(0, high) * np.sin(2 * np.pi * x / length + rng.uniform(0, 2 * np.pi))
        for high, length in ((4.0, 70.0), (2.0, 33.0))
    )
    edge = rng.uniform(19, 29) + rng.uniform(-0.25, 0.25) * (x - SIDE_PX / 2) + waves
    steep = np.sqrt(1 + np.gradient(edge) ** 2)
    y, along = np.mgrid[:SIDE_PX, :SIDE_PX].astype(float)
    return _Ground((y - edge) / steep, along, edge)


def _columns(rng: np.random.Generator, spacing_px: tuple[float, float]) -> Floats:
    steps = rng.uniform(*spacing_px, size=SIDE_PX)
    columns = np.cumsum(steps) - rng.uniform(0, spacing_px[1])
    inside = (columns >= BORDER_PX) & (columns <= SIDE_PX - 1 - BORDER_PX)
    return np.asarray(columns[inside])


def _tissue(rng: np.random.Generator, ground: _Ground, thickness: float) -> Floats:
    """Urinary space, feet, membrane, endothelium with holes, and blood, from top to bottom."""
    foot, endothelium = rng.uniform(*FOOT_PX), rng.uniform(3, 6)
    greys = np.array([0.68, 0.36, 0.56, 0.38, 0.75]) + rng.normal(0, 0.03, 5)
    edges = np.array([-foot, 0, thickness, thickness + endothelium])
    grey = greys[np.searchsorted(edges, ground.depth)]
    within = (ground.depth > thickness) & (ground.depth < thickness + endothelium)
    holes = _columns(rng, (6.0, 20.0))
    grey = grey + np.where(within, 0.3 * _stripes(ground.along, holes, 1.3), 0.0)
    texture = gaussian_filter(rng.normal(size=grey.shape), 2.0)
    return np.asarray(grey + 0.05 * texture / texture.std())


def _gaps(rng: np.random.Generator, ground: _Ground, columns: Floats) -> tuple[Floats, Floats]:
    """Draw slits through the whole layer of feet, and gaps that end before the membrane."""
    total, strength = np.zeros_like(ground.depth), np.zeros(len(columns))
    for i, column in enumerate(columns):
        faint, width, lean = rng.uniform(0.2, 1), rng.uniform(0.7, 1.2), rng.normal(0, 0.25)
        strength[i], middle = faint, column + lean * np.minimum(ground.depth, 0)
        reach = (ground.depth > -11) & (ground.depth < 0.5)
        total += np.where(reach, 0.38 * faint * _line(ground.along - middle, width), 0)
    for column in _columns(rng, (7.0, 25.0)):
        ends = rng.uniform(3, 6)
        reach = (ground.depth > -12) & (ground.depth < -ends)
        total += np.where(reach, 0.35 * _line(ground.along - column, rng.uniform(0.7, 1.2)), 0)
    return np.minimum(total, 0.45), strength


def _dirt(rng: np.random.Generator) -> Floats:
    """Round bright and dark spots anywhere."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    total = np.zeros((SIDE_PX, SIDE_PX))
    for _ in range(rng.integers(3, 9)):
        centre, radius = rng.uniform(0, SIDE_PX, 2), rng.uniform(1, 2.5)
        square = (y - centre[0]) ** 2 + (x - centre[1]) ** 2
        total += rng.choice((-0.25, 0.3)) * np.exp(-square / (2 * radius**2))
    return total


def _stripes(along: Floats, columns: Floats, width: float) -> Floats:
    lines = [_line(along - column, width) for column in columns]
    return np.minimum(sum(lines, np.zeros_like(along)), 1)


def _line(away: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-(away**2) / (2 * width**2)))


def _labelled(rng: np.random.Generator, true_yx: Floats, scenery: Scenery) -> Floats:
    """Return the places an annotator gives; all that is drawn is drawn whatever the scenery."""
    jitter = rng.normal(size=true_yx.shape)
    angle, share = rng.uniform(0, 2 * np.pi, len(true_yx)), rng.uniform(size=len(true_yx))
    kept = rng.uniform(size=len(true_yx)) >= scenery.missing
    low, high = scenery.offset_px
    length = (low + share * (high - low))[:, None]
    shift = length * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    moved = true_yx + scenery.jitter_px * jitter + shift
    return np.asarray(np.clip(moved, 0, SIDE_PX - 1)[kept])


def _turned(
    rng: np.random.Generator,
    pixels: NDArray[np.float32],
    membrane: NDArray[np.bool_],
    *points: Floats,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32], NDArray[np.float32]]:
    quarters, flip = int(rng.integers(4)), bool(rng.integers(2))
    first, second = (turn_points(each, quarters, flip=flip) for each in points)
    return turn(pixels, quarters, flip=flip), turn(membrane, quarters, flip=flip), first, second


def turn(picture: NDArray[T], quarters: int, *, flip: bool) -> NDArray[T]:
    """Return a square picture after that many quarter turns, and mirrored left to right."""
    turned = np.rot90(picture, quarters)
    return np.ascontiguousarray(turned[:, ::-1] if flip else turned)


def turn_points(yx: NDArray[np.floating], quarters: int, *, flip: bool) -> NDArray[np.float32]:
    """Return points (N, 2) after what `turn` does to their picture."""
    y, x = yx[:, 0], yx[:, 1]
    last = SIDE_PX - 1
    for _ in range(quarters % 4):
        y, x = last - x, y
    turned = np.stack([y, last - x if flip else x], axis=1)
    return turned.astype(np.float32).reshape(-1, 2)
