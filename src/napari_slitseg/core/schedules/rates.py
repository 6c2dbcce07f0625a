"""Learning rates as plain functions of the step; steps count from 0 to ``total_steps - 1``."""

from __future__ import annotations

import math
from typing import Literal

Anneal = Literal["cosine", "linear"]


def constant(step: int, total_steps: int, *, rate: float = 1e-3) -> float:
    """Return the same rate at every step."""
    del step, total_steps
    return rate


def triangular(
    step: int, total_steps: int, *, low: float = 1e-5, high: float = 1e-3, periods: float = 4
) -> float:
    """Return a rate that rises from low to high and falls back, `periods` times in all.

    A period takes at least two steps, so a short training has fewer.
    """
    height, _ = _wave(step, total_steps, periods)
    return low + (high - low) * height


def triangular2(
    step: int, total_steps: int, *, low: float = 1e-5, high: float = 1e-3, periods: float = 4
) -> float:
    """Return the triangular rate with an amplitude (high - low) that halves every period."""
    height, period = _wave(step, total_steps, periods)
    return low + (high - low) * math.ldexp(height, -period)


def exp_range(
    step: int,
    total_steps: int,
    *,
    low: float = 1e-5,
    high: float = 1e-3,
    periods: float = 4,
    final_amplitude: float = 0.1,
) -> float:
    """Return the triangular rate with an amplitude that shrinks exponentially with the step.

    Parameters
    ----------
    final_amplitude : float
        Amplitude at the end of training as a fraction of the first.
    """
    height, _ = _wave(step, total_steps, periods)
    shrunk: float = final_amplitude ** (step / total_steps)
    return low + (high - low) * height * shrunk


def _wave(step: int, total_steps: int, periods: float) -> tuple[float, int]:
    """Return the height of a triangle wave in [0, 1] and the number of periods that are over."""
    position = step * min(periods / total_steps, 0.5)
    period = math.floor(position)
    return 1 - abs(2 * (position - period) - 1), period


def stepwise(
    step: int,
    total_steps: int,
    *,
    rate: float = 1e-3,
    decay_factor: float = 10,
    drops: tuple[float, ...] = (0.5, 0.75),
) -> float:
    """Return a rate that is divided by the decay factor at each of some fractions of training."""
    done = sum(step / total_steps >= drop for drop in drops)
    remaining: float = decay_factor**-done
    return rate * remaining


def cosine(
    step: int,
    total_steps: int,
    *,
    rate: float = 1e-3,
    min_rate: float = 0.0,
    warm_up: float = 0.05,
) -> float:
    """Return a rate that rises linearly for a while and then falls as half a cosine.

    The first step has a rate above 0, so it is not lost; the rate would reach `min_rate` at
    ``step = total_steps``.

    Parameters
    ----------
    warm_up : float
        Fraction of training, in [0, 1), until the rate is full.
    """
    rise = warm_up * total_steps
    if step < rise:
        return rate * (step + 1) / (rise + 1)
    return _annealed(rate, min_rate, (step - rise) / (total_steps - rise), "cosine")


def one_cycle(
    step: int,
    total_steps: int,
    *,
    high: float = 1e-3,
    rise: float = 0.3,
    start_divisor: float = 25,
    end_divisor: float = 1e4,
    shape: Anneal = "cosine",
) -> float:
    """Return a rate that rises once to its highest value and falls far below its first.

    Parameters
    ----------
    rise : float
        Fraction of training, in (0, 1), until the highest rate.
    start_divisor : float
        The first rate is ``high / start_divisor``.
    end_divisor : float
        The last rate is the first divided by this.
    """
    first = high / start_divisor
    peak = rise * total_steps - 1
    if step < peak:
        return _annealed(first, high, step / peak, shape)
    return _annealed(high, first / end_divisor, (step - peak) / (total_steps - 1 - peak), shape)


def polynomial(
    step: int, total_steps: int, *, rate: float = 1e-3, min_rate: float = 0.0, power: float = 0.9
) -> float:
    """Return a rate that falls to `min_rate` as a power of the part of training that is left."""
    left: float = (1 - step / total_steps) ** power
    return min_rate + (rate - min_rate) * left


def _annealed(start: float, end: float, part: float, shape: Anneal) -> float:
    """Return what lies between two rates at a part in [0, 1] of the way."""
    gone = part if shape == "linear" else (1 - math.cos(math.pi * part)) / 2
    return start + (end - start) * gone
