"""The images of a fine-tuning: found, looked at, parted, recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.core.inference_types import Cancelled
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.events import Event, ImageFailed, ImageSkipped, Notice, Progress
from napari_slitseg.pipelines.dataset import (
    DataSet,
    check_unchanged,
    collect,
    load_member,
    read_record,
    write_record,
)
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder
from tests.pipelines.annotated import SHAPE, annotated, job_for
from tests.pipelines.dots import StopAfter, drain


@pytest.fixture
def images(annotated_images: Path) -> Path:
    """Folder of six annotated images."""
    return annotated_images


def collected(*images: Path, **changes: Any) -> DataSet:
    """Return what a job finds."""
    return drain(collect(job_for(*images, **changes)))[1]


def told(events: list[Event]) -> str:
    """Everything that notices say."""
    return " ".join(event.text for event in events if isinstance(event, Notice))


def test_annotated_images_are_found_and_parted(images: Path) -> None:
    events, data = drain(collect(job_for(images)))
    assert [len(data.train), len(data.validation), len(data.test)] == [4, 1, 1]
    assert sorted(member.name for member in data.members) == [f"img{i}.png" for i in range(6)]
    first = min(data.members, key=lambda member: member.name)
    assert (first.n_slits, first.shape, first.pixel_size_nm) == (3, SHAPE, 10.0)
    assert first.membrane is None
    assert data.left_out == ()
    progress = [event for event in events if isinstance(event, Progress)]
    assert (progress[-1].done, progress[-1].total, len(progress)) == (6, 6, 7)


def test_what_cannot_be_used_is_left_out_with_its_reason(images: Path) -> None:
    annotated(images, "bare").with_suffix(".csv").unlink()
    annotated(images, "broken").write_bytes(b"\x89PNG no picture")
    annotated(images, "empty").write_bytes(b"")
    Image.new("L", (64, 48), 7).save(annotated(images, "flat"))
    Image.new("L", (1, 1), 7).save(annotated(images, "dot", ()))
    write_points(annotated(images, "far").with_suffix(".csv"), PointTable.from_yx([[900, 900.0]]))
    annotated(images, "text").with_suffix(".csv").write_text("hello\n")
    proposals = PointTable.from_yx([[9, 9.0]], score=[0.5], status="proposed")
    write_points(annotated(images, "proposals").with_suffix(".csv"), proposals)
    events, data = drain(collect(job_for(images, images / "gone.png")))
    reasons = {path.name: reason for path, reason in data.left_out}
    assert len(data.members) == 6
    expected = {
        "bare.png": "no annotation",
        "broken.png": "broken.png",
        "empty.png": "0 bytes",
        "flat.png": "same grey value",
        "dot.png": "only 1 x 1 px",
        "far.png": "1 of the 1 points",
        "text.png": "text.csv",
        "proposals.png": "only proposals",
        "gone.png": "There is no file",
    }
    assert reasons.keys() == expected.keys()
    assert [name for name in expected if expected[name] not in reasons[name]] == []
    assert [event.name for event in events if isinstance(event, ImageSkipped)] == ["bare.png"]
    assert len([event for event in events if isinstance(event, ImageFailed)]) == 8


def test_points_outside_and_rejected_ones_are_not_learned_from(images: Path) -> None:
    table = PointTable.from_yx(
        [[5, 5], [9, 9], [90, 9], [20, 20], [30, 30]],
        status=["added", "rejected", "added", "accepted", "proposed"],
        uncertain=[False, False, False, True, False],
    )
    write_points(images / "img0.csv", table)
    events, data = drain(collect(job_for(images)))
    member = next(member for member in data.members if member.name == "img0.png")
    assert (member.n_slits, member.n_uncertain, member.n_outside) == (1, 1, 1)
    assert "1 of its 2 annotated slits lie outside" in told(events)
    loaded = load_member(member, job_for(images))
    assert loaded.points.yx.tolist() == [[5, 5], [20, 20]]
    assert loaded.image.pixel_size_nm == 10.0
    assert loaded.membrane is None


def test_membranes_are_found_and_a_bad_one_is_said(images: Path) -> None:
    stripe = np.zeros(SHAPE, np.uint8)
    stripe[10:14] = 255
    Image.fromarray(stripe).save(images / "img0_membrane.png")
    Image.fromarray(stripe[:20]).save(images / "img1_membrane.png")
    events, data = drain(collect(job_for(images)))
    have = {member.name: member for member in data.members if member.membrane}
    assert have.keys() == {"img0.png"}
    assert "Its membrane is not used" in told(events)
    mask = load_member(have["img0.png"], job_for(images)).membrane
    assert mask is not None
    assert mask.sum() == 4 * SHAPE[1]


def test_images_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    folders = [tmp_path / "one" / "tem", tmp_path / "two" / "tem"]
    for folder in folders:
        annotated(folder, "img0", seed=len(str(folder)) + ("two" in str(folder)))
        annotated(folder, f"other{folder.parent.name}")
    data = collected(*folders)
    names = sorted(member.name for member in data.members)
    assert names == ["one/tem/img0.png", "otherone.png", "othertwo.png", "two/tem/img0.png"]


def test_images_of_one_name_cannot_share_a_folder_of_annotations(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for folder in ("one", "two"):
        for name in ("same", f"own{folder}"):
            image = annotated(tmp_path / folder, name)
            image.with_suffix(".csv").rename(notes / f"{name}.csv")
    events, data = drain(collect(job_for(tmp_path / "one", tmp_path / "two", annotations=notes)))
    assert sorted(member.name for member in data.members) == ["ownone.png", "owntwo.png"]
    failed = [event.reason for event in events if isinstance(event, ImageFailed)]
    assert len(failed) == 2
    assert "same name in different folders" in failed[0]


def test_the_same_picture_twice_never_lands_on_two_sides(images: Path) -> None:
    original = Image.open(images / "img0.png")
    for number in range(3):
        original.save(annotated(images, f"copy{number}", suffix=".tif"))
    for seed in range(5):
        events, data = drain(collect(job_for(images, seed=seed)))
        parts = [data.train, data.validation, data.test]
        contents = [{member.content_sha256 for member in part} for part in parts]
        assert sum(map(len, contents)) == 6
        assert "The same picture is there 4 times" in told(events)


def test_two_files_with_one_annotation_stay_together(images: Path) -> None:
    for seed in range(5):
        for number in range(3):
            annotated(images, f"img{number}", seed=number, suffix=".tif")
        events, data = drain(collect(job_for(images, seed=seed)))
        parts = [{member.image.stem for member in part} for part in (data.train, data.validation)]
        assert len(data.members) == 9
        assert parts[0] & parts[1] == set()
        assert "img0.csv is the annotation of img0.png, img0.tif" in told(events)


def test_biopsies_stay_together(images: Path, tmp_path: Path) -> None:
    table = tmp_path / "biopsies.csv"
    table.write_text("image,biopsy\n" + "".join(f"img{i},{'abc'[i // 2]}\n" for i in range(6)))
    data = collected(images, split_by="biopsy", biopsies=table)
    parts = [{m.biopsy for m in part} for part in (data.train, data.validation, data.test)]
    assert sorted(map(sorted, parts)) == [["a"], ["b"], ["c"]]
    annotated(images, "unknown")
    _, data = drain(collect(job_for(images, split_by="biopsy", biopsies=table)))
    assert [path.name for path, _ in data.left_out] == ["unknown.png"]


def test_given_lists_win(images: Path, tmp_path: Path) -> None:
    judge = annotated(tmp_path / "judges", "judge")
    chosen = (images / "img4.png", images / "img2.png")
    data = collected(images, validation_images=chosen, test_images=(judge,))
    assert sorted(member.name for member in data.validation) == ["img2.png", "img4.png"]
    assert [member.name for member in data.test] == ["judge.png"]
    assert len(data.train) == 4
    assert data.how is not None
    assert data.how["given_test"]


def test_lists_that_overlap_are_refused(images: Path) -> None:
    both = (images / "img1.png",)
    with pytest.raises(JobError, match=r"img1\.png is among the validation images and the test"):
        collected(images, validation_images=both, test_images=both)
    Image.open(images / "img1.png").save(annotated(images, "copy"))
    with pytest.raises(JobError, match="belong together"):
        collected(images, validation_images=both, test_images=(images / "copy.png",))


def test_a_list_of_which_nothing_can_be_used_is_refused(images: Path) -> None:
    (images / "img1.csv").unlink()
    with pytest.raises(JobError, match="None of the test images"):
        collected(images, test_images=(images / "img1.png",))


def test_too_few_images_are_refused_with_cause_and_cure(images: Path) -> None:
    for number in range(1, 6):
        (images / f"img{number}.csv").unlink()
    with pytest.raises(JobError, match=r"Only one image of 6 .* 5 without an annotation .*--ann"):
        collected(images)


def test_no_slit_at_all_is_refused_unless_the_membrane_is_learned(images: Path) -> None:
    for number in range(6):
        write_points(images / f"img{number}.csv", PointTable.empty())
    with pytest.raises(JobError, match="None of the 6 annotated images has a slit"):
        collected(images)
    with pytest.raises(JobError, match="no image has a mask of it"):
        collected(images, slit_weight=0)
    Image.new("L", (64, 48), 255).save(images / "img0_membrane.png")
    assert len(collected(images, slit_weight=0).members) == 6


def test_a_folder_of_annotations_that_is_not_there_is_refused(images: Path) -> None:
    with pytest.raises(JobError, match="no folder of annotations"):
        collected(images, annotations=images / "gone")


def test_it_stops_when_asked(images: Path) -> None:
    with pytest.raises(Cancelled):
        drain(collect(job_for(images), StopAfter(3)))


def test_the_record_says_the_same_when_read_again(images: Path, tmp_path: Path) -> None:
    Image.new("L", (64, 48), 255).save(images / "img0_membrane.png")
    (images / "img5.csv").unlink()
    data = collected(images)
    write_record(RunFolder(tmp_path), data)
    assert read_record(RunFolder(tmp_path)) == data
    plain = json.loads((tmp_path / "data.json").read_text())
    assert plain["split"]["by"] == "image"
    assert len(plain["train"][0]["sha256"]) == 64


@pytest.mark.parametrize("text", [None, "", "{}", '{"format": "napari-slitseg data"}', "[]"])
def test_a_damaged_record_is_refused(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "data.json").write_text(text)
    with pytest.raises(JobError, match=r"data\.json"):
        read_record(RunFolder(tmp_path))


def test_changed_and_missing_files_are_named(images: Path) -> None:
    data = collected(images)
    check_unchanged(data)
    (images / "img1.csv").unlink()
    annotated(images, "img3", seed=5)
    with pytest.raises(JobError) as caught:
        check_unchanged(data)
    assert "img1.csv cannot be read any more" in str(caught.value)
    assert "img3.png has changed" in str(caught.value)
    assert "img0" not in str(caught.value)
    changed = next(member for member in data.members if member.name == "img3.png")
    with pytest.raises(JobError, match=r"img3\.png has changed"):
        load_member(changed, job_for(images))


def test_a_list_of_which_nothing_can_be_used_says_why(annotated_images: Path) -> None:
    gone = (annotated_images / "gone.png",)
    with pytest.raises(JobError, match=r"None of the validation images .*There is no file .*gone"):
        drain(collect(job_for(annotated_images, validation_images=gone)))
    (annotated_images / "img2.csv").unlink()
    bare = (annotated_images / "img2.png",)
    with pytest.raises(JobError, match=r"the test images .*1 without an annotation \(img2\.png\)"):
        drain(collect(job_for(annotated_images, test_images=bare)))


def test_a_folder_that_is_not_there_is_told_of_as_such(annotated_images: Path) -> None:
    for changes in (
        {"images": (annotated_images, Path("tsypo"))},
        {"test_images": (Path("tsypo"),)},
    ):
        job = job_for(annotated_images).model_copy(update=changes)
        with pytest.raises(JobError, match="There is no file and no folder tsypo"):
            drain(collect(job))
