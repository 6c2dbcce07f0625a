from __future__ import annotations

import re

import pytest

from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.schedules import SCHEDULES
from napari_slitseg.core.training.spec_optimiser import OPTIMISERS
from napari_slitseg.widgets._finetune_formula import rich_formula

FORMULAS = {
    name: spec.about.formula
    for table in (LOSSES, SCHEDULES, OPTIMISERS)
    for name, spec in table.items()
}


@pytest.mark.parametrize("name", FORMULAS)
def test_no_latex_is_left_of_any_formula(name: str) -> None:
    text = rich_formula(FORMULAS[name])
    assert not re.search(r"[\\_^$]", text), text
    bare = text.replace("{i:", "").replace("T}", "") if name == "step" else text
    assert not re.search(r"[{}]", bare), text
    for opened, closed in ("()", "[]", ("<sub>", "</sub>"), ("<sup>", "</sup>")):
        assert text.count(opened) == text.count(closed), text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{2 \sum p g + s}{n}", "(2 ∑ p g + s)/n"),
        (r"x_{ab}^2 - y_c", "x<sub>ab</sub><sup>2</sup> \N{MINUS SIGN} y<sub>c</sub>"),
        (r"\frac{1}{n}[a]", "1/n · [a]"),
        (r"\alpha\,\mathrm{point\ loss}", "\N{GREEK SMALL LETTER ALPHA} point loss"),
        (r"a < b \leq c", "a &lt; b  ≤  c"),
        (r"\hat m / \sqrt{\hat v}", "m̂ / √(v̂)"),
        (r"\#\{i\}", "#{i}"),
    ],
)
def test_formulas_in_one_line(latex: str, text: str) -> None:
    assert rich_formula(latex) == text
