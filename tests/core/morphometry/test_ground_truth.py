"""Length, width and density against membranes of which they are known; more in experiments/."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.membrane import stripe_of
from napari_slitseg.core.morphometry import (
    MEASURES,
    ImageMeasures,
    dots_map,
    measure_fpw_dl_v1,
    measure_image,
    to_fpw_dl_v1_frame,
)
from napari_slitseg.core.simulate import SceneOptions, simulate

FIELD_NM = 4000.0
STRIPE_NM = 90.0
T = np.linspace(-1, 1, 20_001)
CORNERS = slice(None, None, 40)
TURN = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])

SHAPES: dict[str, np.ndarray] = {
    "straight": np.stack([0 * T, 4000 * T], axis=1),
    "wave": np.stack([300 * np.sin(4000 * T / 400), 4000 * T], axis=1),
    "closed": np.stack([1100 * np.sin(np.pi * T), 1600 * np.cos(np.pi * T)], axis=1),
}


def steps(line: np.ndarray) -> np.ndarray:
    return np.asarray(np.hypot(*np.diff(line, axis=0).T))


class Known:
    """A line in a field with slits on it, nm, and what there is to measure in view."""

    def __init__(self, shape: str, *, effaced: bool = False, seed: int = 0) -> None:
        dice = np.random.default_rng(seed)
        line = SHAPES[shape] @ TURN.T + FIELD_NM / 2
        arc = np.concatenate([[0.0], np.cumsum(steps(line))])
        widths = np.where(effaced & (np.arange(60) % 4 == 2), 1400.0, 350.0)
        at = np.cumsum(widths * np.exp(dice.normal(0, 0.2, 60)))
        at = at[at < arc[-1] - 150]
        slits = np.stack([np.interp(at, arc, axis) for axis in line.T], axis=1)
        self.is_loop = shape == "closed"
        self.line, self.arc, self.slits, self.at = line, arc, slits, at

    def in_view(self, nm: float, yx: np.ndarray) -> np.ndarray:
        """Which places lie between the centres of the outermost pixels."""
        last = (self.side(nm) - 1) * nm
        return np.asarray(((yx >= 0) & (yx <= last)).all(axis=1))

    @staticmethod
    def side(nm: float) -> int:
        return round(FIELD_NM / nm)

    def measured(self, nm: float, gap_nm: float = 0.0) -> tuple[ImageMeasures, dict[str, float]]:
        """Measure the stripe, with a gap where the line is in the middle of what is seen."""
        seen, slits = self.in_view(nm, self.line), self.in_view(nm, self.slits)
        membrane = stripe_of([self.line[CORNERS] / nm], (self.side(nm),) * 2, STRIPE_NM / nm)
        if gap_nm:
            middle = int(np.median(np.flatnonzero(seen)))
            away = np.abs(self.arc - self.arc[middle])
            hole = self.line[away < (gap_nm - STRIPE_NM) / 2]
            membrane &= ~stripe_of([hole[CORNERS] / nm], membrane.shape, 1.1 * STRIPE_NM / nm)
        measures = measured(membrane, self.slits[slits] / nm, nm)
        at = self.at[slits]
        widths = np.diff(at, append=at[0] + self.arc[-1]) if self.is_loop else np.diff(at)
        length = steps(self.line)[seen[1:] & seen[:-1]].sum()
        return measures, {
            "membrane_length_um": length / 1000,
            "slit_density_per_um": len(at) / length * 1000,
            "fpw_mean_nm": widths.mean(),
        }


def measured(membrane: Any, slits: np.ndarray, nm: float) -> ImageMeasures:
    return measure_image(membrane, np.arange(len(slits)), slits, scale=Scale(nm, "typed", "known"))


GOALS = {"membrane_length_um": 0.01, "slit_density_per_um": 0.02, "fpw_mean_nm": 0.02}


def is_right(measures: ImageMeasures, true: dict[str, float]) -> bool:
    """Whether length is within 1 %, width and density within 2 %."""
    return all(
        MEASURES[name].of(measures).value == pytest.approx(true[name], rel=share)
        for name, share in GOALS.items()
    )


@pytest.mark.parametrize("nm", [4.0, 10.0, 20.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_whole_membranes_are_measured_rightly(shape: str, nm: float) -> None:
    assert is_right(*Known(shape).measured(nm))


@pytest.mark.parametrize("nm", [5.0, 20.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_broken_membranes_are_measured_rightly(shape: str, nm: float) -> None:
    measures, true = Known(shape).measured(nm, gap_nm=350.0)
    assert MEASURES["joined_um"].of(measures).value > 0.2
    assert is_right(measures, true)


@pytest.mark.parametrize("nm", [5.0, 20.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_effaced_membranes_are_measured_rightly(shape: str, nm: float) -> None:
    measures, true = Known(shape, effaced=True, seed=1).measured(nm)
    assert MEASURES["effaced_fraction"].of(measures).value > 0.2
    assert is_right(measures, true)


@pytest.mark.parametrize("nm", [10.0, 20.0])
def test_simulated_micrographs_are_measured_rightly(nm: float) -> None:
    """Widths are of slits in view on the same run; the truth's runs end one step off the border."""
    side = round(4800 / nm)
    scene = simulate(7, SceneOptions((side, side), pixel_size_nm=nm, capillaries=2))
    length = sum(steps(line).sum() for line in scene.membrane_lines) * nm / 1000
    measures = measured(scene.membrane, scene.slits, nm)
    assert MEASURES["membrane_length_um"].of(measures).value == pytest.approx(length, rel=0.01)
    assert MEASURES["n_slits"].of(measures).value == len(scene.slits) > 5


def test_the_old_rules_find_wider_feet_on_oblique_lines() -> None:
    """As told in `fpw_dl_v1`."""
    nm = 10.0
    known = Known("straight")
    membrane = stripe_of([known.line[CORNERS] / nm], (known.side(nm),) * 2, STRIPE_NM / nm)
    seen = known.slits[known.in_view(nm, known.slits)] / nm
    true = np.diff(known.at[known.in_view(nm, known.slits)]).mean()
    maps = (membrane, dots_map(seen, membrane.shape))
    old = measure_fpw_dl_v1(*(to_fpw_dl_v1_frame(each, pixel_size_nm=nm) for each in maps))
    assert old.fpw_px is not None
    assert 1.04 < old.fpw_px * 16 / true < 1.1
