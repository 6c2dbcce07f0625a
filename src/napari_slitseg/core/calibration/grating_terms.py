"""Terms of the model of a grating: waves with their changes over the image, and a smooth ground.

A plane wave is a sum of products of a function of y and a function of x, and so is every other
term. All sums over pixels are therefore products of small matrices, and an image of any size is
fitted exactly, without sampling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Weights = tuple[Floats, Floats]

GROUND_DEGREE: Final = 3
_POWERS: Final = 2
_MIXED: Final = ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
N_GROUND: Final = (GROUND_DEGREE + 1) * (GROUND_DEGREE + 2) // 2
"""Terms of the ground, which come first."""

N_CHANGES: Final = len(_MIXED)
"""Terms for the change of each fundamental's phase, and of all amplitudes."""


@dataclass(frozen=True, eq=False)
class Waves:
    """Which waves are in an image.

    Attributes
    ----------
    basis : (B, 2) float64
        Fundamental frequencies (y, x), cycles per px; one of lines, two of a cross grating.
    orders : (K, B) int64
        How often each fundamental goes into a wave.
    """

    basis: Floats
    orders: NDArray[np.int64]

    @property
    def frequencies(self) -> Floats:
        """Frequency (K, 2) of each wave, cycles per px."""
        return np.asarray(self.orders.astype(np.float64) @ self.basis)


def centred(size: int) -> Floats:
    """Places of pixels from the middle of a side, in halves of the side."""
    return np.asarray((np.arange(size) - (size - 1) / 2) * (2 / size), np.float64)


def window(size: int) -> Floats:
    """Weight of each pixel of a side: a Hann window, (0, 1]."""
    return np.asarray(np.cos(np.pi / 2 * centred(size)) ** 2, np.float64)


@dataclass(frozen=True, eq=False)
class Terms:
    """The model as sums of products: term `at[p]` gains `share[p]` times y[a] x[b]."""

    y: Floats
    x: Floats
    at: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    share: Floats

    @property
    def number(self) -> int:
        """How many terms."""
        return int(self.at.max()) + 1

    def gathered(self, products: Floats) -> Floats:
        """Sum (..., P) products over the parts of each term."""
        gather = np.zeros((self.at.size, self.number))
        gather[np.arange(self.at.size), self.at] = self.share
        return np.asarray(products @ gather, np.float64)

    def gram(self, weights: Weights) -> Floats:
        """Sum of the products of any two terms over the image."""
        in_y = (self.y * weights[0][:, None]).T @ self.y
        in_x = (self.x * weights[1][:, None]).T @ self.x
        pairs = in_y[np.ix_(self.a, self.a)] * in_x[np.ix_(self.b, self.b)]
        return self.gathered(self.gathered(pairs).T)

    def projected(self, image: NDArray[Any], weights: Weights) -> Floats:
        """Sum of the products of each term with the image."""
        kind = image.dtype
        right = image @ (self.x * weights[1][:, None]).astype(kind)
        both = (self.y * weights[0][:, None]).astype(kind).T @ right
        return self.gathered(both[self.a, self.b].astype(np.float64))

    def drawn(self, factors: Floats) -> NDArray[np.float32]:
        """Image of the sum of all terms."""
        middle = np.zeros((self.y.shape[1], self.x.shape[1]))
        np.add.at(middle, (self.a, self.b), self.share * factors[self.at])
        return np.asarray(self.y.astype(np.float32) @ (middle @ self.x.T).astype(np.float32))


def lines_across(frequency: Floats, shape: tuple[int, ...]) -> Floats:
    """Return how many periods of waves (..., 2) lie across an image; in a square at any angle."""
    return np.asarray(np.hypot(*np.moveaxis(frequency * np.array(shape), -1, 0)))


class _Collected:
    """Terms as they are made."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, int, int, float]] = []

    def add(self, term: int, a: int, b: int, share: float) -> None:
        self.parts.append((term, a, b, share))

    def terms(self, y: Floats, x: Floats) -> Terms:
        at, a, b, share = zip(*self.parts, strict=True)
        places = np.array([at, a, b], np.int64)
        return Terms(y, x, places[0], places[1], places[2], np.array(share, np.float64))


def terms_of(
    shape: tuple[int, ...], waves: Waves, amplitudes: NDArray[np.complex128] | None
) -> Terms:
    """Return ground, waves and, where amplitudes are known, how waves bend and grow."""
    bases = [_base(size, waves.frequencies[:, axis]) for axis, size in enumerate(shape)]
    collected = _Collected()
    degrees = range(GROUND_DEGREE + 1)
    ground = [(i, j) for i in degrees for j in degrees if i + j <= GROUND_DEGREE]
    for term, (i, j) in enumerate(ground):
        collected.add(term, i, j, 1.0)
    number = len(waves.orders)
    for wave in range(number):
        for part, value in enumerate((1.0, -1j)):
            _add_wave(collected, len(ground) + 2 * wave + part, wave, value, (0, 0))
    if amplitudes is not None:
        first = len(ground) + 2 * number
        _add_changes(collected, first, waves.orders, amplitudes)
    return collected.terms(*bases)


def _add_changes(
    collected: _Collected,
    first: int,
    orders: NDArray[np.int64],
    amplitudes: NDArray[np.complex128],
) -> None:
    """Terms by which phases shift (linearly, quadratically), and all amplitudes grow linearly."""
    n_basis = orders.shape[1]
    for which in range(n_basis):
        for kind, power in enumerate(_MIXED):
            for wave, value in enumerate(2j * np.pi * amplitudes * orders[:, which]):
                _add_wave(collected, first + N_CHANGES * which + kind, wave, value, power)
    for kind, power in enumerate(_MIXED):
        for wave, value in enumerate(amplitudes):
            _add_wave(collected, first + N_CHANGES * n_basis + kind, wave, value, power)


def _base(size: int, frequencies: Floats) -> Floats:
    """Columns: powers, then for each frequency cosines and sines times powers."""
    place = centred(size)
    powers = place[:, None] ** np.arange(GROUND_DEGREE + 1)
    angle = np.pi * size * place[:, None] * frequencies
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    columns = waves[:, :, None, :] * powers[:, None, : _POWERS + 1, None]
    return np.hstack([powers, columns.reshape(size, -1)])


def _add_wave(
    collected: _Collected, term: int, wave: int, value: complex, power: tuple[int, int]
) -> None:
    """Add the real part of value * exp(i (Y + X)), times powers of y and x, to a term."""
    y = GROUND_DEGREE + 1 + 2 * ((_POWERS + 1) * wave + power[0])
    x = GROUND_DEGREE + 1 + 2 * ((_POWERS + 1) * wave + power[1])
    real, imaginary = float(np.real(value)), float(np.imag(value))
    for a, b, share in (
        (y, x, real),
        (y + 1, x + 1, -real),
        (y + 1, x, -imaginary),
        (y, x + 1, -imaginary),
    ):
        collected.add(term, a, b, share)
