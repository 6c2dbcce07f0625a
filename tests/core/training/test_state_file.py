"""The file a training goes on from."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from napari_slitseg.core.training.state_file import StateError, read_state, write_state


def write(path: Path) -> dict[str, torch.Tensor]:
    tensors = {
        "weights": torch.randn(3, 4).to(memory_format=torch.contiguous_format).T,
        "steps": torch.tensor(7.0),
        "count": torch.tensor(3),
        "half": torch.randn(2, dtype=torch.bfloat16),
    }
    write_state(path, tensors, {"loss": 0.1 + 0.2, "worst": -math.inf, "nothing": None, "n": 3})
    return tensors


def test_what_was_written_is_read_bit_for_bit(tmp_path: Path) -> None:
    tensors = write(tmp_path / "last")
    found, numbers = read_state(tmp_path / "last")
    assert set(found) == set(tensors)
    for name, each in tensors.items():
        assert found[name].dtype == each.dtype
        assert torch.equal(found[name], each)
    assert numbers == {"loss": 0.1 + 0.2, "worst": -math.inf, "nothing": None, "n": 3}


@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_damaged_or_short_file_is_refused(tmp_path: Path, where: float) -> None:
    path = tmp_path / "last"
    write(path)
    content = bytearray(path.read_bytes())
    path.write_bytes(content[: int(len(content) * where)])
    with pytest.raises(StateError, match="last"):
        read_state(path)
    content[int(len(content) * where)] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(StateError, match="last"):
        read_state(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.ones(1)}, tmp_path / "weights")
    for name in ("weights", "missing"):
        with pytest.raises(StateError, match=name):
            read_state(tmp_path / name)
