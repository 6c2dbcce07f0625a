"""Claims: what a map says, where, and how surely."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_slitseg.core.detection.peaks import find_peaks as detect
from napari_slitseg.core.losses.claims import Claims, Reading, read_claims
from napari_slitseg.core.losses.peaks import Peaks, find_peaks, partners
from napari_slitseg.core.losses.probes import SIDE, field_of, scattered
from tests.core.losses.fields import black_and_white, dotted, yx

SURE = Reading()


def claimed(logits: Tensor, points: list[Tensor], reading: Reading = SURE) -> Claims:
    return read_claims(logits, points, reading)


def places(claims: Claims, image: int = 0) -> list[tuple[float, float]]:
    return [tuple(each) for each in claims.yx[image][claims.real[image]].tolist()]


def test_peaks_are_those_of_the_detector() -> None:
    rng = np.random.default_rng(3)
    truth = scattered(30, rng, spacing_px=7)
    logits = torch.from_numpy(field_of(truth))[None, None]
    found = find_peaks(torch.sigmoid(logits), floor=0.03, most=256)
    expected = detect(torch.sigmoid(logits)[0, 0].double().numpy(), threshold=0.03)
    near = np.rint(expected.yx)
    assert sorted(found.yx[0][found.real[0]].tolist()) == sorted(near.tolist())


def test_only_the_highest_peaks_are_kept() -> None:
    logits = torch.cat([dotted([(6, 6)]), dotted([(6, 18)], high=2)], dim=0)
    both = torch.maximum(logits[:1], logits[1:])
    found = find_peaks(torch.sigmoid(both), floor=0.03, most=1)
    assert found.yx.tolist() == [[[6, 6]]]


def test_a_flat_map_has_no_peak_and_equal_neighbours_have_one() -> None:
    flat = torch.full((1, 1, 9, 9), 0.7)
    assert not find_peaks(flat, floor=0.03, most=4).real.any()
    pair = torch.sigmoid(dotted([(8, 8.5)]))
    assert int(find_peaks(pair, floor=0.03, most=9).real.sum()) == 1


def test_partners_are_one_to_one_and_within_reach() -> None:
    peaks = Peaks(
        torch.tensor([[[5.0, 5], [5, 9], [20, 20]]]),
        torch.tensor([[1.0, 1.0, 0.1]]),
        torch.tensor([[True, True, True]]),
    )
    points = torch.tensor([[[5.0, 8], [5, 12], [20, 26]]])
    real = torch.tensor([[True, True, True]])

    def table(reach_px: float, near_px: float) -> list[int]:
        found = partners(peaks, points, real, reach_px=reach_px, near_px=near_px)
        return [int(each) for each in found[0]]

    assert table(10, 4) == [0, 1, -1]
    assert table(10, 6) == [0, 1, 2]
    assert table(2, 0) == [-1, 0, -1]
    nobody = torch.zeros_like(real)
    assert partners(peaks, points, nobody, reach_px=9, near_px=9).tolist() == [[-1, -1, -1]]


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.4), (0.5, 0.5), (-0.2, 0.1)])
def test_positions_are_sub_pixel(shift: tuple[float, float]) -> None:
    centre = (11 + shift[0], 13 + shift[1])
    [found] = places(claimed(dotted([centre]), yx(centre)))
    assert found == pytest.approx(centre, abs=0.05)


def test_black_and_white_maps_are_certain() -> None:
    logits = black_and_white([(6, 7), (15, 17)])
    claims = claimed(logits, yx((6, 8), (15, 17)))
    assert claims.exists[0].tolist() == pytest.approx([1, 1, 0, 0], abs=1e-12)
    assert sorted(places(claims)) == [(6, 7), (15, 17)]
    assert float(claims.unclaimed) < 1e-12


def test_a_missed_annotation_gets_a_seed_where_it_is() -> None:
    claims = claimed(dotted([(6, 7)]), yx((6, 7), (15.3, 17.8)), Reading(reach_px=5))
    assert places(claims)[1] == pytest.approx((15.3, 17.8), abs=0.1)
    assert float(claims.exists[0, 2]) == pytest.approx(1 / (1 + np.exp(5)), rel=0.2)
    assert claims.partner[0].tolist() == [0, -1, 1]


def test_a_certain_peak_moves_where_a_doubtful_one_makes_way_for_a_seed() -> None:
    point, reading = yx((12, 18)), Reading(reach_px=20)
    moved = claimed(dotted([(12, 8)]), point, reading)
    seeded = claimed(dotted([(12, 8)], high=-2), point, reading)
    assert int(moved.real.sum()) == 1
    assert int(seeded.real.sum()) == 2


@pytest.mark.parametrize(("reach_px", "n_claims"), [(4.0, 1), (3.0, 1), (2.0, 2), (0.0, 2)])
def test_no_peak_moves_farther_than_its_reach(reach_px: float, n_claims: int) -> None:
    claims = claimed(dotted([(12, 10)]), yx((12, 13)), Reading(reach_px=reach_px))
    assert int(claims.real.sum()) == n_claims


def test_more_slits_than_the_usual_number_of_peaks_are_peaks() -> None:
    grid = [(4.0 + 4 * i, 4.0 + 4 * j) for i in range(20) for j in range(20)]
    claims = claimed(black_and_white(grid, (84, 84), radius_px=1), yx(*grid))
    assert int(claims.real[0, : claims.real.shape[1] - len(grid)].sum()) == len(grid)
    assert float(claims.exists.sum()) == pytest.approx(len(grid))


def test_two_slits_in_one_blob_are_one_claim() -> None:
    points = yx((12, 10), (12, 14))
    merged = claimed(dotted([(12, 12)], sigma_px=3), points)
    apart = claimed(dotted([(12, 10), (12, 14)], sigma_px=1), points)
    assert sorted(merged.exists[0][merged.real[0]].tolist())[0] < 0.2
    assert sorted(apart.exists[0][apart.real[0]].tolist())[0] > 0.98


def test_overlapping_windows_share_out_their_pixels() -> None:
    points = yx((12, 10), (12, 14))
    claims = claimed(dotted([(12, 10), (12, 14)], sigma_px=1.2), points)
    assert sorted(places(claims)) == [pytest.approx(p, abs=0.2) for p in [(12, 10), (12, 14)]]


def test_mass_outside_all_windows_is_unclaimed() -> None:
    flat = torch.zeros(1, 1, 9, 11, dtype=torch.float64)
    disc = sum(y * y + x * x <= 3.5**2 for y in range(-3, 4) for x in range(-3, 4))
    assert float(claimed(flat, yx()).unclaimed) == pytest.approx(99 / 2 / 11.34)
    assert float(claimed(flat, yx((4, 5))).unclaimed) == pytest.approx((99 - disc) / 2 / 11.34)


def test_images_of_a_batch_do_not_touch_each_other() -> None:
    one, other = dotted([(6, 7), (15, 17)]), dotted([(9, 9)])
    batch = torch.cat([one, other])
    points = [*yx((6, 8), (15, 17)), *yx()]
    together = claimed(batch, points)
    alone = [claimed(each[None], [p]) for each, p in zip(batch, points, strict=True)]
    for image, single in enumerate(alone):
        assert places(together, image) == places(single)
        assert float(together.unclaimed[image]) == pytest.approx(float(single.unclaimed))
    assert together.number.tolist() == [2, 0]


def test_a_field_of_the_probes_has_a_claim_for_each_dot() -> None:
    truth = scattered(40, np.random.default_rng(0), spacing_px=9)
    logits = torch.from_numpy(field_of(truth))[None, None].double()
    claims = claimed(logits, [torch.from_numpy(truth)])
    found = claims.yx[0][claims.real[0]]
    partner = claims.partner[0][claims.real[0]]
    assert len(found) == 40
    error = (found - torch.from_numpy(truth)[partner]).norm(dim=1)
    assert float(error.max()) < 0.06
    assert logits.shape[-1] == SIDE
