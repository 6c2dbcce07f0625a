"""What saving a membrane would do to its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.core.review import Annotation, Signature, apply
from napari_slitseg.pipelines.membrane import find_membrane, read_membrane
from napari_slitseg.pipelines.save_plan_file import ChangedMeanwhile
from napari_slitseg.pipelines.save_plan_membrane import (
    look_at_membrane,
    membrane_target,
    plan_membrane,
    write_membrane,
)

SHAPE = (40, 30)
BY = Signature("Ada", "2026-11-21T10:00:00Z")


def stripe(*rows: int) -> np.ndarray:
    mask = np.zeros(SHAPE, np.bool_)
    mask[list(rows)] = True
    return mask


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "Fuß 1.tif"
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(path)
    return path


def test_a_membrane_is_saved_beside_its_image_and_found_there(image: Path) -> None:
    plan = plan_membrane(image, stripe(3, 4))
    assert plan is not None
    assert plan.words == "new file, membrane of 60 px"
    assert plan.losses == ()
    write_membrane(plan)
    assert find_membrane(image) == membrane_target(image) == image.with_name("Fuß 1_membrane.png")
    assert (read_membrane(plan.path, SHAPE) == stripe(3, 4)).all()
    values = np.unique(np.asarray(Image.open(plan.path)))
    assert values.tolist() == [0, 255]
    assert membrane_target(image, 2).name == "Fuß 1_page3_membrane.png"


def test_what_a_file_says_already_is_not_written_again(image: Path) -> None:
    assert plan_membrane(image, stripe()) is None
    folder = image.parent / "membrane"
    folder.mkdir()
    Image.fromarray(stripe(3).astype(np.uint8)).save(folder / f"{image.stem}.png")
    assert plan_membrane(image, stripe(3)) is None
    changed = plan_membrane(image, stripe(3, 4))
    assert changed is not None
    assert changed.path.parent == image.parent


def test_more_painted_and_rubbed_out_is_counted(image: Path) -> None:
    first = plan_membrane(image, stripe(3, 4, 5))
    assert first is not None
    seen = write_membrane(first)
    plan = plan_membrane(image, stripe(4, 5, 6), seen)
    assert plan is not None
    assert plan.words == "+30 px drawn, \N{MINUS SIGN}30 px rubbed out"
    assert not plan.is_changed_elsewhere
    assert plan.losses == ()
    empty = plan_membrane(image, stripe(), seen)
    assert empty is not None
    assert empty.losses == ("More than half of its membrane would be rubbed out.",)


def test_a_membrane_changed_elsewhere_is_merged_or_read_back(image: Path) -> None:
    first = plan_membrane(image, stripe(3, 4))
    assert first is not None
    seen = write_membrane(first)
    ours = plan_membrane(image, stripe(3, 4, 10), seen)
    assert ours is not None
    Image.fromarray(stripe(4, 20).astype(np.uint8) * 255).save(ours.path)
    with pytest.raises(ChangedMeanwhile):
        write_membrane(ours)
    plan = plan_membrane(image, stripe(3, 4, 10), seen)
    assert plan is not None
    assert plan.is_changed_elsewhere
    assert plan.losses == ("30 px of it that nobody rubbed out here would be lost.",)
    start = Annotation(None, stripe(3, 4, 10))
    merged = apply(start, plan.merge(BY)).membrane
    back = apply(start, plan.read_back(BY)).membrane
    assert np.array_equal(merged, stripe(4, 10, 20))
    assert np.array_equal(back, stripe(4, 20))
    unread = plan_membrane(image, stripe(3, 4, 10), None)
    assert unread is not None
    assert np.array_equal(apply(start, unread.merge(BY)).membrane, stripe(3, 4, 10, 20))


def test_a_mask_of_another_image_is_never_ours(image: Path) -> None:
    Image.fromarray(np.full((10, 10), 255, np.uint8)).save(membrane_target(image))
    plan = plan_membrane(image, stripe(3))
    assert plan is not None
    assert plan.is_changed_elsewhere
    assert not plan.can_merge
    assert "10 x 10 px" in plan.losses[0]
    with pytest.raises(ValueError, match="10 x 10 px"):
        plan.merge(BY)


def test_a_write_protected_membrane_is_left_alone(image: Path) -> None:
    first = plan_membrane(image, stripe(3))
    assert first is not None
    seen = write_membrane(first)
    seen.path.chmod(0o444)
    plan = plan_membrane(image, stripe(5), seen)
    assert plan is not None
    with pytest.raises(OSError, match="write-protected"):
        write_membrane(plan)
    assert look_at_membrane(seen.path, SHAPE).is_still(seen)
