"""The command line: options, exit codes, what goes to which stream, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from napari_slitseg import __version__, events
from napari_slitseg.cli import comparison, demo, main, scores, stopping, view
from napari_slitseg.cli.app import app
from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.events import Finished, ImageDone, ImageFailed, Notice, Progress, Started
from napari_slitseg.jobs import CompareJob, Document, EvaluateJob, PredictJob, SimulateJob
from napari_slitseg.pipelines import doctor
from napari_slitseg.pipelines.doctor import Check
from tests.pipelines.dots import DOTS, draw_dots, folder, model_file

__all__ = ["folder", "model_file"]

COMMANDS = {
    "predict": PredictJob,
    "evaluate": EvaluateJob,
    "compare": CompareJob,
    "simulate": SimulateJob,
}


@pytest.fixture
def slitseg(model_file: Path) -> list[str]:
    """Words that make a prediction quick and certain."""
    return ["--model", str(model_file), "--device", "cpu", "--pixel-size-nm", "10"]


@pytest.fixture
def annotated(folder: Path) -> Path:
    """The images, the first annotated in full, the second with one dot too many."""
    slits = folder.parent / "slits"
    slits.mkdir()
    for stem, dots in (("img1", DOTS), ("img2", DOTS[:2])):
        rows = "".join(f"{y},{x}\n" for y, x in dots)
        (slits / f"{stem}.csv").write_text("axis-0,axis-1\n" + rows)
    return folder


def words(text: str) -> str:
    """Text of a help page without its frame and line breaks."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


# -- help


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_what_the_fields_of_the_job_say(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app.console = Console(width=300)
    assert main([name, "--help"]) == 0
    page = words(capsys.readouterr().out)
    for field, info in COMMANDS[name].model_fields.items():
        assert f"--{field.replace('_', '-')}" in page
        assert info.description is not None
        assert info.description in page


def test_help_fits_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    app.console = Console(width=80)
    assert main(["predict", "--help"]) == 0
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_all_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    page = capsys.readouterr().out
    for name in (*COMMANDS, "doctor", "demo"):
        assert f" {name} " in page


def test_torch_is_not_loaded_for_what_is_only_listed() -> None:
    lines = [
        *("losses", "schedules", "schedules cosine --steps 9"),
        *("detectors", "detectors log", "models", "models unet"),
    ]
    program = (
        "import sys\n"
        "from napari_slitseg.cli import main\n"
        "for line in sys.argv[1:]:\n"
        "    assert main(line.split()) == 0, line\n"
        "    assert 'torch' not in sys.modules, line\n"
    )
    command = [sys.executable, "-c", program, *lines]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True)
    assert done.returncode == 0, done.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


# -- from words to jobs


