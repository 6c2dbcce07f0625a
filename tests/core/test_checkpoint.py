"""Saving and loading checkpoints, and everything that must be refused."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from napari_slitseg.core import checkpoint_file
from napari_slitseg.core.checkpoint import (
    CheckpointError,
    CheckpointInfo,
    load_checkpoint,
    read_checkpoint_info,
    save_checkpoint,
)
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.models import ForkNetSpec, ModelSpec, UNetSpec, build_model

SPEC = ForkNetSpec(width=0.0625)
INFO = CheckpointInfo(
    name="test model",
    spec=SPEC,
    normalisation=Normalisation(2.0, 98.0, 2.5),
    pixel_size_nm=10.0,
    threshold=0.4,
    min_distance_nm=60.0,
    card={"licence": "BSD-3-Clause", "saw": ["synthetic", "µm"], "scores": {"f1": 0.9}},
    job={"steps": 10},
)


def trained(spec: ModelSpec = SPEC):
    """A model whose weights and statistics are no longer the initial ones."""
    torch.manual_seed(0)
    model = build_model(spec)
    model(torch.randn(2, 1, 32, 32))
    return model


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.fixture
def path(tmp_path, model) -> Path:
    file = tmp_path / "model.safetensors"
    save_checkpoint(file, model, INFO)
    return file


def tensors_of(path: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load(path.read_bytes())


def metadata_of(path: Path) -> dict[str, str]:
    return dict(checkpoint_file.read_header(path).metadata)


def rewrite(path: Path, tensors=None, metadata=None, *, is_signed: bool = True, **info) -> None:
    """Write a file by hand: other tensors, metadata or info entries, with a right SHA-256."""
    metadata = metadata_of(path) if metadata is None else metadata
    tensors = tensors_of(path) if tensors is None else tensors
    if is_signed:
        bare = safetensors.torch.save(tensors)
        info["sha256"] = checkpoint_file.digest(checkpoint_file.parse(path, bare), bare)
    if info:
        metadata["info"] = json.dumps(json.loads(metadata["info"]) | info)
    path.write_bytes(safetensors.torch.save(tensors, metadata))


def assert_refused(path: Path, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")


# --- Round trip --------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", [SPEC, UNetSpec(width=0.0625, norm="group")])
def test_round_trip(tmp_path, spec):
    model, info = trained(spec), replace(INFO, spec=spec)
    file = tmp_path / "model.safetensors"
    saved = save_checkpoint(file, model, info)
    loaded, read = load_checkpoint(file)
    assert read == saved == replace(info, sha256=saved.sha256)
    assert len(saved.sha256) == 64
    assert type(loaded) is type(model)
    assert loaded.spec == spec
    assert not loaded.training
    expected = model.state_dict()
    assert list(loaded.state_dict()) == list(expected)
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
        assert tensor.device.type == "cpu"
    image = torch.randn(1, 1, 32, 32)
    assert torch.equal(loaded(image).slit, model.eval()(image).slit)


def test_a_loaded_model_can_be_trained_on(path):
    model, _ = load_checkpoint(path)
    before = model.stem[1].conv.weight.clone()
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    model.train()(torch.randn(2, 1, 16, 16)).slit.square().mean().backward()
    optimiser.step()
    assert not torch.equal(model.stem[1].conv.weight, before)


def test_saving_leaves_the_model_as_it_is(tmp_path, model):
    model.train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_checkpoint(tmp_path / "a.safetensors", model, INFO)
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_other_dtypes_and_layouts_are_saved_as_plain_float32(tmp_path):
    model = trained().to(memory_format=torch.channels_last)
    plain = save_checkpoint(tmp_path / "a.safetensors", model, INFO)
    wide = save_checkpoint(tmp_path / "b.safetensors", model.double(), INFO)
    assert plain.sha256 == wide.sha256
    loaded, _ = load_checkpoint(tmp_path / "b.safetensors")
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    save_checkpoint(tmp_path / "c.safetensors", model.bfloat16(), INFO)
    loaded, _ = load_checkpoint(tmp_path / "c.safetensors")
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}


def test_loading_does_not_touch_the_random_numbers(path):
    before = torch.random.get_rng_state()
    load_checkpoint(path)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_fingerprint_follows_the_weights_only(tmp_path, model, path):
    first = read_checkpoint_info(path)
    again = save_checkpoint(tmp_path / "b.safetensors", model, replace(INFO, name="other"))
    assert again.sha256 == first.sha256
    changed = trained()
    with torch.no_grad():
        changed.slit.head.bias += 1e-6
    assert save_checkpoint(tmp_path / "c.safetensors", changed, INFO).sha256 != first.sha256


def test_the_fingerprint_separates_name_dtype_shape_and_bytes():
    values = np.arange(4, dtype=np.float32)
    variants = [
        {"a": torch.from_numpy(values)},
        {"b": torch.from_numpy(values)},
        {"a": torch.from_numpy(values).view(2, 2)},
        {"a": torch.from_numpy(values).view(torch.int32)},
        {"a": torch.from_numpy(values + 1)},
        {"a": torch.from_numpy(values[:2]), "aa": torch.from_numpy(values[2:])},
    ]
    digests = set()
    for tensors in variants:
        content = safetensors.torch.save(tensors)
        header = checkpoint_file.parse(Path("x"), content)
        digests.add(checkpoint_file.digest(header, content))
    assert len(digests) == len(variants)


def test_info_is_read_without_torch(path):
    code = (
        "import sys; from napari_slitseg.core.checkpoint import read_checkpoint_info as read; "
        "print(read(sys.argv[1]).name); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, "test model")


def test_a_path_may_be_a_string(tmp_path, model):
    file = str(tmp_path / "model.safetensors")
    save_checkpoint(file, model, INFO)
    assert read_checkpoint_info(file).name == load_checkpoint(file)[1].name == "test model"


# --- Files of another kind ---------------------------------------------------------------------


class Bomb:
    """Unpickling this would create a file."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self):
        return Path.touch, (self.trap,)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("is_long", [True, False])
