"""Figures of glomeruli, biopsies and groups agree with sums and means by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_slitseg.core.metrics import Bootstrap
from napari_slitseg.core.morphometry import MEASURES
from napari_slitseg.core.morphometry.image_row import ImageRow, row_of
from napari_slitseg.core.morphometry.rollup import Rollup, roll_up
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES
from napari_slitseg.core.morphometry.sample import Sample

from . import studies
from .drawn import level, measured, on

QUICK = Bootstrap(n_resamples=200)
FIGURES = {each.name: each for each in ROLLUP_FIGURES}


def three_biopsies() -> list[ImageRow]:
    return studies.study(np.random.default_rng(3), (3, 2, 3), group="MCD")


def rolled(rows: list[ImageRow]) -> Rollup:
    return roll_up(rows, QUICK)


def test_figures_of_an_image_by_hand() -> None:
    row = ImageRow("a", Sample("B"), 3000.0, 4, np.array([200.0, 400.0, 1200.0]), 1200.0)
    found = {name: figure.of_images([row])[0] for name, figure in FIGURES.items()}
    assert found == pytest.approx(
        {
            "slit_density_per_um": 4 / 3,
            "fpw_mean_nm": 600.0,
            "fpw_harmonic_nm": 3 / (1 / 200 + 1 / 400 + 1 / 1200),
            "fpw_median_nm": 400.0,
            "fpw_length_over_count_nm": 750.0,
            "fpw_stereological_nm": math.pi / 4 * 750,
            "attachment_fraction": 0.6,
            "effaced_fraction": 0.4,
        }
    )


def test_pooled_figures_are_those_of_one_large_image() -> None:
    rows = three_biopsies()
    counts = np.random.default_rng(0).integers(0, 3, (5, len(rows))).astype(float)
    for count in counts:
        drawn = [row for row, n in zip(rows, count, strict=True) for _ in range(int(n))]
        widths = np.concatenate([row.widths_nm for row in drawn])
        length = sum(row.length_nm for row in drawn)
        n_slits = sum(row.n_slits for row in drawn)
        whole = ImageRow("all", Sample(), length, n_slits, widths, 0.0)
        for figure in ROLLUP_FIGURES:
            pooled = figure.pooled(rows)(count[np.newaxis])[0]
            assert pooled == pytest.approx(figure.of_images([whole])[0]), figure.name


def test_means_of_means_and_pooled_by_hand() -> None:
    def image(glomerulus: str, *widths: float) -> ImageRow:
        return studies.row("x", Sample("B", glomerulus), np.array(widths))

    rows = [image("1", 200, 400), image("1", 100), image("2", 600, 600, 600)]
    (biopsy,) = rolled(rows).biopsies
    found = biopsy.estimates["fpw_mean_nm"]
    assert found.mean.value == pytest.approx(((300 + 100) / 2 + 600) / 2)
    assert found.pooled.value == pytest.approx(2500 / 6)
    assert found.file_average == pytest.approx((300 + 100 + 600) / 3)
    assert (biopsy.n_glomeruli, biopsy.n_widths, biopsy.drawn) == (2, 6, "glomerulus")
    assert biopsy.length_um == pytest.approx(2.5)


def test_without_names_of_glomeruli_the_level_is_skipped() -> None:
    rows = [replace(r, sample=Sample(r.sample.biopsy)) for r in three_biopsies()]
    found = rolled(rows)
    assert (found.glomeruli, found.groups) == ((), ())
    for unit in found.biopsies:
        estimate = unit.estimates["slit_density_per_um"]
        assert (unit.drawn, estimate.mean.n_units) == ("image", 6)
        assert estimate.mean.value == pytest.approx(estimate.file_average)
        assert estimate.mean.low < estimate.mean.value < estimate.mean.high


def test_levels_have_the_right_units() -> None:
    found = rolled([*three_biopsies(), *studies.study(np.random.default_rng(4), (2, 2, 2))])
    assert [u.name for u in found.groups] == ["MCD"]
    assert [u.name for u in found.biopsies] == ["B0", "B1", "MCDB0", "MCDB1", "MCDB2"]
    assert len(found.glomeruli) == 10
    mcd = found.groups[0].estimates["fpw_mean_nm"]
    assert (mcd.mean.unit, mcd.mean.n_units, mcd.mean.n_images) == ("biopsy", 3, 18)
    of_biopsies = [u.estimates["fpw_mean_nm"].mean.value for u in found.biopsies[2:]]
    assert mcd.mean.value == pytest.approx(np.mean(of_biopsies))
    assert found.everything.n_biopsies == 5
    assert mcd.t_low < mcd.mean.value < mcd.t_high


@pytest.mark.parametrize(("n", "how"), [(2, "t"), (4, "t"), (5, "bootstrap"), (7, "bootstrap")])
def test_the_interval_that_is_shown_is_by_t_where_units_are_few(n: int, how: str) -> None:
    """Two images: not their smallest and largest value, but a range that tells how little it is."""
    rows = studies.study(np.random.default_rng(5), (1, n, 1))
    found = rolled(rows).biopsies[0].estimates["slit_density_per_um"]
    shown, values = found.shown, found.figure.of_images(rows)
    assert (shown.how, shown.why) == (how, "")
    if how == "bootstrap":
        assert (shown.low, shown.high) == (found.mean.low, found.mean.high)
        return
    assert (shown.low, shown.high) == (found.t_low, found.t_high)
    assert math.isnan(found.mean.low)
    assert math.isnan(found.pooled.high)
    assert f"of {n} it would be too narrow" in found.mean.note
    half = {2: 12.706, 4: 3.182}[n] * values.std(ddof=1) / math.sqrt(n)
    assert shown.high == pytest.approx(values.mean() + half, rel=1e-3)
    assert shown.low == pytest.approx(max(0, values.mean() - half), rel=1e-3)
    assert shown.high - shown.low > values.max() - values.min()


def test_no_interval_leaves_what_is_possible() -> None:
    rows = [
        ImageRow(f"{i}", Sample("B"), 3000.0, n, np.full(max(0, n - 1), 300.0), effaced)
        for i, (n, effaced) in enumerate([(0, 3000.0), (20, 0.0), (1, 2500.0)])
    ]
    of = rolled(rows).biopsies[0].estimates
    assert of["slit_density_per_um"].shown.low == 0
    assert (of["effaced_fraction"].shown.low, of["effaced_fraction"].shown.high) == (0, 1)
    assert all(each.shown.low >= 0 for each in of.values() if each.shown.how)


def test_units_that_are_all_alike_are_no_sign_of_certainty() -> None:
    for n in (3, 6):
        rows = [studies.row(f"{i}", Sample("B"), np.full(9, 300.0)) for i in range(n)]
        shown = rolled(rows).biopsies[0].estimates["fpw_mean_nm"].shown
        assert (math.isnan(shown.low), math.isnan(shown.high), shown.how) == (True, True, "")
        assert "the same value" in shown.why


def test_one_glomerulus_gives_a_biopsy_no_interval() -> None:
    (biopsy,) = rolled(studies.study(np.random.default_rng(3), (1, 1, 5))).biopsies
    found = biopsy.estimates["slit_density_per_um"]
    assert math.isfinite(found.mean.value)
    assert math.isnan(found.mean.low)
    assert math.isnan(found.t_low)
    assert "One glomerulus" in found.mean.note
    assert (found.shown.how, found.shown.why) == ("", found.mean.note)


def test_an_effaced_image_counts_where_its_length_counts() -> None:
    normal = studies.row("n", Sample("B"), np.full(10, 300.0))
    effaced = ImageRow("e", Sample("B"), 6000.0, 0, np.empty(0), 6000.0)
    (biopsy,) = rolled([normal, effaced]).biopsies
    of = biopsy.estimates
    assert of["slit_density_per_um"].pooled.value == pytest.approx(1000 * 11 / 9000)
    assert of["slit_density_per_um"].mean.value == pytest.approx(1000 * 11 / 3000 / 2)
    assert of["fpw_length_over_count_nm"].pooled.value == pytest.approx(9000 / 11)
    assert of["fpw_length_over_count_nm"].n_without == 1
    assert of["fpw_mean_nm"].pooled.value == pytest.approx(300.0)
    assert "1 of 2 images" in of["fpw_mean_nm"].note
    assert "too small" in of["fpw_mean_nm"].note
    assert of["slit_density_per_um"].note == ""
    assert of["effaced_fraction"].pooled.value == pytest.approx(2 / 3)


def test_nothing_but_effaced_images_have_reasons_and_no_value() -> None:
    rows = [ImageRow(str(i), Sample("B"), 6000.0, 0, np.empty(0), 6000.0) for i in range(3)]
    found = rolled(rows).biopsies[0].estimates
    assert found["slit_density_per_um"].pooled.value == 0
    for name in ("fpw_mean_nm", "fpw_median_nm", "fpw_length_over_count_nm"):
        for interval in (found[name].mean, found[name].pooled):
            assert math.isnan(interval.value)
            assert interval.note


def test_images_without_scale_or_membrane_are_told() -> None:
    lost = [
        ImageRow("a", Sample("B"), math.nan, 5),
        ImageRow("b", Sample("B"), 0.0, 0),
        studies.row("c", Sample("B"), np.full(5, 300.0)),
    ]
    found = rolled(lost)
    assert [r.name for r in found.biopsies[0].left_out] == ["a", "b"]
    assert "scale is not known" in found.notices[0]
    assert "membrane was not found" in found.notices[1]
    nothing = rolled(lost[:1])
    assert (nothing.biopsies[0].estimates, nothing.biopsies[0].n_slits) == ({}, 0)
    assert rolled([]).everything.estimates == {}


def test_images_of_no_biopsy_count_in_no_biopsy() -> None:
    rows = [*three_biopsies(), studies.row("lost", Sample(), np.full(9, 300.0))]
    found = rolled(rows)
    assert sum(len(u.rows) for u in found.biopsies) == 18
    assert len(found.everything.rows) == 19
    assert any("no known biopsy" in said for said in found.notices)


def test_a_biopsy_in_two_groups_counts_in_none() -> None:
    rows = [studies.row(g, Sample("B", "", g), np.full(9, 300.0)) for g in ("MCD", "FSGS", "")]
    found = rolled(rows)
    assert (found.groups, len(found.biopsies)) == ((), 1)
    assert "several groups (FSGS, MCD)" in found.notices[0]


def test_one_image_with_a_group_tells_that_of_its_biopsy() -> None:
    rows = [studies.row(g, Sample("B", "", g), np.full(9, 300.0)) for g in ("MCD", "")]
    assert len(rolled(rows).groups[0].rows) == 2


def test_order_of_images_changes_no_value() -> None:
    rows = three_biopsies()
    for one, other in zip(rolled(rows).units, rolled(rows[::-1]).units, strict=True):
        assert one.sample == other.sample
        for name in one.estimates:
            first, second = one.estimates[name], other.estimates[name]
            assert first.mean.value == pytest.approx(second.mean.value)
            assert first.pooled.value == pytest.approx(second.pooled.value)
            ends = (second.t_low, second.t_high)
            assert (first.t_low, first.t_high) == pytest.approx(ends, nan_ok=True)


def test_an_image_without_a_harmonic_mean_has_none_when_rolled_up() -> None:
    """Slits 2 and 3 lie at one place, so the image itself has no harmonic mean either."""
    same = measured([level()], on(100, 130, 130 + 1e-8, 500))
    assert not MEASURES["fpw_harmonic_nm"].of(same).is_known
    rows = [row_of("same", Sample("B"), same), studies.row("b", Sample("B"), [100.0, 300.0])]
    harmonic, mean = (
        rolled(rows).biopsies[0].estimates[name] for name in ("fpw_harmonic_nm", "fpw_mean_nm")
    )
    assert harmonic.mean.value == harmonic.pooled.value == pytest.approx(150.0)
    assert "1 of 2 images" in harmonic.note
    assert "at the same place" in harmonic.note
    assert mean.pooled.value == pytest.approx((300 + 0 + 3700 + 400) / 5)
