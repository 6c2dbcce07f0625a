"""How a figure settles, and how many images a wanted precision takes."""

import math

import numpy as np
import pytest

from napari_slitseg.core.morphometry.image_row import ImageRow
from napari_slitseg.core.morphometry.precision import (
    Kind,
    convergence,
    images_needed,
    standard_error,
)
from napari_slitseg.core.morphometry.rollup import nesting_of
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES
from napari_slitseg.core.morphometry.sample import Sample

from . import studies

FIGURES = {each.name: each for each in ROLLUP_FIGURES}
DENSITY, MEAN = FIGURES["slit_density_per_um"], FIGURES["fpw_mean_nm"]


def images(n: int, seed: int = 0, spread: float = 0.2) -> list[ImageRow]:
    rows = studies.study(np.random.default_rng(seed), (1, n, 1), (0, 0, spread))
    return [ImageRow(r.name, Sample("B"), r.length_nm, r.n_slits, r.widths_nm, 0.0) for r in rows]


@pytest.mark.parametrize("kind", ["pooled", "mean"])
def test_all_orders_end_at_the_same_value(kind: Kind) -> None:
    found = convergence(images(12), MEAN, kind=kind, n_orders=50)
    assert found.n_images.tolist() == list(range(1, 13))
    assert found.low[-1] == pytest.approx(found.final)
    assert found.high[-1] == pytest.approx(found.final)
    width = found.high - found.low
    assert width[0] > width[5] > width[-1]
    assert (found.low <= found.middle + 1e-9).all()


def test_first_images_of_all_orders_are_the_images() -> None:
    rows = images(3)
    found = convergence(rows, DENSITY, n_orders=400)
    values = DENSITY.of_images(rows)
    assert (found.low[0], found.middle[0], found.high[0]) == pytest.approx(
        (min(values), np.median(values), max(values))
    )


def test_nothing_settles_without_images_or_values() -> None:
    assert len(convergence([], DENSITY).n_images) == 0
    empty = [ImageRow(str(i), Sample("B"), 1000.0, 0) for i in range(3)]
    assert np.isnan(convergence(empty, MEAN).middle).all()


def test_standard_errors_agree_with_textbooks() -> None:
    rows = images(20)
    nesting = nesting_of(rows, "biopsy")
    values = DENSITY.of_images(rows)
    _, error, n = standard_error(rows, nesting, DENSITY, kind="mean")
    assert (error, n) == (pytest.approx(values.std(ddof=1) / math.sqrt(20)), 20)
    length = np.array([r.length_nm for r in rows]) / 1000
    slits = np.array([r.n_slits for r in rows])
    ratio = slits.sum() / length.sum()
    linear = math.sqrt(20 / 19 * ((slits - ratio * length) ** 2).sum()) / length.sum()
    _, pooled, _ = standard_error(rows, nesting, DENSITY)
    assert pooled == pytest.approx(linear, rel=0.05)


@pytest.mark.parametrize("kind", ["pooled", "mean"])
def test_needed_images_reach_the_wanted_precision(kind: Kind) -> None:
    """Told from 40 images; as many drawn anew really have that precision, on average."""
    rows = images(40, seed=3)
    needed = images_needed(rows, nesting_of(rows, "biopsy"), MEAN, 0.05, kind=kind)
    assert needed.n is not None
    again = []
    for seed in range(8):
        more = images(needed.n, seed=100 + seed)
        nesting = nesting_of(more, "biopsy")
        again.append(images_needed(more, nesting, MEAN, 0.05, kind=kind).reached)
    assert np.mean(again) == pytest.approx(0.05, rel=0.2)


def test_images_of_one_glomerulus_count_less() -> None:
    rows = studies.study(np.random.default_rng(1), (1, 5, 6), (0, 0.15, 0.02))
    flat = [ImageRow(r.name, Sample("B"), r.length_nm, r.n_slits, r.widths_nm) for r in rows]
    nested = images_needed(rows, nesting_of(rows, "biopsy"), MEAN, 0.05).n
    naive = images_needed(flat, nesting_of(flat, "biopsy"), MEAN, 0.05).n
    assert nested is not None
    assert naive is not None
    assert nested > 2 * naive


def test_glomeruli_that_agree_by_chance_promise_nothing() -> None:
    """Two glomeruli with the same mean, whose images differ by far."""
    rows = [
        studies.row(f"{g}{i}", Sample("B", g), np.full(20, width))
        for g in "ab"
        for i, width in enumerate((200.0, 400.0, 600.0))
    ]
    nesting = nesting_of(rows, "biopsy")
    assert standard_error(rows, nesting, MEAN)[1] == pytest.approx(0)
    needed = images_needed(rows, nesting, MEAN, 0.05)
    assert needed.n is not None
    assert needed.n > 100


def test_words_tell_what_is_beyond_the_data() -> None:
    rows = images(6, seed=5)
    nesting = nesting_of(rows, "biopsy")
    assert "extrapolated" in images_needed(rows, nesting, MEAN, 0.01).words
    assert "Rough" in images_needed(rows, nesting, MEAN, 0.01).words
    assert "takes about 2 images; there are 6." in images_needed(rows, nesting, MEAN, 0.9).words
    one = images_needed(rows[:1], nesting_of(rows[:1], "biopsy"), MEAN, 0.05)
    assert one.n is None
    assert "two" in one.words
    with pytest.raises(ValueError, match="above 0"):
        images_needed(rows, nesting, MEAN, 0.0)