def test_a_pickle_is_refused_unread(tmp_path, protocol, is_long):
    trap, file = tmp_path / "trap", tmp_path / "model.safetensors"
    file.write_bytes(pickle.dumps([Bomb(trap), "x" * 5000 * is_long], protocol))
    assert_refused(file, "a pickle that could run code; only checkpoints saved by this program")
    assert not trap.exists()


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_pytorch_file_is_refused_unread(tmp_path, model, is_zip):
    trap, file = tmp_path / "trap", tmp_path / "model.pt"
    content = {"state": model.state_dict(), "bomb": Bomb(trap)}
    torch.save(content, file, _use_new_zipfile_serialization=is_zip)
    assert_refused(file, "pickle that could run code")
    assert not trap.exists()


def test_a_zip_is_refused(tmp_path):
    file = tmp_path / "model.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.safetensors", b"whatever")
    assert_refused(file, "it is a zip archive")


def test_a_broken_zip_is_refused(tmp_path):
    file = tmp_path / "model.zip"
    file.write_bytes(b"PK\x03\x04" + bytes(100))
    assert_refused(file, "it is a zip archive")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "a Keras / HDF5 file"),
        (gzip.compress(b"x" * 100), "a gzip archive"),
        (b"These are the weights, and this is no model.", "not a safetensors file"),
        (bytes(100), "not a safetensors file"),
        (b'{"format": "json"}', "not a safetensors file"),
        (np.random.default_rng(0).bytes(1000), "not a safetensors file"),
    ],
    ids=["hdf5", "gzip", "text", "zeros", "json", "noise"],
)
def test_other_files_are_refused(tmp_path, content, words):
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    assert_refused(file, words)


def test_an_empty_file_is_refused(tmp_path):
    file = tmp_path / "model.safetensors"
    file.touch()
    assert_refused(file, "the file is empty")


def test_a_missing_file_is_refused(tmp_path):
    assert_refused(tmp_path / "none.safetensors", "there is no such file")


def test_a_folder_is_refused(tmp_path):
    assert_refused(tmp_path, "it is a folder")


