"""Blobs of whole maps: scores, thresholds, borders, blocks of lazy arrays."""

from __future__ import annotations

import subprocess
import sys

import dask.array
import numpy as np
import pytest
import torch
import zarr
from scipy.spatial.distance import cdist

from napari_slitseg.core.detection import DETECTORS, find, select
from napari_slitseg.core.detection.blobs import find_dog, find_doh, find_log
from napari_slitseg.core.detection.components import find_components
from napari_slitseg.core.detection.peaks import candidates
from napari_slitseg.core.detection.scale_space import blob_dog, blob_doh, blob_log
from tests.core.detection.dots import disc, discs, gaussian, in_order, speckled

FIND = {"log": find_log, "dog": find_dog, "doh": find_doh}
BLOBS = pytest.mark.parametrize("find_blobs", FIND.values(), ids=FIND)
EVERY = {"peaks": candidates, **FIND, "components": find_components}
DETECT = pytest.mark.parametrize("detect", EVERY.values(), ids=EVERY)
CENTRES = np.array([[20, 20], [20, 60], [50, 30], [60, 71]])
BUSY = speckled(np.random.default_rng(5), (150, 130), noise=0.12).astype(np.float32)
BUSY[70:100, 20:60] = 1.0
BUSY[5, 7] = np.nan


def kept(found, threshold=0.5):
    return select(found, threshold=threshold, min_distance_px=3.0)


class TestDots:
    @DETECT
    @pytest.mark.parametrize("radius_px", [1.5, 1.9, 2.3, 4.0])
    def test_are_found_where_they_are(self, detect, radius_px):
        found = kept(detect(discs(CENTRES, radius_px)))
        np.testing.assert_allclose(in_order(found.yx), CENTRES, rtol=0, atol=1e-3)
        assert found.score.tolist() == [1.0] * 4

    @BLOBS
    @pytest.mark.parametrize("height", [1.0, 0.3])
    def test_faint_slits_are_found_by_default(self, find_blobs, height):
        found = find_blobs(discs(CENTRES, 1.9, height))
        np.testing.assert_allclose(in_order(found.yx), CENTRES, rtol=0, atol=1e-3)
        np.testing.assert_allclose(found.score, height, atol=1e-6)

    @BLOBS
    def test_the_default_ends_with_gaussian_dots_of_a_fifth(self, find_blobs):
        assert len(find_blobs(gaussian((30, 30), 2.0, height=0.35))) == 1
        assert len(find_blobs(gaussian((30, 30), 2.0, height=0.17))) == 0

    @DETECT
    def test_two_dots_4_px_apart(self, detect):
        if detect is find_components:
            pytest.skip("regions that touch are one")
        rng, resolved = np.random.default_rng(2), 0
        for angle in np.linspace(0, np.pi, 20):
            first = rng.uniform(28, 32, 2)
            second = first + 4 * np.array([np.sin(angle), np.cos(angle)])
            found = detect(discs([first, second], 1.9, shape=(61, 61)))
            both = cdist([first, second], found.yx[:2]).min(axis=1).max() < 1
            resolved += both and len(found) == 2
        assert resolved >= (15 if detect is find_doh else 18)

    def test_a_line_is_no_dot_to_the_determinant(self):
        y, x = np.indices((60, 60))
        stripe = np.exp(-((y - 0.6 * x - 12) ** 2) / 6)
        assert len(find_doh(stripe)) <= 2 < 10 < len(find_log(stripe))

    def test_pits_are_none(self):
        assert len(find_doh(1 - 0.8 * gaussian((30, 30), 2.0))) == 0


class TestScore:
    @BLOBS
    def test_is_the_probability_and_the_threshold_keeps_to_it(self, find_blobs):
        dots = np.maximum(discs(CENTRES[:2], 1.9, 0.75), discs(CENTRES[2:], 1.9, 0.5))
        found = find_blobs(dots)
        assert found.score.tolist() == [0.75, 0.75, 0.5, 0.5]
        np.testing.assert_allclose(in_order(found.yx[:2]), CENTRES[:2], atol=0.01)
        assert len(kept(found, 0.75)) == 2
        assert len(kept(found, 0.76)) == 0

    @BLOBS
    def test_equal_scores_are_ordered_by_response(self, find_blobs):
        dots = np.maximum(gaussian((20, 20), 1.0), disc((40, 40), 1.9))
        assert find_blobs(dots).yx.round().tolist() == [[40, 40], [20, 20]]

    @DETECT
    def test_range_survives_rounding(self, detect):
        assert detect(1.0005 * disc((20, 20), 3)).score.tolist() == [1.0]