def parsed(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Document:
    """Job that a command line means."""
    jobs: list[Document] = []

    def catch(pipeline: Any, **_: Any) -> tuple[EvaluationResult, Finished, int]:
        jobs.append(pipeline.args[0])
        return EvaluationResult(), Finished(reason="done"), 0

    monkeypatch.setattr("napari_slitseg.cli.app.run_pipeline", catch)
    assert main(arguments) == 0
    [job] = jobs
    return job


def test_predict_takes_files_anywhere_and_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    options = "--out o --maps none --pixel-size-nm 8.3 --pixel-sizes s.csv --page 2 --model m"
    more = "--threshold .25 --min-distance-nm 40 --device cuda:1 --precision float16"
    expected = PredictJob(
        images=(Path("a.tif"), Path("b c.tif")),
        out=Path("o"),
        maps="none",
        pixel_size_nm=8.3,
        pixel_sizes=Path("s.csv"),
        page=2,
        model="m",
        threshold=0.25,
        min_distance_nm=40,
        device="cuda:1",
        precision="float16",
    )
    line = [*options.split(), *more.split()]
    assert parsed(monkeypatch, "predict", "a.tif", "b c.tif", *line) == expected
    assert parsed(monkeypatch, "predict", *line, "a.tif", "b c.tif") == expected
    assert parsed(monkeypatch, "predict", *line, "--images", "a.tif", "b c.tif") == expected


def test_the_defaults_are_those_of_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    a, out = Path("a"), Path("o")
    assert parsed(monkeypatch, "predict", "a", "--out", "o") == PredictJob(images=(a,), out=out)
    assert parsed(monkeypatch, "evaluate", "--images", "a") == EvaluateJob(images=(a,))
    assert parsed(monkeypatch, "simulate", "--out", "o") == SimulateJob(out=out)


def test_two_numbers_for_a_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    job = parsed(monkeypatch, "simulate", "--out", "o", "--shape", "64", "128", "--n", "2")
    assert job == SimulateJob(out=Path("o"), shape=(64, 128), n=2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("predict a.tif --out o --threshold 2", "threshold: Input should be less than"),
        ("predict a.tif --out o --threshold two", "--threshold"),
        ("predict a.tif --out o --treshold .5", "Did you mean --threshold"),
        ("predict a.tif --out o --device gpu", "cuda:NUMBER, got 'gpu'"),
        ("predict a.tif", "--out"),
        ("predict --out o", "--images"),
        ("predict a.tif --out o --model nothing", "no model 'nothing'"),
        ("simulate --out o --shape 10 10", "shape.0: Input should be greater"),
        ("simulate --out o --shape 100", "--shape"),
        ("evaluate nowhere --predictions nowhere", "no folder nowhere"),
        ("evaluate a.tif --out a.xlsx", "out: Input should be a file name that ends in .csv"),
        ("evaluate a.tif --curve a.tif", "ends in .csv, got 'a.tif'"),
        ("compare a.tif --predictions a b --out a.json", "ends in .csv, got 'a.json'"),
        ("compare a.tif --model a", "Did you mean --models?"),
        ("predikt a.tif", "predikt"),
    ],
)
def test_what_makes_no_sense_ends_with_2(
    line: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(line.split()) == 2
    output = capsys.readouterr()
    assert message in words(output.err)
    assert output.out == ""
    assert "Traceback" not in output.err


# -- commands


def test_predict(
    folder: Path, tmp_path: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(folder), "--out", str(tmp_path / "out"), *slitseg]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.splitlines()
    assert [line.partition(", ")[0] for line in lines[:-1]] == [
        "[1/3] img1.png: 4 slits",
        "[2/3] img2.png: 1 slit",
        "[3/3] img10.png: 2 slits",
    ]
    assert lines[-1] == "3 done."
    assert len(os.listdir(tmp_path / "out")) == 7


def test_one_bad_file_ends_with_1(
    folder: Path, tmp_path: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "img2.png").write_bytes(b"no picture")
    line = ["predict", str(folder), "--out", str(tmp_path / "out"), "--quiet", *slitseg]
    assert main(line) == 1
    [failed] = capsys.readouterr().err.splitlines()
    assert failed.startswith("[2/3] img2.png: failed. ")
    assert (tmp_path / "out" / "img10_slits.csv").exists()


def test_two_of_a_name_end_with_2(
    folder: Path, tmp_path: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(folder / "img1.png", tmp_path / "img1.png")
    line = ["predict", str(folder), str(tmp_path / "img1.png"), "--out", str(tmp_path / "out")]
    assert main([*line, *slitseg]) == 2
    assert "same name" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_evaluate_prints_a_table(
    annotated: Path, tmp_path: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.csv"
    assert main(["evaluate", "--images", str(annotated), "--out", str(out), *slitseg]) == 0
    output = capsys.readouterr()
    rows = [re.findall(r"[\w.]+", line) for line in output.out.splitlines()]
    assert ["img2.png", "2", "1", "1", "0", "1", "1.000", "0.500", "0.667"] in [r[:9] for r in rows]
    assert ["pooled", "6", "5", "5", "0", "1", "1.000", "0.833", "0.909"] in [r[:9] for r in rows]
    assert "within 50 nm" in output.out
    for name in ("image", "n_predicted", "f1", "localisation_nm"):
        assert COLUMNS[name].title in output.out
    assert "img10.png: skipped. It has no annotation." in output.err
    assert len(out.read_text().splitlines()) == 3


def test_evaluate_says_how_sure_it_is(
    annotated: Path, tmp_path: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    biopsies = tmp_path / "biopsies.csv"
    biopsies.write_text("image,biopsy\nimg1,A\nimg2,B\n")
    assert main(["evaluate", str(annotated), "--biopsies", str(biopsies), *slitseg]) == 0
    text = words(capsys.readouterr().out)
    assert "F1 0.91 (95 % interval 0.67 to 1.00 over 2 images of 2 biopsies)" in text
    assert "From 2 biopsies an interval is rough" in text
    assert "5 slits found where 6 are annotated; per image -0.5" in text
    assert "average precision 0.83" in text
    assert "judge it on others" in text


def test_evaluate_tells_one_image_from_a_sample(
    annotated: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(annotated / "img1.png"), *slitseg]) == 0
    text = words(capsys.readouterr().out)
    assert "F1 1.00 (over 1 image; no interval)" in text
    assert "One image tells nothing" in text
    assert "per image" not in text


@pytest.mark.parametrize("width", [60, 80, 99, 140, 200])
def test_a_table_of_scores_fits_the_terminal(
    width: int,
    annotated: Path,
    slitseg: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(scores, "make_console", lambda: Console(width=width))
    assert main(["evaluate", str(annotated), *slitseg]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    assert "0.909" in text
    left_out = re.findall(r"No room for (.*): widen", words(text))
    assert len(left_out) == (width < 140)
    assert not left_out or "Chamfer (nm)" in left_out[0]


def test_columns_go_by_rank_until_the_rest_fits() -> None:
    columns = [scores.Column("a" * 9, str, 1), scores.Column("b" * 9, str, 3)]
    columns += [scores.Column("c" * 9, str, 1), scores.Column("d" * 9, str, 2)]
    for room, shown in ((48, "abcd"), (47, "abd"), (35, "bd"), (23, "b"), (1, "b")):
        found = scores.fitting(columns, ["x"], room)
        assert "".join(column.title[0] for column in found) == shown


def test_compare_prints_figures_and_a_verdict(
    annotated: Path, tmp_path: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, threshold in (("old", "0.999"), ("new", "0.5")):
        line = ["predict", str(annotated), "--out", str(tmp_path / name), "--quiet", *slitseg]
        assert main([*line, "--threshold", threshold]) == 0
    sides = ["--predictions", str(tmp_path / "old"), str(tmp_path / "new")]
    line = ["compare", str(annotated), "--pixel-size-nm", "10", *sides]
    assert main([*line, "--out", str(tmp_path / "both.csv")]) == 0
    output = capsys.readouterr()
    rows = [re.findall(r"[\w.+-]+", each) for each in output.out.splitlines()]
    assert ["F1", "pooled"] in [row[:2] for row in rows]
    assert "No difference shown on these 2 images" in words(output.out)
    assert "new (2 of 2)" in output.err
    assert (tmp_path / "both.json").is_file()
    assert main([*line, "--json", "--quiet"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["reason"] == "done"
    assert content["names"] == ["old", "new"]
    assert content["figures"][0]["figure"] == "f1"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_a_comparison_fits_the_terminal(
    width: int,
    annotated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        for stem in ("img1", "img2"):
            (tmp_path / name / f"{stem}.csv").write_text("axis-0,axis-1\n5,5\n")
    monkeypatch.setattr(comparison, "make_console", lambda: Console(width=width))
    sides = ["--predictions", str(tmp_path / "old"), str(tmp_path / "new")]
    assert main(["compare", str(annotated), "--pixel-size-nm", "10", *sides]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    heading = next(line for line in text.splitlines() if "figure" in line)
    assert re.findall(r"\w+", heading)[:3] == ["figure", "old", "new"]
    assert "Vanilla: Chamfer, with the image diagonal" in words(text)
    assert ("No room for" in text) == ("P Wilcoxon" not in text.partition("Intervals")[0])


def test_compare_without_two_sides_ends_with_2(
    annotated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(annotated), "--models", "one"]) == 2
    assert "--models OLD NEW" in words(capsys.readouterr().err)
    assert main(["compare", str(annotated), "--predictions", "no", "where", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["reason"] == "refused"


def test_evaluate_in_pixels(
    annotated: Path, model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["evaluate", str(annotated), "--tolerance-px", "3", "--model", str(model_file)]
    assert main(line) == 0
    assert "within 3 px" in capsys.readouterr().out


def test_evaluate_json_is_alone_on_the_output_stream(
    annotated: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (annotated / "img2.png").write_bytes(b"no picture")
    assert main(["evaluate", str(annotated), "--json", *slitseg]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["reason"] == "done"
    assert [image["image"] for image in content["images"]] == ["img1.png"]
    assert content["images"][0]["f1"] == 1
    assert list(content["failed"]) == ["img2.png"]
    assert content["pooled"]["n_images"] == 1
    assert EvaluateJob.model_validate(content["job"]).images == (annotated,)


def test_a_refused_evaluation_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", ".", "--predictions", "nowhere", "--json"]) == 2
    content = json.loads(capsys.readouterr().out)
    assert content["reason"] == "refused"
    assert content["message"]
    assert content["images"] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others have no such names")
def test_file_names_that_are_no_text(
    tmp_path: Path, slitseg: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = os.fsdecode(b"b\xf6se \xc3\xa4")
    images, out = tmp_path / "images", tmp_path / "out"
    images.mkdir()
    Image.fromarray(draw_dots()).save(images / f"{name}.png")
    assert main(["predict", str(images), "--out", str(out), *slitseg]) == 0
    content = json.loads((out / "predictions.json").read_text())
    assert content["images"][0]["name"] == name
    (out / f"{name}_slits.csv").rename(images / f"{name}.csv")
    text = (images / f"{name}.csv").read_text().replace("score", "index2")
    (images / f"{name}.csv").write_text(text)
    table = str(out / "table.csv")
    assert main(["evaluate", str(images), "--out", table, *slitseg]) == 0
    assert "se ä" in capsys.readouterr().out
    assert os.fsencode(name) in Path(table).read_bytes()


def test_simulate_then_evaluate(
    tmp_path: Path, model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sim"
    assert main(["simulate", "--out", str(out), "--n", "1", "--shape", "96", "96"]) == 0
    line = ["evaluate", str(out / "images"), "--model", str(model_file), "--json"]
    assert main(line) == 0
    [image] = json.loads(capsys.readouterr().out)["images"]
    assert image["pixel_size_nm"] == pytest.approx(10)
    assert image["annotation"].endswith("slits/sim_0000.csv")


@pytest.mark.parametrize("status", ["ok", "warn", "fail"])
def test_doctor(
    status: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [Check("one", "ok", "fine", "no cure"), Check("two", status, "[so]", "do this")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(found))
    assert main(["doctor"]) == (status == "fail")
    text = capsys.readouterr().out
    assert f"{status:<5}two: [so]" in text
    assert ("do this" in text) == (status != "ok")
    assert "no cure" not in text
    assert main(["doctor", "--json"]) == (status == "fail")
    assert [Check(**each) for each in json.loads(capsys.readouterr().out)] == found


# -- demo


def test_demo_hands_options_and_exit_code_through(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        calls.append(command)
        return subprocess.CompletedProcess(command, -signal.SIGTERM if len(calls) > 1 else 3)

    monkeypatch.setattr(demo.subprocess, "run", run)
    monkeypatch.setattr(demo, "find_spec", lambda name: name == "PySide6" or None)
    assert main(["demo", "--screenshots", str(tmp_path)]) == 3
    assert main(["demo"]) == 128 + signal.SIGTERM
    module = [sys.executable, "-m", "napari_slitseg.widgets.demo"]
    assert calls == [[*module, "--screenshots", str(tmp_path)], module]


def test_demo_without_qt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda _: None)
    assert main(["demo"]) == 1
    assert "napari-slitseg[all]" in capsys.readouterr().err


# -- what is shown


EVENTS = [
    Started(total=2),
    Progress(done=0, total=4, message="a[1].tif"),
    Notice(text="odd [b]", item="a[1].tif"),
    Progress(done=4, total=4, message="a[1].tif"),
    ImageDone(name="a[1].tif", path=Path("a"), n_slits=3, seconds=1.25),
    ImageFailed(name="b.tif", path=Path("b"), reason="empty"),
    Finished(reason="done", n_ok=1, n_failed=1),
]
SHOWN = [
    "a[1].tif: odd [b]",
    "[1/2] a[1].tif: 3 slits, 1.2 s",
    "[2/2] b.tif: failed. empty",
    "1 done, 1 failed.",
]


def test_lines() -> None:
    said: list[str] = []
    with view.Lines(said.append, quiet=False) as lines:
        for event in EVENTS:
            lines.show(event)
    assert said == SHOWN


def test_quiet_lines() -> None:
    said: list[str] = []
    with view.Lines(said.append, quiet=True) as lines:
        for event in (*EVENTS, Finished(reason="failed", message="disk full")):
            lines.show(event)
    assert said == ["[2/2] b.tif: failed. empty", "Error: disk full (0 done)"]


def test_bars_print_the_same_lines() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=60, color_system=None)
    with view.Bars(console) as bars:
        for event in EVENTS:
            bars.show(event)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    for line in SHOWN:
        assert line in plain
    assert "Images" in plain


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Finished(reason="cancelled", n_ok=2), "Cancelled: 2 done; what was finished stays."),
        (
            Finished(reason="cancelled", n_ok=2, message="no table was written"),
            "Cancelled: 2 done; no table was written.",
        ),
        (Finished(reason="refused", message="no model"), "Error: no model"),
        (Finished(reason="done", n_ok=0, n_skipped=3), "0 done, 3 skipped."),
    ],
)
def test_ends(event: events.Event, text: str) -> None:
    said: list[str] = []
    view.Lines(said.append, quiet=False).show(event)
    assert said == [text]


# -- stopping


def test_the_first_signal_is_noted_and_the_second_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopping.Stopper() as stopper:
        assert not stopper()
        signal.raise_signal(signal.SIGINT)
        assert stopper()
        assert stopper.exit_code == 130
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_ends_with_130(
    folder: Path, tmp_path: Path, slitseg: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def show(*_: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(view.Lines, "show", show)
    assert main(["predict", str(folder), "--out", str(tmp_path / "out"), *slitseg]) == 130


def run_until(text: str, number: int, command: list[str]) -> tuple[int, str]:
    """Start a process, send a signal when `text` shows up: its exit code and all it said."""
    program = [sys.executable, "-m", "napari_slitseg", *command]
    said = ""
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said += line
            if text and text in line:
                process.send_signal(number)
                text = ""
    return process.returncode, said


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_stops_a_running_prediction(
    folder: Path, tmp_path: Path, slitseg: list[str]
) -> None:
    """The signal comes when the small images are done and the large one is at work."""
    large = np.tile(draw_dots(), (60, 50))
    Image.fromarray(large).save(folder / "img99.png", compress_level=1)
    out = tmp_path / "out"
    code, said = run_until(
        "[3/4]", signal.SIGINT, ["predict", str(folder), "--out", str(out), *slitseg]
    )
    assert code == 130, said
    assert said.splitlines()[-1] == "Cancelled: 3 done; what was finished stays."
    assert len(said.splitlines()) == 4
    content = json.loads((out / "predictions.json").read_text())
    finished = {entry["name"] for entry in content["images"]}
    assert finished == {"img1", "img2", "img10"}
    assert {path.name for path in out.iterdir()} == {
        "predictions.json",
        *(f"{name}_{end}" for name in finished for end in ("slits.csv", "maps.tif")),
    }


def test_a_stopped_cluster_job_says_which_signal_it_was() -> None:
    with stopping.Stopper() as stopper:
        signal.raise_signal(signal.SIGTERM)
    assert stopper()
    assert stopper.exit_code == 128 + signal.SIGTERM
