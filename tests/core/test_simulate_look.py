"""Tissue-like scenes: as exact as the plain ones, and the plain ones unchanged."""

import hashlib

import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.core.simulate_foot_plan import plan_shapes
from napari_slitseg.core.simulate_foot_shapes import paint_shapes
from napari_slitseg.core.simulate_line import grow_lines
from napari_slitseg.core.simulate_look_marks import burn_in
from napari_slitseg.core.simulate_look_palette import draw_palette
from napari_slitseg.core.simulate_look_sheet import Sheet, look_closely

PLAIN_SCENE = "7f58f763"
CLEAR = {"noise": 0.0, "blur_nm": 0.0, "contrast": 1.0, "effacement": 0.0}


def tissue(seed, side=200, **options):
    return simulate(seed, SceneOptions(shape=(side, side), look="tissue", **options))


def test_plain_scenes_are_what_they_were():
    digest = hashlib.sha256()
    for seed in range(3):
        scene = simulate(seed, SceneOptions(shape=(96, 96)))
        for part in (scene.image, scene.slits, scene.membrane):
            digest.update(part.tobytes())
    assert digest.hexdigest().startswith(PLAIN_SCENE)


def test_same_seed_same_scene_other_seed_other_scene():
    first, again, other = (tissue(seed, 128) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.slits, again.slits)
    assert not np.array_equal(first.image, other.image)


def test_looks_differ_and_an_unknown_one_is_refused():
    plain = simulate(1, SceneOptions(shape=(96, 96)))
    assert not np.array_equal(plain.image, tissue(1, 96).image)
    with pytest.raises(ValueError, match=r"look must be one of plain, tissue, not 'oil'"):
        SceneOptions(look="oil")


@pytest.mark.parametrize(("seed", "nm"), [(0, 5.0), (1, 8.1), (2, 10.0), (3, 16.0)])
def test_slits_lie_on_a_line_and_in_the_stripe(seed, nm):
    scene = tissue(seed, 256, pixel_size_nm=nm)
    points = np.concatenate(scene.membrane_lines)
    assert len(scene.slits) > 0
    assert cKDTree(points).query(scene.slits)[0].max() * nm < 8
    rows, columns = np.round(scene.slits).astype(int).T
    assert scene.membrane[rows, columns].all()


@pytest.mark.parametrize("nm", [3.0, 7.3, 12.0, 20.0])
@pytest.mark.parametrize("shape", [(64, 64), (64, 150)])
def test_every_pixel_size_and_small_scenes_are_drawn(nm, shape):
    scene = simulate(5, SceneOptions(shape=shape, pixel_size_nm=nm, look="tissue"))
    assert scene.image.shape == scene.membrane.shape == shape
    assert scene.image.dtype == np.uint8
    assert np.ptp(scene.image) > 15


@pytest.mark.parametrize("nm", [10.0, 20.0])
def test_same_slits_at_every_pixel_size(nm):
    field_nm = 3200
    fine = tissue(6, int(field_nm / nm), pixel_size_nm=nm)
    reference = tissue(6, 200, pixel_size_nm=16.0)
    inner = [
        points[((points > 100) & (points < field_nm - 100)).all(axis=1)]
        for points in (fine.slits * nm, reference.slits * 16.0)
    ]
    assert len(inner[1]) > 0
    np.testing.assert_allclose(*inner, atol=1e-6)


def painted_feet(seed, nm=10.0, side=320):
    """Foot processes alone on a bright field: the canvas, the line seen and the plan."""
    rng = np.random.default_rng(seed)
    canvas = Sheet(np.zeros((side, side), np.float32), nm, 5.0, rng, rng)
    palette = draw_palette(rng, 1.0)
    canvas.grey += palette.space
    line = grow_lines(rng, (side * nm, side * nm), 1)[0]
    around = look_closely(line, canvas)
    plan = plan_shapes(rng, line.length_nm, 0.0)
    inner = canvas.over(np.full((side, side), palette.foot, np.float32))
    paint_shapes(canvas, inner, palette, around, plan, np.full((side, side), 1e5, np.float32))
    return canvas, around, plan, palette


def test_every_open_slit_of_the_plan_is_a_gap_between_feet():
    open_slits, feet = [], []
    for seed in range(9):
        canvas, around, plan, palette = painted_feet(seed)
        row = (around.depth > 10) & (around.depth < 30)
        arc = np.mod(around.arc[row], plan.length_nm)
        values = canvas.grey[row] - palette.space
        clear = (plan.half_gap_nm > 14) & (plan.faintness < 0.25) & (plan.diaphragm == 0)
        for slit, half in zip(plan.slit_nm[clear], plan.half_gap_nm[clear], strict=True):
            apart = np.abs(arc - slit)
            if (apart < 8).any():
                open_slits.append(values[apart < 8].mean())
                feet.append(values[(apart > half + 30) & (apart < half + 60)].mean())
    assert len(open_slits) > 15
    assert (np.array(open_slits) - np.array(feet)).min() > 0.1


def test_slits_are_brighter_than_the_feet_beside_them():
    contrasts = []
    for seed in range(4):
        scene = tissue(seed, 200, pixel_size_nm=8.0, **CLEAR)
        stripe = np.argwhere(scene.membrane)
        apart_nm = cKDTree(scene.slits).query(stripe)[0] * 8
        values = scene.image[tuple(stripe.T)].astype(float)
        contrasts.append(values[apart_nm < 20].mean() - values[apart_nm > 70].mean())
    assert np.mean(contrasts) > 5


def test_marks_are_burnt_in_but_hide_no_membrane():
    levels = np.full((120, 160), 100, np.uint8)
    keep = np.zeros(levels.shape, dtype=bool)
    keep[40:80] = True
    marked = [burn_in(levels, keep, np.random.default_rng(seed)) for seed in range(40)]
    assert sum((picture != levels).any() for picture in marked) > 5
    assert all((picture[keep] == 100).all() for picture in marked)


def test_the_line_is_seen_exactly():
    rng = np.random.default_rng(4)
    canvas = Sheet(np.zeros((200, 200), np.float32), 16.0, 5.0, rng, rng)
    line = grow_lines(rng, (3200, 3200), 1)[0]
    around = look_closely(line, canvas)
    near = np.argwhere((np.abs(around.depth) > 100) & (np.abs(around.depth) < 400))
    exact = cKDTree(line.at(np.arange(0, line.length_nm, 1.0))).query(near * 16.0)[0]
    off = np.abs(np.abs(around.depth[tuple(near.T)]) - exact)
    assert np.quantile(off, 0.99) < 4


def test_effacement_leaves_membrane_without_slits():
    def per_um(share):
        plans = [plan_shapes(np.random.default_rng(s), 40_000, share) for s in range(10)]
        return np.mean([len(plan.slit_nm) / 40 for plan in plans])

    assert per_um(0.9) < 0.5 * per_um(0.0)
