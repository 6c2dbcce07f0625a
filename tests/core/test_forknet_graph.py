"""ForkNet against the published Keras graph: the table of its layers, and the graph itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models import ForkNetSpec, build_model

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "data" / "fpw_dl_v1" / "model.json"

# Keras layer, our module, weight shape (out x in x height x width; in x out for "transpose"),
# "/2" for stride 2. In the order of the published graph's layers.
LAYERS = """
batch_normalization stem.0 1
conv2d stem.1.conv 32x1x3x3
conv2d_1 stem.2.conv 32x32x3x3
batch_normalization_1 stem.3 32
conv2d_2 stem.4.conv 32x32x3x3
batch_normalization_2 norm2 32
conv2d_4 level2.conv1.conv 64x32x3x3
conv2d_3 level2.residual 1x32x1x1/2
conv2d_5 level2.conv2.conv 64x64x3x3
batch_normalization_3 norm3 65
conv2d_7 level3.conv1.conv 128x65x3x3
conv2d_6 level3.residual 1x65x1x1/2
conv2d_8 level3.conv2.conv 128x128x3x3
batch_normalization_4 norm4 129
conv2d_10 membrane.level4.conv1.conv 256x129x3x3
conv2d_9 membrane.level4.residual 1x129x1x1/2
conv2d_11 membrane.level4.conv2.conv 256x256x2x2
batch_normalization_10 slit_norm4 129
conv2d_29 slit.level4.conv1.conv 256x129x3x3
conv2d_28 slit.level4.residual 1x129x1x1/2
conv2d_30 slit.level4.conv2.conv 256x256x2x2
batch_normalization_5 membrane.norm5 257
conv2d_13 membrane.level5.conv1.conv 512x257x3x3
conv2d_12 membrane.level5.residual 1x257x1x1/2
conv2d_14 membrane.level5.conv2.conv 512x512x2x2
batch_normalization_11 slit.norm5 257
conv2d_32 slit.level5.conv1.conv 512x257x3x3
conv2d_transpose membrane.up4.up 513x256x2x2/2
conv2d_31 slit.level5.residual 1x257x1x1/2
conv2d_33 slit.level5.conv2.conv 512x512x2x2
batch_normalization_6 membrane.up4.norm 513
conv2d_transpose_4 slit.up4.up 513x256x2x2/2
conv2d_16 membrane.up4.conv1.conv 256x513x3x3
conv2d_15 membrane.up4.residual 1x513x1x1
conv2d_17 membrane.up4.conv2.conv 256x256x3x3
batch_normalization_12 slit.up4.norm 513
conv2d_35 slit.up4.conv1.conv 256x513x3x3
conv2d_34 slit.up4.residual 1x513x1x1
conv2d_36 slit.up4.conv2.conv 256x256x3x3
conv2d_18 membrane.join.conv 256x257x3x3
conv2d_38 bridge 1x256x1x1
conv2d_37 slit.join.conv 256x257x3x3
batch_normalization_13 bridge_norm 1
batch_normalization_14 slit_norm_joined 257
conv2d_transpose_1 membrane.up3.up 257x128x2x2/2
conv2d_transpose_5 slit.up3.up 257x128x2x2/2
batch_normalization_7 membrane.up3.norm 257
batch_normalization_15 slit.up3.norm 257
conv2d_20 membrane.up3.conv1.conv 128x257x3x3
conv2d_40 slit.up3.conv1.conv 128x257x3x3
conv2d_19 membrane.up3.residual 1x257x1x1
conv2d_21 membrane.up3.conv2.conv 128x128x3x3
conv2d_39 slit.up3.residual 1x257x1x1
conv2d_41 slit.up3.conv2.conv 128x128x3x3
conv2d_transpose_2 membrane.up2.up 129x64x2x2/2
conv2d_transpose_6 slit.up2.up 129x64x2x2/2
batch_normalization_8 membrane.up2.norm 129
batch_normalization_16 slit.up2.norm 129
conv2d_23 membrane.up2.conv1.conv 64x129x3x3
conv2d_43 slit.up2.conv1.conv 64x129x3x3
conv2d_22 membrane.up2.residual 1x129x1x1
conv2d_24 membrane.up2.conv2.conv 64x64x3x3
conv2d_42 slit.up2.residual 1x129x1x1
conv2d_44 slit.up2.conv2.conv 64x64x3x3
conv2d_transpose_3 membrane.up1.up 65x32x2x2/2
conv2d_transpose_7 slit.up1.up 65x32x2x2/2
batch_normalization_9 membrane.up1.norm 64
batch_normalization_17 slit.up1.norm 64
conv2d_26 membrane.up1.conv1.conv 32x64x3x3
conv2d_46 slit.up1.conv1.conv 32x64x3x3
conv2d_25 membrane.up1.residual 1x64x1x1
conv2d_27 membrane.up1.conv2.conv 32x32x3x3
conv2d_45 slit.up1.residual 1x64x1x1
conv2d_47 slit.up1.conv2.conv 32x32x3x3
1 membrane.head 1x33x1x1
2 slit.head 1x33x1x1
"""
ROWS = [tuple(line.split()) for line in LAYERS.strip().splitlines()]
# Membrane: one logit, deviation of all; slit likewise (`wavy_model` on `wave`).
NUMBERS = [0.5258815949244497, 0.16385823675685407, -0.8344706684094947, 0.2290054920344207]
MODULES = {keras: module for keras, module, _ in ROWS}


@pytest.fixture(scope="module")
def published() -> list[dict[str, Any]]:
    if not PUBLISHED.is_file():
        pytest.skip("the published graph (../shared/data/fpw_dl_v1/model.json) is not here")
    layers: list[dict[str, Any]] = json.loads(PUBLISHED.read_text())["config"]["layers"]
    return layers


def describe(layer: nn.Module) -> str:
    stride = getattr(layer, "stride", (1, 1))
    return "x".join(map(str, layer.weight.shape)) + ("/2" if stride == (2, 2) else "")


def full_size() -> dict[str, nn.Module]:
    with torch.device("meta"):
        return dict(build_model(ForkNetSpec()).named_modules())


def test_every_layer_has_the_published_shape():
    modules = full_size()
    assert [(k, m, describe(modules[m])) for k, m, _ in ROWS] == ROWS


def test_the_table_names_every_layer_that_has_weights():
    weighted = {name for name, m in full_size().items() if list(m.parameters(recurse=False))}
    assert weighted == set(MODULES.values())
    assert len(ROWS) == 76


def test_the_table_is_the_published_graph(published):
    assert len(published) == 105
    weighted = [
        layer
        for layer in published
        if layer["class_name"] in {"Conv2D", "Conv2DTranspose", "BatchNormalization"}
    ]
    assert [layer["name"] for layer in weighted] == [keras for keras, _, _ in ROWS]
    for layer, (keras, _, shape) in zip(weighted, ROWS, strict=True):
        config = layer["config"]
        if layer["class_name"] != "BatchNormalization":
            sizes = [int(n) for n in shape.removesuffix("/2").split("x")]
            is_transposed = layer["class_name"] == "Conv2DTranspose"
            assert sizes[1 if is_transposed else 0] == config["filters"], keras
            assert sizes[2:] == config["kernel_size"], keras
            assert ("/2" in shape) == (config["strides"] == [2, 2]), keras
            assert config["use_bias"]
            assert config["kernel_initializer"]["class_name"] == "GlorotUniform"


def wave(shape: tuple[int, ...], phase: float) -> Tensor:
    """Numbers in [-1, 1] without a pattern, the same with every version of torch."""
    size = int(torch.Size(shape).numel())
    return torch.sin(torch.arange(size, dtype=torch.float64) ** 1.5 + phase).reshape(shape)


def wavy_model(width: float) -> nn.Module:
    model = build_model(ForkNetSpec(width=width)).double().eval()
    for phase, (name, tensor) in enumerate(model.state_dict().items()):
        if tensor.is_floating_point():
            values = wave(tuple(tensor.shape), phase)
            is_kernel = tensor.ndim > 1
            tensor.copy_(2 * values / tensor[0].numel() ** 0.5 if is_kernel else 0.5 * values)
            if name.endswith("running_var"):
                tensor.abs_().add_(0.5)
    return model


def run_published(
    layers: list[dict[str, Any]], model: nn.Module, image: Tensor
) -> dict[str, Tensor]:
    """Every layer's output, by the Keras rules, with the weights of our model."""
    modules = dict(model.named_modules())
    outputs: dict[str, Tensor] = {}
    for layer in layers:
        inputs = [outputs[node[0]] for nodes in layer["inbound_nodes"] for node in nodes]
        module = modules.get(MODULES.get(layer["name"], ""))
        outputs[layer["name"]] = run_layer(layer, module, inputs or [image])
    return outputs


