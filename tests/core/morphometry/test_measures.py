"""Every figure of an image, against values computed by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import (
    MEASURES,
    ImageMeasures,
    MeasureSettings,
    MembranePath,
    Value,
    figures,
)
from napari_slitseg.core.morphometry import reasons as why
from napari_slitseg.core.morphometry.censoring import censored_mean
from tests.core.morphometry.drawn import TEN_NM, level, loop, measured, on, wavy


def value(result: ImageMeasures, name: str) -> float:
    """Return a figure that has a value."""
    found = MEASURES[name].of(result)
    assert found.is_known, found.why
    return found.value


def reason(result: ImageMeasures, name: str) -> str:
    """Return why a figure has no value."""
    found = MEASURES[name].of(result)
    assert math.isnan(found.value)
    return found.why


BY_HAND = {
    "membrane_length_um": 15.0,
    "membrane_length_px": 1500.0,
    "n_lines": 2,
    "joined_um": 0.2,
    "joined_px": 20.0,
    "excluded_um": 5.0,
    "excluded_px": 500.0,
    "n_slits": 4,
    "n_off_line": 1,
    "n_excluded": 1,
    "slit_density_per_um": 4 / 15,
    "slit_density_per_1000_px": 4 / 1.5,
    "fpw_mean_nm": 1500.0,
    "fpw_harmonic_nm": 3 / (1 / 500 + 1 / 1000 + 1 / 3000),
    "fpw_median_nm": 1000.0,
    "fpw_std_nm": math.sqrt((1000**2 + 500**2 + 1500**2) / 2),
    "fpw_min_nm": 500.0,
    "fpw_max_nm": 3000.0,
    "fpw_length_over_count_nm": 3750.0,
    "fpw_stereological_nm": math.pi / 4 * 3750,
    "fpw_censored_mean_nm": 500 + 500 * 3 / 4 + 2000 * 1 / 2 + 1500 * 1 / 6,
    "n_intervals": 3,
    "n_censored": 3,
    "censored_fraction": 0.5,
    "attachment_fraction": 450 / 1500,
    "effaced_fraction": (300 + 450 + 500) / 1500,
    "effacement_unknown_fraction": 100 / 1500,
}


IN_PX = {name.replace("_nm", "_px"): nm / 10 for name, nm in BY_HAND.items() if "_nm" in name}


def by_hand(scale: Scale | None = TEN_NM) -> ImageMeasures:
    """Measure lines of 1000 and 500 px: widths of 50, 100 and 300 px, ends of 100 and 450 px."""
    paths = [level(start="border", joined=((40.0, 60.0),)), level(y=100)]
    places = [*on(250, 100, 550, 150), [104, 800], [50, 50]]
    area = [[90, 500], [110, 500], [110, 1001], [90, 1001]]
    return measured(paths, places, scale, excluded=[area])


def test_every_figure_agrees_with_a_calculation_by_hand() -> None:
    found = figures(by_hand())
    assert {name: each.value for name, each in found.items()} == pytest.approx(BY_HAND | IN_PX)
    assert list(found) == list(MEASURES)


def test_every_figure_says_what_it_is() -> None:
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.title
        assert measure.source
        assert measure.definition.endswith(".")
        suffix = {"nm": "_nm", "px": "_px", "µm": "_um", "1/µm": "_per_um"}.get(measure.unit, "")
        assert name.endswith(suffix)
    assert len({(each.title, each.unit) for each in MEASURES.values()}) == len(MEASURES)


def test_without_a_scale_there_is_no_figure_in_nm_and_every_other_one() -> None:
    result = by_hand(None)
    assert math.isnan(result.nm_per_px)
    found = figures(result)
    need_a_scale = {
        name for name, each in MEASURES.items() if each.unit in ("nm", "µm", "1/µm")
    } | {"effaced_fraction", "effacement_unknown_fraction"}
    assert {name for name, each in found.items() if not each.is_known} == need_a_scale
    assert {found[name].why for name in need_a_scale} == {why.NO_SCALE}
    known = (BY_HAND | IN_PX).items()
    assert {name: each.value for name, each in found.items() if each.is_known} == pytest.approx(
        {name: each for name, each in known if name not in need_a_scale}
    )


FOOT_PROCESSES = ("fpw_mean_nm", "fpw_harmonic_px", "fpw_median_nm", "fpw_std_px", "fpw_min_nm")


@pytest.mark.parametrize(
    ("result", "of_lengths", "of_counts", "of_widths"),
    [
        (measured([], on(5)), why.NO_MEMBRANE, why.NO_MEMBRANE, why.NO_MEMBRANE),
        (measured([level()], on()), "", why.NO_SLIT, why.NO_SLIT),
        (measured([level()], [[90, 5]]), "", why.NO_SLIT, why.NO_SLIT),
        (measured([level()], on(5)), "", "", why.ONE_SLIT),
        (measured([level(), level(y=99)], [[0, 5], [99, 5]]), "", "", why.ALL_APART),
        (
            measured([level()], on(5), excluded=[[[-9, -9], [-9, 2000], [9, 2000], [9, -9]]]),
            *[why.ALL_EXCLUDED] * 3,
        ),
    ],
)
def test_a_figure_without_a_value_says_why(
    result: ImageMeasures, of_lengths: str, of_counts: str, of_widths: str
) -> None:
    found = figures(result)
    assert found["slit_density_per_um"].why == of_lengths
    assert found["attachment_fraction"].why == of_lengths
    assert found["effaced_fraction"].why == of_lengths
    assert found["censored_fraction"].why == of_lengths
    assert found["fpw_stereological_nm"].why == of_counts
    assert {found[name].why for name in (*FOOT_PROCESSES, "fpw_censored_mean_nm")} == {of_widths}
    assert all(each.is_known == math.isfinite(each.value) for each in found.values())


def test_no_slit_at_all_is_a_density_of_0() -> None:
    assert value(measured([level()], on()), "slit_density_per_um") == 0


def test_one_width_has_a_mean_and_no_standard_deviation() -> None:
    result = measured([level()], on(100, 130))
    assert value(result, "fpw_mean_nm") == 300
    assert reason(result, "fpw_std_nm") == why.ONE_WIDTH


def test_a_width_of_0_has_no_harmonic_mean() -> None:
    result = measured([level()], on(100, 130, 130))
    assert value(result, "fpw_mean_nm") == 150
    assert reason(result, "fpw_harmonic_nm") == why.ZERO_WIDTH
    assert value(measured([level()], on(100, 130, 131)), "fpw_harmonic_px") < 2


def test_effacement_of_what_is_cut_off_counts_once_it_is_longer_than_the_limit() -> None:
    settings = MeasureSettings(effaced_nm=2000)
    exactly = measured([level(400)], on(200), settings=settings)
    assert value(exactly, "effaced_fraction") == 0
    assert value(exactly, "effacement_unknown_fraction") == 1
    longer = measured([level(402)], on(201), settings=settings)
    assert value(longer, "effaced_fraction") == 1
    empty = measured([level(100), level(300, y=99)], on(), settings=settings)
    assert value(empty, "effaced_fraction") == 0.75
    assert value(empty, "effacement_unknown_fraction") == 0.25


def test_on_loops_density_is_one_over_the_mean_width() -> None:
    result = measured([loop(), loop(loop().yx + 500)], [[0, 5], [100, 40], [500, 530]])
    mean = value(result, "fpw_mean_nm")
    assert value(result, "fpw_length_over_count_nm") == pytest.approx(mean)
    assert value(result, "fpw_censored_mean_nm") == pytest.approx(mean)
    assert value(result, "attachment_fraction") == 1
    assert value(result, "n_censored") == 0


@pytest.mark.parametrize("seed", range(4))
def test_figures_of_one_image_fit_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    paths = [wavy(80, seed), loop(loop().yx + 300), wavy(30, seed + 9, start="border")]
    result = measured(paths, rng.uniform(-20, 320, (40, 2)))
    of = {name: each.value for name, each in figures(result).items()}
    assert of["slit_density_per_um"] * of["fpw_length_over_count_nm"] == pytest.approx(1000)
    assert of["fpw_stereological_nm"] == pytest.approx(math.pi / 4 * of["fpw_length_over_count_nm"])
    assert of["fpw_min_nm"] <= of["fpw_harmonic_nm"] <= of["fpw_mean_nm"] <= of["fpw_max_nm"]
    assert of["fpw_mean_nm"] <= of["fpw_censored_mean_nm"]
    cut = result.intervals.length_px[~result.intervals.is_measured].sum()
    whole = of["fpw_mean_px"] * of["n_intervals"]
    assert whole + cut == pytest.approx(of["membrane_length_px"])
    assert of["attachment_fraction"] == pytest.approx(whole / of["membrane_length_px"])
    assert of["n_slits"] + of["n_off_line"] + of["n_excluded"] == 40


def scattered(paths: list[MembranePath]) -> np.ndarray:
    """Return places around lines, some of them too far off."""
    rng = np.random.default_rng(1)
    places = [path.at(rng.uniform(0, path.length_px, 20)) for path in paths]
    return np.concatenate(places) + rng.normal(0, 7, (20 * len(paths), 2))


def moved(path: MembranePath, turn: np.ndarray, factor: float, **more: Any) -> MembranePath:
    """Return a line turned, flipped and scaled."""
    return MembranePath(path.yx @ turn * factor, path.start, path.end, **more)


@pytest.mark.parametrize("angle", [0.3, 2.0])
@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_turning_flipping_and_scaling_an_image_changes_no_figure_in_nm(
    angle: float, flip: int, factor: float
) -> None:
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, sin], [-sin * flip, cos * flip]])
    paths, yx = [wavy(), loop()], scattered([wavy(), loop()])
    area = np.array([[-50, 103], [80, 90], [60, 170], [-50, 180]])
    before = figures(measured(paths, yx, excluded=[area]))
    after = figures(
        measured(
            [moved(path, turn, factor) for path in paths],
            yx @ turn * factor,
            Scale(10 / factor, "typed", "test"),
            excluded=[area @ turn * factor],
        )
    )
    in_nm = [name for name, each in MEASURES.items() if not each.unit.endswith("px")]
    assert {name: after[name].value for name in in_nm} == pytest.approx(
        {name: before[name].value for name in in_nm}
    )


def test_a_line_read_from_its_other_end_gives_the_same_figures() -> None:
    path, yx = wavy(), scattered([wavy()])
    turned = MembranePath(path.yx[::-1])
    before, after = figures(measured([path], yx)), figures(measured([turned], yx))
    assert {name: each.value for name, each in after.items()} == pytest.approx(
        {name: each.value for name, each in before.items()}
    )


def test_the_order_of_slits_changes_no_bit_of_any_figure() -> None:
    rng = np.random.default_rng(2)
    paths = [wavy(), loop()]
    yx, ids = rng.uniform(-20, 420, (60, 2)), np.arange(60)
    before = figures(measured(paths, yx, ids=ids))
    for _ in range(5):
        order = rng.permutation(60)
        assert figures(measured(paths, yx[order], ids=ids[order])) == before


def test_a_hundred_lines_are_measured() -> None:
    paths = [level(500, y=40.0 * row) for row in range(100)]
    places = [[40.0 * row, x] for row in range(100) for x in (100, 150)]
    result = measured(paths, places)
    assert value(result, "n_intervals") == 100
    assert value(result, "fpw_mean_nm") == 500
    assert value(result, "slit_density_per_um") == pytest.approx(200 / (100 * 5))


def test_a_value_is_a_number_or_has_a_reason() -> None:
    for wrong in ((1.0, "why"), (math.nan, ""), (math.inf, ""), (math.inf, "why")):
        with pytest.raises(ValueError, match="a number or has a reason"):
            Value(*wrong)


@pytest.mark.parametrize("shape", [1.0, 6.0])
def test_the_mean_with_cut_off_widths_is_right_where_the_plain_one_is_too_small(
    shape: float,
) -> None:
    rng = np.random.default_rng(0)
    whole, ends = [], []
    for _ in range(3000):
        slits = rng.gamma(shape, 1 / shape, 40).cumsum() - rng.uniform(12, 13)
        slits = slits[(slits > 0) & (slits < 6)]
        if len(slits):
            whole += list(np.diff(slits))
            ends += [slits[0], 6 - slits[-1]]
    assert np.mean(whole) < 0.97
    assert censored_mean(whole, ends) == pytest.approx(1.0, abs=0.02)


def test_a_mean_that_ends_in_a_cut_off_width_is_a_lower_bound_and_says_so() -> None:
    for scale, name in ((TEN_NM, "fpw_censored_mean_nm"), (None, "fpw_censored_mean_px")):
        cut = MEASURES[name].of(measured([level()], on(100, 130), scale))
        assert cut.note.startswith("At least so much")
        whole = MEASURES[name].of(measured([level()], on(100, 900), scale))
        assert whole.is_known
        assert not whole.note
    assert censored_mean([1.0], [3.0]) == pytest.approx(1 + 2 / 3)
    assert censored_mean([1.0, 3.0], []) == 2.0
    assert math.isnan(censored_mean([], [3.0]))


@pytest.mark.parametrize("unit", ["um", "px"])
def test_the_length_of_no_line_is_not_nought_but_has_a_reason(unit: str) -> None:
    length = MEASURES[f"membrane_length_{unit}"]
    found = length.of(measured([], on(5)))
    assert not found.is_known
    assert found.why == why.NO_MEMBRANE
    assert length.of(by_hand()).is_known
