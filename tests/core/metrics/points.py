"""Random points for tests of distances."""

from __future__ import annotations

from hypothesis import strategies as st

points = st.lists(st.tuples(*[st.floats(0, 500, allow_subnormal=False)] * 2), max_size=8)
shifts = st.tuples(st.integers(-99, 99), st.integers(-99, 99))


def random_points(rng, largest=40, side=640):
    return rng.uniform(0, side, (int(rng.integers(1, largest)), 2))


def moved(points, shift):
    return [(y + shift[0], x + shift[1]) for y, x in points]


def scaled(points, factor):
    return [(factor * y, factor * x) for y, x in points]
