"""Runs side by side in the Fine-tune dock, judged for real on small images."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QFileDialog

from napari_slitseg.pipelines.runs.compare import NOT_COMPARABLE, compare_runs
from napari_slitseg.pipelines.runs.compare_files import write_comparison
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.verdict import judge
from napari_slitseg.widgets._compare_reading import compared
from napari_slitseg.widgets._compare_view import CompareView
from napari_slitseg.widgets._run_list import RunList
from tests.pipelines.dots import drain, model_file
from tests.pipelines.made_runs import epoch, make_images, make_model, make_run

__all__ = ["model_file"]

WAIT_MS = 30_000
EPOCHS = 6


@pytest.fixture(scope="module")
def home(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs with a verdict, one that was never judged, and one with tracked losses."""
    home = tmp_path_factory.mktemp("compared")
    models = {
        kind: make_model(home / f"{kind}.safetensors", model_file, kind)
        for kind in ("bright", "dark")
    }
    for part, n in (("train", 1), ("validation", 1), ("test", 6)):
        make_images(home / "data", part, n)
    told = [epoch(n, total=EPOCHS) for n in range(1, EPOCHS + 1)]
    tracked = [
        each.model_copy(update={"tracked": {"dice": 1 / n, "dice.gradient": n, "focal": float(n)}})
        for n, each in enumerate(told, start=1)
    ]
    for name, best, loss, events, noted in (
        ("good", "bright", "dice", told, ()),
        ("poor", "dark", "bce", told[:3], ()),
        ("young", None, "bce", told[:1], ()),
        ("tracked", None, "bce", tracked, ("dice", "focal")),
    ):
        folder = make_run(
            home,
            models["dark"],
            models[best] if best else None,
            name=name,
            images=home / "data",
            events=events,
            slit_loss=loss,
            track_losses=noted,
        )
        if best:
            drain(judge(folder, device="cpu"))
    return home / "runs"


@pytest.fixture
def view(qtbot) -> CompareView:
    made = CompareView()
    qtbot.addWidget(made)
    made.resize(400, 900)
    return made


def shown(view: CompareView, qtbot, home: Path, *names: str) -> CompareView:
    view.compare([home / name for name in names])
    qtbot.waitUntil(lambda: view.found is not None, timeout=WAIT_MS)
    return view


def cells(view: CompareView) -> dict[str, list[str]]:
    table = view.table
    return {
        table.verticalHeaderItem(row).text(): [
            table.item(row, column).text() for column in range(table.columnCount())
        ]
        for row in range(table.rowCount())
    }


def heights(view: CompareView, plot: int, line: int) -> list[float]:
    return view.plots[plot]._lines[line].getOriginalDataset()[1].tolist()


def titles(view: CompareView) -> list[str]:
    return [plot.panel.title for plot in view.plots]


def test_nothing_is_compared_at_first(view: CompareView) -> None:
    assert "Choose two or more" in view.message.text()
    assert view.body.isHidden()


def test_the_final_table_and_the_paired_interval(view: CompareView, qtbot, home: Path) -> None:
    shown(view, qtbot, home, "poor", "good")
    table = cells(view)
    assert table["Losses"] == ["dice, bce", "dice, dice"]
    assert table["Best epoch"] == ["3 of 3", "6 of 6"]
    assert table["F1"] == ["0.833", "0.917"]
    assert table["Test F1"][1].startswith("1.000")
    assert table["Verdict"][1] == "Use the new one."
    assert view.texts.text().startswith("▲ good is better than poor on 6 of these 6 images: F1")
    assert "95 %" in view.texts.text()
    assert view.message.isHidden()


def test_what_cannot_be_compared_says_why(view: CompareView, qtbot, home: Path) -> None:
    shown(view, qtbot, home, "good", "young")
    assert view.texts.text() == "⚠ good and young cannot be compared: young: no verdict yet."
    assert cells(view)["Test F1"][1] == "—"


def test_curves_of_all_runs_lie_over_each_other(view: CompareView, qtbot, home: Path) -> None:
    shown(view, qtbot, home, "good", "poor")
    assert titles(view) == [
        "F1, validation",
        "Chamfer distance, nm, validation",
        "Slits found / annotated, validation",
        "Training loss of slits",
        "Validation loss of slits",
        "Training loss of membranes",
        "Validation loss of membranes",
    ]
    assert [len(plot.panel.traces) for plot in view.plots] == [2] * 7
    np.testing.assert_allclose(heights(view, 0, 1), [0.5, 0.75, 1 - 0.5 / 3])
    assert "good 0.917, poor 0.833" in view.plots[0].plot.accessibleDescription()


def test_the_box_scales_losses_only_and_says_what_they_do_not_tell(
    view: CompareView, qtbot, home: Path
) -> None:
    shown(view, qtbot, home, "good", "poor")
    assert view.scale.isChecked(), "losses with different units cannot share an axis"
    np.testing.assert_allclose(heights(view, 3, 1), [1, 0.25, 0], atol=1e-12)
    assert "min-max" in view.plots[3].legend.text()
    assert "cannot be compared" in view.plots[3].plot.accessibleDescription()
    assert "min-max" not in view.plots[0].legend.text()
    assert not view.note.isHidden()
    assert view.note.text() == f"* {NOT_COMPARABLE}"

    view.scale.setChecked(False)
    np.testing.assert_allclose(heights(view, 3, 1), [0.6, 0.3, 0.2])
    assert "min-max" not in view.plots[3].legend.text()
    view.read_again()
    qtbot.waitUntil(lambda: not view.runner.is_busy, timeout=WAIT_MS)
    assert not view.scale.isChecked(), "what a person chose stays"
    shown(view, qtbot, home, "poor", "young")
    assert not view.scale.isChecked(), "the same losses have the same unit"


