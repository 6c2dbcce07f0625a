"""The published tool's rules: its own numbers on maps made here, and the traps in them.

Figures marked "the tool's own" were computed once by the tool itself (najafian-lab/fpw-dl-v1 at
f3d17f4 with OpenCV 3.4.18 and mahotas 1.4) on the same maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from napari_slitseg.core.morphometry import (
    FPW_DL_V1_COLUMNS,
    MEASURES,
    FpwDlV1Image,
    dots_map,
    fpw_dl_v1_file_row,
    fpw_dl_v1_folder_row,
    measure_fpw_dl_v1,
    to_fpw_dl_v1_frame,
)

SHAPE = (300, 320)
Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
RING = np.hypot(Y - 150, X - 160) - 100
RAMP = np.tan(np.pi / 8)


def band(*distances: np.ndarray, half: float = 3) -> np.ndarray:
    """Return a membrane map: 255 where one of the distances is small."""
    return np.where((np.abs(np.stack(distances)) <= half).any(axis=0), 255, 0).astype(np.uint8)


def dots(*places: tuple[int, int]) -> np.ndarray:
    """Return a slit map with squares of 5 x 5 px."""
    slits = np.zeros(SHAPE, np.uint8)
    for y, x in places:
        slits[y - 2 : y + 3, x - 2 : x + 3] = 255
    return slits


def old(membrane: Any, *places: tuple[int, int]) -> FpwDlV1Image:
    return measure_fpw_dl_v1(membrane, dots(*places))


def wave(x: float) -> int:
    return int(150 + 40 * np.sin(x / 30))


@pytest.mark.parametrize(
    ("membrane", "places", "lengths", "n_slits", "widths"),
    [
        (band(Y - 150), [(150, 40), (150, 140), (150, 290)], [313.41], 3, [100, 150.41]),
        (
            band(Y - 150 - 40 * np.sin(X / 30)),
            [(wave(x), x) for x in range(20, 310, 25)],
            [451.83],
            12,
            [31.21, 29.85, 40.65, 39.36, 28.73, 31.33, 42.36, 37.23, 27.49, 34.41, 42.65],
        ),
        (
            band((Y - 100 - (X - 160) * RAMP) * np.cos(np.pi / 8)),
            [(round(100 + (x - 160) * RAMP), x) for x in (40, 140, 240)],
            [374.09],
            3,
            [117.69, 116.69],
        ),
        (
            band(Y - 100, Y - 120, half=2),
            [(109, 60), (109, 160), (119, 100), (121, 200), (100, 260)],
            [314.41, 314.41],
            5,
            [40, 60.41, 40],
        ),
        (
            band(Y - 150, np.where(Y < 150, X - 160, 99)),
            [(150, 60), (150, 260), (80, 160)],
            [151.41, 302.49],
            3,
            [167.07],
        ),
    ],
    ids=["straight", "sine", "oblique", "two lines", "branch"],
)
def test_figures_are_the_tools_own(
    membrane: np.ndarray,
    places: Sequence[tuple[int, int]],
    lengths: Sequence[float],
    n_slits: int,
    widths: Sequence[float],
) -> None:
    image = old(membrane, *places)
    assert image.n_slits == n_slits
    np.testing.assert_allclose(image.lengths_px, lengths, atol=0.006)
    np.testing.assert_allclose(image.all_widths_px, widths, atol=0.006)


def test_two_slits_on_a_straight_line_are_as_far_apart_as_they_are() -> None:
    image = old(band(Y - 150), (150, 40), (150, 140))
    assert image.fpw_px == 100
    np.testing.assert_allclose(image.covered_px, [100])
    assert image.attachment_px == 100


def test_an_oblique_line_is_too_long_by_its_steps() -> None:
    image = old(band((Y - 100 - (X - 160) * RAMP) * np.cos(np.pi / 8)))
    true = np.hypot(*(image.lines[0][-1] - image.lines[0][0]))
    assert 1.07 < image.membrane_px / true < 1.09


def test_slits_between_two_lines_go_to_the_line_walked_along_first() -> None:
    """Four of five slits, though two are nearer to the other line, which is left with one."""
    lower, upper = old(
        band(Y - 100, Y - 120, half=2), (109, 60), (109, 160), (119, 100), (121, 200), (100, 260)
    ).slits
    assert len(lower) == 4
    assert len(upper) == 1


def test_a_dot_far_from_every_line_counts_but_gives_no_width() -> None:
    near = old(band(Y - 150), (150, 100), (150, 250))
    far = old(band(Y - 150), (150, 100), (150, 250), (20, 200))
    assert (near.n_slits, far.n_slits) == (2, 3)
    np.testing.assert_array_equal(near.all_widths_px, far.all_widths_px)


def test_a_line_with_one_slit_gives_nothing_so_the_mean_is_low_where_it_is_effaced() -> None:
    image = old(band(Y - 50, Y - 250), (50, 100), (50, 200), (250, 160))
    assert len(image.lines) == 2
    assert image.fpw_px == pytest.approx(100.41, abs=0.01)
    assert image.membrane_px / image.n_slits > 200


def test_a_ring_has_no_ends_and_so_no_line() -> None:
    image = old(band(RING), (50, 160), (250, 160))
    assert (len(image.lines), image.n_slits, image.fpw_px) == (0, 0, None)
    assert image.attachment_px is None


def test_a_line_inside_a_loop_is_not_seen() -> None:
    square = np.maximum(np.abs(Y - 150), np.abs(X - 160)) - 120
    inner = np.where(np.abs(X - 160) < 80, Y - 150, 99)
    alone = old(band(inner), (150, 120), (150, 200))
    inside = old(band(inner, square), (150, 120), (150, 200))
    assert alone.fpw_px == pytest.approx(80, abs=0.5)
    assert not len(inside.all_widths_px)


def test_a_gap_is_bridged_up_to_150_px() -> None:
    def gap(width: float) -> FpwDlV1Image:
        membrane = np.where(np.abs(X - 160) < width / 2, 0, band(Y - 150))
        return old(membrane.astype(np.uint8), (150, 60), (150, 260))

    assert gap(60).fpw_px == pytest.approx(200, rel=0.03)
    assert gap(156).fpw_px is None


def test_branches_are_cut() -> None:
    image = old(band(Y - 150, np.where(Y < 150, X - 160, 99)), (150, 60), (150, 260), (80, 160))
    assert len(image.lines) == 2


@pytest.mark.parametrize(
    ("side", "grey", "n"),
    [(2, 255, 0), (3, 255, 1), (10, 255, 1), (11, 255, 0), (5, 65, 0), (5, 66, 1)],
    ids=["too small", "smallest", "largest", "too large", "at one level", "at two levels"],
)
def test_which_dots_are_slits(side: int, grey: int, n: int) -> None:
    slits = np.zeros(SHAPE, np.uint8)
    slits[150 : 150 + side, 160 : 160 + side] = grey
    image = measure_fpw_dl_v1(band(Y - 150), slits)
    assert image.n_slits == len(image.dots) == n


@pytest.mark.parametrize(("grey", "n_lines"), [(25, 0), (26, 1)])
def test_the_membrane_is_brighter_than_25(grey: int, n_lines: int) -> None:
    membrane = np.where(band(Y - 150) > 0, grey, 0).astype(np.uint8)
    assert len(measure_fpw_dl_v1(membrane, dots()).lines) == n_lines


def test_masks_and_probabilities_are_read_as_8_bits() -> None:
    membrane, slits = band(Y - 150), dots((150, 40), (150, 140))
    assert measure_fpw_dl_v1(membrane > 0, slits > 0).fpw_px == 100
    for kind in (np.float32, np.float64):
        as_share = (membrane / 255).astype(kind), (slits / 255).astype(kind)
        assert measure_fpw_dl_v1(*as_share).fpw_px == 100


@pytest.mark.parametrize(
    "membrane",
    [np.zeros((4, 4, 2)), np.zeros((0, 3)), np.full((4, 4), 2.0), np.full((4, 4), np.nan)],
    ids=["three axes", "empty", "beyond 1", "not a number"],
)
def test_what_is_no_map_is_refused(membrane: np.ndarray) -> None:
    with pytest.raises(ValueError, match="map must"):
        measure_fpw_dl_v1(membrane, np.zeros((4, 4), np.uint8))


def test_maps_of_different_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"same size, not \(4, 4\) and \(4, 5\)"):
        measure_fpw_dl_v1(np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8))


def test_a_folder_is_averaged_over_images_or_over_widths() -> None:
    wide = old(band(Y - 150), (150, 60), (150, 260))
    narrow = old(band(Y - 150), *[(150, x) for x in range(60, 261, 20)])
    empty = old(band(Y - 150))
    by_image = fpw_dl_v1_folder_row([wide, narrow, empty])
    pooled = fpw_dl_v1_folder_row([wide, narrow, empty], use_file_average=False)
    assert by_image["Average FPW"] == pytest.approx((200 + 20) / 2, abs=0.5)
    assert by_image["STD FPW"] == pytest.approx(90, abs=0.5)
    assert pooled["Average FPW"] == pytest.approx((200 + 10 * 20) / 11, abs=0.5)
    for row in (by_image, pooled):
        assert row["Average File Slit Count"] == pytest.approx((2 + 11 + 0) / 3)
        assert row["Fraction FPW"] == pytest.approx(row["Membrane Length"] / 13)
        assert row["Average Attachment"] == pytest.approx((200 + 200 + 0) / 3, abs=0.5)


def test_what_the_tool_writes_where_it_has_no_width() -> None:
    empty = old(band(Y - 150))
    row = fpw_dl_v1_folder_row([empty])
    assert (row["Average FPW"], row["STD FPW"]) == (-1, -1)
    assert row["Fraction FPW"] == -row["Membrane Length"] < 0
    assert fpw_dl_v1_file_row(empty)["Distances"] == -1
    assert fpw_dl_v1_folder_row([])["Average FPW"] == -1


def test_every_column_has_a_meaning_and_its_figure_exists() -> None:
    rows = {**fpw_dl_v1_folder_row([]), **fpw_dl_v1_file_row(old(band(Y - 150)))}
    assert set(rows) < set(FPW_DL_V1_COLUMNS)
    for name, column in FPW_DL_V1_COLUMNS.items():
        assert column.meaning.strip().endswith("."), name
        assert not column.ours or column.ours in MEASURES, name


def test_the_frame_is_that_of_the_tool() -> None:
    """10 px of the micrograph are 6.25 px of the frame, along both axes."""
    membrane = np.zeros((1104, 1024), np.bool_)
    membrane[500:510] = True
    slits = dots_map([[504, 160], [504, 480]], membrane.shape)
    image = measure_fpw_dl_v1(to_fpw_dl_v1_frame(membrane), to_fpw_dl_v1_frame(slits))
    assert to_fpw_dl_v1_frame(membrane).shape == (690, 640)
    assert image.fpw_px == pytest.approx(320 / 1.6, abs=0.5)
    assert image.lines[0][:, 0].mean() == pytest.approx(504.5 / 1.6, abs=1)


def test_the_frame_can_be_reached_from_another_pixel_size() -> None:
    membrane = np.zeros((500, 500), np.bool_)
    membrane[240:246] = True
    slits = dots_map([[243, 100], [243, 260]], membrane.shape, width_px=4)
    image = measure_fpw_dl_v1(
        *(to_fpw_dl_v1_frame(m, pixel_size_nm=16.0) for m in (membrane, slits))
    )
    assert image.fpw_px == pytest.approx(160, abs=1)


def test_the_frame_keeps_values_and_cuts_what_lies_beyond() -> None:
    large = np.full((1200, 1100), 200, np.uint8)
    large[1104:] = large[:, 1024:] = 17
    assert (to_fpw_dl_v1_frame(large) == 200).all()
    small = to_fpw_dl_v1_frame(np.full((552, 512), 200, np.uint8))
    assert (small[:340, :315] == 200).all()
    assert not small[350:].any()
    assert not small[:, 325:].any()
