"""Lengths of lines against formulas, at every pixel size, wherever a line ends."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.membrane import stripe_of
from napari_slitseg.core.morphometry import MeasureSettings, membrane_paths

SETTINGS = MeasureSettings()
WIDTH_NM = 88.0
EVERY_NM = pytest.mark.parametrize("nm", [3.0, 5.0, 10.0, 20.0])


def stripe(line_nm, side_nm, nm):
    """The stripe around a line (K, 2), nm, in a field (height, width), nm."""
    shape = tuple(round(side / nm) for side in side_nm)
    return stripe_of([np.asarray(line_nm) / nm], shape, WIDTH_NM / nm)


def visible_px(line_nm, shape, nm):
    """Length of the part whose places lie between the centres of the outermost pixels, px."""
    yx = np.asarray(line_nm) / nm
    steps = np.hypot(*np.diff(yx, axis=0).T)
    middle = (yx[1:] + yx[:-1]) / 2
    return steps[((middle >= 0) & (middle <= np.array(shape) - 1)).all(axis=1)].sum()


def straight(middle, angle_deg, half, count=2):
    along = np.array([np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg))])
    return np.asarray(middle) + np.linspace(-half, half, count)[:, None] * along


@EVERY_NM
@pytest.mark.parametrize("radius_nm", [300.0, 500.0, 1000.0])
def test_a_circle_is_one_loop_as_long_as_its_circumference(nm, radius_nm) -> None:
    turn = np.linspace(0, 2 * np.pi, 1000)
    ring = 1.3 * radius_nm + radius_nm * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    (path,) = membrane_paths(stripe(ring, [2.6 * radius_nm] * 2, nm), SETTINGS, nm).paths
    assert path.is_closed
    assert path.length_px * nm == pytest.approx(2 * np.pi * radius_nm, rel=0.003)
