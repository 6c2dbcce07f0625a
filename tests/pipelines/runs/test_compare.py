"""Runs side by side: curves, the final table, pairs, losses of one run, files, the command."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from napari_slitseg.cli import main
from napari_slitseg.cli.verdict import compare_runs as compare_command
from napari_slitseg.core.curriculum.presets import CURRICULA
from napari_slitseg.events import Attempt, EpochDone, Event
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.compare import NOT_COMPARABLE, RunsComparison, compare_runs
from napari_slitseg.pipelines.runs.compare_curves import Curve
from napari_slitseg.pipelines.runs.compare_files import write_comparison
from napari_slitseg.pipelines.runs.compare_losses import losses_of, spearman
from napari_slitseg.pipelines.runs.compare_plot import draw_curves, draw_losses
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.verdict import judge
from tests.pipelines.dots import drain
from tests.pipelines.made_runs import epoch, make_images, make_model, make_run


@pytest.fixture(scope="module")
def models(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("models")
    return {
        kind: make_model(home / f"{kind}.safetensors", model_file, kind)
        for kind in ("bright", "dark")
    }


@pytest.fixture(scope="module")
def judged(models, tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    """Two runs on the same images that found something else; both have a verdict."""
    home = tmp_path_factory.mktemp("runs")
    make_data(home / "data")
    runs = {
        name: make_run(
            home,
            models["dark"],
            models[new],
            name=name,
            images=home / "data",
            events=[epoch(n) for n in range(1, 6)],
            slit_loss=loss,
        )
        for name, new, loss in (("good", "bright", "dice"), ("poor", "dark", "bce"))
    }
    for folder in runs.values():
        drain(judge(folder, device="cpu"))
    return runs


def make_data(home: Path, n_test: int = 6) -> Path:
    for part, n in (("train", 1), ("validation", 1), ("test", n_test)):
        make_images(home, part, n)
    return home


def compared(*folders: RunFolder) -> RunsComparison:
    return compare_runs([folder.path for folder in folders])


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_runs_on_the_same_images_get_a_paired_interval(judged) -> None:
    found = compared(judged["poor"], judged["good"])
    (pair,) = found.pairs
    assert pair.comparison is not None
    assert pair.comparison.figures[0].verdict == 1
    assert pair.text.startswith("good is better than poor on 6 of these 6 images: F1 +1.000")
    assert found.text == pair.text
    row = rows_of(found.pairs_csv())[0]
    assert (row["f1_difference"], row["n_images"], row["verdict"]) == ("1.0", "6", "1")


def test_the_final_table(judged) -> None:
    row = compared(judged["good"], judged["poor"]).rows()[0]
    assert row["run"] == "good"
    assert row["loss"] == "dice, dice"
    assert row["schedule"] == "cosine 0.0005"
    assert (row["epochs"], row["best_epoch"], row["minutes"]) == (5, 5, 5)
    assert row["validation_f1"] == pytest.approx(0.9)
    assert row["validation_chamfer_nm"] == pytest.approx(8)
    assert row["validation_count_ratio"] == pytest.approx(1.02)
    assert (row["test_f1"], row["test_images"], row["verdict"]) == (1, 6, 1)
    assert row["advice"] == "Use the new one."


def test_a_sum_is_called_by_its_terms(models, tmp_path: Path) -> None:
    run = compared(make_run(tmp_path, models["dark"], None)).runs[0]
    assert run.loss == "dice, dice + one_to_one"
    only_slits = make_run(tmp_path, models["dark"], None, membrane_weight=0, name="slits")
    assert compared(only_slits).runs[0].loss == "dice + one_to_one"
    staged = make_run(tmp_path, models["dark"], None, curriculum=next(iter(CURRICULA)), name="c")
    assert re.fullmatch(r"curriculum of \d stages?", compared(staged).runs[0].loss)


def test_curves_by_epoch_and_by_step(judged) -> None:
    run = compared(judged["good"]).runs[0]
    curve = run.curve("validation", "slit")
    assert curve is not None
    assert curve.epochs == (1, 2, 3, 4, 5)
    assert curve.steps == (10, 20, 30, 40, 50)
    assert curve.values == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert curve.min_max == pytest.approx([1, 0.375, 1 / 6, 0.0625, 0])
    groups = {(each.group, each.name) for each in run.curves}
    assert {("train", "membrane"), ("scores", "f1"), ("scores", "chamfer_nm")} <= groups


@pytest.mark.parametrize(
    ("values", "scaled"),
    [
        ((3.0, 3.0), (0.0, 0.0)),
        ((math.nan, math.nan), (math.nan, math.nan)),
        ((2.0, math.nan, 4.0), (0.0, math.nan, 1.0)),
        ((-5.0, 5.0, 0.0), (0.0, 1.0, 0.5)),
        ((), ()),
    ],
)
def test_min_max_of_odd_curves(values: tuple[float, ...], scaled: tuple[float, ...]) -> None:
    n = tuple(range(len(values)))
    assert Curve("train", "total", n, n, values).min_max == pytest.approx(scaled, nan_ok=True)


def test_a_run_that_still_goes_on_and_one_without_an_epoch(models, judged, tmp_path: Path) -> None:
    on = make_run(tmp_path, models["dark"], models["bright"], name="on", events=[epoch(1)])
    empty = make_run(tmp_path, models["dark"], None, name="empty", images=tmp_path / "data")
    found = compared(on, empty, judged["good"])
    assert [row["advice"] for row in found.rows()[:2]] == ["no verdict yet"] * 2
    assert found.rows()[1]["best_epoch"] is None
    assert [pair.comparison for pair in found.pairs] == [None] * 3
    assert found.pairs[0].text == "on and empty cannot be compared: on: no verdict yet."
    assert found.pairs[2].text == "empty and good cannot be compared: empty: no verdict yet."
    assert "no values" not in draw_curves(compared(judged["good"]))
    assert "no values" in draw_curves(compared(empty))


def test_a_resume_replaces_what_it_repeats(models, tmp_path: Path) -> None:
    again = Attempt(step=10, time=1.0, total_steps=50, steps_per_epoch=10)
    events: list[Event] = [epoch(1), epoch(2), epoch(3), again, epoch(2, train={"total": 9.0})]
    folder = make_run(tmp_path, models["dark"], None, events=events)
    curve = compared(folder).runs[0].curve("train", "total")
    assert curve is not None
    assert (curve.epochs, curve.values) == ((1, 2), (1.0, 9.0))


def test_other_images_and_other_annotations_are_not_compared(
    models, judged, tmp_path: Path
) -> None:
    fewer = make_data(tmp_path / "fewer", n_test=2)
    other = make_run(tmp_path, models["dark"], models["bright"], images=fewer, name="other")
    drain(judge(other, device="cpu"))
    (pair,) = compared(judged["good"], other).pairs
    assert pair.comparison is None
    assert "needs the same images on both sides; only one side has test2.png" in pair.why_not
    changed = make_data(tmp_path / "changed")
    file = changed / "test" / "slits" / "test0.csv"
    file.write_text(file.read_text() + "\n", encoding="utf-8")
    moved = make_run(tmp_path, models["dark"], models["bright"], images=changed, name="moved")
    drain(judge(moved, device="cpu"))
    (pair,) = compared(judged["good"], moved).pairs
    assert "Files of annotations changed" in pair.why_not


def test_images_that_taught_the_other_run_are_not_compared(models, judged, tmp_path: Path) -> None:
    home = tmp_path / "data"
    make_images(home, "validation", 1)
    for part in ("train", "test"):
        paths = make_images(home, "train" if part == "train" else "test", 1)
        source = make_images(tmp_path / "same", "test", 2)[0 if part == "train" else 1]
        paths[0].write_bytes(source.read_bytes())
    cheat = make_run(tmp_path, models["dark"], models["bright"], images=home, name="cheat")
    drain(judge(cheat, device="cpu"))
    (pair,) = compared(judged["good"], cheat).pairs
    assert pair.why_not.startswith("images that judge one run taught the other: test0.png")


def test_a_verdict_of_validation_images_is_not_compared(models, judged, tmp_path: Path) -> None:
    home = tmp_path / "data"
    make_images(home, "train", 1)
    make_images(home, "validation", 2)
    folder = make_run(tmp_path, models["dark"], models["bright"], images=home, name="none")
    drain(judge(folder, device="cpu"))
    found = compared(judged["good"], folder)
    assert "validation images, which chose its best epoch" in found.pairs[0].why_not
    assert found.rows()[1]["test_f1"] is None


def test_runs_of_the_same_name_are_told_apart(models, tmp_path: Path) -> None:
    folders = [
        make_run(tmp_path / str(i), models["dark"], None, events=[epoch(1)]) for i in range(2)
    ]
    found = compared(*folders)
    assert [run.name for run in found.runs] == [str(folder.path) for folder in folders]


def test_no_run_and_a_run_given_twice_are_refused(judged, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="Give the folders"):
        compare_runs([])
    with pytest.raises(JobError, match="given twice"):
        compare_runs([judged["good"].path] * 2)
    with pytest.raises(JobError, match="is no run"):
        compare_runs([tmp_path])


def tracked_run(n: int) -> list[EpochDone]:
    """A run whose F1 rises; dice follows it, focal goes against it, flat does neither."""
    return [
        epoch(
            i,
            total=n,
            tracked={
                "dice": 1 / i,
                "dice.gradient": 0.1 * i,
                "focal": float(i * i),
                "flat": 2.0,
                "gappy": None if i == 2 else float(i),
            },
        )
        for i in range(1, n + 1)
    ]


def test_losses_that_were_only_noted_are_held_against_the_scores(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], None, events=tracked_run(6))
    run = compared(folder).runs[0]
    found = {each.name: each for each in run.losses}
    assert list(found) == ["total", "membrane", "slit", "dice", "focal", "flat", "gappy"]
    assert [each.is_trained for each in run.losses] == [True] * 3 + [False] * 4
    dice = found["dice"]
    assert (dice.f1, dice.chamfer_nm, dice.point_loss) == pytest.approx((-1, 1, 1))
    assert (dice.first, dice.last) == pytest.approx((1, 1 / 6))
    assert (dice.first_gradient, dice.last_gradient) == pytest.approx((0.1, 0.6))
    assert found["focal"].f1 == pytest.approx(1)
    assert math.isnan(found["flat"].f1)
    assert math.isnan(found["focal"].first_gradient)
    assert (found["gappy"].n_epochs, found["gappy"].f1) == (5, pytest.approx(1))


def test_all_losses_of_a_run_in_one_drawing(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], None, events=tracked_run(6))
    drawing = draw_losses(compared(folder).runs[0])
    assert "no values" not in drawing
    lines = re.findall(r'<path d="[^"]*" stroke="#(\w+)" stroke-w', drawing)
    values, gradients, scores = 7, 1, 3
    assert len(lines) == values + gradients + scores
    assert all(f">{name}<" in drawing for name in ("dice", "focal", "slit"))
    plain = make_run(tmp_path, models["dark"], None, events=[epoch(1)], images=tmp_path / "data")
    assert draw_losses(compared(plain).runs[0]).count("no values") == 1


def test_three_epochs_are_too_few_for_a_correlation(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], None, events=tracked_run(3))
    assert all(math.isnan(each.f1) for each in compared(folder).runs[0].losses)
    assert losses_of([]) == ()


def test_rank_correlation_against_scipy() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, other = rng.integers(0, 6, (2, 12)).astype(float)
        expected = stats.spearmanr(one, other).statistic
        assert spearman(one.tolist(), other.tolist()) == pytest.approx(expected)


def test_everything_is_written_and_may_be_replaced(judged, tmp_path: Path) -> None:
    found = compared(judged["good"], judged["poor"])
    for _ in range(2):
        files = write_comparison(tmp_path / "out", found)
    assert sorted(file.name for file in files) == sorted(
        path.name for path in (tmp_path / "out").iterdir()
    )
    curves = rows_of((tmp_path / "out" / "curves.csv").read_text())
    slit = [row for row in curves if (row["run"], row["name"]) == ("good", "slit")]
    assert {row["group"] for row in slit} == {"train", "validation"}
    assert [row["step"] for row in slit if row["group"] == "train"] == [
        "10",
        "20",
        "30",
        "40",
        "50",
    ]
    record = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert record["note"] == NOT_COMPARABLE
    assert [run["run"] for run in record["runs"]] == ["good", "poor"]
    assert record["pairs"][0]["verdict"] == -1
    drawing = (tmp_path / "out" / "curves.svg").read_text()
    assert ElementTree.fromstring(drawing) is not None
    assert "can be compared, on the same images" in drawing
    assert "min-max *" in drawing


def test_files_of_others_are_not_replaced(judged, tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(JobError, match=r"already has runs\.csv"):
        write_comparison(tmp_path, compared(judged["good"]))
    assert (tmp_path / "runs.csv").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_gap_in_a_curve_is_a_gap_in_its_drawing(models, tmp_path: Path) -> None:
    events = [epoch(i, scores={"f1": None if i == 2 else 0.1 * i}) for i in range(1, 4)]
    drawing = draw_curves(compared(make_run(tmp_path, models["dark"], None, events=events)))
    paths = [
        each.get("d", "")
        for each in ElementTree.fromstring(drawing).iter("{http://www.w3.org/2000/svg}path")
    ]
    f1 = next(path for path in paths if path.count("M") == 2)
    assert "L" not in f1


def test_the_command_prints_runs_pairs_and_losses(judged, capsys, tmp_path: Path) -> None:
    paths = tuple(folder.path for folder in judged.values())
    assert compare_command(paths, out=tmp_path / "out", losses=True) == 0
    said = capsys.readouterr().out
    assert "1.000 (1.000 to 1.000)" in said
    assert "good is better than poor on 6 of these 6 images" in said
    assert "good: Use the new one." in said
    assert "Losses of good" in said
    assert (tmp_path / "out" / "curves.svg").is_file()


def test_the_command_as_json_and_what_it_refuses(judged, capsys, tmp_path: Path) -> None:
    assert compare_command((judged["good"].path,), as_json=True) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["runs"][0]["test_f1"] == 1
    assert compare_command((tmp_path,)) == 2
    assert "is no run" in capsys.readouterr().err


def test_the_command_with_a_run_that_has_only_begun(models, capsys, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], None)
    folder.events.unlink()
    assert compare_command((folder.path,), losses=True) == 0
    assert re.search(r"made +│ +new ", capsys.readouterr().out)


def test_it_is_a_command_of_slitseg(judged, capsys) -> None:
    assert main(["runs", "compare", *(str(folder.path) for folder in judged.values())]) == 0
    assert "6 of these 6 images" in capsys.readouterr().out
