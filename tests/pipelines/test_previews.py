"""Predictions that are kept to look at while a training goes on."""

from __future__ import annotations

from pathlib import Path

from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.previews import KEPT, write_previews
from tests.pipelines.dots import drain


def test_epochs_without_pictures_do_not_push_out_those_with_some(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    (folder.previews / "epoch-0001").mkdir(parents=True)
    for epoch in range(2, KEPT + 5):
        assert drain(write_previews(folder, epoch, (), 0.5)) == ([], None)
    assert [each.name for each in folder.previews.iterdir()] == ["epoch-0001"]
