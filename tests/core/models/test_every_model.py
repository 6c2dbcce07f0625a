"""What holds for every model of the table and each of its settings."""

from __future__ import annotations

import warnings
from itertools import product
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from napari_slitseg.core.checkpoint import load_checkpoint, save_checkpoint
from napari_slitseg.core.models import MODELS, build_model, model_from_dict
from napari_slitseg.core.models.base import Logits, SegmentationModel
from napari_slitseg.core.spec_settings import settings_of
from tests.core.models.cases import (
    EVERY_MODEL,
    EVERY_VARIANT,
    NORMS,
    TINY,
    beyond,
    count_on_paper,
    noise,
    other_values,
    tiny,
    tiny_spec,
    trained,
)
from tests.core.stub_models import info

SIZES = [(1, 1), (1, 40), (37, 50)]


def loss_of(logits: Logits) -> Tensor:
    """A number that both heads pull on, pixel by pixel."""
    both = zip((0.3, 0.7), logits, strict=True)
    return sum((noise(*each.shape).to(each) * each + w * each**2).mean() for w, each in both)


# --- The card --------------------------------------------------------------------------------


@EVERY_MODEL
def test_the_card_counts_the_parameters(name):
    spec = MODELS[name]()
    assert count_on_paper(spec) == spec.about.parameters


@EVERY_MODEL
def test_the_card_is_filled_in(name):
    about = MODELS[name].about
    for text in (about.title, about.idea, about.use_when, about.source, about.diagram):
        assert text.strip() == text
        assert text
    assert about.use_when.endswith(".")
    assert max(map(len, about.diagram.splitlines())) <= 90


@EVERY_MODEL
def test_every_setting_is_tried_at_another_value(name):
    for each in settings_of(MODELS[name]):
        assert each.description
        assert each.name == "width" or other_values(name, each.name), each.name


@EVERY_VARIANT
def test_a_spec_survives_json(name, settings):
    spec = tiny_spec(name, **settings)
    assert model_from_dict(spec.to_dict()) == spec
    with torch.device("meta"):
        assert build_model(spec).spec == spec


# --- Sizes, gradients, seeds -----------------------------------------------------------------


@EVERY_VARIANT
def test_images_of_any_size_are_padded_and_cut_back(name, settings):
    model = tiny(name, **settings)
    for shape in SIZES if not settings else SIZES[-1:]:
        check_padding(model, shape)


def check_padding(model: SegmentationModel, shape: tuple[int, int]) -> None:
    image, (height, width) = noise(2, 1, *shape), shape
    below, right = (-side % model.size_multiple for side in shape)
    padded = nn.functional.pad(image, (0, right, 0, below), mode="replicate")
    with torch.no_grad():
        for logits, whole in zip(model(image), model(padded), strict=True):
            assert logits.shape == (2, 1, *shape)
            torch.testing.assert_close(logits, whole[..., :height, :width])
            assert logits.isfinite().all()


@EVERY_MODEL
@pytest.mark.parametrize("norm", NORMS)
def test_one_image_of_any_size_can_be_trained_with(name, norm):
    model = tiny(name, norm=norm).train()
    for shape in SIZES:
        model.zero_grad()
        logits = model(noise(1, 1, *shape))
        assert logits.membrane.shape == logits.slit.shape == (1, 1, *shape)
        loss_of(logits).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@EVERY_MODEL
def test_images_that_do_not_fit_are_refused(name):
    model = tiny(name)
    for shape, words in [
        ((1, 1, 0, 16), "0 x 16 px"),
        ((1, 3, 32, 32), r"\(batch, 1, height, width\), not \(1, 3, 32, 32\)"),
        ((32, 32), r"not \(32, 32\)"),
    ]:
        with pytest.raises(ValueError, match=words):
            model(torch.zeros(shape, dtype=torch.float64))


@EVERY_VARIANT
def test_the_gradient_reaches_every_parameter(name, settings):
    """In eval mode: what a batch norm directly behind takes away is trained by nothing else."""
    others = NORMS if not settings else ("batch",)
    for norm in others:
        check_gradients(tiny(name, **{"norm": norm, **settings}))


