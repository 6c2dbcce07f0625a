"""Every example is seen equally often, and patches favour slits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_slitseg.core.training.sampling import draw_middle, number_of_example
from tests.core.training.made import changed, drawn, example, many, noise

LARGE = (2000, 2000)


def numbers(n_examples, indices, seed=0, epoch=0):
    return [number_of_example(n_examples, seed, epoch, index) for index in indices]


def empty(shape=LARGE):
    return example(np.broadcast_to(np.float32(0), shape))


def with_slits(yx, shape=LARGE):
    return replace(empty(shape), slits_yx=np.reshape(np.asarray(yx, float), (-1, 2)))


# --- which example ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_examples", [1, 2, 7])
def test_every_example_is_drawn_equally_often(n_examples):
    for n_patches in (n_examples, 5 * n_examples, 5 * n_examples + 1):
        counts = np.bincount(numbers(n_examples, range(n_patches)), minlength=n_examples)
        assert counts.sum() == n_patches
        assert np.ptp(counts) <= (n_patches % n_examples > 0)


def test_the_order_is_another_in_every_turn_epoch_and_seed():
    first = numbers(20, range(20))
    others = (
        numbers(20, range(20, 40)),
        numbers(20, range(20), epoch=1),
        numbers(20, range(20), seed=1),
    )
    assert len({tuple(order) for order in (first, *others)}) == 4
    assert all(sorted(order) == list(range(20)) for order in others)


def test_no_example_comes_first_more_often_than_others():
    firsts = [number_of_example(4, 0, epoch, 0) for epoch in range(400)]
    assert np.bincount(firsts).min() > 60


# --- where in it -----------------------------------------------------------------------------


@pytest.mark.parametrize("slit_share", [0.0, 0.3, 0.8, 1.0])
def test_as_many_patches_as_asked_for_lie_around_a_slit(slit_share):
    patches = many(with_slits([(1000, 900)]), changed(slit_share=slit_share), n=300, patch_px=32)
    share = np.mean([len(patch.slits_yx) > 0 for patch in patches])
    assert share == pytest.approx(slit_share, abs=0.08)


def test_a_slit_is_anywhere_in_the_inner_part_of_its_patches():
    patches = many(with_slits([(1000, 900)]), changed(slit_share=1.0, rotation=True), n=400)
    yx = np.concatenate([patch.slits_yx for patch in patches])
    assert len(yx) == 400
    assert yx.min(axis=0) == pytest.approx([8, 8], abs=1.5)
    assert yx.max(axis=0) == pytest.approx([55, 55], abs=1.5)
    np.testing.assert_allclose(yx.mean(axis=0), 31.5, atol=2)
    np.testing.assert_allclose(yx.std(axis=0), 48 / np.sqrt(12), rtol=0.1)


def test_every_slit_has_its_patches():
    yx = [(200 + 150 * i, 300 + 140 * i) for i in range(10)]
    seen = np.zeros(10)
    for index in range(200):
        rng = np.random.default_rng(index)
        middle = draw_middle(rng, with_slits(yx), 1.0, np.eye(2), 64)
        seen[np.argmin(np.hypot(*(np.array(yx) - middle).T))] += 1
    assert seen.min() > 8


@pytest.mark.parametrize("place", [(2, 2), (3, 250), (497, 497), (250, 496)])
def test_patches_around_a_slit_at_the_border_reach_little_beyond_it(place):
    one = with_slits([place], (500, 500))
    for augmentation in (changed(slit_share=1.0), changed(slit_share=1.0, min_scale=0.7)):
        patches = many(one, augmentation, n=60)
        assert all(len(patch.slits_yx) == 1 for patch in patches)
        assert np.mean([patch.slit_known.mean() for patch in patches]) > 0.9


def test_patches_anywhere_reach_every_corner_and_stay_inside():
    one = example(noise((150, 130)))
    tops = []
    for patch in many(one, n=300):
        assert patch.slit_known.all()
        tops.append(np.argwhere(one.pixels == patch.pixels[0, 0])[0])
    np.testing.assert_array_equal(np.min(tops, axis=0), 0)
    np.testing.assert_array_equal(np.max(tops, axis=0), (150 - 64, 130 - 64))
    assert len(np.unique(tops, axis=0)) > 80


def test_half_of_the_patches_without_slits_lie_around_the_membrane():
    stripe = np.zeros((1500, 1500), np.float32)
    stripe[700:704, 600:640] = 1
    one = replace(empty((1500, 1500)), membrane=stripe)
    share = np.mean([patch.membrane.any() for patch in many(one, n=300, patch_px=48)])
    assert share == pytest.approx(0.5, abs=0.1)


def test_the_place_of_a_patch_draws_as_many_numbers_whatever_the_example():
    after = set()
    for one in (empty(), with_slits([(5, 5)]), empty((10, 10))):
        rng = np.random.default_rng(3)
        draw_middle(rng, one, 0.5, np.eye(2), 64)
        after.add(rng.random())
    assert len(after) == 1


def test_a_patch_is_of_the_example_whose_turn_it_is():
    examples = [example(np.full((80, 80), value)) for value in (0.0, 0.25, 0.5)]
    found = [drawn(examples, seed=4, epoch=2, index=i).pixels[0, 0] * 4 for i in range(9)]
    assert found == numbers(3, range(9), seed=4, epoch=2)
