"""A file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_slitseg.core.atomic import write_atomically

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and links")


def test_new_and_replaced_file(tmp_path):
    file = tmp_path / "a.bin"
    write_atomically(file, b"one")
    assert file.read_bytes() == b"one"
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.bin", b"new")
    assert os.listdir(tmp_path) == []


@POSIX
def test_permissions_are_those_of_a_plain_file(tmp_path):
    plain, file = tmp_path / "plain", tmp_path / "a.bin"
    plain.touch()
    write_atomically(file, b"x")
    assert file.stat().st_mode == plain.stat().st_mode
    file.chmod(0o640)
    write_atomically(file, b"y")
    assert file.stat().st_mode & 0o777 == 0o640


@POSIX
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "a.bin", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert os.listdir(real.parent) == ["a.bin"]


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(Path(tmp_path / "none" / "a.bin"), b"x")


@POSIX
def test_devices_and_pipes_are_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="not a file"):
        write_atomically(pipe, b"x")
    assert pipe.is_fifo()
    with pytest.raises(OSError, match="not a file"):
        write_atomically(tmp_path, b"x")
    assert os.listdir(tmp_path) == ["pipe"]
