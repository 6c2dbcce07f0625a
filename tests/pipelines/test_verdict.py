"""The verdict on a run: judged by images, written, refused, cancelled."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from napari_slitseg.core.checkpoint import read_checkpoint_info
from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.core.metrics.verdict import Verdict, pool_verdicts
from napari_slitseg.events import Alarm, Event, Notice, Progress, VerdictReady
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.verdict import judge, read_verdict, start_model
from tests.pipelines.dots import StopAfter, drain
from tests.pipelines.made_runs import (
    BRIGHT,
    DARK,
    GRID,
    Finds,
    epoch,
    make_images,
    make_model,
    make_run,
)


@pytest.fixture(scope="session")
def models(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Finds, Path]:
    """Models that find bright dots, dark dots, and nothing."""
    home = tmp_path_factory.mktemp("models")
    kinds: tuple[Finds, ...] = ("bright", "dark", "nothing")
    return {kind: make_model(home / f"{kind}.safetensors", model_file, kind) for kind in kinds}


def judged(folder: RunFolder) -> tuple[list[Event], Verdict]:
    return drain(judge(folder, device="cpu", precision="float32"))


def test_a_better_model_is_proven_better(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], models["bright"], events=[epoch(1), epoch(2)])
    events, found = judged(folder)
    assert (found.f1.first, found.f1.second) == (0, 1)
    assert (found.verdict, found.is_for_new, found.judged_on) == (1, True, "test")
    last = events[-1]
    assert isinstance(last, VerdictReady)
    assert (last.verdict, last.advice) == (1, "Use the new one.")
    assert last.report.is_file()
    assert last.text == found.text
    assert len([event for event in events if isinstance(event, Progress)]) == 2 * (7 + 1)


def test_a_worse_model_is_proven_worse(models, tmp_path: Path) -> None:
    _, found = judged(make_run(tmp_path, models["bright"], models["dark"]))
    assert (found.verdict, found.is_for_new) == (-1, False)
    assert found.advice == "Keep the old one: the new one is worse."


def test_two_test_images_prove_nothing(models, tmp_path: Path) -> None:
    events, found = judged(make_run(tmp_path, models["dark"], models["bright"], n=(1, 1, 2)))
    assert (found.verdict, found.is_for_new) == (0, False)
    assert "looks better, by 1.000 in F1, on 2 of 2 images" in found.advice
    assert isinstance(events[-1], VerdictReady)
    assert events[-1].verdict == 0


def test_the_same_model_again_shows_no_difference(models, tmp_path: Path) -> None:
    _, found = judged(make_run(tmp_path, models["bright"], models["bright"]))
    assert (found.verdict, found.is_for_new) == (0, False)
    assert found.advice == "Keep the old one: no difference was shown."


def test_without_test_images_the_validation_images_judge_and_it_is_said(
    models, tmp_path: Path
) -> None:
    folder = make_run(tmp_path, models["dark"], models["bright"], n=(1, 6, 0))
    events, found = judged(folder)
    assert found.judged_on == "validation"
    assert "flatters" in found.text
    assert any("flatters" in event.text for event in events if isinstance(event, Notice))
    assert len([event for event in events if isinstance(event, Progress)]) == 2 * (6 + 1)


def test_the_threshold_is_chosen_on_the_validation_images_only(models, tmp_path: Path) -> None:
    home = tmp_path / "data"
    make_images(home, "train", 1)
    make_images(home, "validation", 1, bright=BRIGHT, dark=DARK)
    for image in make_images(home, "test", 2, bright=BRIGHT, dark=DARK):
        annotations = image.parent / "slits" / f"{image.stem}.csv"
        annotations.write_text("axis-0,axis-1\n5,5\n", encoding="utf-8")
    _, found = judged(make_run(tmp_path, models["dark"], models["bright"], images=home))
    facts = found.facts["new"]
    assert facts["validation_f1"] == 1
    assert found.new.provenance.threshold == facts["best_threshold"]
    assert found.f1.second == 0
    assert found.new.images[0].scores.n_predicted == len(BRIGHT)
    assert facts["own_threshold"] == 0.5
    assert facts["best_threshold"] != 0.5
    assert found.as_it_came.provenance.threshold == 0.5


def test_the_old_model_is_also_judged_as_it_came(models, model_file: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from napari_slitseg.core.checkpoint import load_checkpoint, save_checkpoint

    model, info = load_checkpoint(models["bright"])
    strict = tmp_path / "strict.safetensors"
    save_checkpoint(strict, model, replace(info, threshold=1.0))
    _, found = judged(make_run(tmp_path, strict, models["bright"]))
    assert found.as_it_came.pooled is not None
    assert (found.as_it_came.pooled.f1, found.f1.first, found.f1.second) == (0, 1, 1)
    assert "the threshold alone brings +1.000" in found.text
    assert not found.is_for_new


def test_a_model_that_finds_better_but_erases_is_not_advised(models, tmp_path: Path) -> None:
    home = tmp_path / "data"
    for part, n in (("train", 1), ("validation", 1), ("test", 6)):
        for image in make_images(home, part, n, bright=GRID[:3], dark=GRID[3:11]):
            right = [*GRID[:3], *GRID[3:4], *[(y + 9, x + 9) for y, x in GRID[:4]]]
            lines = "".join(f"{y},{x}\n" for y, x in right)
            file = image.parent / "slits" / f"{image.stem}.csv"
            file.write_text(f"axis-0,axis-1\n{lines}", encoding="utf-8")
    _, found = judged(make_run(tmp_path, models["dark"], models["bright"], images=home))
    assert found.f1.second > found.f1.first
    assert (found.verdict, found.erases, found.is_for_new) == (1, True, False)
    assert "it finds 0.38 for each annotated one, though its F1 is better" in found.advice


def test_everything_is_written(models, tmp_path: Path) -> None:
    alarm = Alarm(name="erasure", text="half of the slits are gone", epoch=1)
    folder = make_run(
        tmp_path, models["dark"], models["bright"], events=[epoch(1), alarm, epoch(2)]
    )
    _, found = judged(folder)
    values = json.loads((folder.report / "verdict.json").read_text())
    assert (values["verdict"], values["use"], values["judged_on"]) == (1, "new", "test")
    assert [values["facts"][side]["model"] for side in ("old", "new")] == ["dark", "bright"]
    info = read_checkpoint_info(folder.best)
    assert values["facts"]["new"]["sha256"] == values["new"]["provenance"]["model_sha256"]
    assert values["facts"]["new"]["sha256"] == info.sha256
    assert [len(values["facts"]["split"][part]) for part in ("train", "validation", "test")] == [
        1,
        1,
        6,
    ]
    rows = list(csv.DictReader((folder.report / "images.csv").read_text().splitlines()))
    assert [row["image"] for row in rows] == [f"test{i}.png" for i in range(6)]
    assert {(row["f1_old"], row["f1_new"]) for row in rows} == {("0.0", "1.0")}
    page = (folder.report / "summary.md").read_text()
    for part in (
        "Use the new one.",
        "| test3.png | 8 |",
        "half of the slits are gone",
        "2.0 minutes",
    ):
        assert part in page
    assert "| best | 2 | 0.5000 | 0.7500 | 0.750 |" in page
    assert not re.search(r"\bnan\b|None", page)
    drawing = ElementTree.fromstring((folder.report / "slopes.svg").read_text())
    titles = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == [f"test{i}.png: 0.000 to 1.000" for i in range(6)]
    assert "slopes.svg" in page
    again = read_verdict(folder)
    assert again is not None
    assert again.text == found.text


def test_membranes_are_scored_where_someone_drew_them(models, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    home = tmp_path / "data"
    for part, n in (("train", 1), ("validation", 1), ("test", 2)):
        for image in make_images(home, part, n):
            mask = np.zeros((96, 112), np.uint8)
            mask[40:60] = 255
            Image.fromarray(mask).save(image.with_name(f"{image.stem}_membrane.png"))
    folder = make_run(tmp_path, models["dark"], models["bright"], images=home)
    _, found = judged(folder)
    assert "membrane_dice" in found.new.images[0].further
    assert "| Membrane Dice |" in (folder.report / "summary.md").read_text()


def test_an_unknown_pixel_size_is_that_of_the_model(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], models["bright"], pixel_size_nm=None)
    events, found = judged(folder)
    assert found.f1.second == 1
    assert found.new.images[0].scores.pixel_size_nm == 10
    assert any("10 nm, the model's own" in e.text for e in events if isinstance(e, Notice))


def test_a_run_may_start_from_the_best_of_another(models, tmp_path: Path) -> None:
    first = make_run(tmp_path, models["dark"], models["dark"])
    second = make_run(tmp_path, first.path, models["bright"], images=tmp_path / "data")
    assert start_model(str(first.path)) == first.best
    _, found = judged(second)
    assert found.facts["old"]["model"] == "dark"
    first.best.unlink()
    with pytest.raises(JobError, match=r"has no best model .*train for an epoch"):
        start_model(str(first.path))
    with pytest.raises(JobError, match=r"^The model this run started from cannot be found\. "):
        judged(second)


def test_a_bundled_model_by_name_and_a_start_that_is_gone() -> None:
    assert start_model("slitseg-unet-v2").name == "slitseg-unet-v2.safetensors"
    with pytest.raises(JobError, match=r"^There is no model .nowhere.:"):
        start_model("nowhere")


def test_a_run_without_a_best_model_is_refused(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], None)
    with pytest.raises(JobError, match="The run made has no best model yet: let it train"):
        judged(folder)
    assert not folder.report.exists()


@pytest.mark.parametrize("part", ["image", "annotation"])
def test_a_changed_test_file_is_refused(models, tmp_path: Path, part: str) -> None:
    folder = make_run(tmp_path, models["dark"], models["bright"])
    home = tmp_path / "data" / "test"
    file = home / "test2.png" if part == "image" else home / "slits" / "test2.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(JobError, match=f"{file.name} has changed"):
        judged(folder)


def test_a_missing_test_image_is_refused_and_a_missing_training_image_does_not_matter(
    models, tmp_path: Path
) -> None:
    folder = make_run(tmp_path, models["dark"], models["bright"])
    (tmp_path / "data" / "train" / "train0.png").unlink()
    _, found = judged(folder)
    assert found.verdict == 1
    (tmp_path / "data" / "test" / "test0.png").unlink()
    with pytest.raises(JobError, match=r"test0\.png cannot be read any more"):
        judged(folder)


def test_cancelling_writes_nothing(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], models["bright"])
    with pytest.raises(Cancelled):
        drain(judge(folder, device="cpu", should_stop=StopAfter(12)))
    assert not folder.report.exists()


def test_no_verdict_and_a_damaged_one(models, tmp_path: Path) -> None:
    folder = make_run(tmp_path, models["dark"], models["bright"])
    assert read_verdict(folder) is None
    folder.report.mkdir()
    (folder.report / "verdict.json").write_text("{", encoding="utf-8")
    with pytest.raises(JobError, match=r"verdict\.json cannot be read: This is no verdict"):
        read_verdict(folder)


def test_names_that_would_break_a_table_or_a_drawing(models, tmp_path: Path) -> None:
    home = tmp_path / "data"
    for part in ("train", "validation", "test"):
        for image in make_images(home, part, 1):
            odd = f"a|b <{part}>&"
            image.rename(image.with_name(f"{odd}.png"))
            slits = image.parent / "slits" / f"{image.stem}.csv"
            slits.rename(slits.with_name(f"{odd}.csv"))
    folder = make_run(tmp_path, models["dark"], models["bright"], images=home)
    judged(folder)
    assert r"| a\|b <test>&.png |" in (folder.report / "summary.md").read_text()
    assert ElementTree.fromstring((folder.report / "slopes.svg").read_text()) is not None


def test_runs_that_left_out_other_images_are_pooled(models, tmp_path: Path) -> None:
    parts = []
    for i in range(2):
        home = tmp_path / f"fold{i}"
        for part in ("train", "validation", "test"):
            make_images(home / "data", part, i + 1 if part == "test" else 1)
        (home / "data" / "test" / f"test{i}.png").rename(home / "data" / "test" / f"left{i}.png")
        slits = home / "data" / "test" / "slits"
        (slits / f"test{i}.csv").rename(slits / f"left{i}.csv")
        (home / "data" / "test" / "test0.png").unlink(missing_ok=True)
        parts.append(
            judged(make_run(home, models["dark"], models["bright"], images=home / "data"))[1]
        )
    whole = pool_verdicts(parts)
    assert [image.name for image in whole.new.images] == ["left0.png", "left1.png"]
    assert whole.f1.second == 1
