"""The page of losses says what the specs and the results say."""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.schedules import SCHEDULES
from napari_slitseg.core.spec_settings import settings_of

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = DOCS / "losses"
PAGE = (DOCS / "losses.md").read_text(encoding="utf-8")
MODULES = (
    "_loss_words",
    "_loss_markdown",
    "_loss_results",
    "_loss_combining",
    "_loss_page",
    "_loss_plots",
)
OUTCOMES = """\
loss,start,count_ratio,chamfer_px,steps,right
boundary,2 px off,0.2,30.04,,no
boundary,no annotation,inf,179.6,,no
dice,2 px off,1.0,0.1,25,yes
dice,no annotation,1.0,0.0,50,yes
two | in one,2 px off,1.0,1.2,,no
two | in one,no annotation,1.0,0.0,75,yes
composite,2 px off,1.0,2.0,,no gradient
composite,no annotation,inf,179.6,,no gradient
"""
PULL = """\
loss,displacement_px,cosine
one_to_one,1,0.304
one_to_one,2,0.3
one_to_one,3,0.299
one_to_one,4,0.6
one_to_one,20,0.6
one_to_one,21,0
one_to_one,22,0.31
dice,1,-0.004
composite,1,
"""


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A file of the folder, which is no package."""
    monkeypatch.syspath_prepend(DOCS)
    for each in (*MODULES, "make_losses"):
        monkeypatch.delitem(sys.modules, each, raising=False)
    return importlib.import_module(name)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page with the results above."""
    results = tmp_path / "results"
    results.mkdir()
    (results / "outcomes.csv").write_text(OUTCOMES, encoding="utf-8")
    (results / "pull.csv").write_text(PULL, encoding="utf-8")
    main = load("make_losses", monkeypatch).main
    assert main(["--text", "--results", str(results), "--to", str(tmp_path)]) == 0
    return (tmp_path / "losses.md").read_text(encoding="utf-8")


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)


def row(text: str, start: str) -> str:
    [line] = [each for each in text.splitlines() if each.startswith(f"| {start} |")]
    return line


def section(text: str, heading: str) -> str:
    return re.split(r"^##+ ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def test_the_page_is_what_its_generator_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    page = load("_loss_page", monkeypatch).page
    read_results = load("_loss_results", monkeypatch).read_results
    assert page(read_results()) == PAGE, "run: python docs/make_losses.py"


def test_every_loss_and_schedule_has_a_section_with_its_words_and_settings() -> None:
    for name, spec in {**LOSSES, **SCHEDULES}.items():
        told = section(PAGE, spec.about.title)
        assert f"`{name}`" in told
        assert f"```math\n{spec.about.formula}\n```" in told
        assert f"**Use when:** {spec.about.use_when}" in told
        assert f"Source: {spec.about.source}" in told
        assert [each.name for each in settings_of(spec)] == re.findall(
            r"^\| `(\w+)` \|.*\|.*\|.*\|.*\|$", told.split("| preset |")[0], re.M
        )


def test_every_loss_tells_its_erasure_and_its_presets() -> None:
    for spec in LOSSES.values():
        told = section(PAGE, spec.about.title)
        assert f"erasure: {spec.about.erasure}" in told
        assert ("· recommended" in told) == spec.about.recommended
        presets = re.findall(r"^\| `(\w+)` \|", "".join(told.split("| preset |")[1:]), re.M)
        assert presets == list(spec.presets)


def test_what_is_said_of_symbols_and_families_is_about_losses_that_exist(monkeypatch) -> None:
    words = load("_loss_words", monkeypatch)
    assert set(words.WHERE) <= set(LOSSES)
    assert set(words.SCHEDULES_WHERE) == set(SCHEDULES)
    assert list(words.FAMILIES) == list(
        dict.fromkeys(spec.about.family for spec in LOSSES.values())
    )
    for name, text in words.WHERE.items():
        named = {each.name for each in settings_of(LOSSES[name])}
        codes = set(re.findall(r"`(\w+)`", text)) - {"fixed"}
        assert codes <= named, name


def test_links_lead_to_headings_and_files(monkeypatch: pytest.MonkeyPatch) -> None:
    anchor = load("_loss_markdown", monkeypatch).anchor
    anchors = Counter(anchor(each) for each in headings(PAGE))
    assert max(anchors.values()) == 1
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert {each[1:] for each in links if each[0] == "#"} <= set(anchors)
    assert [each for each in links if each[0] != "#" and not (DOCS / each).exists()] == []


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Dice", "dice"),
        ("Dice + cross-entropy", "dice--cross-entropy"),
        ("Kernel distance (MMD)", "kernel-distance-mmd"),
        ("Lovász hinge", "lovász-hinge"),
    ],
)
def test_headings_have_the_anchors_that_github_gives_them(heading, name, monkeypatch) -> None:
    assert load("_loss_markdown", monkeypatch).anchor(heading) == name


