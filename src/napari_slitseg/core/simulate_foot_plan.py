"""Foot processes of a tissue-like scene: where they stand and the shape of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_slitseg.core.simulate_feet import WIDE_NM, place_slits
from napari_slitseg.core.simulate_line import Floats, wander

KNOTS = 6

SIDES = np.array(
    [
        [0.0, 0.02, 0.05, 0.05, 0.06, 0.10],
        [0.0, 0.05, 0.12, 0.20, 0.27, 0.35],
        [0.0, 0.12, 0.20, 0.10, -0.08, 0.0],
        [0.0, -0.02, -0.06, -0.10, -0.06, 0.06],
        [0.0, 0.02, 0.10, 0.25, 0.35, 0.42],
        [0.0, 0.18, 0.30, 0.33, 0.30, 0.28],
    ]
)
SIDES_ODDS = (0.25, 0.25, 0.17, 0.13, 0.12, 0.08)


@dataclass(frozen=True)
class FootPlan:
    """Foot processes in order along a closed line; process i stands from slit i to slit i + 1.

    Attributes
    ----------
    slit_nm : (N,) position of each slit along the line
    half_gap_nm : (N,) half width of each slit at its base
    faintness : (N,) share of cytoplasm's grey that blurs into each slit
    diaphragm : (N,) darkness of the line across each slit
    height_nm, tone : (N,) height and difference in grey of each process
    left_nm, right_nm : (N, KNOTS) how far its sides recede, from the base to the top
    length_nm : length of the line
    """

    slit_nm: Floats
    half_gap_nm: Floats
    faintness: Floats
    diaphragm: Floats
    height_nm: Floats
    tone: Floats
    left_nm: Floats
    right_nm: Floats
    length_nm: float

    @property
    def width_nm(self) -> Floats:
        """Distance from each slit to the next one."""
        return np.diff(self.slit_nm, append=self.slit_nm[0] + self.length_nm)


def plan_shapes(rng: np.random.Generator, length_nm: float, effacement: float) -> FootPlan:
    """Place foot processes and shape them; `effacement` is about the share of effaced membrane."""
    slits = place_slits(rng, length_nm, effacement, rng.uniform(250, 480))
    n = len(slits)
    width = np.diff(slits, append=slits[0] + length_nm)
    half_gap = np.minimum(_half_gaps(rng, n), 0.3 * np.minimum(width, np.roll(width, 1)))
    height = _heights(rng, width)
    left, right = _sides(rng, width - half_gap - np.roll(half_gap, -1), height, length_nm, slits)
    return FootPlan(
        slit_nm=slits,
        half_gap_nm=half_gap,
        faintness=_faintness(rng, n) * np.where(half_gap < 10, 0.5, 1.0),
        diaphragm=np.where(rng.random(n) < rng.uniform(0, 1), rng.uniform(0.2, 0.8, n), 0),
        height_nm=height,
        tone=rng.normal(0, rng.uniform(0.01, 0.06), n),
        left_nm=left,
        right_nm=right,
        length_nm=length_nm,
    )


def _faintness(rng: np.random.Generator, n: int) -> Floats:
    faint = rng.random(n) < rng.uniform(0.1, 0.7)
    return np.where(faint, rng.uniform(0.3, 0.9, n), rng.uniform(0, 0.3, n))


def _half_gaps(rng: np.random.Generator, n: int) -> Floats:
    gap = rng.uniform(11, 30) * np.exp(rng.normal(0, 0.35, n))
    gap = np.where(rng.random(n) < 0.05, rng.uniform(3, 9, n), np.clip(gap, 8, 60))
    return np.where(rng.random(n) < 0.03, rng.uniform(60, 120, n), gap)


def _heights(rng: np.random.Generator, width: Floats) -> Floats:
    n = len(width)
    height = rng.uniform(90, 320) * np.exp(rng.normal(0, rng.uniform(0.25, 0.6), n))
    tall = rng.random(n) < rng.uniform(0.05, 0.25)
    height = np.clip(height * np.where(tall, rng.uniform(1.5, 3.5, n), 1.0), 70, 1400)
    return np.where(width > WIDE_NM, rng.uniform(70, 380, n), height)


def _sides(
    rng: np.random.Generator, width: Floats, height: Floats, length_nm: float, slits: Floats
) -> tuple[Floats, Floats]:
    n = len(width)
    odds = np.asarray(SIDES_ODDS) * rng.uniform(0.3, 1.7, len(SIDES_ODDS))
    free = np.array([0, 0.3, 1, 1, 1, 1])
    scale = np.minimum(width, 420)[:, None]
    base = SIDES[rng.choice(len(SIDES), n, p=odds / odds.sum())]
    left, right = (base + free * rng.normal(0, 0.06, (n, KNOTS)) for _ in range(2))
    grid = wander(rng, 64, rng.uniform(0.05, 0.5), 1200 * 64 / length_nm)
    slope = grid[(slits / length_nm * 64).astype(int) % 64] + rng.normal(0, 0.2, n)
    shift = (slope * np.minimum(height, 500))[:, None] * np.linspace(0, 1, KNOTS) ** 1.5
    return left * scale + shift, right * scale - shift
