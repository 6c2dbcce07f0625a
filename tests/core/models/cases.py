"""Small models of every kind, and each of their settings at another value."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import torch
from torch import Tensor, nn

from napari_slitseg.core.models import MODELS, ModelSpec, build_model, model_spec
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.spec_settings import settings_of

TINY = 0.0625
FEWER_LAYERS: dict[str, dict[str, int]] = {"munet": {"depth": 8}}
NORMS = ("batch", "group", "none")

OTHER_NUMBERS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("unet", "depth"): (1, 5),
    ("unet", "block_px"): (2, 3),
    ("fcn", "deep_channels"): (300,),
    ("munet", "depth"): (2, 16),
    ("forknet", "fork_level"): (1, 2, 4, 5),
    ("deeplabv3", "rates"): ((1, 3),),
    ("two_stage", "window_px"): (64,),
    ("two_stage", "overlap"): (0.0,),
    ("two_stage", "membrane_threshold"): (0.2,),
    ("points", "anchors_per_side"): (1,),
    ("points", "reach_px"): (3.0,),
}


def other_values(name: str, setting: str) -> tuple[Any, ...]:
    """Values of a setting that are not its default; none for a number that is not in the table."""
    hint = get_type_hints(MODELS[name])[setting]
    if get_origin(hint) is Literal:
        choices = get_args(hint)
    elif hint is bool:
        choices = (True, False)
    else:
        return OTHER_NUMBERS.get((name, setting), ())
    return tuple(each for each in choices if each != getattr(MODELS[name](), setting))


def variants() -> list[tuple[str, dict[str, Any]]]:
    """Every model by name, as it is and with one setting changed, other than width and norm."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, spec in MODELS.items():
        own = [each.name for each in settings_of(spec) if each.name not in {"width", "norm"}]
        found += [(name, {})]
        found += [(name, {key: value}) for key in own for value in other_values(name, key)]
    return found


def _title(variant: tuple[str, dict[str, Any]]) -> str:
    name, settings = variant
    return "-".join([name, *(f"{key}={value}" for key, value in settings.items())])


EVERY_MODEL = pytest.mark.parametrize("name", tuple(MODELS))
EVERY_VARIANT = pytest.mark.parametrize(
    ("name", "settings"), [pytest.param(*each, id=_title(each)) for each in variants()]
)


def tiny_spec(name: str, **settings: Any) -> ModelSpec:
    """Spec of a model of few channels and, where a setting says how many, fewer layers."""
    return model_spec(name, **{"width": TINY, **FEWER_LAYERS.get(name, {}), **settings})


def tiny(name: str, seed: int = 0, **settings: Any) -> SegmentationModel:
    """Small float64 model in eval mode whose every number is random and most units alive."""
    torch.manual_seed(seed)
    model = build_model(tiny_spec(name, **settings)).double().eval()
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        for key in ("weight", "bias"):
            value = getattr(layer, key, None)
            if isinstance(value, Tensor) and value.ndim == 1:
                nn.init.uniform_(value, *((0.7, 1.3) if key == "weight" else (0.02, 0.2)))
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.2, 0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return model


def trained(name: str, seed: int = 0, **settings: Any) -> SegmentationModel:
    """Small float32 model in eval mode that knows the statistics of noise."""
    model = tiny(name, seed, **settings).float().train()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.4
    with torch.no_grad():
        for _ in range(5):
            model(torch.randn(2, 1, 64, 64))
    return model.eval()


def noise(*shape: int, seed: int = 1) -> Tensor:
    """Reproducible numbers of unit variance, float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def beyond(distance_px: int, multiple: int) -> int:
    """The second multiple that is at least as far."""
    return (-(-distance_px // multiple) + 1) * multiple


def count(model: nn.Module) -> int:
    """Number of parameters that are trained."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def count_on_paper(spec: ModelSpec) -> int:
    """Number of parameters, without making them."""
    with torch.device("meta"):
        return count(build_model(spec))
