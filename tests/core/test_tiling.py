from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.tiling import plan_axis, plan_tiles, smallest_tile_px, up_to


@st.composite
def axes(draw):
    multiple = draw(st.sampled_from([1, 8, 16]))
    length = multiple * draw(st.integers(1, 200))
    halo = draw(st.integers(0, 150))
    blend = draw(st.sampled_from([2, 16, 32]))
    tile = smallest_tile_px(halo, multiple, blend) + draw(st.integers(0, 1500))
    start = draw(st.integers(0, length - 1))
    wanted = draw(st.sampled_from([(0, length), (start, draw(st.integers(start + 1, length)))]))
    return length, tile, halo, multiple, blend, wanted


@given(axes())
@settings(max_examples=300, deadline=None)
def test_axis_plan_keeps_its_promises(axis):
    length, tile, halo, multiple, blend, wanted = axis
    spans = plan_axis(length, tile, halo, multiple, blend, wanted)
    sizes = {span.read[1] - span.read[0] for span in spans}
    assert len(sizes) == 1
    assert max(sizes) <= tile
    at = np.arange(wanted[0], wanted[1])
    total = np.zeros(len(at), np.float32)
    for span in spans:
        assert span.read[0] % multiple == 0
        assert span.read[1] % multiple == 0
        assert span.read[0] == 0 or span.keep[0] - span.read[0] >= halo
        assert span.read[1] == length or span.read[1] - span.keep[1] >= halo
        assert wanted[0] <= span.keep[0] < span.keep[1] <= wanted[1]
        inside = (at >= span.keep[0]) & (at < span.keep[1])
        total[inside] += span.weight(at[inside].astype(float))
    np.testing.assert_allclose(total, 1, atol=1e-6)


@given(axes(), st.floats(0.1, 5))
@settings(max_examples=50, deadline=None)
def test_shares_sum_to_one_between_pixels_too(axis, step):
    length, tile, halo, multiple, blend, wanted = axis
    spans = plan_axis(length, tile, halo, multiple, blend, wanted)
    at = np.arange(wanted[0] - 0.5, wanted[1] - 0.5, step)
    total = sum(
        span.weight(at) * ((at + 0.5 >= span.keep[0]) & (at + 0.5 <= span.keep[1]))
        for span in spans
        if span.fades
    )
    if len(spans) > 1:
        np.testing.assert_allclose(total, 1, atol=1e-6)


def test_fade_is_smooth():
    spans = plan_axis(1600, 800, 100, 16, 32, (0, 1600))
    fade = np.arange(spans[1].keep[0], spans[0].keep[1]).astype(float)
    share = spans[1].weight(fade)
    assert len(fade) == 32
    assert np.all(np.diff(share) > 0)
    assert share[0] < 0.01
    assert np.abs(np.diff(share)).max() <= np.pi / 2 / 32


def test_what_fits_in_one_tile_is_one_tile_without_fades():
    (tile,) = plan_tiles((640, 640), 640, 116, 16)
    assert tile.read == tile.keep == (slice(0, 640), slice(0, 640))
    assert tile.shape == (640, 640)
    assert not tile.y.fades


def test_no_fewer_tiles_would_do():
    """Equal tiles cost no more than clipped ones: 3 x 2 tiles here, row by row."""
    tiles = plan_tiles((1808, 1408), 1024, 116, 16)
    assert len(tiles) == 6
    assert tiles[0].read == (slice(0, 784), slice(0, 848))
    assert tiles[1].y == tiles[0].y
    assert tiles[-1].read[1].stop == 1408


def test_a_window_reads_only_its_surroundings():
    window = (slice(5000, 5010), slice(0, 7))
    (tile,) = plan_tiles((20000, 20000), 1024, 116, 16, window=window)
    assert tile.read == (slice(4880, 5136), slice(0, 128))
    assert tile.keep == window


def test_shapes_and_sizes_that_do_not_work_are_refused():
    with pytest.raises(ValueError, match="multiple of 16"):
        plan_tiles((641, 640), 640, 116, 16)
    with pytest.raises(ValueError, match="at least"):
        plan_tiles((640, 640), 256, 116, 16)
    with pytest.raises(ValueError, match="within it"):
        plan_tiles((640, 640), 640, 116, 16, window=(slice(0, 641), slice(0, 640)))


def test_the_smallest_tile_works():
    size = smallest_tile_px(116, 16)
    tiles = plan_tiles((1600, 1600), size, 116, 16)
    assert max(tiles[0].shape) <= size
    assert up_to(size, 16) == size
