"""What is special about the model that finds the membrane first."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_slitseg.core.inference import Predictor, ProbabilityMaps, Steps
from napari_slitseg.core.models import TwoStageSpec, build_model
from napari_slitseg.core.models.two_stage import NO_SLIT, TwoStage
from napari_slitseg.core.models.windows import Lattice
from tests.core.models.cases import noise, tiny
from tests.core.stub_models import info


class Bright(nn.Module):
    """Stands for the membrane network: the image is the membrane's logit."""

    def forward(self, image: Tensor) -> list[Tensor]:
        return [image]


def with_given_membrane(**settings: float) -> TwoStage:
    """A model that takes the image's own grey values for membrane logits."""
    model: TwoStage = tiny("two_stage", **settings)
    model.membrane_trunk, model.membrane = Bright(), nn.Identity()
    return model


def windows_run(model: TwoStage, image: Tensor) -> tuple[int, Tensor]:
    """How many windows the slit network sees for an image, and the slit logits."""
    seen = [0]

    def look(_module: nn.Module, given: tuple[Tensor]) -> None:
        seen[0] += len(given[0])

    handle = model.slit_trunk.register_forward_pre_hook(look)
    with torch.no_grad():
        slit = model(image).slit
    handle.remove()
    return seen[0], slit


def black(*shape: int) -> Tensor:
    return torch.full((1, 1, *shape), -8.0, dtype=torch.float64)


# --- The lattice -----------------------------------------------------------------------------


@pytest.mark.parametrize("lattice", [Lattice(160, 112), Lattice(48, 32), Lattice(32, 32)])
def test_windows_joined_are_the_image_again(lattice):
    stride = lattice.stride_px
    image = noise(2, 1, 2 * stride, 3 * stride)
    windows = lattice.cut(image)
    side = lattice.window_px
    assert windows.shape == (2, 2, 3, 1, side, side)
    torch.testing.assert_close(lattice.join(windows[:, :, :, 0]), image)


def test_windows_repeat_the_last_pixels_beyond_the_border():
    image = torch.arange(32.0 * 32).view(1, 1, 32, 32)
    [window] = Lattice(48, 32).cut(image).flatten(0, 3)
    assert torch.equal(window[8:40, 8:40], image[0, 0])
    assert torch.equal(window[0], window[8])
    assert torch.equal(window[:, -1], window[:, 39])


def test_where_windows_overlap_they_cross_fade():
    lattice = Lattice(160, 112)
    values = torch.zeros(1, 1, 2, 160, 160, dtype=torch.float64)
    values[:, :, 1] = 1.0
    row = lattice.join(values)[0, 0, 50]
    assert not row[: 112 - 24].any()
    assert (row[112 + 24 :] == 1).all()
    rise = row[112 - 24 : 112 + 24]
    torch.testing.assert_close(rise, (torch.arange(48, dtype=torch.float64) + 0.5) / 48)


def test_the_lattice_of_the_default_is_that_of_the_study():
    spec = TwoStageSpec()
    assert (spec.window_px, spec.stride_px) == (160, 112)
    assert 1 - spec.stride_px / spec.window_px == pytest.approx(0.3)
    assert TwoStageSpec(overlap=0.5).stride_px == 80
    assert TwoStageSpec(window_px=32, overlap=0.0).stride_px == 32
    with pytest.raises(ValueError, match="must be a multiple of 16, such as 144 or 160"):
        TwoStageSpec(window_px=150)


# --- Which windows are looked at ---------------------------------------------------------------


def test_only_windows_with_membrane_are_looked_at():
    """5 x 6 windows; a membrane pixel lies in one, two or four of them, and no more are run."""
    model, image = with_given_membrane(), black(5 * 112, 6 * 112)
    assert windows_run(model, image)[0] == 0
    image[0, 0, 2 * 112 + 56, 3 * 112 + 56] = 3
    assert windows_run(model, image)[0] == 1
    image[0, 0, 112 + 56, 112 + 10] = 3
    assert windows_run(model, image)[0] == 1 + 2
    image[0, 0, 4 * 112 + 3, 5 * 112 - 3] = 3
    assert windows_run(model, image)[0] == 3 + 4
    assert windows_run(model, torch.zeros_like(image))[0] == 30


@pytest.mark.parametrize(("window_px", "at_once"), [(64, 100), (160, 16), (256, 6), (800, 1)])
def test_windows_are_run_at_most_so_many_at_once_however_large(window_px, at_once):
    """As many as have the pixels of sixteen of 160 px, so that memory does not grow with them."""
    model = with_given_membrane(window_px=window_px, overlap=0.0)
    seen: list[int] = []

    def look(windows: Tensor) -> list[Tensor]:
        seen.append(len(windows))
        return [windows[:, :1]]

    model.slit_trunk.forward, model.slit = look, nn.Identity()
    with torch.no_grad():
        model(torch.zeros(1, 1, window_px, (at_once + 1) * window_px, dtype=torch.float64))
    assert seen == [at_once, 1]