def check_gradients(model: SegmentationModel) -> None:
    loss_of(model(noise(2, 1, 64, 96))).backward()
    still = [key for key, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []
    assert all(p.grad.isfinite().all() for p in model.parameters())


@EVERY_MODEL
def test_the_seed_decides_weights_outputs_and_gradients(name):
    def step(seed: int) -> Tensor:
        torch.manual_seed(seed)
        model = build_model(tiny_spec(name))
        logits = model(noise(2, 1, 32, 48).float())
        loss_of(logits).backward()
        numbers = [*logits, *model.parameters(), *(p.grad for p in model.parameters())]
        return torch.cat([each.detach().flatten() for each in numbers])

    assert torch.equal(step(1), step(1))
    assert not torch.equal(step(1), step(2))


@EVERY_MODEL
@pytest.mark.parametrize("norm", NORMS)
def test_a_constant_image_gives_numbers(name, norm):
    model = tiny(name, norm=norm)
    for value, mode in product((0.0, -1.0, 1e4), (True, False)):
        logits = model.train(mode)(torch.full((1, 1, 40, 33), value, dtype=torch.float64))
        loss_of(logits).backward()
        assert all(each.isfinite().all() for each in logits)
        assert all(p.grad.isfinite().all() for p in model.parameters())


@EVERY_MODEL
def test_the_image_is_left_as_it_is(name):
    image = noise(1, 1, 32, 32)
    before = image.clone()
    tiny(name)(image)
    assert torch.equal(image, before)


@EVERY_MODEL
def test_images_of_a_batch_do_not_mix(name):
    model, images = tiny(name), noise(3, 1, 32, 64)
    with torch.no_grad():
        together = model(images)
        for i in range(3):
            for one, all_of_them in zip(model(images[i : i + 1]), together, strict=True):
                torch.testing.assert_close(one, all_of_them[i : i + 1])


# --- Settings that all have ------------------------------------------------------------------


@EVERY_MODEL
def test_width_makes_it_larger(name):
    sizes = [count_on_paper(tiny_spec(name, width=width)) for width in (0.0625, 0.125, 0.25)]
    assert 3 < sizes[1] / sizes[0] < 4.5
    assert 3 < sizes[2] / sizes[1] < 4.5


@EVERY_MODEL
def test_the_norm_is_of_the_kind_asked_for(name):
    kinds = {"batch": nn.BatchNorm2d, "group": nn.GroupNorm, "none": ()}
    every = (nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d, nn.LayerNorm)
    for norm, kind in kinds.items():
        modules = build_model(tiny_spec(name, norm=norm)).modules()
        layers = [each for each in modules if isinstance(each, every)]
        assert all(isinstance(each, kind) for each in layers)
        assert bool(layers) == (norm != "none")


@EVERY_MODEL
def test_group_norm_sees_one_image_and_batch_norm_all(name):
    """While training; in a batch of one the two images cannot disturb each other."""
    images = noise(2, 1, 64, 64)
    apart = images.clone()
    apart[1] = 3 * noise(1, 64, 64, seed=5) + 2
    for norm, is_own in (("group", True), ("batch", False), ("none", True)):
        model = tiny(name, norm=norm).train()
        with torch.no_grad():
            one, other = model(images).slit[0], model(apart).slit[0]
        assert torch.allclose(one, other) == is_own, norm


# --- How far a pixel sees --------------------------------------------------------------------


def local(name: str, settings: dict[str, object]) -> SegmentationModel:
    """The model, with small windows but for the default, or a skipped test."""
    smaller = {"window_px": 64} if name == "two_stage" and settings else {}
    model = tiny(name, **{**smaller, **settings})
    if not model.is_local:
        pytest.skip("it says that it is not local")
    return model


@EVERY_VARIANT
def test_gradients_stay_within_the_radius(name, settings):
    """In several phases of the pooling grid, away from the borders and at them."""
    model = local(name, settings)
    for axis in (2, 3):
        check_radius(model, axis)


def check_radius(model: SegmentationModel, axis: int) -> None:
    radius, multiple = model.receptive_radius_px, model.size_multiple
    middle = beyond(radius, multiple)
    size = 2 * middle + 3 * multiple
    shape = (1, 1, size, multiple) if axis == 2 else (1, 1, multiple, size)
    image = noise(*shape).requires_grad_()
    logits = model(image)
    both = (logits.membrane + 3 * logits.slit).sum(5 - axis).flatten()
    phases = {0, 1, multiple // 2 - 1, multiple // 2, multiple - 1}
    for at in [*(middle + phase for phase in phases), 0, size - 1]:
        (gradient,) = torch.autograd.grad(both[at], image, retain_graph=True)
        seen = gradient.abs().sum((0, 1, 5 - axis)).nonzero().flatten()
        assert len(seen) > radius // 4, at
        assert (seen - at).abs().max() <= radius, at


@EVERY_VARIANT
def test_a_tile_on_the_grid_agrees_with_the_whole(name, settings):
    """Tiles at multiples of `size_multiple` with a halo give the whole image's pixels."""
    model = local(name, settings)
    multiple = model.size_multiple
    halo = -(-model.receptive_radius_px // multiple) * multiple
    image = noise(1, 1, multiple, 2 * halo + 5 * multiple)
    with torch.no_grad():
        whole = model(image)
        tile = model(image[..., multiple : 2 * halo + 4 * multiple])
    for one, part in zip(whole, tile, strict=True):
        kept = slice(multiple + halo, halo + 4 * multiple)
        torch.testing.assert_close(
            part[..., halo : halo + 3 * multiple], one[..., kept], rtol=1e-9, atol=1e-9
        )
        assert not torch.allclose(part[..., :multiple], one[..., multiple : 2 * multiple])


@EVERY_MODEL
def test_what_spans_the_whole_image_says_so(name):
    assert tiny(name).is_local
    assert tiny(name, norm="none").is_local
    model = tiny(name, norm="group")
    assert not model.is_local
    far = beyond(model.receptive_radius_px, 32)
    image, other = noise(1, 1, 32, far + 64), noise(1, 1, 32, far + 64)
    other[..., far + 32 :] += 5
    with torch.no_grad():
        assert not torch.allclose(model(image).slit[..., :16], model(other).slit[..., :16])


# --- Layouts, precisions, compilation, files -------------------------------------------------


@EVERY_MODEL
@pytest.mark.parametrize("norm", NORMS)
def test_channels_last_gives_the_same(name, norm):
    model, image = trained(name, norm=norm), noise(2, 1, 64, 64).float()
    with torch.inference_mode():
        plain = model(image)
        model.to(memory_format=torch.channels_last)
        last = model(image.to(memory_format=torch.channels_last))
    for one, other in zip(plain, last, strict=True):
        assert (other - one).abs().max() < 1e-4 * one.abs().max()


def balanced(model: SegmentationModel) -> SegmentationModel:
    """The model with outputs of zero mean and unit variance for noise."""
    with torch.no_grad():
        logits = model(noise(2, 1, 64, 64).float())
    mean, deviation = torch.cat(logits, 1).mean((0, 2, 3)), torch.cat(logits, 1).std((0, 2, 3))
    plain = model.logits
    model.logits = lambda image: Logits(
        *((each - m) / d for each, m, d in zip(plain(image), mean, deviation, strict=True))
    )
    return model


@EVERY_MODEL
def test_short_numbers_stay_close(name):
    """The mean deviation of the probabilities, where those spread from 0 to 1."""
    model, image = balanced(trained(name)), noise(2, 1, 64, 64).float()
    with torch.inference_mode():
        plain = model(image)
    for dtype, at_most in ((torch.bfloat16, 0.05), (torch.float16, 0.01)):
        with torch.inference_mode(), torch.autocast("cpu", dtype):
            short = model(image)
        for one, other in zip(plain, short, strict=True):
            assert one.sigmoid().std() > 0.1
            assert (other.float().sigmoid() - one.sigmoid()).abs().mean() < at_most


@EVERY_MODEL
def test_it_compiles_in_one_piece_and_gives_the_same(name):
    model, image = tiny(name), noise(2, 1, 64, 64)
    torch.compiler.reset()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = compiled(image)
        loss_of(found).backward()
    gradients = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    expected = model(image)
    loss_of(expected).backward()
    torch.testing.assert_close(tuple(found), tuple(expected))
    torch.testing.assert_close(gradients, [p.grad for p in model.parameters()])


@EVERY_VARIANT
def test_a_checkpoint_there_and_back(name, settings, tmp_path: Path):
    model = tiny(name, **settings).float()
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, model, info(spec=model.spec))
    again, card = load_checkpoint(path)
    image = noise(1, 1, 32, 48).float()
    assert card.spec == model.spec == again.spec
    with torch.inference_mode():
        for one, other in zip(model(image), again.eval()(image), strict=True):
            assert torch.equal(one, other)


@EVERY_MODEL
def test_kernels_start_as_glorot_uniform_and_biases_zero(name):
    torch.manual_seed(3)
    for layer in build_model(tiny_spec(name, width=4 * TINY)).modules():
        if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            continue
        if layer.weight.numel() > 64:
            area = layer.kernel_size[0] * layer.kernel_size[1]
            channels = (layer.in_channels + layer.out_channels) / layer.groups
            limit = (6 / (area * channels)) ** 0.5
            assert 0.5 * limit < layer.weight.abs().max() <= limit
        assert layer.bias is None or not layer.bias.any()
