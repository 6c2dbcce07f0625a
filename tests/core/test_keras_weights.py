"""Keras weights of the published ForkNet become ours; whatever else is refused with its cure."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_slitseg.core.keras_file import KerasImportError
from napari_slitseg.core.keras_forknet import NAMED, NUMBERED
from napari_slitseg.core.keras_weights import import_forknet
from napari_slitseg.core.models import ForkNetSpec
from tests.core.stub_models import lively
from tests.core.test_forknet_graph import MODULES

h5py = pytest.importorskip("h5py", reason="Keras weights are read with h5py, of the extra em")

from tests.core import keras_files  # noqa: E402


@pytest.fixture(scope="module")
def model():
    return lively(width=0.125)


@pytest.fixture
def weights(model):
    return keras_files.keras_weights(model)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.h5"


@pytest.fixture
def saved(path, weights):
    return keras_files.write_weights(path, weights)


def check_same(found, model):
    """The outputs, and every weight, are those of the model that was written."""
    image = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 1, 64, 96)))
    with torch.inference_mode():
        ours, theirs = found.model(image.float()), model(image.float())
    assert theirs.slit.std() > 0.01
    torch.testing.assert_close(ours.membrane, theirs.membrane, rtol=0, atol=0)
    torch.testing.assert_close(ours.slit, theirs.slit, rtol=0, atol=0)
    assert not found.model.training


# --- what is converted -----------------------------------------------------------------------


def test_the_names_are_those_of_the_published_graph():
    counted = {
        kind if number == 0 else f"{kind}_{number}": module
        for kind, modules in NUMBERED.items()
        for number, module in enumerate(modules)
    }
    assert counted | NAMED == MODULES


def test_saved_weights_are_converted(saved, model):
    found = import_forknet(saved)
    check_same(found, model)
    assert found.model.spec == ForkNetSpec(width=0.125)
    assert found.keras_version == "2.2.4-tf"
    assert found.sha256 == hashlib.sha256(saved.read_bytes()).hexdigest()


def test_a_whole_model_is_converted_and_its_description_left_alone(path, weights, model):
    check_same(import_forknet(keras_files.write_whole(path, weights)), model)


def test_a_model_within_a_model_is_converted(path, weights, model):
    check_same(import_forknet(keras_files.write_nested(path, weights)), model)


@pytest.mark.parametrize("offset", [1, 48, 1000])
def test_numbers_may_go_on_from_models_made_before(path, weights, model, offset):
    later = keras_files.renumbered(weights, offset)
    assert f"conv2d_{offset}" in later
    check_same(import_forknet(keras_files.write_weights(path, later)), model)


def test_kinds_of_layers_may_be_counted_apart(path, weights, model):
    mixed = {
        new if "conv2d_" in old else old: layer
        for (old, layer), new in zip(
            weights.items(), keras_files.renumbered(weights, 7), strict=True
        )
        if old != "conv2d"
    } | {"conv2d_7": weights["conv2d"]}
    check_same(import_forknet(keras_files.write_weights(path, mixed)), model)


def test_names_of_later_versions_are_known(path, weights, model):
    v1 = {name.replace("normalization", "normalization_v1"): w for name, w in weights.items()}
    check_same(import_forknet(keras_files.write_weights(path, v1, suffix="")), model)


def test_the_order_in_the_file_does_not_matter(path, weights, model):
    backwards = dict(reversed(weights.items()))
    turned = keras_files.write_weights(path, backwards, order=lambda kinds: sorted(kinds)[::-1])
    check_same(import_forknet(turned), model)


def test_a_list_of_layers_in_parts_is_put_together(path, weights, model):
    check_same(import_forknet(keras_files.write_weights(path, weights, parts=3)), model)


def test_normalisation_without_scale_or_centre_is_1_and_0(path, weights):
    del weights["batch_normalization_5"]["gamma"], weights["batch_normalization_6"]["beta"]
    state = import_forknet(keras_files.write_weights(path, weights)).model.state_dict()
    assert (state[f"{MODULES['batch_normalization_5']}.weight"] == 1).all()
    assert (state[f"{MODULES['batch_normalization_6']}.bias"] == 0).all()
    assert (state[f"{MODULES['batch_normalization_6']}.weight"] != 1).any()


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floating_point_numbers_become_float32(path, weights, dtype):
    cast = {
        name: {kind: values.astype(dtype) for kind, values in layer.items()}
        for name, layer in weights.items()
    }
    state = import_forknet(keras_files.write_weights(path, cast)).model.state_dict()
    assert state["stem.1.conv.weight"].dtype == torch.float32
    expected = cast["conv2d"]["kernel"].astype(np.float32)[1, 2, 0]
    np.testing.assert_array_equal(state["stem.1.conv.weight"][:, 0, 1, 2], expected)


def test_output_1_is_the_membrane_and_2_the_slits(path, weights):
    weights["1"]["bias"] = np.array([5.0], np.float32)
    weights["2"]["bias"] = np.array([-5.0], np.float32)
    state = import_forknet(keras_files.write_weights(path, weights)).model.state_dict()
    assert state["membrane.head.bias"].item() == 5
    assert state["slit.head.bias"].item() == -5


# --- files that are refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("weights.h5", b"", "is empty"),
        ("weights.h5", b"just text", "no HDF5 file but of another kind; choose the weights"),
        ("model.json", b'{"class_name": "Model"}', "the description of a model"),
        ("model.keras", b"PK\x03\x04 zip", r"layout of Keras 3 \(.keras\); load the model"),
        ("model.pt", b"PK\x03\x04 zip", "a zip archive"),
        ("model.pkl", b"\x80\x04\x95 pickle", "a pickle that could run code"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KerasImportError, match=says):
        import_forknet(tmp_path / name)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(KerasImportError, match=r"none\.h5 cannot be imported: there is no such"):
        import_forknet(tmp_path / "none.h5")
    with pytest.raises(KerasImportError, match="it is a folder"):
        import_forknet(tmp_path)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_file_cut_short_is_refused(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(KerasImportError, match=r"cut short|damaged.*; copy or download it again"):
        import_forknet(saved)


def test_damage_anywhere_never_ends_in_another_error(saved):
    content = bytearray(saved.read_bytes())
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(20):
        broken = bytearray(content)
        at = int(rng.integers(8, min(len(content), 60_000)))
        broken[at : at + 64] = rng.bytes(64)
        saved.write_bytes(broken)
        try:
            import_forknet(saved)
        except KerasImportError:
            refused += 1
    assert refused > 5


def test_hdf5_of_another_program_is_refused(path):
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros(3)
    with pytest.raises(KerasImportError, match="no Keras weights"):
        import_forknet(path)


@pytest.mark.parametrize("group", ["layers/conv2d/vars", "_layer_checkpoint_dependencies/conv2d"])
def test_weights_of_keras_3_are_refused_with_the_cure(path, group):
    with h5py.File(path, "w") as file:
        file[f"{group}/0"] = np.zeros((3, 3, 1, 32), np.float32)
    with pytest.raises(KerasImportError, match=r'Keras 3 .*model\.save\("weights\.h5"\)'):
        import_forknet(path)


def test_without_h5py_the_extra_is_named(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(KerasImportError, match=r'pip install "napari-slitseg\[em\]"'):
        import_forknet(saved)


@pytest.mark.parametrize("kind", ["external", "soft"])
def test_links_are_not_followed(saved, tmp_path, kind):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["kernel"] = np.zeros((3, 3, 1, 4), np.float32)
    outside = h5py.ExternalLink(str(tmp_path / "other.h5"), "kernel")
    with h5py.File(saved, "a") as file:
        del file["conv2d/conv2d/kernel:0"]
        link = outside if kind == "external" else h5py.SoftLink("/conv2d_1/conv2d_1/kernel:0")
        file["conv2d/conv2d/kernel:0"] = link
    with pytest.raises(KerasImportError, match=r"'conv2d/kernel:0' is a link that leads elsewhere"):
        import_forknet(saved)


def test_numbers_kept_in_another_file_are_not_read(saved, tmp_path):
    raw = tmp_path / "secret.raw"
    raw.write_bytes(bytes(144))
    with h5py.File(saved, "a") as file:
        del file["conv2d/conv2d/kernel:0"]
        file["conv2d/conv2d"].create_dataset(
            "kernel:0", (3, 3, 1, 4), "f4", external=[(str(raw), 0, 144)]
        )
    with pytest.raises(KerasImportError, match="not numbers in this file"):
        import_forknet(saved)


# --- weights that are refused ----------------------------------------------------------------


def check_refused(path, weights, says):
    with pytest.raises(KerasImportError, match=says) as caught:
        import_forknet(keras_files.write_weights(path, weights))
    assert str(caught.value).startswith(f"{path} cannot be imported: ")


def test_another_shape_is_refused_with_the_layer_and_the_shape_expected(path, weights):
    weights["conv2d_4"]["kernel"] = np.zeros((3, 3, 4, 9), np.float32)
    check_refused(
        path, weights, r"'conv2d_4' has .*'kernel' of shape 3 x 3 x 4 x 9, .* 3 x 3 x 4 x 8;"
    )


@pytest.mark.parametrize("layer", ["conv2d_6", "conv2d_47", "conv2d_transpose_5", "1", "2"])
@pytest.mark.parametrize("kind", ["kernel", "bias"])
def test_the_shapes_of_kernels_and_biases_are_checked(path, weights, layer, kind):
    weights[layer][kind] = weights[layer][kind][None]
    check_refused(path, weights, f"'{layer}' has the weights '{kind}' of shape 1 x ")


@pytest.mark.parametrize("kind", ["gamma", "beta", "moving_mean", "moving_variance"])
def test_the_shapes_of_statistics_are_checked(path, weights, kind):
    weights["batch_normalization_17"][kind] = np.ones(7, np.float32)
    check_refused(path, weights, f"'{kind}' of shape 7, .* those of 8;")


def test_a_transposed_convolution_the_other_way_round_is_refused(path, weights):
    kernel = weights["conv2d_transpose"]["kernel"]
    weights["conv2d_transpose"]["kernel"] = kernel.transpose(0, 1, 3, 2)
    check_refused(
        path, weights, "'conv2d_transpose' .* of shape 2 x 2 x 65 x 32, .* 2 x 2 x 32 x 65"
    )


@pytest.mark.parametrize("gone", ["conv2d_17", "conv2d_transpose_3", "batch_normalization_9"])
def test_a_missing_layer_is_named(path, weights, gone):
    del weights[gone]
    check_refused(path, weights, f"lacks the layer '{gone}'")


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("conv2d_47", "47 layers 'conv2d' and fpw-dl-v1's ForkNet 48; .* another model"),
        ("batch_normalization", "17 layers 'batch_normalization' and .* 18"),
        ("2", "lacks the layer '2', an output"),
    ],
)
def test_a_layer_missing_at_an_end_is_counted(path, weights, gone, says):
    del weights[gone]
    check_refused(path, weights, says)


def test_an_empty_list_of_layers_is_refused(path):
    check_refused(path, {}, "0 layers 'conv2d'")


@pytest.mark.parametrize("extra", ["dense", "conv2d_48", "3"])
def test_a_layer_too_many_is_refused(path, weights, extra):
    check_refused(path, weights | {extra: weights["conv2d"]}, "another model")


def test_two_layers_of_one_name_are_refused(path, weights):
    twice = weights | {"batch_normalization_v1_3": weights["batch_normalization_3"]}
    check_refused(
        path, twice, "not clear which of its layers 'batch_normalization_3' and .*_v1_3' is"
    )


def test_a_width_there_is_not_is_refused(path, weights):
    weights["conv2d"]["kernel"] = np.zeros((3, 3, 1, 700), np.float32)
    check_refused(path, weights, "'conv2d' has 700 filters, no width of")
    weights["conv2d"] = {"bias": np.zeros(4, np.float32)}
    check_refused(path, weights, "'conv2d' has 0 filters")


@pytest.mark.parametrize(
    ("layer", "kind"),
    [("conv2d_3", "bias"), ("conv2d_3", "kernel"), ("batch_normalization_2", "moving_variance")],
)
def test_missing_weights_of_a_layer_are_named(path, weights, layer, kind):
    del weights[layer][kind]
    check_refused(path, weights, f"'{layer}' lacks the weights '{kind}'")


def test_weights_that_such_a_layer_lacks_are_refused(path, weights):
    weights["batch_normalization_2"]["renorm_mean"] = np.zeros(4, np.float32)
    check_refused(path, weights, "'batch_normalization_2' has the weights 'renorm_mean'")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(path, weights, value):
    weights["conv2d_40"]["kernel"][1, 1, 0, 0] = value
    check_refused(path, weights, "'conv2d_40' has NaN or infinity in 'kernel'")


def test_a_negative_variance_is_refused(path, weights):
    weights["batch_normalization_2"]["moving_variance"][1] = -0.5
    check_refused(path, weights, "'batch_normalization_2' has a negative variance")


@pytest.mark.parametrize("dtype", [np.int32, np.complex64])
def test_numbers_that_are_no_weights_are_refused(path, weights, dtype):
    weights["conv2d_1"]["bias"] = weights["conv2d_1"]["bias"].astype(dtype)
    check_refused(path, weights, f"'bias' as {np.dtype(dtype)}, not as floating-point numbers")


def test_text_is_no_weight(path, weights):
    weights["conv2d_1"]["bias"] = np.array(["a", "b", "c", "d"], h5py.string_dtype())
    check_refused(path, weights, "'bias' as object")


def test_weights_listed_but_not_there_are_refused(saved):
    with h5py.File(saved, "a") as file:
        del file["conv2d_9/conv2d_9/bias:0"]
    with pytest.raises(KerasImportError, match="lists 'conv2d_9/bias:0', but does not hold it"):
        import_forknet(saved)


def test_weights_listed_twice_are_refused(saved):
    with h5py.File(saved, "a") as file:
        names = [b"conv2d_9/kernel:0", b"conv2d_9/kernel:0", b"conv2d_9/bias:0"]
        file["conv2d_9"].attrs["weight_names"] = names
    with pytest.raises(KerasImportError, match=r"'conv2d_9' has the weights .* twice"):
        import_forknet(saved)


def test_a_group_is_no_weight(saved):
    with h5py.File(saved, "a") as file:
        del file["conv2d_9/conv2d_9/bias:0"]
        file.create_group("conv2d_9/conv2d_9/bias:0")
    with pytest.raises(KerasImportError, match="not numbers in this file"):
        import_forknet(saved)


def test_the_path_may_be_text(saved):
    assert import_forknet(str(saved)).sha256 == import_forknet(Path(saved)).sha256
