"""Blob detectors on tensors: scikit-image's blobs one for one, and better where it is wrong."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import skimage.feature
import skimage.feature.blob
import torch
from scipy import ndimage
from skimage.feature import peak_local_max

from napari_slitseg.core.detection.pruning import shared_part, without_overlap
from napari_slitseg.core.detection.responses import determinants, differences, laplacians
from napari_slitseg.core.detection.scale_maxima import find_maxima
from napari_slitseg.core.detection.scale_space import blob_dog, blob_doh, blob_log
from napari_slitseg.core.detection.separable import radius_px
from tests.core.detection.dots import disc, discs, gaussian, in_order, speckled

SIZES = [(24, 31), (40, 40), (9, 50), (33, 20), (5, 6), (48, 30), (1, 20), (17, 16)]
DETECTORS = {"log": blob_log, "dog": blob_dog, "doh": blob_doh}
ALL = pytest.mark.parametrize("name", DETECTORS)
SLITS = {"min_sigma": 1.0, "max_sigma": 4.0}
LOW = {"log": 0.1, "dog": 0.1, "doh": 0.0025}
SCALES = {"log": {"num_sigma": 7}, "dog": {}, "doh": {"num_sigma": 7}}


def one(name, image, **settings):
    """The blobs of one image, with settings for slits unless told otherwise."""
    defaults = {**SLITS, **SCALES[name], "threshold": LOW[name]}
    return DETECTORS[name](torch.from_numpy(image)[None], **{**defaults, **settings})[0]


def rows(blobs):
    return {(y, x, round(s, 9)) for (y, x), s in zip(blobs.yx.tolist(), blobs.sigma, strict=True)}


def random_settings(rng, k):
    return {
        "min_sigma": float(rng.choice([0.7, 1, 1.5])),
        "max_sigma": float(rng.choice([3, 4, 6])),
        "threshold": (0.01, 0.05, 0.1, 0.2, None)[int(rng.integers(5))],
        "threshold_rel": (None, 0.1, 0.4)[k % 3],
        "overlap": float(rng.choice([0, 0.1, 0.5, 0.9, 1])),
        "exclude_border": (0, 2, (1, 3))[int(rng.integers(3))],
    }


class TestAgainstScikitImage:
    def test_250_random_maps_blob_for_blob(self):
        rng, n_blobs, n_single = np.random.default_rng(1), 0, 0
        for k in range(250):
            image = speckled(rng, SIZES[k % len(SIZES)], noise=rng.choice([0.02, 0.2]))
            common = random_settings(rng, k)
            log = {"num_sigma": int(rng.choice([1, 3, 7])), "log_scale": bool(k % 2)}
            dog = {"sigma_ratio": float(rng.choice([1.3, 1.6, 2]))}
            for name, own in (("log", log), ("dog", dog)):
                settings = {**common, **own}
                expected = getattr(skimage.feature, f"blob_{name}")(image, **settings)
                found = one(name, image, refine=False, **settings)
                wanted = {(y, x, round(s, 9)) for y, x, s in expected}
                assert rows(found) == wanted, (k, name, settings)
                assert len(found) == len(expected)
                n_blobs += len(found)
                if k % 5 == 0:
                    single = one(name, image.astype(np.float32), refine=False, **settings)
                    n_single += rows(single) == wanted
        assert n_blobs > 2500
        assert n_single >= 97  # of 100

    @pytest.mark.parametrize("shape", [(40, 57), (5, 7), (1, 1), (1, 30), (16, 32)])
    def test_responses_are_those_of_scipy(self, shape):
        images = np.random.default_rng(0).random((2, *shape))
        sigmas = np.linspace(0.7, 4, 6)
        log = laplacians(torch.from_numpy(images), sigmas).numpy()
        dog = differences(torch.from_numpy(images), sigmas, 1.6).numpy()
        doh = determinants(torch.from_numpy(images), sigmas, bright_only=False).numpy()
        for (i, sigma), (k, image) in itertools.product(enumerate(sigmas), enumerate(images)):
            d2 = -(sigma**2) * ndimage.gaussian_laplace(image, sigma)
            np.testing.assert_allclose(log[i, :, :, k].T, d2, rtol=0, atol=1e-13)
            yy, xx, yx = (
                ndimage.gaussian_filter(image, sigma, order) for order in ((2, 0), (0, 2), (1, 1))
            )
            expected = sigma**4 * (yy * xx - yx**2)
            np.testing.assert_allclose(doh[i, :, :, k].T, expected, rtol=0, atol=1e-12)
            if i:
                here = ndimage.gaussian_filter(image, sigmas[i - 1])
                drop = (here - ndimage.gaussian_filter(image, sigma)) / 0.6
                np.testing.assert_allclose(dog[i - 1, :, :, k].T, drop, rtol=0, atol=1e-13)

    @pytest.mark.parametrize("shape", [(40, 57), (5, 7), (1, 1), (1, 30)])
    @pytest.mark.parametrize("sigma", [9.0, 40.0, 300.0])
    def test_gaussians_wider_than_the_image(self, shape, sigma):
        image = np.random.default_rng(0).random(shape)
        found = laplacians(torch.from_numpy(image)[None], np.array([1.0, sigma])).numpy()
        for i, each in enumerate((1.0, sigma)):
            expected = -(each**2) * ndimage.gaussian_laplace(image, each)
            np.testing.assert_allclose(found[i, :, :, 0].T, expected, rtol=0, atol=1e-12)
        slopes = determinants(torch.from_numpy(image)[None], np.array([sigma]), bright_only=False)
        yy, xx, yx = (
            ndimage.gaussian_filter(image, sigma, order) for order in ((2, 0), (0, 2), (1, 1))
        )
        expected = sigma**4 * (yy * xx - yx**2)
        np.testing.assert_allclose(slopes[0, :, :, 0].numpy().T, expected, rtol=0, atol=1e-12)

    @pytest.mark.parametrize("levels", [2, 3, 6, 1000])
    @pytest.mark.parametrize("shape", [(7, 12, 11), (1, 9, 9), (3, 1, 8), (2, 1, 1), (1, 1, 1)])
    def test_maxima_are_those_of_peak_local_max_with_all_ties(self, shape, levels):
        rng = np.random.default_rng(levels)
        for threshold in (-1.0, 0.0, 0.4):
            cube = rng.integers(0, levels, shape) / levels
            expected = peak_local_max(
                cube.transpose(1, 2, 0),
                threshold_abs=threshold,
                exclude_border=False,
                footprint=np.ones((3, 3, 3)),
            )
            found = find_maxima(
                torch.from_numpy(cube.transpose(0, 2, 1).copy())[..., None], threshold
            )
            got = np.column_stack([found.yx, found.scale])
            np.testing.assert_array_equal(got, expected.reshape(-1, 3))

    @pytest.mark.parametrize("value", [0.0, 0.5])
    def test_a_cube_without_relief_has_no_maxima(self, value):
        assert len(find_maxima(torch.full((3, 4, 5, 1), value), -1.0).scale) == 0

    def test_pruning_is_scikit_images(self):
        rng = np.random.default_rng(4)
        for k in range(60):
            n = int(rng.integers(1, 80))
            yx = rng.integers(0, 25, (n, 2)).astype(float)
            sigma = rng.choice([1, 1.5, 2, 2.5, 4], n)
            overlap = float(rng.choice([0, 0.01, 0.3, 0.5, 0.8, 1]))
            kept = without_overlap(yx, sigma, overlap)
            blobs = np.column_stack([yx, sigma])
            expected = skimage.feature.blob._prune_blobs(blobs.copy(), overlap)
            np.testing.assert_array_equal(blobs[kept], expected, err_msg=str(k))

    def test_shared_part_of_two_discs(self):
        """By counting points of a fine grid."""
        y, x = np.meshgrid(*[np.linspace(-9, 9, 1801)] * 2, indexing="ij")
        for distance, s1, s2 in (
            (3.0, 2.0, 1.5),
            (4.5, 2.0, 2.0),
            (1.0, 2.0, 1.0),
            (9.0, 1.0, 2.0),
        ):
            first = y**2 + x**2 <= 2 * s1**2
            second = y**2 + (x - distance) ** 2 <= 2 * s2**2
            counted = (first & second).sum() / min(first.sum(), second.sum())
            part = shared_part(np.zeros((1, 2)), np.array([[0, distance]]), *np.array([[s1], [s2]]))
            assert part[0] == pytest.approx(counted, abs=2e-3)


class TestPosition:
    @ALL
    @pytest.mark.parametrize("sigma_px", [1.0, 1.5, 2.0, 3.0, 4.0])
    def test_gaussian_dots_between_pixels(self, name, sigma_px):
        centres = np.random.default_rng(2).uniform(28, 32, (60, 2))
        images = torch.from_numpy(np.array([gaussian(yx, sigma_px) for yx in centres]))
        settings = {**SLITS, **SCALES[name], "max_sigma": 5.0, "threshold": LOW[name]}
        exact = DETECTORS[name](images, **settings)
        whole = DETECTORS[name](images, refine=False, **settings)
        assert {len(each) for each in exact} == {1}
        offset = np.hypot(*(np.array([each.yx[0] for each in exact]) - centres).T)
        coarse = np.hypot(*(np.array([each.yx[0] for each in whole]) - centres).T)
        assert offset.max() < 0.1
        assert offset.mean() < 0.04 < 0.3 < coarse.mean()

    @ALL
    @pytest.mark.parametrize("radius_px", [1.9, 3.0, 4.0])
    def test_discs_between_pixels(self, name, radius_px):
        for yx in np.random.default_rng(3).uniform(28, 32, (20, 2)):
            found = one(name, disc(yx, radius_px, finer=8))
            assert len(found) == 1
            assert np.hypot(*(found.yx[0] - yx)) < 0.1

    @ALL
    def test_turned_ovals(self, name):
        y, x = np.indices((41, 41)) - np.array([20.3, 19.6])[:, None, None]
        along, across = (y + x) / 2**0.5, (y - x) / 2**0.5
        oval = np.exp(-(along**2) / 14 - across**2 / 6)
        np.testing.assert_allclose(one(name, oval).yx, [[20.3, 19.6]], atol=0.1)

    @pytest.mark.parametrize("name", ["log", "doh"])
    @pytest.mark.parametrize("log_scale", [False, True])
    def test_size_between_scales(self, name, log_scale):
        for sigma_px in (1.7, 2.3, 3.1):
            image = gaussian((30, 30), sigma_px)
            exact = one(name, image, log_scale=log_scale, max_sigma=5.0)
            whole = one(name, image, log_scale=log_scale, max_sigma=5.0, refine=False)
            assert exact.sigma[0] == pytest.approx(sigma_px, abs=0.3)
            assert abs(exact.sigma[0] - sigma_px) <= abs(whole.sigma[0] - sigma_px) + 0.15
            assert exact.sigma[0] != whole.sigma[0]

    @ALL
    def test_refining_changes_no_choice(self, name):
        image = speckled(np.random.default_rng(8), (60, 50))
        exact, whole = one(name, image), one(name, image, refine=False)
        assert len(exact) == len(whole) > 1
        np.testing.assert_array_equal(exact.response, whole.response)
        assert np.abs(exact.yx - whole.yx).max() <= 0.75
        assert np.all((exact.yx >= 0) & (exact.yx <= [59, 49]))

    @ALL
    @pytest.mark.parametrize("yx", [(0, 20), (40, 40), (20, 0), (40, 13)])
    def test_dots_at_the_edge_stay_inside(self, name, yx):
        found = one(name, gaussian(yx, 1.6, (41, 41)))
        assert len(found) == 1
        assert np.all((found.yx >= 0) & (found.yx <= 40))
        assert np.hypot(*(found.yx[0] - yx)) < 0.6

    def test_responses_at_the_centre_of_a_dot(self):
        dot = gaussian((30, 30), 2.0, height=0.8)
        assert one("log", dot).response[0] == pytest.approx(0.8 / 2, rel=0.01)
        assert one("doh", dot).response[0] == pytest.approx(0.64 / 16, rel=0.01)


class TestDeterminantOfScikitImage:
    """`blob_doh` of scikit-image is off by a pixel, and wrong below 0."""

    CENTRES = np.array([[20, 20], [20, 60], [50, 30], [60, 71]])

    def theirs(self, image):
        settings = {**SLITS, **SCALES["doh"], "threshold": LOW["doh"]}
        return skimage.feature.blob_doh(image, **settings)[:, :2]

    @pytest.mark.parametrize("radius_px", [1.5, 1.9, 2.3, 4.0])
    def test_discs(self, radius_px):
        dots = discs(self.CENTRES, radius_px)
        np.testing.assert_allclose(in_order(self.theirs(dots)), self.CENTRES - 1, atol=0.5)
        assert np.all(in_order(self.theirs(dots)) < self.CENTRES)
        ours = one("doh", dots, refine=False, bright_only=True).yx
        np.testing.assert_array_equal(in_order(ours), self.CENTRES)
        exact = one("doh", dots, bright_only=True).yx
        np.testing.assert_allclose(in_order(exact), self.CENTRES, atol=1e-6)

    @pytest.mark.parametrize(("sigma_px", "shift_px"), [(1.2, 1.0), (1.9, 0.5), (3.0, 0.5)])
    def test_gaussian_dots(self, sigma_px, shift_px):
        centres = np.random.default_rng(3).uniform(20, 40, (60, 2))
        images = np.array([gaussian(yx, sigma_px) for yx in centres])
        theirs = np.array([self.theirs(image)[0] for image in images]) - centres
        np.testing.assert_allclose(theirs.mean(axis=0), -shift_px, atol=0.12)
        ours = np.array([one("doh", image).yx[0] for image in images]) - centres
        np.testing.assert_allclose(ours.mean(axis=0), 0, atol=0.01)

    def test_a_constant_moves_nothing_also_below_zero(self):
        dots = discs(self.CENTRES, 1.9)
        lowered = one("doh", dots - 2, bright_only=True)
        np.testing.assert_allclose(in_order(lowered.yx), self.CENTRES, atol=1e-3)
        assert len(self.theirs(dots)) == 4
        assert len(self.theirs(dots - 2)) != 4

    def test_pits_are_found_unless_only_bright_blobs_are_wanted(self):
        pit = 1 - gaussian((30, 31), 2)
        np.testing.assert_allclose(one("doh", pit).yx, [[30, 31]], atol=1e-3)
        assert len(one("doh", pit, bright_only=True)) == 0


class TestSettings:
    IMAGE = speckled(np.random.default_rng(12), (70, 80), noise=0.15)

    @ALL
    def test_higher_thresholds_find_fewer_of_the_same(self, name):
        low, high = (rows(one(name, self.IMAGE, threshold=k * LOW[name])) for k in (1, 3))
        assert high < low

    @ALL
    def test_the_stricter_threshold_counts(self, name):
        best = one(name, self.IMAGE).response[0]
        for absolute, relative in ((0.5 * best, 0.2), (0.2 * best, 0.5)):
            found = one(name, self.IMAGE, threshold=absolute, threshold_rel=relative, overlap=1.0)
            expected = one(name, self.IMAGE, threshold=0.5 * best, overlap=1.0)
            assert rows(found) == rows(expected)

    def test_each_image_has_its_own_relative_threshold(self):
        pair = torch.from_numpy(
            np.stack([gaussian((20, 20), 2), gaussian((20, 20), 2, height=0.1)])
        )
        found = blob_log(pair, **SLITS, threshold=0.0, threshold_rel=0.5)
        assert [len(each) for each in found] == [1, 1]

    @ALL
    def test_more_overlap_keeps_more(self, name):
        near = self.IMAGE + discs([(20, 20), (20, 24), (24, 22)], 1.9, shape=(70, 80))
        counts = [len(one(name, near, overlap=part)) for part in (0.0, 0.3, 1.0)]
        assert counts[0] < counts[2]
        assert counts == sorted(counts)

    @ALL
    def test_the_border_is_excluded(self, name):
        inner = one(name, self.IMAGE, overlap=1.0, refine=False, exclude_border=(6, 11))
        everything = one(name, self.IMAGE, overlap=1.0, refine=False)
        y, x = everything.yx.T
        inside = (y >= 6) & (y < 64) & (x >= 11) & (x < 69)
        np.testing.assert_array_equal(inner.yx, everything.yx[inside])
        assert len(inner) < len(everything)

    @ALL
    def test_scales_choose_the_size(self, name):
        large, small = disc((30, 30), 7.0), disc((30, 30), 1.9)
        kept = {"threshold": 4 * LOW[name]}
        assert one(name, large, max_sigma=6.0, **kept).sigma[0] > 3
        assert len(one(name, small, min_sigma=5.0, max_sigma=8.0, **kept)) == 0

    @pytest.mark.parametrize("name", ["log", "doh"])
    def test_more_scales_tell_the_size_better(self, name):
        dot = gaussian((30, 30), 2.6)
        error = [abs(one(name, dot, num_sigma=n, refine=False).sigma[0] - 2.6) for n in (2, 4, 31)]
        assert error[0] > error[1] > error[2]

    def test_scales_by_ratios_are_denser_below(self):
        dot = gaussian((30, 30), 1.3)
        by_step, by_ratio = (
            one("log", dot, num_sigma=5, refine=False, log_scale=ratio).sigma[0]
            for ratio in (False, True)
        )
        assert abs(by_ratio - 1.3) < abs(by_step - 1.3)

    def test_a_smaller_ratio_means_more_scales(self):
        dot = gaussian((30, 30), 2.6)
        sigma = [one("dog", dot, sigma_ratio=r, refine=False).sigma[0] for r in (1.05, 3.0)]
        assert abs(sigma[0] - 2.6) < abs(sigma[1] - 2.6)

    @ALL
    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"min_sigma": 0.0}, "min_sigma"),
            ({"min_sigma": 5.0}, "min_sigma"),
            ({"overlap": 1.1}, "overlap"),
            ({"exclude_border": -1}, "exclude_border"),
            ({"exclude_border": (1, 2, 3)}, "exclude_border"),
        ],
    )
    def test_refusals(self, name, settings, words):
        with pytest.raises(ValueError, match=words):
            one(name, np.zeros((4, 4)), **settings)

    def test_refusals_of_scales_and_shapes(self):
        with pytest.raises(ValueError, match="num_sigma"):
            one("log", np.zeros((4, 4)), num_sigma=0)
        with pytest.raises(ValueError, match="sigma_ratio"):
            one("dog", np.zeros((4, 4)), sigma_ratio=1.0)
        with pytest.raises(ValueError, match=r"\(B, H, W\)"):
            blob_log(torch.zeros(4, 4))


class TestTensors:
    @ALL
    def test_a_batch_is_its_images(self, name):
        rng = np.random.default_rng(6)
        images = np.stack([speckled(rng, (40, 50)) for _ in range(3)] + [np.zeros((40, 50))])
        settings = {**SLITS, **SCALES[name], "threshold": LOW[name]}
        together = DETECTORS[name](torch.from_numpy(images), **settings)
        assert len(together) == 4
        assert len(together[3]) == 0
        for image, found in zip(images, together, strict=True):
            alone = one(name, image)
            assert len(alone) == len(found)
            np.testing.assert_allclose(found.yx, alone.yx, atol=1e-9)
            assert np.all(np.diff(found.response) <= 0)

    @ALL
    def test_large_batches_go_in_parts(self, name, monkeypatch):
        rng = np.random.default_rng(6)
        images = torch.from_numpy(np.stack([speckled(rng, (30, 20)) for _ in range(5)]))
        settings = {**SLITS, **SCALES[name], "threshold": LOW[name]}
        whole = DETECTORS[name](images, **settings)
        monkeypatch.setattr("napari_slitseg.core.detection.scale_space._CUBE_LIMIT", 10_000)
        for part, each in zip(DETECTORS[name](images, **settings), whole, strict=True):
            np.testing.assert_allclose(part.yx, each.yx, atol=1e-9)

    @ALL
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_any_precision(self, name, dtype):
        dot = torch.from_numpy(gaussian((30.3, 29.6), 2.0))[None].to(dtype)
        settings = {**SLITS, **SCALES[name], "threshold": LOW[name]}
        with torch.autocast("cpu"):
            found = DETECTORS[name](dot.requires_grad_(), **settings)[0]
        np.testing.assert_allclose(found.yx, [[30.3, 29.6]], atol=0.1)
        assert found.response.dtype == found.sigma.dtype == np.float64

    @ALL
    @pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 3), (16, 16)])
    @pytest.mark.parametrize("value", [0.0, 0.4, 1.0, np.nan])
    def test_nothing_in_nothing(self, name, shape, value):
        assert len(one(name, np.full(shape, value))) == 0

    @ALL
    @pytest.mark.parametrize("shape", [(0, 5, 5), (2, 0, 5), (1, 4, 0)])
    def test_no_pixels(self, name, shape):
        assert [len(each) for each in DETECTORS[name](torch.zeros(shape))] == [0] * shape[0]

    @ALL
    def test_unknown_pixels_count_as_zero_and_stay(self, name):
        image = gaussian((45, 45), 2.0)
        image[:30] = np.nan
        np.testing.assert_allclose(one(name, image).yx, [[45, 45]], atol=1e-3)
        assert np.isnan(image[:30]).all()

    @ALL
    def test_saturated_dots_are_one_blob_each(self, name):
        centres = np.array([[20, 20], [20, 60], [50, 30], [60, 70]])
        bright = {"bright_only": True} if name == "doh" else {}
        for size_px in (3.0, 5.0):
            found = one(name, discs(centres, size_px), max_sigma=6.0, **bright)
            np.testing.assert_allclose(in_order(found.yx), centres, atol=0.05)

    def test_blobs_cannot_be_changed(self):
        found = one("log", gaussian((30, 30), 2))
        with pytest.raises(ValueError, match="read-only"):
            found.yx[0, 0] = 1


def test_kernels_end_where_those_of_scipy_do():
    impulse = np.zeros(101)
    impulse[50] = 1
    for sigma in (0.7, 1, 1.13, 2.4, 4):
        reached = np.flatnonzero(ndimage.gaussian_filter1d(impulse, sigma))
        assert radius_px(sigma) == 50 - reached[0]
