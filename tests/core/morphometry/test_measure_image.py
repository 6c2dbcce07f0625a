"""From a stripe and slits to measures."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.morphometry import MEASURES, measure_image
from tests.core.morphometry.drawn import TEN_NM

STRIPE = np.zeros((200, 400), np.bool_)
STRIPE[97:104] = True


@pytest.mark.parametrize("membrane", [STRIPE, STRIPE * 0.9])
def test_slits_on_a_stripe_are_measured_from_border_to_border(membrane: np.ndarray) -> None:
    result = measure_image(membrane, [5, 6, 7], [[100, 50], [98, 90], [103, 200]], scale=TEN_NM)
    assert result.intervals.kind.tolist() == ["border", "measured", "measured", "border"]
    assert MEASURES["fpw_mean_nm"].of(result).value == pytest.approx(750, rel=1e-3)
    assert MEASURES["membrane_length_um"].of(result).value == pytest.approx(4, rel=0.01)
    assert result.scale is TEN_NM


def test_an_image_without_membrane_has_words_and_no_nan() -> None:
    result = measure_image(np.zeros((50, 50)), [1], [[5, 5]], scale=TEN_NM)
    assert result.paths == ()
    assert MEASURES["n_off_line"].of(result).value == 1
    assert MEASURES["fpw_mean_nm"].of(result).why == "There is no membrane line in this image."


def test_what_lines_have_to_say_is_passed_on() -> None:
    full = measure_image(np.ones((300, 300), np.bool_), [], [], scale=TEN_NM)
    assert full.notices


def test_an_excluded_stretch_splits_the_line() -> None:
    area = [[90, 100.5], [110, 100.5], [110, 150.5], [90, 150.5]]
    result = measure_image(STRIPE, [1], [[100, 120]], scale=TEN_NM, excluded=[area])
    assert len(result.paths) == 2
    assert result.excluded_px == pytest.approx(50, rel=1e-3)
    assert result.slits.is_excluded.tolist() == [True]