def test_one_run_shows_all_its_losses_with_gradients(view: CompareView, qtbot, home: Path) -> None:
    shown(view, qtbot, home, "tracked")
    assert titles(view)[:2] == ["Values of all losses", "Lengths of their gradients"]
    assert view.found.names == ("total", "membrane", "slit", "dice", "focal")
    (gradient,) = view.plots[1].panel.traces
    assert (gradient.name, gradient.plain[1].tolist()) == ("dice", [1, 2, 3, 4, 5, 6])
    assert view.plots[1].is_scaled
    table = cells(view)
    assert table["dice (noted)"] == ["1", "0.167", "1", "6", "-1.00", "1.00", "1.00"]
    assert table["focal (noted)"][4:] == ["1.00", "-1.00", "-1.00"]
    assert view.found.csv.startswith("run,name,is_trained")


def test_a_run_that_is_gone_is_told(view: CompareView, qtbot, home: Path) -> None:
    shown(view, qtbot, home, "good", "poor")
    view.compare([home / "good", home / "nothing"])
    qtbot.waitUntil(lambda: not view.runner.is_busy, timeout=WAIT_MS)
    assert "is no run" in view.message.text()
    assert view.body.isHidden()


def test_the_same_files_as_the_command_are_written(
    view: CompareView, qtbot, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(view, qtbot, home, "good", "poor")
    table = tmp_path / "table.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), ""))
    view.csv_button.click()
    with table.open(encoding="utf-8") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["good", "poor"]

    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(ours))
    view.all_button.click()
    qtbot.waitUntil(lambda: view.message.text().startswith("Wrote 8 files"), timeout=WAIT_MS)
    write_comparison(theirs, compare_runs([home / "good", home / "poor"]))
    assert {path.name: path.read_bytes() for path in ours.iterdir()} == {
        path.name: path.read_bytes() for path in theirs.iterdir()
    }

    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "runs.csv").write_text("precious")
    view.export_all(mine)
    qtbot.waitUntil(lambda: "Choose another folder" in view.message.text(), timeout=WAIT_MS)
    assert (mine / "runs.csv").read_text() == "precious"
    view.export_csv(tmp_path / "no folder" / "table.csv")
    assert "could not be written" in view.message.text()


def test_lines_follow_the_theme_and_differ_by_more_than_colour(
    view: CompareView, qtbot, home: Path
) -> None:
    shown(view, qtbot, home, "good", "poor")
    before = view.names.text()
    assert "●" in before
    assert "■" in before
    palette = QPalette()
    is_dark = view.palette().color(view.foregroundRole()).lightnessF() > 0.5
    palette.setColor(QPalette.ColorRole.WindowText, QColor("black" if is_dark else "white"))
    view.setPalette(palette)
    assert view.names.text() != before


def test_the_list_offers_to_compare_what_can_be_compared(qtbot, home: Path) -> None:
    runs, asked = RunList(home), []
    qtbot.addWidget(runs)
    runs.compared.connect(asked.append)
    qtbot.waitUntil(lambda: len(runs.rows) == 4, timeout=WAIT_MS)
    keys = {row.status.folder.name: row.key for row in runs.rows}
    runs._select({keys["good"]})
    assert not runs.compare_button.isEnabled()
    assert "two or more" in runs.compare_button.toolTip()
    runs._select({keys["tracked"]})
    assert runs.compare_button.isEnabled()
    runs._select({keys["good"], keys["young"]})
    runs.compare_button.click()
    assert {path.name for path in asked[0]} == {"good", "young"}
    runs.poll.follow(None)


def test_long_runs_are_thinned_and_drawn_without_marks(
    view: CompareView, qtbot, home: Path, tmp_path: Path
) -> None:
    import shutil

    copy = RunFolder(Path(shutil.copytree(home / "young", tmp_path / "long")))
    rng = np.random.default_rng(0)
    told = [epoch(n, total=900, train={"slit": 1e6 + 1e-9 * rng.random()}) for n in range(1, 901)]
    copy.events.write_text("".join(f"{each.model_dump_json()}\n" for each in told))
    view.compare([copy.path, home / "good"])
    qtbot.waitUntil(lambda: view.found is not None, timeout=WAIT_MS)
    assert [len(each.plain[0]) < 410 for each in view.plots[3].panel.traces] == [True, True]
    symbols = [line.opts["symbol"] for line in view.plots[0]._lines]
    assert symbols == [None, "s"]
    view.scale.setChecked(not view.scale.isChecked())


def test_a_damaged_report_is_a_reason_and_no_end(home: Path, view, qtbot, tmp_path: Path) -> None:
    import shutil

    copy = RunFolder(Path(shutil.copytree(home / "good", tmp_path / "copy")))
    (copy.report / "verdict.json").write_text("{", encoding="utf-8")
    found = compared([home / "good", copy.path])
    assert "cannot be compared: copy:" in found.texts[0]
    assert json.loads((home / "good" / "report" / "verdict.json").read_text())
