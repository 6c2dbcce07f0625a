"""What holds for every loss of the table."""

from __future__ import annotations

import dataclasses
import inspect
import math
from importlib import import_module
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from napari_slitseg.core.losses import _SPECS, LOSSES, build_loss, loss_from_dict
from napari_slitseg.core.losses.spec import LossSpec
from napari_slitseg.core.losses.target import Target
from tests.core.losses.fields import Point, dotted

SIZE = (20, 22)
PAIR: list[Point] = [(6.0, 7.0), (13.0, 15.0)]
DIFFERENTIABLE = [name for name, spec in LOSSES.items() if spec.about.erasure != "no gradient"]


def target(points: list[Point], shape: tuple[int, int] = SIZE) -> Target:
    """One image's points, and a mask of small dots."""
    near = dotted(points, shape, low=0, high=1, sigma_px=1, dtype=torch.float32)
    yx = torch.tensor(points, dtype=torch.float32).reshape(-1, 2)
    return Target(mask=(near > 0.3).float(), points=[yx])


def batch(*targets: Target) -> Target:
    """Several images as one batch."""
    masks = [each.mask for each in targets if each.mask is not None]
    points = [yx for each in targets for yx in each.points or ()]
    return Target(mask=torch.cat(masks), points=points)


BATCH = batch(target(PAIR), target([]), target([*PAIR, (4.0, 17.0)]))
HARD = {
    "dots": dotted(PAIR, SIZE).float(),
    "all background": torch.full((1, 1, *SIZE), -100.0),
    "all foreground": torch.full((1, 1, *SIZE), 100.0),
    "flat": torch.zeros(1, 1, *SIZE),
    "black and white": torch.where(dotted(PAIR, SIZE) > 0, 100.0, -100.0).float(),
    "wrong and sure": torch.where(dotted([(17, 3)], SIZE) > 0, 100.0, -100.0).float(),
}


def finite(loss: str, logits: Tensor, against: Target, **settings: Any) -> bool:
    """Whether a loss and, if it claims to have one, its gradient are finite."""
    logits = logits.clone().requires_grad_()
    value = build_loss(LOSSES[loss](**settings))(logits, against)
    if loss not in DIFFERENTIABLE:
        return value.shape == () and math.isfinite(float(value)) and not value.requires_grad
    value.backward()
    gradient = torch.full((), math.nan) if logits.grad is None else logits.grad
    return math.isfinite(float(value.detach())) and bool(gradient.isfinite().all())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("field", HARD)
def test_is_finite_on_hard_fields_with_empty_and_full_images(loss: str, field: str) -> None:
    assert finite(loss, HARD[field].expand(3, -1, -1, -1), BATCH)


SLOW = ("blur_px",)
LIMITS = [
    (loss, each.name, each.metadata[key] + past)
    for loss, spec in LOSSES.items()
    for each in dataclasses.fields(spec)
    for key, past in {"ge": 0, "gt": 1e-6, "le": 0, "lt": -1e-6}.items()
    if key in each.metadata and not (key == "le" and each.name in SLOW)
]


@pytest.mark.parametrize(("loss", "name", "value"), LIMITS)
def test_is_finite_at_the_limits_of_every_setting(loss: str, name: str, value: float) -> None:
    several = isinstance(LOSSES[loss]().settings()[name], tuple)
    n_classes = 2 if loss == "cce" else 1
    settings = {name: (value,) * n_classes if several else value}
    if (
        name in ("scale", "under_power", "over_power")
        and "proportional" in LOSSES[loss]().settings()
    ):
        settings["proportional"] = True
    fields = torch.cat([HARD["dots"], HARD["all foreground"], HARD["all background"]])
    assert finite(loss, fields, BATCH, **settings)


@pytest.mark.parametrize("loss", LOSSES)
def test_is_finite_on_a_single_pixel_and_on_a_line(loss: str) -> None:
    assert finite(loss, torch.zeros(1, 1, 1, 1), target([(0.0, 0.0)], (1, 1)))
    assert finite(loss, torch.zeros(1, 1, 1, 1), target([], (1, 1)))
    assert finite(loss, torch.linspace(-4, 4, 30).view(1, 1, 1, 30), target([(0.0, 12.4)], (1, 30)))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_gives_the_value_of_full(loss: str, dtype: torch.dtype) -> None:
    logits = HARD["dots"].to(dtype)
    against = target(PAIR)
    torch.manual_seed(0)
    full = build_loss(LOSSES[loss]())(logits.float(), against)
    torch.manual_seed(0)
    half = build_loss(LOSSES[loss]())(logits, against)
    assert float(half) == pytest.approx(float(full), rel=1e-6)
    assert finite(loss, logits, against)