class TestSettings:
    @BLOBS
    def test_a_higher_response_finds_fewer(self, find_blobs):
        default = 0.0025 if find_blobs is find_doh else 0.1
        counts = [len(find_blobs(BUSY, response=k * default)) for k in (0.3, 1, 3)]
        assert counts[0] > counts[1] > counts[2] > 0

    @BLOBS
    def test_the_stricter_response_counts(self, find_blobs):
        dots = np.maximum(disc((20, 20), 1.9), disc((40, 40), 1.9, height=0.4))
        assert len(find_blobs(dots)) == 2
        assert len(find_blobs(dots, relative_response=0.1)) == 2
        assert find_blobs(dots, relative_response=0.5).yx.round().tolist() == [[20, 20]]
        assert len(find_blobs(dots, response=10.0, relative_response=0.1)) == 0

    @BLOBS
    def test_more_overlap_keeps_more(self, find_blobs):
        counts = [len(find_blobs(BUSY, overlap=part)) for part in (0.0, 1.0)]
        assert counts[0] < counts[1]

    @BLOBS
    def test_scales_choose_the_size(self, find_blobs):
        large, small = disc((30, 30), 8.0), disc((30, 30), 1.9)
        strict = {"response": 0.02 if find_blobs is find_doh else 0.3}
        assert len(find_blobs(large, max_sigma_px=7.0, **strict)) == 1
        assert len(find_blobs(small, min_sigma_px=5.0, max_sigma_px=7.0, **strict)) == 0

    @pytest.mark.parametrize("find_blobs", [find_log, find_doh])
    def test_number_and_spacing_of_scales(self, find_blobs):
        dot = gaussian((30, 30), 2.0)
        response = 0.96 / 16 if find_blobs is find_doh else 0.98 / 2
        fine = {"n_sigma": 13, "response": response}
        assert len(find_blobs(dot, **fine)) == 1
        assert len(find_blobs(dot, **{**fine, "n_sigma": 2})) == 0
        three = {**fine, "n_sigma": 3}
        assert [len(find_blobs(dot, **three, log_scale=each)) for each in (False, True)] == [0, 1]

    def test_ratio_of_scales(self):
        dot = gaussian((30, 30), 1.9)
        assert len(find_dog(dot, sigma_ratio=1.05, response=0.47)) == 1
        assert len(find_dog(dot, sigma_ratio=3.5, response=0.47)) == 0

    @DETECT
    def test_border(self, detect):
        dots = discs([(6, 20), (20, 36)], 1.9, shape=(41, 41))
        assert len(kept(detect(dots, border_px=3.9))) == 2
        np.testing.assert_allclose(kept(detect(dots, border_px=5)).yx, [[6, 20]], atol=0.05)
        assert len(kept(detect(dots, border_px=6.5))) == 0

    def test_narrow_gaussians_are_as_wide_as_the_grid_can_show(self):
        assert len(find_log(np.full((20, 20), 1.0), min_sigma_px=0.1, max_sigma_px=0.2)) == 0
        dot = disc((10, 10), 1.0, (21, 21))
        np.testing.assert_allclose(find_log(dot, min_sigma_px=0.1).yx, [[10, 10]], atol=0.01)

    @pytest.mark.parametrize("find_blobs", [find_log, find_doh])
    def test_a_range_of_one_scale_finds_a_dot_once(self, find_blobs):
        """On coarse grids all Gaussians may be narrower than the grid can show."""
        dot = disc((10, 10), 1.0, (21, 21))
        for sigma_px in (0.2, 1.0):
            one = {"min_sigma_px": sigma_px, "max_sigma_px": sigma_px}
            assert len(find_blobs(dot, **one, overlap=1.0)) == 1

    @BLOBS
    @pytest.mark.parametrize(
        "wrong",
        [
            {"min_sigma_px": 0.0},
            {"min_sigma_px": 5.0},
            {"overlap": 1.5},
            {"response": -1.0},
            {"relative_response": -0.1},
            {"border_px": -1.0},
            {"block_px": 0},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    def test_refusals(self, find_blobs, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            find_blobs(np.zeros((4, 4)), **wrong)


class TestBlocks:
    @BLOBS
    @pytest.mark.parametrize("more", [{}, {"relative_response": 0.5}, {"overlap": 0.05}])
    def test_same_as_whole(self, find_blobs, more):
        whole = find_blobs(BUSY, block_px=1000, **more)
        assert len(whole) > 5
        for block_px in (17, 64, 149):
            parts = find_blobs(BUSY, block_px=block_px, **more)
            np.testing.assert_allclose(parts.yx, whole.yx, rtol=0, atol=1e-4)
            np.testing.assert_array_equal(parts.score, whole.score)

    @pytest.mark.parametrize(
        ("name", "on_tensors"), [("log", blob_log), ("dog", blob_dog), ("doh", blob_doh)]
    )
    def test_same_as_on_tensors(self, name, on_tensors):
        image = torch.from_numpy(np.nan_to_num(BUSY))[None]
        extra = {"dog": {}, "log": {"num_sigma": 7}, "doh": {"num_sigma": 7, "bright_only": True}}
        threshold = 0.0025 if name == "doh" else 0.1
        wide = {"min_sigma": 1, "max_sigma": 4, "threshold": threshold}
        expected = on_tensors(image, **wide, **extra[name])[0]
        found = FIND[name](BUSY, block_px=40)
        np.testing.assert_allclose(in_order(found.yx), in_order(expected.yx), rtol=0, atol=1e-4)

    @DETECT
    def test_lazy_and_half_precision_maps(self, detect, tmp_path):
        image = BUSY.astype(np.float16)
        stored = np.memmap(tmp_path / "map", np.float16, "w+", shape=image.shape)
        stored[:] = image
        compressed = zarr.array(image, chunks=(32, 40))
        expected = detect(image)
        assert len(expected) > 3
        for other in (stored, dask.array.from_array(image, chunks=33), compressed):
            np.testing.assert_allclose(detect(other, block_px=50).yx, expected.yx, atol=1e-4)

    @DETECT
    def test_reads_no_more_than_a_block_and_its_halo(self, detect):
        sizes = []

        class Watched:
            shape = BUSY.shape

            def __getitem__(self, key):
                sizes.append(BUSY[key].shape)
                return BUSY[key]

        detect(Watched(), block_px=20)
        assert np.max(sizes) <= 20 + 2 * 17 + 2
        assert len(sizes) == 8 * 7

    @BLOBS
    def test_a_wide_halo_is_not_read_again_for_every_small_block(self, find_blobs):
        sizes = []

        class Watched:
            shape = (300, 310)

            def __getitem__(self, key):
                sizes.append(np.zeros(self.shape)[key].size)
                return np.zeros(self.shape)[key]

        find_blobs(Watched(), block_px=20, max_sigma_px=40.0)
        assert sum(sizes) < 10 * 300 * 310

    @DETECT
    def test_whoever_gives_the_map_can_stop(self, detect):
        class Stopped:
            shape = (100, 100)

            def __getitem__(self, key):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            detect(Stopped())


@DETECT
class TestEdges:
    @pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (1, 7), (2, 3), (30, 41)])
    @pytest.mark.parametrize("value", [0.0, 0.3, 1.0, np.nan])
    def test_nothing_in_nothing(self, detect, shape, value):
        if detect is find_components and value == 1 and all(shape):
            pytest.skip("one region")
        found = detect(np.full(shape, value))
        assert len(found) == 0
        assert found.yx.shape == (0, 2)

    def test_one_row(self, detect):
        found = kept(detect(gaussian((0, 30), 2.0, (1, 61))))
        if detect is find_doh:  # no curvature along y
            assert len(found) == 0
            return
        np.testing.assert_allclose(found.yx, [[0, 30]], atol=0.01)

    def test_unknown_pixels_hold_nothing(self, detect):
        dots = discs(CENTRES, 1.9)
        dots[:40] = np.nan
        found = kept(detect(dots))
        np.testing.assert_allclose(in_order(found.yx), CENTRES[2:], atol=0.01)
        assert np.isnan(dots[:40]).all()

    def test_dots_cut_by_the_edge(self, detect):
        for yx in ((0, 20), (40, 40), (20, 0)):
            found = kept(detect(disc(yx, 1.9, (41, 41))))
            assert len(found) == 1
            assert np.all((found.yx >= 0) & (found.yx <= 40))
            assert np.hypot(*(found.yx[0] - yx)) < 1.2

    def test_maps_that_are_none(self, detect):
        with pytest.raises(ValueError, match="two-dimensional"):
            detect(np.zeros((1, 4, 4)))
        with pytest.raises(ValueError, match=r"rows 0:4.*sigmoid"):
            detect(np.full((4, 4), -3.0))


class TestTable:
    @pytest.mark.parametrize("name", DETECTORS)
    def test_find_takes_lengths_in_nm(self, name):
        dots = discs(2 * CENTRES, 3.8, shape=(160, 180))
        found = find(DETECTORS[name](), dots, pixel_size_nm=5.0)
        found = select(found, threshold=0.5, min_distance_px=6)
        np.testing.assert_allclose(in_order(found.yx), 2 * CENTRES, atol=0.01)

    @pytest.mark.parametrize("name", DETECTORS)
    def test_defaults_of_spec_and_function_are_the_same_at_10_nm(self, name):
        by_spec = find(DETECTORS[name](), BUSY, pixel_size_nm=10.0)
        by_function = EVERY[name](BUSY)
        np.testing.assert_array_equal(by_spec.yx, by_function.yx)
        np.testing.assert_array_equal(by_spec.score, by_function.score)

    def test_what_is_needed_to_compute_is_loaded_late(self):
        code = (
            "import sys, napari_slitseg.core.detection as d; d.DETECTORS['log'](); "
            "sys.exit('torch' in sys.modules or 'skimage' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