def test_every_row_of_a_table_has_as_many_cells_as_its_head(written: str) -> None:
    for text in (PAGE, written):
        tables = re.findall(r"(?:^\|.*\|$\n)+", text, re.M)
        assert len(tables) > 60
        for table in tables:
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(widths) == 1, table


def test_figures_are_there_and_light() -> None:
    shown = set(re.findall(r"\]\(losses/(\w+\.png)\)", PAGE))
    assert shown == {path.name for path in FIGURES.glob("*.png")}
    assert sum(path.stat().st_size for path in FIGURES.glob("*")) < 600_000


def test_the_code_of_the_page_runs() -> None:
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    space: dict[str, object] = {}
    exec(compile(code, "losses.md", "exec"), space)
    assert space["same"] == space["spec"]
    assert callable(space["loss"])


def test_outcomes_are_told_by_start(written: str) -> None:
    erasing = section(written, "What erases, and what does not")
    assert row(erasing, "[Dice](#dice)").endswith("| safe | ✓ 25 | ✓ 50 |")
    assert row(erasing, "[Boundary](#boundary)").endswith(
        "| erases | 0.2, 30.0 px | dots are left |"
    )
    assert row(erasing, "*the starts themselves*").endswith("| 1, 2.0 px | dots are left |")
    assert r"| `two \| in one` | inexact | 1, 1.2 px | ✓ 75 |" in erasing
    assert "Not measured yet: [Jaccard (IoU)]" in erasing
    assert "no gradient: [Vanilla distance (2021 study)]" in erasing


def test_the_section_of_a_loss_tells_what_was_measured(written: str) -> None:
    assert "**Measured:** right from 2 of 2 starts; a pull of 0.3 or more: nowhere." in section(
        written, "Dice"
    )
    assert (
        "**Measured:** right from 0 of 2 starts, not from *2 px off* (0.2, 30.0 px) "
        "or *no annotation* (dots are left).\n"
    ) in section(written, "Boundary")
    assert "Measured" not in section(written, "Composite (2021 study)")


def test_losses_stand_in_the_order_of_menus(written: str) -> None:
    erasing = section(written, "What erases, and what does not")
    assert (
        erasing.index("[Dice](") < erasing.index("[Boundary](") < erasing.index("`two \\| in one`")
    )


def test_the_table_of_the_pull_tells_where_it_meets_the_goal(written: str) -> None:
    pulls = section(written, "Range of the pull")
    told = row(pulls, "**[One-to-one matching](#one-to-one-matching)**")
    assert told.endswith("| 0.30 | 0.30 | 0.30 | 0.60 | 0.60 | 1 to 2, 4 to 20, 22 px |")
    assert row(pulls, "[Dice](#dice)").endswith("| 0.00 |  |  |  |  | nowhere |")
    assert "Composite (2021 study)" not in pulls


def test_without_results_the_page_and_the_generator_say_so(tmp_path, monkeypatch, capsys) -> None:
    main = load("make_losses", monkeypatch).main
    assert main(["--text", "--results", str(tmp_path), "--to", str(tmp_path)]) == 1
    text = (tmp_path / "losses.md").read_text(encoding="utf-8")
    told = capsys.readouterr().err
    sections = {"outcomes.csv": "What erases, and what does not", "pull.csv": "Range of the pull"}
    for name, heading in sections.items():
        assert f"results/{name}` is missing" in section(text, heading)
        assert f"{name} is missing" in told
    assert "losses/pull.png" not in text


def test_the_plots_show_the_loss_of_a_dot_by_distance_and_of_none(monkeypatch) -> None:
    pytest.importorskip("matplotlib")
    values_by_distance = load("_loss_plots", monkeypatch).values_by_distance
    distances = np.array([0.0, 7.25, 20.0])
    values, none = values_by_distance(LOSSES["vanilla_distance"](), distances)
    assert values == pytest.approx(distances, abs=0.3)
    assert none == pytest.approx(127 * 2**0.5)
    values, none = values_by_distance(LOSSES["dice"](), distances)
    assert values[0] < 0.5 < none < values[1] == pytest.approx(values[2], abs=1e-3)
