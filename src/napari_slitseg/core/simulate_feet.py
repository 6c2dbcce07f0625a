"""Foot processes along a membrane line: where they stand, how tall, and the slits between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_slitseg.core.simulate_line import Floats, wander

WIDE_NM = 800.0


@dataclass(frozen=True)
class FootProcesses:
    """Foot processes in order along a closed line of `length_nm`; every array is (N,), nm.

    Process i stands between slit i and slit i + 1 (the last one reaches the first slit again).

    Attributes
    ----------
    slit_nm : position of each slit along the line
    half_gap_nm : half width of the slit at its base
    opening : how fast the slit widens away from the membrane
    height_nm, tone : height and difference in grey of each process
    faintness : share of cytoplasm's grey that blurs into the slit, [0, 1]
    lean : how far processes lean along the line, sampled evenly over it
    length_nm : length of the line
    """

    slit_nm: Floats
    half_gap_nm: Floats
    opening: Floats
    height_nm: Floats
    tone: Floats
    faintness: Floats
    lean: Floats
    length_nm: float

    @property
    def width_nm(self) -> Floats:
        """Distance from each slit to the next one."""
        return np.diff(self.slit_nm, append=self.slit_nm[0] + self.length_nm)


def plan_feet(rng: np.random.Generator, length_nm: float, effacement: float) -> FootProcesses:
    """Place foot processes; `effacement` in [0, 1] is about the share of effaced membrane."""
    slits = place_slits(rng, length_nm, effacement, rng.uniform(300, 460))
    n = len(slits)
    gap = np.clip(rng.normal(rng.uniform(14, 28), 7, n), 9, 60)
    bare = rng.random(n) < 0.02
    gap[bare] = rng.uniform(80, 130, int(bare.sum()))
    width = np.diff(slits, append=slits[0] + length_nm)
    return FootProcesses(
        slit_nm=slits,
        half_gap_nm=np.minimum(gap, width / 3),
        opening=rng.uniform(0.02, 0.22, n),
        height_nm=_heights(rng, width),
        tone=rng.normal(0, 0.05, n),
        faintness=np.where(rng.random(n) < 0.25, rng.uniform(0.2, 0.7, n), rng.uniform(0, 0.15, n)),
        lean=wander(rng, 64, rng.uniform(0.05, 0.45), 1200 * 64 / length_nm),
        length_nm=length_nm,
    )


def place_slits(
    rng: np.random.Generator, length_nm: float, effacement: float, mean: float
) -> Floats:
    """Positions of slits, `mean` nm apart where the membrane is not effaced."""
    wide_mean = 2700.0
    odds = effacement / wide_mean / (effacement / wide_mean + (1 - effacement) / mean + 1e-12)
    slits = [0.0]
    while slits[-1] < length_nm:
        wide = rng.random() < odds
        width = rng.uniform(900, 4500) if wide else mean * np.exp(rng.normal(-0.06, 0.33))
        slits.append(slits[-1] + max(width, 130.0))
    kept = np.array(slits[:-1])
    return kept[kept <= max(length_nm - 130.0, 0.0)]


def _heights(rng: np.random.Generator, width: Floats) -> Floats:
    n = len(width)
    height = rng.uniform(180, 420) * np.exp(rng.normal(0, 0.35, n))
    height *= np.where(rng.random(n) < 0.12, rng.uniform(1.5, 3.2, n), 1.0)
    return np.where(width > WIDE_NM, rng.uniform(150, 500, n), np.clip(height, 90, 1500))