@pytest.mark.parametrize("loss", LOSSES)
def test_autocast_changes_nothing(loss: str) -> None:
    torch.manual_seed(0)
    plain = build_loss(LOSSES[loss]())(HARD["dots"], target(PAIR))
    torch.manual_seed(0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = build_loss(LOSSES[loss]())(HARD["dots"], target(PAIR))
    assert float(cast) == float(plain)


@pytest.mark.parametrize(
    "loss", [n for n, spec in LOSSES.items() if spec.about.compares_with == "points"]
)
@pytest.mark.parametrize("point", [(-1.0, 5.0), (5.0, 21.6), (float("nan"), 5.0)])
def test_points_outside_the_image_are_refused(loss: str, point: Point) -> None:
    outside = Target(points=[torch.tensor([PAIR[0], point])])
    with pytest.raises(ValueError, match=r"image 0: point 1 .* not inside the image of 20 x 22 px"):
        build_loss(LOSSES[loss]())(HARD["dots"], outside)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_the_target_lacks_is_named(loss: str) -> None:
    with pytest.raises(ValueError, match=r"compares with|has none|needs"):
        build_loss(LOSSES[loss]())(HARD["dots"], Target())


@pytest.mark.parametrize("loss", [each for each in DIFFERENTIABLE if "stochastic" not in each])
def test_going_downhill_helps(loss: str) -> None:
    logits = dotted([(7, 7), (13, 17)], SIZE).float().requires_grad_()
    function, against = build_loss(LOSSES[loss]()), target(PAIR)
    before = function(logits, against)
    before.backward()
    assert logits.grad is not None
    step = 1e-3 * logits.grad / logits.grad.norm()
    assert float(function(logits.detach() - step, against)) < float(before.detach())


# -- specs


@pytest.mark.parametrize("loss", LOSSES)
def test_spec_and_function_are_in_step(loss: str) -> None:
    spec = LOSSES[loss]
    module, name = spec.function.split(":")
    function = getattr(import_module(f"napari_slitseg.core.losses.{module}"), name)
    keywords = {
        each.name: each.default
        for each in inspect.signature(function).parameters.values()
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert spec().settings() == keywords


@pytest.mark.parametrize("loss", LOSSES)
def test_a_spec_survives_json(loss: str) -> None:
    spec = LOSSES[loss]()
    assert loss_from_dict(spec.to_dict()) == spec
    for preset in spec.presets:
        assert loss_from_dict(spec.preset(preset).to_dict()) == spec.preset(preset)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_spec_explains_itself(loss: str) -> None:
    spec = LOSSES[loss]
    for text in (spec.about.title, spec.about.formula, spec.about.source, spec.about.use_when):
        assert len(text) > 2
    assert spec.about.use_when.endswith(".")
    assert not spec.about.use_when.startswith(("Use ", "To ", "As ", "When "))
    assert not spec.about.source.endswith(".")
    for each in dataclasses.fields(spec):
        if each.name != "name":
            assert each.metadata["description"].endswith(".")


def test_names_are_those_of_the_table() -> None:
    assert [spec().name for spec in _SPECS] == list(LOSSES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "dise"}, r"there is no loss 'dise'; did you mean 'dice'\? There are dice"),
        ({"name": "dice", "smoth": 1}, r"Dice has no 'smoth'; did you mean 'smooth'\? It has"),
        ({"name": "dice", "smooth": -1.0}, r"Dice.smooth is -1; it must be at least 0"),
        ({"name": "dice", "squared": "yes"}, "Dice.squared is 'yes'"),
        ({}, "there is no loss"),
    ],
)
def test_a_bad_document_is_refused_by_name(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss_from_dict(values)


def test_a_name_alone_is_no_document_and_a_loss_has_a_name() -> None:
    with pytest.raises(ValueError, match="a loss is a document such as"):
        loss_from_dict("dice")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a loss needs a name"):
        LossSpec()


def test_pydantic_reads_the_descriptions() -> None:
    schema = TypeAdapter(LOSSES["one_to_one"]).json_schema()
    field = schema["properties"]["reach_px"]
    assert field["description"].startswith("How far")
    assert field["minimum"] == 0


def test_a_preset_may_be_changed_and_must_exist() -> None:
    assert isinstance(LOSSES["dice"](), LossSpec)
    spec = LOSSES["expected_composite"].preset("study", beta=5.0)
    assert spec.settings()["beta"] == 5
    with pytest.raises(ValueError, match="no preset 'report'; it has study"):
        LOSSES["expected_composite"].preset("report")


@pytest.mark.parametrize("spec", [spec for spec in LOSSES.values() if spec.presets])
def test_presets_are_read_only(spec: Any) -> None:
    first = next(iter(spec.presets))
    with pytest.raises(TypeError):
        spec.presets[first]["name"] = "other"
    with pytest.raises(TypeError):
        spec.presets["other"] = {}


def test_a_sum_over_no_scales_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Kernel\.sigmas_px is empty; give at least one"):
        loss_from_dict({"name": "mmd", "sigmas_px": []})
