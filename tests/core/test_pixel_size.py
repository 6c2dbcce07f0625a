"""Units, plausibility and pixels that are not square."""

from __future__ import annotations

import math

import pytest

from napari_slitseg.core.pixel_size import PixelSize, believable, nm_per_unit, pixel_size


@pytest.mark.parametrize(
    ("unit", "nm"),
    [
        ("nm", 1),
        ("NM", 1),
        (" nm\x00", 1),
        ("nanometer", 1),
        ("pm", 1e-3),
        ("A", 0.1),
        ("Å", 0.1),
        ("\u212b", 0.1),
        ("angstrom", 0.1),
        ("µm", 1e3),
        ("\u03bcm", 1e3),
        ("\\u00B5m", 1e3),
        ("um", 1e3),
        ("micron", 1e3),
        ("mm", 1e6),
        ("cm", 1e7),
        ("m", 1e9),
        ("inch", 2.54e7),
    ],
)
def test_units_of_length(unit, nm):
    assert nm_per_unit(unit) == pytest.approx(nm, rel=1e-12)


@pytest.mark.parametrize("unit", ["pixel", "pixels", "", "s", "1/nm", "furlong", "null"])
def test_no_length(unit):
    assert nm_per_unit(unit) is None
    assert pixel_size(1, 1, unit, "x") is None


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf])
def test_impossible_sizes(bad):
    assert pixel_size(bad, 2, "nm", "x") is None
    assert pixel_size(2, bad, "nm", "x") is None


def test_geometric_mean_and_notice():
    square, nearly, oblong = (PixelSize(y, 4.0, "x") for y in (4.0, 4.03, 9.0))
    assert square.isotropic_nm == 4
    assert square.notices == nearly.notices == ()
    assert oblong.isotropic_nm == 6
    assert "9 nm high, 4 nm wide" in oblong.notices[0]
    assert "6 nm" in oblong.notices[0]


@pytest.mark.parametrize("nm", [0.05, 0.2, 10, 999.9])
def test_believable(nm):
    size = PixelSize(nm, nm, "x")
    assert believable(size) == (size, ())


@pytest.mark.parametrize("nm", [0.049, 1000, 352_778])
def test_not_believable(nm):
    size, notices = believable(PixelSize(nm, nm, "OME-XML"))
    assert size is None
    assert "OME-XML" in notices[0]
    assert "unknown" in notices[0]


def test_nothing_stated():
    assert believable(None) == (None, ())
