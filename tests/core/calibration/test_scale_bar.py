"""Scale bars are found to a fraction of a pixel, and their labels understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from napari_slitseg.core.calibration import (
    ScaleBar,
    find_scale_bar,
    parse_length,
    scale_from_bar,
    snap_to_bar,
)
from napari_slitseg.core.image import read_image
from napari_slitseg.core.simulate import SceneOptions, simulate

SNIDER = Path(__file__).parents[4] / "shared/data/podocyte_tem/images/snider_A1_0024.png"


@pytest.fixture(scope="module")
def tissue() -> np.ndarray:
    return simulate(3, SceneOptions(shape=(480, 640))).image


def _with_bar(
    image: np.ndarray, start: float, length: float, *, grey: float, top: int = 440, thick: int = 6
) -> np.ndarray:
    """Draw a bar whose ends fall between pixels, each pixel by the share that is covered."""
    drawn = image.astype(float)
    x = np.arange(image.shape[1])
    covered = np.clip(x + 0.5 - start, 0, 1) - np.clip(x + 0.5 - start - length, 0, 1)
    rows = drawn[top : top + thick]
    drawn[top : top + thick] = rows + covered * (grey - rows)
    return np.round(drawn).astype(image.dtype)


@pytest.mark.parametrize("grey", [0, 255])
@pytest.mark.parametrize("banner", [None, 128, "other"])
@pytest.mark.parametrize(("start", "length"), [(40.0, 200.0), (37.3, 151.6)])
def test_a_bar_on_tissue_or_a_banner_is_the_first_found(
    tissue: np.ndarray, grey: int, banner: int | str | None, start: float, length: float
) -> None:
    image = tissue.copy()
    if banner is not None:
        image[420:] = 255 - grey if banner == "other" else banner
    best = find_scale_bar(_with_bar(image, start, length, grey=grey))[0]
    rough = 0.15 if banner == "other" else 0.6
    assert best.length_px == pytest.approx(length, abs=rough)
    assert best.start == pytest.approx((442.5, start), abs=rough)
    assert (best.is_bright, best.thickness_px) == (grey == 255, 6)


def test_a_bar_with_ticks_outline_and_label_is_found(tissue: np.ndarray) -> None:
    image = tissue.copy()
    image[430:450, 30:32] = image[430:450, 230:232] = 255
    image[438:442, 30:232] = 255
    best = find_scale_bar(image)[0]
    assert best.length_px == pytest.approx(202, abs=0.5)
    outlined = tissue.copy()
    outlined[436:446, 28:234] = 255
    outlined[438:444, 30:232] = 0
    outlined[418:430, 60:70] = outlined[418:430, 80:84] = 255
    assert find_scale_bar(outlined)[0].length_px == pytest.approx(202, abs=0.1)


def test_a_blurred_bar_in_16_bits_is_found(tissue: np.ndarray) -> None:
    deep = 1000 + 10 * tissue.astype(np.uint16)
    image = ndimage.gaussian_filter(_with_bar(deep, 100.0, 300.0, grey=65535), 0.7)
    assert find_scale_bar(image)[0].length_px == pytest.approx(300, abs=0.6)


def test_a_bar_at_the_very_border_is_found(tissue: np.ndarray) -> None:
    image = _with_bar(tissue, 0.5, 120.0, grey=255, top=474)
    assert find_scale_bar(image)[0].length_px == pytest.approx(120, abs=1)


def test_no_bar_where_there_is_none(tissue: np.ndarray) -> None:
    empty = (tissue, np.zeros((100, 100)), np.full((64, 64), np.nan), np.zeros((4, 4)))
    for image in empty:
        assert find_scale_bar(image) == ()
    boxed = tissue.copy()
    boxed[440:470, 100:300] = 255
    boxed[446:464, 106:294:7] = 0
    boxed[446:464, 107:294:7] = 0
    assert all(bar.score < 0.5 for bar in find_scale_bar(boxed))


def test_a_line_snaps_to_the_bar_beside_it_only(tissue: np.ndarray) -> None:
    image = _with_bar(tissue, 40.0, 200.0, grey=255)
    near = snap_to_bar(image, (446.0, 244.0), (441.0, 37.0))
    assert isinstance(near, ScaleBar)
    assert near.length_px == pytest.approx(200, abs=0.6)
    assert snap_to_bar(image, (446.0, 200.0), (441.0, 37.0)) is None
    assert snap_to_bar(image, (100.0, 40.0), (100.0, 240.0)) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 µm", (2.0, "µm")),
        ("2um", (2.0, "um")),
        ("500 nm", (500.0, "nm")),
        (" 0,5 \u03bcm ", (0.5, "\u03bcm")),
        (".2 microns", (0.2, "microns")),
    ],
)
def test_labels_are_understood(text: str, wanted: tuple[float, str]) -> None:
    assert parse_length(text) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no length"),
        ("2", "is no length"),
        ("µm", "is no length"),
        ("-2 µm", "is no length"),
        ("1,000.5 nm", "is no length"),
        ("2 parsec", "'parsec' is no unit"),
        ("0 nm", "longer than 0 nm"),
    ],
)
def test_other_labels_are_refused_with_an_example(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        parse_length(text)
    assert "2 µm" in str(refused.value)


def test_length_and_label_make_a_scale_with_its_source_and_uncertainty() -> None:
    scale = scale_from_bar(241.0, 2, "µm")
    assert scale.nm_per_px == pytest.approx(2000 / 241)
    assert (scale.kind, scale.source) == ("scale bar", "scale bar of 2 µm, 241.0 px")
    assert scale.relative_uncertainty == pytest.approx(np.sqrt(2) / 241)
    assert scale_from_bar(241.0, 2, "µm", image="a.tif").source.endswith("241.0 px in a.tif")
    assert scale_from_bar(100, 500, "nm", end_px=0.5).relative_uncertainty == pytest.approx(
        np.sqrt(0.5) / 100
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0.2, 2, "µm"), "Mark its left"),
        ((float("nan"), 2, "µm"), "Mark its left"),
        ((100, 0, "µm"), "positive length"),
        ((100, 2, "furlong"), "is no unit"),
        ((100, 2, "mm"), "Check the length and its unit"),
    ],
)
def test_what_makes_no_scale_is_refused(arguments: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        scale_from_bar(*arguments)


def test_the_bar_of_a_real_micrograph_is_found() -> None:
    if not SNIDER.is_file():
        pytest.skip("The real micrographs are not on this machine.")
    best = find_scale_bar(read_image(SNIDER).pixels)[0]
    scale = scale_from_bar(best.length_px, *parse_length("2 µm"))
    assert scale.nm_per_px == pytest.approx(8.1, rel=0.01)