def test_a_file_without_permission_is_refused(path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert_refused(path, r"could not be opened \(Permission denied\)")


# --- Damaged files -----------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [1, 7, 8, 9, 100, 0.5, -1])
def test_a_truncated_file_is_refused(path, kept):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if kept == 0.5 else kept])
    assert_refused(path, "the file is cut short")
    with pytest.raises(CheckpointError, match="cut short"):
        read_checkpoint_info(path)


def test_a_file_that_goes_on_is_refused(path):
    path.write_bytes(path.read_bytes() + b"\0")
    assert_refused(path, "goes on after its last tensor")


@pytest.mark.parametrize(
    "header",
    [
        b"{not json}",
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [1]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}}',
        b'{"__metadata__": []}',
        b"{\xff}",
        b'{"a": ' + b"[" * 100_000,
    ],
)
def test_a_senseless_header_is_refused(tmp_path, header):
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert_refused(file, "its header makes no sense")


def test_changed_weights_are_refused(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert_refused(path, "not those that were saved")
    assert read_checkpoint_info(path).name == "test model"


def test_overlapping_tensors_are_refused(path):
    """Offsets that the right SHA-256 covers, but no writer makes."""
    header, content = checkpoint_file.read_all(path)
    values = json.loads(content[8 : header.data_start])
    values["bridge.bias"]["data_offsets"] = values["bridge_norm.bias"]["data_offsets"]

    def packed(sha256: str) -> bytes:
        info = json.loads(header.metadata["info"]) | {"sha256": sha256}
        values["__metadata__"]["info"] = json.dumps(info)
        text = json.dumps(values).encode()
        return len(text).to_bytes(8, "little") + text + content[header.data_start :]

    draft = packed("0" * 64)
    path.write_bytes(packed(checkpoint_file.digest(checkpoint_file.parse(path, draft), draft)))
    assert_refused(path, "tensors could not be read")


# --- Weights that are not the architecture's ---------------------------------------------------


def test_another_architecture_is_refused(path):
    rewrite(path, spec={"architecture": "unet", "width": 0.0625, "norm": "batch"})
    assert_refused(path, "lacks the weights .* of a unet of width 0.0625")


def test_an_unknown_architecture_is_refused(path):
    rewrite(path, spec={"architecture": "transformer", "width": 1.0, "norm": "batch"})
    assert_refused(path, "no model 'transformer'; there are")


def test_another_width_is_refused(path):
    rewrite(path, spec=SPEC.to_dict() | {"width": 4.0})
    assert_refused(path, r"F32 \[2, 1, 3, 3\], but a forknet of width 4 .* F32 \[128, 1, 3, 3\]")


def test_another_norm_is_refused(path):
    rewrite(path, spec=SPEC.to_dict() | {"norm": "none"})
    assert_refused(path, "has weights that .* norm 'none' lacks")


def test_missing_weights_are_refused(path):
    tensors = tensors_of(path)
    del tensors["slit.head.bias"]
    rewrite(path, tensors)
    assert_refused(path, "lacks the weights 'slit.head.bias'")


def test_extra_weights_are_refused(path):
    rewrite(path, tensors_of(path) | {"slit.other": torch.zeros(1)})
    assert_refused(path, "such as 'slit.other'")


def test_another_dtype_is_refused(path):
    rewrite(path, tensors_of(path) | {"slit.head.bias": torch.zeros(1, dtype=torch.float16)})
    assert_refused(path, r"'slit.head.bias' are F16 \[1\], but .* needs F32 \[1\]")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["stem.1.conv.weight", "membrane.norm5.running_mean"])
def test_weights_that_are_no_numbers_are_refused(path, name, value):
    tensors = tensors_of(path)
    tensors[name].flatten()[-1] = value
    rewrite(path, tensors)
    assert_refused(path, f"weights '{name}' contain NaN or infinity")


def test_a_negative_variance_is_refused(path):
    tensors = tensors_of(path)
    tensors["norm2.running_var"][0] = -1.0
    rewrite(path, tensors)
    assert_refused(path, "variances 'norm2.running_var' are negative")


