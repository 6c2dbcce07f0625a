"""The page of experiments says what their folders say."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "experiments"
HEADER = "seed,nr,statement,verdict,evidence\n"


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.delitem(sys.modules, "claims", raising=False)
    return importlib.import_module("claims")


def put(folder: Path, name: str, rows: str, readme: str = "# Why?\n") -> Path:
    results = folder / name / "results"
    results.mkdir(parents=True)
    (folder / name / "README.md").write_text(readme)
    (results / "statements.csv").write_text(HEADER + rows)
    return folder


def test_the_page_is_what_its_generator_writes(claims, tmp_path) -> None:
    assert claims.main(["--to", str(tmp_path)]) == 0
    written = (tmp_path / "README.md").read_text(encoding="utf-8")
    kept = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert written == kept, "run: python experiments/claims.py"


def test_every_experiment_with_a_page_is_in_the_table(claims) -> None:
    page = claims.page(FOLDER)
    for readme in FOLDER.glob("*/README.md"):
        name = readme.parent.name
        assert f"| [{name}]({name}/README.md) | " in page


def test_times_are_of_experiments_that_exist(claims) -> None:
    named = claims._times(FOLDER / "times.csv")
    assert named
    assert all((FOLDER / name).is_dir() for name in named)


def test_a_folder_without_statements_has_a_page(claims, tmp_path) -> None:
    assert "No statement has been put to the test yet." in claims.page(tmp_path)


def test_claims_are_counted_and_stand_in_the_order_of_their_numbers(claims, tmp_path) -> None:
    put(tmp_path, "two", "2,10,Last,Holds,a | b\n2,9b,Third,fails,x\n2,9a,Second,fails,x\n")
    put(tmp_path, "one", 'seed 000,1,"Over\ntwo lines",unclear,too few\n')
    page = claims.page(tmp_path)
    assert "| all | 1 | 2 | 1 |" in page
    assert page.index("| 9a | Second |") < page.index("| 9b | Third |") < page.index("| 10 | Last")
    assert "| 1 | Over two lines | **unclear** | too few | [one](one/README.md) |" in page
    assert "a \\| b" in page


def test_the_first_whole_run_is_the_command_and_the_quick_one_the_reduced(claims, tmp_path) -> None:
    commands = ("python experiments/one/go.py --quick # few", "python experiments/one/go.py # all")
    readme = "\n".join(["# Why?", "```", *commands, "```"])
    put(tmp_path, "one", "0,1,a,holds,b\n", readme)
    (tmp_path / "times.csv").write_text("experiment,time on 2 cores,how\none,5 minutes,x\n")
    row = "| Why? | `python experiments/one/go.py` | 5 minutes | `go.py --quick` |"
    assert row in claims.page(tmp_path)


def test_without_a_line_about_it_the_time_is_that_of_the_runs(claims, tmp_path) -> None:
    put(tmp_path, "one", "0,1,a,holds,b\n")
    runs = tmp_path / "one" / "results" / "runs.csv"
    runs.write_text("seed,seconds\n0,100.5\n1,\n2,79.5\n")
    assert "| 3 minutes in all, one core: 2 runs |" in claims.page(tmp_path)
    runs.write_text("seed,f1\n0,0.5\n")
    assert "| not recorded | none |" in claims.page(tmp_path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("0,1,a,maybe,b\n", "one/results/statements.csv, row 2: 'maybe' is none of holds"),
        ("0,1,a,holds,\n", "row 2: nothing in evidence"),
    ],
)
def test_a_table_that_says_nothing_is_refused(claims, tmp_path, row: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        claims.page(put(tmp_path, "one", row))