def run_layer(layer: dict[str, Any], module: Any, inputs: list[Tensor]) -> Tensor:
    config, kind = layer["config"], layer["class_name"]
    if kind == "Concatenate":
        return torch.cat(inputs, 1)
    (features,) = inputs
    if kind == "MaxPooling2D":
        return functional.max_pool2d(features, config["pool_size"], config["strides"])
    if kind == "BatchNormalization":
        assert module.momentum == pytest.approx(1 - config["momentum"])
        statistics = (module.running_mean, module.running_var, module.weight, module.bias)
        return functional.batch_norm(features, *statistics, False, 0.0, config["epsilon"])
    if kind == "Conv2DTranspose":
        return functional.conv_transpose2d(features, module.weight, module.bias, config["strides"])
    if kind == "Conv2D":
        height, width = config["kernel_size"]
        if config["padding"] == "same":
            across, down = width - 1, height - 1
            sides = (across // 2, across - across // 2, down // 2, down - down // 2)
            features = functional.pad(features, sides)
        result = functional.conv2d(features, module.weight, module.bias, config["strides"])
        return {"relu": torch.relu, "sigmoid": torch.sigmoid, "linear": torch.clone}[
            config["activation"]
        ](result)
    assert kind == "InputLayer"
    return features


def test_forward_is_the_published_graph(published):
    model = wavy_model(0.125)
    image = wave((2, 1, 48, 80), 0.5)
    with torch.no_grad():
        logits = model(image)
        expected = run_published(published, model, image)
    assert expected["1"].std() > 0.01
    assert expected["2"].std() > 0.01
    torch.testing.assert_close(logits.membrane.sigmoid(), expected["1"])
    torch.testing.assert_close(logits.slit.sigmoid(), expected["2"])


def test_forward_gives_the_numbers_found_with_the_published_graph():
    """The same comparison where the published graph is not at hand."""
    with torch.no_grad():
        logits = wavy_model(0.125)(wave((2, 1, 48, 80), 0.5))
    found = [logits.membrane[0, 0, 20, 30], logits.membrane.std()]
    found += [logits.slit[0, 0, 20, 30], logits.slit.std()]
    assert torch.stack(found).tolist() == pytest.approx(NUMBERS, rel=1e-6)
