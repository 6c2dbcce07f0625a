"""What studies share: every script finds it, and a page without marks is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.experiments.studies import EXPERIMENTS, SHARED, modules_of

START = f"sys.path.append(str(Path(__file__).parents[1] / {SHARED.name!r}))".replace("'", '"')
BEGIN_EACH = """
import os, runpy, sys
for script in sys.argv[1:]:
    sys.path[0] = os.path.dirname(script)
    runpy.run_path(script, run_name="started")
    sys.path = [each for each in sys.path if not each.endswith("shared_study")]
    for name in [each for each in sys.modules if each.startswith("study_")]:
        del sys.modules[name]
    print(os.path.basename(script))
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[SimpleNamespace]:
    with modules_of(SHARED, ()) as files:
        yield files


def test_every_script_finds_what_it_shares(tmp_path) -> None:
    scripts = [each for each in EXPERIMENTS.glob("*/*.py") if START in each.read_text("utf-8")]
    command = [sys.executable, "-c", BEGIN_EACH, *map(str, scripts)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == [each.name for each in scripts], done.stderr
    assert len(scripts) > 3


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