# --- Metadata ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["format", "info"])
def test_missing_metadata_is_refused(path, lost):
    metadata = metadata_of(path)
    del metadata[lost]
    rewrite(path, metadata=metadata, is_signed=False)
    assert_refused(path, "does not say what they are for")
    with pytest.raises(CheckpointError, match="does not say"):
        read_checkpoint_info(path)


def test_bare_weights_are_refused(path):
    safetensors.torch.save_file(tensors_of(path), path)
    assert_refused(path, "does not say what they are for")


@pytest.mark.parametrize("version", ["2", "", "1.0"])
def test_an_unknown_format_version_is_refused(path, version):
    rewrite(path, metadata=metadata_of(path) | {"format_version": version})
    assert_refused(path, f"format version '{version}' and this program reads '1'; update")


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"pixel_size_nm": 0}, "pixel_size_nm is 0, but must be a number above 0"),
        ({"pixel_size_nm": None}, "pixel_size_nm is None"),
        ({"pixel_size_nm": float("nan")}, "NaN is no number"),
        ({"threshold": 1.5}, "threshold is 1.5, but must be a number from 0 to 1"),
        ({"min_distance_nm": "60"}, "min_distance_nm is '60'"),
        ({"name": " "}, "a model needs a name"),
        ({"spec": {"depth": 1}}, "no model ''"),
        ({"spec": []}, "spec is .*, but must be a dictionary"),
        ({"normalisation": []}, "normalisation is .*, but must be a dictionary"),
        ({"normalisation": {"gamma": 1}}, "gamma"),
        ({"card": "none"}, "card is 'none', but must be a dictionary"),
        ({"surprise": 1}, "missing or unknown entries: surprise"),
    ],
)
def test_an_invalid_description_is_refused(path, info, words):
    rewrite(path, **info)
    assert_refused(path, words)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"name": "x"}'])
def test_a_description_of_another_form_is_refused(path, text):
    rewrite(path, metadata=metadata_of(path) | {"info": text}, is_signed=False)
    assert_refused(path, "its description is not valid")


def test_a_missing_fingerprint_is_refused(path):
    rewrite(path, is_signed=False, sha256="")
    assert_refused(path, "not those that were saved")


# --- Saving what must not be saved, and where it cannot be ----------------------------------------


def assert_not_saved(path: Path, model, info: CheckpointInfo, words: str) -> None:
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=words):
        save_checkpoint(path, model, info)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_broken_weights_are_not_saved(path):
    model = trained()
    with torch.no_grad():
        model.slit.head.bias.fill_(float("nan"))
    assert_not_saved(path, model, INFO, "not saved to .*'slit.head.bias' contain NaN")


def test_a_model_is_not_saved_as_another(path, model):
    assert_not_saved(path, model, replace(INFO, spec=ForkNetSpec()), "but the model is")


@pytest.mark.parametrize("card", [{"f1": float("nan")}, {"path": Path("x")}, {1: 2, "a": 3}])
def test_a_card_that_is_no_json_is_not_saved(path, model, card):
    assert_not_saved(path, model, replace(INFO, card=card), "no plain JSON")


def test_a_full_disk_leaves_the_old_file(path, model):
    """The kernel refuses to make any file longer than 10,000 bytes."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = path.read_bytes()
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(CheckpointError, match=r"could not be saved.*An earlier file"):
            save_checkpoint(path, model, replace(INFO, name="new"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
    assert load_checkpoint(path)[1].name == "test model"


def test_a_missing_folder_is_named(tmp_path, model):
    with pytest.raises(CheckpointError, match=r"could not be saved to .*none.*No such file"):
        save_checkpoint(tmp_path / "none" / "model.safetensors", model, INFO)


def test_info_round_trip():
    assert CheckpointInfo.from_dict(INFO.to_dict()) == INFO
    assert json.loads(json.dumps(INFO.to_dict())) == INFO.to_dict()


@pytest.mark.parametrize("key", ["name", "spec", "normalisation", "pixel_size_nm", "threshold"])
def test_info_needs_its_entries(key):
    values = INFO.to_dict()
    del values[key]
    with pytest.raises(ValueError, match=f"missing or unknown entries: {key}"):
        CheckpointInfo.from_dict(values)
