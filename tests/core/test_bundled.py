"""Names and paths of models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_slitseg.core import bundled
from napari_slitseg.core.bundled import DEFAULT_MODEL, bundled_models, resolve_model
from napari_slitseg.core.checkpoint import load_checkpoint, read_checkpoint_info
from napari_slitseg.core.checkpoint_file import CheckpointError


@pytest.fixture
def weights(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("zebra-v2.safetensors", "ant-v1.0.safetensors", "README.md", "old.pt"):
        (folder / name).touch()
    monkeypatch.setattr(bundled, "_WEIGHTS", folder)
    return folder


def test_bundled_models_are_the_safetensors_by_name(weights):
    assert bundled_models() == {
        "ant-v1.0": weights / "ant-v1.0.safetensors",
        "zebra-v2": weights / "zebra-v2.safetensors",
    }
    assert list(bundled_models()) == ["ant-v1.0", "zebra-v2"]


def test_no_weights_folder_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "_WEIGHTS", tmp_path / "none")
    assert bundled_models() == {}
    with pytest.raises(CheckpointError, match="none in this installation"):
        resolve_model(DEFAULT_MODEL)


def test_a_name_is_the_bundled_model(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("zebra-v2").touch()
    assert resolve_model("zebra-v2") == weights / "zebra-v2.safetensors"
    assert resolve_model("./zebra-v2") == Path("zebra-v2")
    assert resolve_model(Path("zebra-v2")) == Path("zebra-v2")


def test_a_path_is_itself(weights, tmp_path, monkeypatch):
    file = tmp_path / "mine.safetensors"
    file.touch()
    assert resolve_model(file) == resolve_model(str(file)) == file
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert resolve_model("~/mine.safetensors") == file


@pytest.mark.parametrize("name", ["zebra", "no/such.safetensors", "zebra-v2.safetensors"])
def test_anything_else_is_refused_with_the_choices(weights, name):
    with pytest.raises(CheckpointError, match=f"no model '{name}'.*ant-v1.0, zebra-v2"):
        resolve_model(name)


def test_the_shipped_models_load():
    models = bundled_models()
    if not models:
        pytest.skip("no weights in this checkout (src/napari_slitseg/weights)")
    assert DEFAULT_MODEL in models
    for name, path in models.items():
        model, info = load_checkpoint(path)
        assert info.name == name
        assert info.card
        assert model.spec == info.spec
        assert read_checkpoint_info(path) == info


def test_resolving_needs_no_torch():
    code = (
        "import sys; from napari_slitseg.core.bundled import bundled_models; bundled_models(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
