"""From a Keras file to slits: the command, the checkpoint it writes, and what it says."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from pydantic import ValidationError
from scipy import ndimage

from napari_slitseg.cli import main
from napari_slitseg.core.checkpoint import load_checkpoint, read_checkpoint_info
from napari_slitseg.core.keras_dataprops import DataProps, read_dataprops, take_over
from napari_slitseg.core.keras_file import KerasImportError
from napari_slitseg.core.models import ForkNetSpec
from napari_slitseg.core.preprocessing import MEAN, STANDARD_DEVIATION, fpw_dl_v1
from napari_slitseg.jobs import ImportKerasJob, explain
from napari_slitseg.pipelines.import_keras import import_keras
from tests.core.stub_models import lively

pytest.importorskip("h5py", reason="Keras weights are read with h5py, of the extra em")

from tests.core import keras_files


@pytest.fixture(scope="module")
def model():
    return lively(width=0.0625)


@pytest.fixture
def weights(tmp_path, model):
    return keras_files.write_weights(tmp_path / "weights.h5", keras_files.keras_weights(model))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "models" / "old net.safetensors"


def micrograph(shape):
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=shape), 3)
    return np.clip(120 + 300 * noise, 0, 255).astype(np.uint8)


# --- the checkpoint --------------------------------------------------------------------------


def test_the_checkpoint_says_what_it_is_and_where_it_comes_from(weights, out, model):
    before = datetime.now(UTC).replace(microsecond=0)
    info = import_keras(ImportKerasJob(weights=weights, out=out, licence="MIT"))
    assert read_checkpoint_info(out) == info
    assert info.name == "old net"
    assert info.spec == ForkNetSpec(width=0.0625)
    assert info.preprocessing == "fpw-dl-v1"
    assert info.pixel_size_nm == 10
    assert info.threshold == pytest.approx(55 / 255, abs=1e-4)
    assert info.min_distance_nm == pytest.approx(16)
    assert info.card["licence"] == "MIT"
    assert info.card["parameters"] == sum(each.numel() for each in model.parameters())
    origin = info.card["imported_from"]
    assert origin["file"] == "weights.h5"
    assert origin["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert origin["keras_version"] == "2.2.4-tf"
    assert before <= datetime.fromisoformat(origin["date"]) <= datetime.now(UTC)
    assert str(weights.parent) not in json.dumps(info.to_dict())


def test_every_setting_arrives(weights, out):
    job = ImportKerasJob(
        weights=weights, out=out, name="Lab 7", pixel_size_nm=8, threshold=0.4, min_distance_nm=30
    )
    info = import_keras(job)
    assert (info.name, info.pixel_size_nm, info.threshold) == ("Lab 7", 8, 0.4)
    assert info.min_distance_nm == 30
    assert "not stated" in info.card["licence"]


def test_the_smallest_distance_is_one_pixel_of_the_network(weights, out):
    info = import_keras(ImportKerasJob(weights=weights, out=out, pixel_size_nm=5))
    assert info.min_distance_nm == pytest.approx(8)


def test_its_weights_are_those_of_the_file(weights, out, model):
    import_keras(ImportKerasJob(weights=weights, out=out))
    found = load_checkpoint(out)[0].state_dict()
    for name, tensor in model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


# --- the numbers by which images were standardised -------------------------------------------


def test_other_dataprops_are_taken_into_the_first_layer(weights, out, model, tmp_path):
    props = tmp_path / "dataprops.json"
    props.write_text('{"x_mean": 135.11445617, "x_std": 65.07285308}')
    info = import_keras(ImportKerasJob(weights=weights, out=out, dataprops=props))
    assert info.card["images_standardised_by"]["mean"] == 135.11445617
    grey = torch.rand(1, 1, 64, 64) * 255
    with torch.inference_mode():
        ours = load_checkpoint(out)[0]((grey - MEAN) / STANDARD_DEVIATION)
        theirs = model((grey - 135.11445617) / 65.07285308)
        unlike = model((grey - MEAN) / STANDARD_DEVIATION)
    torch.testing.assert_close(ours.slit, theirs.slit, rtol=1e-4, atol=1e-4)
    assert (ours.slit - unlike.slit).abs().max() > 0.05


def test_the_published_numbers_change_nothing():
    model = lively()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    take_over(model, DataProps())
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", r'x_mean and x_std, such as {"x_mean": 115\.836, "x_std": 42\.8125}\.$'),
        ("[1, 2]", "x_mean and x_std"),
        ("not JSON", "x_mean and x_std"),
        ('{"x_mean": "grey", "x_std": 1}', "x_mean and x_std"),
        ('{"x_mean": 100, "x_std": 0}', "x_std above 0"),
        ('{"x_mean": NaN, "x_std": 1}', "finite x_mean"),
    ],
)
def test_nonsense_dataprops_are_refused(tmp_path, text, says):
    (tmp_path / "dataprops.json").write_text(text)
    with pytest.raises(KerasImportError, match=says):
        read_dataprops(tmp_path / "dataprops.json")


def test_missing_dataprops_are_refused_before_anything_is_written(weights, out, tmp_path):
    job = ImportKerasJob(weights=weights, out=out, dataprops=tmp_path / "none.json")
    with pytest.raises(KerasImportError, match=r"none\.json could not be read: No such file"):
        import_keras(job)
    assert not out.parent.exists()


# --- the job and the command -----------------------------------------------------------------


def test_the_checkpoint_has_the_ending_of_one(weights):
    with pytest.raises(ValidationError) as caught:
        ImportKerasJob(weights=weights, out=weights)
    assert "ends in .safetensors" in explain(caught.value)


def test_every_field_is_in_the_help(capsys):
    assert main(["import-keras", "--help"]) == 0
    page = capsys.readouterr().out
    for field in ImportKerasJob.model_fields:
        assert f"--{field.replace('_', '-')}" in page
    assert main(["--help"]) == 0
    assert "import-keras" in capsys.readouterr().out


def test_from_a_keras_file_to_slits_in_the_terminal(weights, out, model, tmp_path, capsys):
    assert main(["import-keras", str(weights), "--out", str(out), "--threshold", "0.3"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("old net: ForkNet with 54,376 ")
    assert said[-1] == f"Next: slitseg predict IMAGES --out results --model '{out}'"

    pixels = micrograph((1160, 1024))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    words = ["predict", str(tmp_path / "a.png"), "--out", str(tmp_path / "results")]
    assert main([*words, "--model", str(out), "--device", "cpu", "--pixel-size-nm", "10"]) == 0
    assert "the first 1104 rows and 1024 columns" in capsys.readouterr().err

    with torch.inference_mode():
        seen = torch.from_numpy(fpw_dl_v1(pixels[:1104]))
        expected = model(seen[None, None]).slit[0, 0].sigmoid().numpy()
    zoom = (1104 / 640, 1024 / 640)
    expected = ndimage.zoom(expected, zoom, order=1, grid_mode=True, mode="nearest")
    maps = tifffile.imread(tmp_path / "results" / "a_maps.tif")
    slit = maps[1] / (255 if maps.dtype == np.uint8 else 1)
    assert slit.shape == (1160, 1024)
    np.testing.assert_allclose(slit[:1104], expected, atol=0.01)
    assert not slit[1104:].any()
    rows = np.loadtxt(tmp_path / "results" / "a_slits.csv", delimiter=",", skiprows=1)
    assert len(rows) > 20
    assert rows[:, 1].max() < 1104
    assert rows[:, 3].min() >= 0.3


def see_bright(weights):
    """Weights of a network that passes its input on, pixel by pixel, to the slit output."""
    for layer in weights.values():
        for kind, values in layer.items():
            values[...] = 1 if kind in ("gamma", "moving_variance") else 0
    for name, channel in (("conv2d", 0), ("conv2d_1", 0), ("conv2d_2", 0), ("conv2d_46", 2)):
        weights[name]["kernel"][1, 1, channel, 0] = 1  # conv2d_46 sees up 0, 1 and skip 2, 3
    weights["conv2d_47"]["kernel"][1, 1, 0, 0] = 1
    weights["2"]["kernel"][0, 0, 1, 0] = 8  # beside the projection, which is channel 0
    weights["2"]["bias"][...] = -8
    return weights


@pytest.mark.parametrize(("nm", "grain"), [(10.0, 1.0), (6.0, 10 / 6)])
def test_slits_come_back_to_the_pixels_of_the_image(tmp_path, model, out, nm, grain):
    keras = see_bright(keras_files.keras_weights(model))
    weights = keras_files.write_weights(tmp_path / "weights.h5", keras)
    assert main(["import-keras", str(weights), "--out", str(out)]) == 0
    field = [round(n * grain) for n in (1104, 1024)]
    dots = [(8, 8), (8, 1015.5), (1095.25, 8), (1095, 1015), (500.5, 8), (700.25, 300.75)]
    yx = np.array(dots) * grain
    image = np.full(field, 100.0)
    for row, column in yx:
        y, x = np.ogrid[: field[0], : field[1]]
        image += 150 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * (4 * grain) ** 2))
    Image.fromarray(np.rint(image).astype(np.uint8)).save(tmp_path / "a.png")
    words = ["predict", str(tmp_path / "a.png"), "--out", str(tmp_path), "--model", str(out)]
    assert main([*words, "--device", "cpu", "--pixel-size-nm", str(nm)]) == 0
    found = np.loadtxt(tmp_path / "a_slits.csv", delimiter=",", skiprows=1)[:, 1:3]
    assert len(found) == len(yx)
    far = np.linalg.norm(found[:, None] - yx, axis=-1)
    assert far.min(axis=0).max() < 1 * grain


def test_what_cannot_be_imported_ends_with_2_and_the_reason(weights, out, capsys):
    weights.write_bytes(weights.read_bytes()[:5000])
    assert main(["import-keras", str(weights), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"Error: {weights} cannot be imported: it is cut short; copy")
    assert said.out == ""
    assert not out.exists()


def test_a_folder_that_cannot_be_made_is_refused(weights, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["import-keras", str(weights), "--out", str(tmp_path / "file/x.safetensors")]) == 2
    assert "cannot be written to the folder" in capsys.readouterr().err
