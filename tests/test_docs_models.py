"""The page of models says what their specs say."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from napari_slitseg.core.models import MODELS
from napari_slitseg.core.spec_settings import settings_of

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "models.md").read_text(encoding="utf-8")


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A file of the folder, which is no package."""
    monkeypatch.syspath_prepend(DOCS)
    for each in ("_loss_markdown", "_model_page", "make_models"):
        monkeypatch.delitem(sys.modules, each, raising=False)
    return importlib.import_module(name)


def section(heading: str) -> str:
    return re.split(r"^## ", PAGE.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def test_the_page_is_what_its_generator_writes(tmp_path: Path, monkeypatch) -> None:
    assert load("make_models", monkeypatch).main(["--to", str(tmp_path)]) == 0
    written = (tmp_path / "models.md").read_text(encoding="utf-8")
    assert written == PAGE, "run: python docs/make_models.py"


@pytest.mark.parametrize("name", tuple(MODELS))
def test_every_model_has_a_card_with_its_settings(name: str) -> None:
    spec = MODELS[name]
    told = section(spec.about.title)
    assert f"`{name}` · {spec.about.parameters:,} parameters" in told
    assert ("· recommended" in told) == spec.about.recommended
    assert f"```text\n{spec.about.diagram}\n```" in told
    assert f"**Use when:** {spec.about.use_when}" in told
    assert f"Source: {spec.about.source}" in told
    assert spec.about.departures in told
    found = re.findall(r"^\| `(\w+)` \|.*\|.*\|.*\|.*\|$", told, re.M)
    assert found == [each.name for each in settings_of(spec)]


def test_links_lead_to_headings(monkeypatch) -> None:
    anchor = load("_loss_markdown", monkeypatch).anchor
    anchors = [anchor(each) for each in re.findall(r"^#+ (.*)$", PAGE, re.M)]
    assert len(set(anchors)) == len(anchors)
    assert {each[1:] for each in re.findall(r"\]\((#[^)]+)\)", PAGE)} <= set(anchors)


def test_the_code_of_the_page_runs(capsys) -> None:
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    exec(compile(code, "models.md", "exec"), {})
    assert capsys.readouterr().out.count("torch.Size([1, 1, 100, 120])") == 2