def test_a_membrane_across_the_image_takes_the_windows_along_it():
    """A line through the middle of a row of windows takes that row: 6 of 36 windows."""
    model, image = with_given_membrane(), black(6 * 112, 6 * 112)
    image[0, 0, 2 * 112 + 50 : 2 * 112 + 60] = 3
    number, slit = windows_run(model, image)
    assert number == 6
    assert (slit[0, 0, : 2 * 112 - 24] == NO_SLIT).all()
    assert (slit[0, 0, 3 * 112 + 24 :] == NO_SLIT).all()
    assert (slit[0, 0, 2 * 112 + 24 : 3 * 112 - 24] != NO_SLIT).all()


@pytest.mark.parametrize(("threshold", "number"), [(0.1, 4), (0.5, 2), (0.9, 1), (1.0, 0)])
def test_a_higher_threshold_looks_at_fewer_windows(threshold, number):
    image = black(112, 4 * 112)
    for i, probability in enumerate((0.2, 0.3, 0.7, 0.95)):
        image[0, 0, 56, i * 112 + 56] = torch.logit(torch.tensor(probability))
    model = with_given_membrane(membrane_threshold=threshold)
    assert windows_run(model, image)[0] == number


def test_in_training_every_window_is_looked_at():
    model, image = with_given_membrane().train(), black(2 * 112, 3 * 112)
    assert windows_run(model, image)[0] == 6


def test_each_window_knows_only_itself():
    """Its logits are those of the slit network on the window alone, many windows or few."""
    model, image = with_given_membrane(), noise(1, 1, 5 * 112, 5 * 112)
    number, slit = windows_run(model, image)
    assert number == 25
    y, x = 3 * 112, 112
    window = image[:, :, y - 24 : y + 136, x - 24 : x + 136]
    with torch.no_grad():
        features = model.slit_trunk(torch.cat([window, window.sigmoid()], 1))[0]
        alone = model.slit(features)
    torch.testing.assert_close(
        slit[..., y + 24 : y + 88, x + 24 : x + 88], alone[..., 48:112, 48:112]
    )


def test_the_slit_loss_leaves_the_membrane_network_alone():
    model = tiny("two_stage").train()
    model(noise(1, 1, 64, 64)).slit.sum().backward()
    trained = {key.split(".")[0] for key, p in model.named_parameters() if p.grad is not None}
    assert trained == {"slit_trunk", "slit"}


def test_the_slit_network_sees_the_membrane():
    model, image = tiny("two_stage"), noise(1, 1, 112, 112)
    with torch.no_grad():
        before = model(image).slit
        model.membrane.bias += 1
        after = model(image).slit
    assert not torch.allclose(before, after)


def test_compiled_it_gives_the_same_also_where_windows_are_empty():
    model, image = with_given_membrane(window_px=32, overlap=0.0), black(64, 64)
    image[0, 0, 10, 10] = 3
    torch.compiler.reset()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    with torch.no_grad():
        found = compiled(image).slit
        torch.testing.assert_close(found, model(image).slit)
    assert (found[..., 32:, 32:] == NO_SLIT).all()
    assert (found[..., :32, :32] != NO_SLIT).all()


def test_a_built_model_has_the_lattice_as_its_grid():
    model = build_model(TwoStageSpec(width=0.05))
    assert model.size_multiple == 112
    assert model.receptive_radius_px == 107 + 159


def test_tiles_and_the_whole_image_agree_through_the_predictor():
    """Also where the image's sides are no multiples of the distance between windows."""
    model = with_given_membrane(window_px=64, membrane_threshold=0.6).float()
    image = np.random.default_rng(0).integers(0, 60, (150, 1000)).astype(np.uint8)
    image[40:80, 300:700] += 195
    predictor = Predictor(model, info(model.spec), device="cpu")
    whole, tiled = (maps_of(predictor.predict(image, 10.0, tile_px=px)) for px in (2000, 720))
    assert np.abs(whole.slit - tiled.slit).max() < 1e-4
    assert np.abs(whole.membrane - tiled.membrane).max() < 1e-4
    assert 0.2 < (whole.slit < 1e-4).mean() < 0.8


def maps_of(steps: Steps) -> ProbabilityMaps:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            maps: ProbabilityMaps = end.value
            return maps
