"""What studies share: every script finds it, and a page without marks is refused."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.experiments.studies import EXPERIMENTS, SHARED, forget, modules_of

SCRIPTS = [
    each
    for each in sorted(EXPERIMENTS.glob("*/*.py"))
    if "__main__" in each.read_text("utf-8") and SHARED.name in each.read_text("utf-8")
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_a_script_finds_what_it_shares(script: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [str(script.parent), *sys.path])
    try:
        started = runpy.run_path(str(script), run_name="started")
    finally:
        forget(script.parent, SHARED)
    assert {"make", "main"} & set(started)


@pytest.fixture(scope="module")
def shared() -> Iterator[SimpleNamespace]:
    with modules_of(SHARED, ()) as files:
        yield files


def test_a_page_has_one_place_for_each_table(shared) -> None:
    text = "<!-- a -->\nold\n<!-- end of a -->"
    assert shared.study_page.filled(text, {"a": "new"}) == text.replace("old", "new")
    for bad in ("nothing", text + text):
        with pytest.raises(ValueError, match="one place between marks for 'a'"):
            shared.study_page.filled(bad, {"a": "new"})


def test_an_interval_of_a_mean_is_that_of_student(shared) -> None:
    values = shared.study_numbers.np.array([1.0, 2.0, 4.0])
    low, high = shared.study_numbers.t_interval(values)
    assert (low, high) == pytest.approx((-1.4612, 6.1279), abs=1e-4)
    assert shared.study_numbers.with_interval(values) == "+2.333 (-1.461 to +6.128)"
    assert shared.study_numbers.with_interval(values + 10).endswith(" *")
    assert shared.study_numbers.with_interval(values[:1]) == "+1.000 (one seed)"
