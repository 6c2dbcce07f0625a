"""``--detector`` and ``--detector-set``, ``slitseg detectors`` and ``slitseg models``."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from napari_slitseg.cli import explain, main
from napari_slitseg.core.detection import DETECTORS, DifferenceOfGaussians, LaplacianOfGaussian
from napari_slitseg.core.models import MODELS
from napari_slitseg.core.spec_settings import settings_of
from napari_slitseg.jobs import Document, EvaluateJob, PredictJob
from tests.pipelines.dots import DOTS, folder, model_file

__all__ = ["folder", "model_file"]

Captured = pytest.CaptureFixture[str]
TABLES: dict[str, Any] = {"detectors": DETECTORS, "models": MODELS}
SLIM = LaplacianOfGaussian(min_sigma_nm=8, max_sigma_nm=30)


def output(capsys: Captured, *words: str) -> str:
    """What a command prints, without frames and line breaks."""
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return squeezed(printed.out)


def squeezed(text: str) -> str:
    """Text without frames and line breaks."""
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", text).split())


def parsed(capsys: Captured, *words: str) -> Any:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


# -- lists


@pytest.mark.parametrize("command", TABLES)
def test_all_are_listed(command: str, capsys: Captured) -> None:
    page = output(capsys, command)
    for name, spec in TABLES[command].items():
        assert f" {name} {spec.about.title} " in page
        assert squeezed(spec.about.use_when) in page
    assert parsed(capsys, command) == [
        {"name": name, **asdict(spec.about)} for name, spec in TABLES[command].items()
    ]


@pytest.mark.parametrize("command", TABLES)
def test_each_is_explained(command: str, capsys: Captured) -> None:
    for name, spec in TABLES[command].items():
        page = output(capsys, command, name)
        about = spec.about
        assert page.startswith(squeezed(f"{about.title} ({name})"))
        for text in (about.idea, about.use_when, about.source):
            assert squeezed(text) in page
        for each in settings_of(spec):
            assert f" {each.name} " in page
            assert squeezed(each.limits) in page
        told = parsed(capsys, command, name)
        assert {key: told[key] for key in asdict(about)} == asdict(about)
        assert [row["name"] for row in told["settings"]] == [e.name for e in settings_of(spec)]


def test_the_number_of_parameters_is_told(capsys: Captured) -> None:
    number = f"{MODELS['forknet'].about.parameters:,}"
    assert f" forknet ForkNet {number} " in output(capsys, "models")
    assert f" parameters {number} " in output(capsys, "models", "forknet")


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("line", ["detectors", "detectors log", "models", "models forknet"])
def test_words_stay_whole_at_any_width(
    line: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(explain, "make_console", lambda: Console(width=width))
    assert main(line.split()) == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= width
    command, _, name = line.partition(" ")
    names = [e.name for e in settings_of(TABLES[command][name])] if name else TABLES[command]
    assert all(each in page for each in names)
    assert "use when" in page


# -- from words to jobs


class _Caught(Exception):
    """Carries a job out of the command line."""


def job_of(monkeypatch: pytest.MonkeyPatch, line: str) -> Document:
    """Job that a command line means."""

    def catch(pipeline: Any, **_: Any) -> None:
        raise _Caught(pipeline.args[0])

    monkeypatch.setattr("napari_slitseg.cli.app.run_pipeline", catch)
    with pytest.raises(_Caught) as caught:
        main(line.split())
    [job] = caught.value.args
    assert isinstance(job, Document)
    return job


def test_the_detector_and_its_settings_come_into_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "--detector log --detector-set min_sigma_nm=8 max_sigma_nm=30"
    expected = PredictJob(images=(Path("a"),), out=Path("o"), detector=SLIM.to_dict())
    assert job_of(monkeypatch, f"predict a --out o {words}") == expected
    assert job_of(monkeypatch, f"predict --out o {words} --images a") == expected
    twice = words.replace(" max", " --detector-set max")
    assert job_of(monkeypatch, f"predict a --out o {twice}") == expected
    assert job_of(monkeypatch, f"evaluate --images a {words}") == EvaluateJob(
        images=(Path("a"),), detector=SLIM.to_dict()
    )


def test_settings_alone_are_those_of_the_default_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(monkeypatch, "predict a --out o --detector-set sigma_nm=5")
    assert isinstance(job, PredictJob)
    assert job.detector == {"name": "peaks", "border_nm": 0.0, "sigma_nm": 5.0}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--detector compoments", "no detector 'compoments'; did you mean 'components'?"),
        ("--detector logs", "there is no detector 'logs'; did you mean 'log'?"),
        ("--detector log --detector-set min_sgma_nm=8", "did you mean 'min_sigma_nm'?"),
        ("--detector log --detector-set sigma_ratio=2", "LaplacianOfGaussian has no 'sigma_ratio'"),
        ("--detector log --detector-set min_sigma_nm=0", "is 0; it must be above 0"),
        ("--detector log --detector-set min_sigma_nm=thin", "is 'thin'; give a number"),
        ("--detector log --detector-set min_sigma_nm=90", "is 90, above"),
        ("--detector log --detector-set min_sigma_nm", "--detector-set needs NAME=VALUE"),
        ("--detector log --detector-set overlap=0 overlap=1", "gives overlap more than once"),
        ("--detector dog --detector-set name=log", "say --detector log"),
        ("--detector-sett overlap=0", "Did you mean --detector-set?"),
    ],
)
@pytest.mark.parametrize("command", ["predict a.tif --out o", "evaluate a.tif"])
def test_what_makes_no_sense_ends_with_2(
    command: str, words: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main([*command.split(), *words.split()]) == 2
    printed = capsys.readouterr()
    assert message in squeezed(printed.err)
    assert printed.out == ""
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("detectors doggy", "there is no detector 'doggy'; did you mean 'dog'? There are peaks"),
        ("models fork-net", "there is no model 'fork-net'; did you mean 'forknet'? There are"),
    ],
)
def test_names_that_are_not_listed(line: str, message: str, capsys: Captured) -> None:
    assert main(line.split()) == 2
    assert message in capsys.readouterr().err


# -- for real


def test_predict_with_a_detector(
    folder: Path, model_file: Path, tmp_path: Path, capsys: Captured
) -> None:
    model = ["--model", str(model_file), "--device", "cpu", "--pixel-size-nm", "10"]
    line = ["predict", str(folder), "--out", str(tmp_path), *model, "--detector", "dog"]
    assert main([*line, "--detector-set", "response=0.01"]) == 0
    assert f"img1.png: {len(DOTS)} slits" in capsys.readouterr().err
    content = json.loads((tmp_path / "predictions.json").read_text())
    assert content["detector"] == DifferenceOfGaussians(response=0.01).to_dict()
    assert main([*line, "--detector-set", "response=9"]) == 0
    assert "img1.png: 0 slits" in capsys.readouterr().err
