"""A model that looks at images from several sides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_slitseg.core.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.views import VIEWS
from tests.core.stub_models import info, lively
from tests.core.test_inference import TILE_PX, difference, maps_of, texture

SHAPE = (96, 160)  # multiples of what the network works on, so that a turned image needs no margin


def logit(probability):
    return np.log(probability / (1 - probability))


@pytest.fixture(scope="module")
def model():
    return lively(width=0.25)


def looking(model, views):
    return Predictor(model, replace(info(), views=views), device="cpu")


@pytest.mark.parametrize("views", [2, 4, 8])
def test_the_mean_logit_of_the_views_counts(model, views):
    pixels, once = texture(SHAPE), looking(model, 1)
    seen = [logit(maps_of(once, pixels).slit)]
    for view in VIEWS[: views - 1]:
        of_view = logit(maps_of(once, np.ascontiguousarray(view.of(pixels))).slit)
        back = of_view.T if view.transposes else of_view
        seen.append(back[tuple(slice(None, None, -1 if flip else 1) for flip in view.flips)])
    result = logit(maps_of(looking(model, views), pixels).slit)
    assert np.abs(result - seen[0]).max() > 0.01
    np.testing.assert_allclose(result, np.mean(seen, axis=0), atol=1e-3)


def test_from_all_sides_a_mirrored_image_gives_the_mirrored_map(model):
    pixels, predictor = texture(SHAPE), looking(model, 8)
    straight, mirrored = maps_of(predictor, pixels), maps_of(predictor, pixels[:, ::-1].copy())
    np.testing.assert_allclose(mirrored.slit[:, ::-1], straight.slit, atol=1e-4)


def test_tiled_equals_whole_from_four_sides(model):
    pixels, predictor = texture((605, 397)), looking(model, 4)
    tiled = maps_of(predictor, pixels, tile_px=TILE_PX)
    assert difference(tiled, maps_of(predictor, pixels)) < 1e-4


def test_a_checkpoint_keeps_the_number_of_views(tmp_path, model):
    file = tmp_path / "model.safetensors"
    save_checkpoint(file, model, replace(info(), spec=model.spec, views=4))
    assert load_checkpoint(file)[1].views == 4


def test_one_view_is_not_written_so_that_older_programs_read_the_file(model):
    assert "views" not in replace(info(), spec=model.spec).to_dict()


@pytest.mark.parametrize("views", [0, 9, 2.5, True, "4"])
def test_other_numbers_of_views_are_refused(views):
    values = {**info().to_dict(), "views": views}
    with pytest.raises(ValueError, match=r"views is .* from 1 to 8"):
        CheckpointInfo.from_dict(values)
