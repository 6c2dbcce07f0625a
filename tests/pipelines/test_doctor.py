"""The doctor: what is broken is found, and the next check goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from napari_slitseg.core import devices
from napari_slitseg.pipelines import doctor, doctor_device, doctor_plugin, doctor_qt
from napari_slitseg.pipelines.doctor import Check, examine


def checks(monkeypatch: pytest.MonkeyPatch, *titles: str) -> dict[str, Check]:
    """Run some of the checks."""
    chosen = {title: doctor._CHECKS[title] for title in titles}
    monkeypatch.setattr(doctor, "_CHECKS", chosen)
    return {check.name: check for check in examine()}


def test_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks(monkeypatch, "versions")["versions"].status == "ok"
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no-such-package"))
    check = checks(monkeypatch, "versions")["versions"]
    assert check.status == "fail"
    assert "no-such-package not installed" in check.detail
    assert check.cure


def test_models(monkeypatch: pytest.MonkeyPatch, model_file: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    content = bytearray(model_file.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    models = {doctor.DEFAULT_MODEL: model_file, "damaged": damaged}
    monkeypatch.setattr(doctor, "bundled_models", lambda: models)
    found = checks(monkeypatch, "models")
    assert found[f"model {doctor.DEFAULT_MODEL}"].status == "ok"
    assert found["model damaged"].status == "fail"
    assert "SHA-256" in found["model damaged"].detail


def test_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "bundled_models", dict)
    [check] = checks(monkeypatch, "models").values()
    assert check.status == "fail"
    assert "not in this installation" in check.detail


def test_devices(monkeypatch: pytest.MonkeyPatch, model_file: Path) -> None:
    monkeypatch.setattr(
        doctor_device, "bundled_models", lambda: {doctor_device.DEFAULT_MODEL: model_file}
    )
    monkeypatch.setattr(devices, "available_devices", lambda: ["cuda:77", "cpu"])
    found = checks(monkeypatch, "devices")
    assert found["device cpu"].status == "ok"
    assert found["device cpu"].detail.endswith(" s")
    assert found["device cuda:77"].status == "fail"
    assert "--device cpu" in found["device cuda:77"].cure


def test_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_READERS", {"numpy": "NPY", "no-such-package": "XYZ"})
    check = checks(monkeypatch, "microscope files")["microscope files"]
    assert (check.status, check.detail) == ("warn", "XYZ files cannot be opened")


def test_the_plugin_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("npe2")
    [check] = checks(monkeypatch, "napari plugin").values()
    assert check.status == "ok", check.detail


def test_a_plugin_without_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: str) -> metadata.EntryPoints:
        return metadata.EntryPoints()

    monkeypatch.setattr(doctor_plugin.metadata, "entry_points", none)
    [check] = checks(monkeypatch, "napari plugin").values()
    assert check.status == "fail"
    assert "entry point" in check.detail


def test_a_plugin_with_a_missing_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_plugin, "_exists", lambda module: "load" not in module)
    [check] = checks(monkeypatch, "napari plugin").values()
    assert check.status == "fail"
    assert check.detail.endswith("missing: napari_slitseg.widgets.load")


def test_qt_without_a_binding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = ["class QtBindingsNotFoundError(Exception): ...", "raise QtBindingsNotFoundError"]
    (tmp_path / "qtpy.py").write_text("\n".join(lines))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    found = checks(monkeypatch, "Qt")
    assert found["Qt"].status == "warn"
    assert "napari-slitseg[all]" in found["Qt"].cure
    assert ("screen" in found) == sys.platform.startswith("linux")


def test_qt_that_does_not_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "qtpy.py").write_text("raise ImportError('libEGL.so.1: cannot open')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    found = checks(monkeypatch, "Qt")
    assert found["Qt"].status == "fail"
    assert found["Qt"].detail.endswith("ImportError: libEGL.so.1: cannot open")
    assert "screen" not in found


def test_qt_that_kills_its_process_or_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    def died(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], -6, "", "")

    def hangs(*_: Any, **options: Any) -> None:
        raise subprocess.TimeoutExpired("python", options["timeout"])

    monkeypatch.setattr(doctor_qt.subprocess, "run", died)
    assert "ended with code -6" in doctor_qt.examine_qt().detail
    monkeypatch.setattr(doctor_qt.subprocess, "run", hangs)
    assert doctor_qt.examine_qt(1.5).detail == "it did not start within 1.5 s"


def test_a_check_that_breaks_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> Any:
        raise KeyError("surprise")

    monkeypatch.setattr(doctor, "_CHECKS", {"odd": breaks, "versions": doctor._versions})
    first, second = examine()
    assert (first.name, first.status, first.detail) == ("odd", "fail", "KeyError: 'surprise'")
    assert second.status == "ok"


def test_the_environment_of_the_caller_is_left_alone() -> None:
    before = dict(os.environ)
    doctor_qt.has_screen("linux")
    assert dict(os.environ) == before
    assert doctor_qt.has_screen("darwin")
