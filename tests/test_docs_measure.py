"""The guide to measuring names every figure, as it is defined, and every kind of report."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
from pathlib import Path

from napari_slitseg.core.morphometry import MEASURES
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.measure_reports import KINDS

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "measure.md").read_text(encoding="utf-8")


def test_every_figure_is_told_with_its_definition_and_source() -> None:
    for measure in MEASURES.values():
        assert f"`{measure.name}`" in PAGE
        assert measure.definition in PAGE
        assert measure.source == "definition" or measure.source in PAGE


def test_the_table_is_what_the_script_makes(tmp_path: Path) -> None:
    page = tmp_path / "measure.md"
    shutil.copy(DOCS / "measure.md", page)
    script = runpy.run_path(str(DOCS / "make_measures.py"))
    assert script["main"](["--to", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == PAGE
    assert script["renewed"](PAGE.replace("| Slits |", "| Slots |")) == PAGE


def test_every_option_and_report_it_names_is_there() -> None:
    options = {f"--{name.replace('_', '-')}" for name in MeasureJob.model_fields}
    named = {word for word in re.findall(r"--[a-z][a-z-]+", PAGE) if word != "--help"}
    assert named - {"--no-predict"} <= options
    assert {f"NAME{kind}" for kind in KINDS} <= set(re.findall(r"NAME\.\w+", PAGE))


def test_its_command_is_a_job() -> None:
    [command] = re.findall(r"^slitseg measure (.+)$", PAGE, re.MULTILINE)
    words = shlex.split(command)
    assert words[0] == "--project"
    out = tuple(map(Path, words[words.index("--out") + 1 :]))
    assert MeasureJob(project=Path(words[1]), out=out).out == out
