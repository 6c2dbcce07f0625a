from __future__ import annotations

import pytest
import torch

from napari_slitseg.core import devices
from napari_slitseg.core.devices import (
    available_devices,
    choose_device,
    choose_dtype,
    is_out_of_memory,
    working_memory_bytes,
)
from napari_slitseg.core.inference_types import InferenceError


def pretend(monkeypatch, *, n_gpus=0, mps=False, capability=(8, 0)):
    """Let torch believe in other hardware."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n_gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("hardware", "expected"),
    [
        ({}, ["cpu"]),
        ({"n_gpus": 1}, ["cuda", "cpu"]),
        ({"n_gpus": 2}, ["cuda:0", "cuda:1", "cpu"]),
        ({"mps": True}, ["mps", "cpu"]),
    ],
)
def test_devices_are_listed_and_the_fastest_is_chosen(monkeypatch, hardware, expected):
    pretend(monkeypatch, **hardware)
    assert available_devices() == expected
    assert choose_device() == torch.device(expected[0])
    assert choose_device("cpu") == torch.device("cpu")
    for name in expected:
        assert choose_device(name) == torch.device(name)


def test_one_graphics_card_answers_to_both_names(monkeypatch):
    pretend(monkeypatch, n_gpus=1)
    assert choose_device("cuda:0") == torch.device("cuda:0")
    pretend(monkeypatch, n_gpus=2)
    assert choose_device("cuda") == torch.device("cuda")


@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps", "tpu", ""])
def test_what_this_machine_lacks_is_refused(monkeypatch, name):
    pretend(monkeypatch)
    with pytest.raises(InferenceError, match=r"not available on this machine.*auto, cpu"):
        choose_device(name)


@pytest.mark.parametrize(
    ("device", "capability", "expected"),
    [
        ("cpu", (8, 0), torch.float32),
        ("mps", (8, 0), torch.float16),
        ("cuda", (7, 5), torch.float16),
        ("cuda", (8, 0), torch.bfloat16),
        ("cuda", (9, 0), torch.bfloat16),
    ],
)
def test_auto_precision(monkeypatch, device, capability, expected):
    pretend(monkeypatch, n_gpus=1, capability=capability)
    assert choose_dtype("auto", torch.device(device)) == expected
    assert choose_dtype("float32", torch.device(device)) == torch.float32


def test_unknown_precision_is_refused():
    with pytest.raises(InferenceError, match="choose auto, float32"):
        choose_dtype("float64", torch.device("cpu"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("Given groups=1, expected input to have 1 channels"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_a_real_failed_allocation_counts():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    assert is_out_of_memory(caught.value)


def test_working_memory_is_a_share_of_what_is_free(monkeypatch):
    cpu = torch.device("cpu")
    assert 2**20 < working_memory_bytes(cpu) <= 3 * 2**30
    monkeypatch.setattr(devices, "_available_ram_bytes", lambda: 4 * 2**30)
    assert working_memory_bytes(cpu) == 2**30
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (6 * 2**30, 10 * 2**30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 3 * 2**30)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 2**30)
    assert working_memory_bytes(torch.device("cuda")) == 4 * 2**30
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 10 * 2**30)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 2 * 2**30)
    assert working_memory_bytes(torch.device("mps")) == 4 * 2**30


def test_available_memory_is_guessed_where_the_system_does_not_tell(monkeypatch):
    class Missing:
        def __init__(self, _):
            pass

        def read_text(self, _):
            raise FileNotFoundError

    monkeypatch.setattr(devices, "Path", Missing)
    assert devices._available_ram_bytes() > 2**28
    monkeypatch.delattr(devices.os, "sysconf")
    assert devices._available_ram_bytes() == 4 * 2**30
