"""The committed comparison with Keras is complete, and nothing in it is off."""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

FOLDER = Path(__file__).parents[1] / "experiments" / "import_keras"
MODULES = ("compare_keras", "make_keras")


@pytest.fixture(scope="module")
def experiment() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(FOLDER))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (FOLDER / "results.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_case_was_measured(experiment, rows) -> None:
    assert {row["file"] for row in rows} == set(experiment.make_keras.CASES)


def test_every_readable_file_answers_as_keras_did(experiment, rows) -> None:
    read = [row for row in rows if experiment.make_keras.is_readable(row["file"])]
    assert len(read) == 5
    for row in read:
        assert row["outcome"] == "same"
        assert max(float(row["membrane"]), float(row["slit"])) <= experiment.compare_keras.TOLERANCE
        assert float(row["spread"]) > 0.05


def test_layouts_of_keras_3_were_refused(experiment, rows) -> None:
    others = [row for row in rows if not experiment.make_keras.is_readable(row["file"])]
    assert len(others) == 2
    assert all("layout of Keras 3" in row["outcome"] for row in others)


def test_the_table_of_the_readme_is_that_of_the_results(rows) -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    for row in rows:
        assert f"| {' | '.join(row.values())} |" in text


def test_without_the_published_graph_it_is_skipped_with_the_reason(
    experiment, tmp_path, monkeypatch, capsys
) -> None:
    words = ["--keras-python", "none", "--model-json", str(tmp_path / "model.json")]
    monkeypatch.setattr(sys, "argv", ["compare_keras.py", *words])
    assert experiment.compare_keras.main() == 0
    assert capsys.readouterr().out.startswith("skipped: the published graph is not at ")
