"""Scales, excluded stretches and samples: kept in every version, the newest counts."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_slitseg.core.calibration import SCALE_KINDS, Scale
from napari_slitseg.core.morphometry import Sample
from napari_slitseg.store import PROJECT_FILE, SHARED, Project, StoreError, check, merge
from napari_slitseg.store.statement_text import (
    SaidScale,
    polygons_from_text,
    polygons_to_text,
    sample_from_text,
    sample_to_text,
    scale_from_text,
    scale_to_text,
)
from tests.store.edits import project_with_image

GRATING = Scale(9.7, "grating", "grating-2160.tif", 0.001)
TYPED = Scale(5.0, "typed", "Ada")
TRIANGLE = np.array([[1.0, 2.0], [3.5, 4.0], [5.0, -1.0]])
SQUARE = np.array([[0, 0], [0, 9], [9, 9], [9, 0]])


def copies(tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of a project of two images, in which nothing was said yet."""
    (tmp_path / "mine").mkdir()
    project, _ = project_with_image(tmp_path / "mine")
    project.add_image(tmp_path / "mine" / "b.tif", 0, (24, 32))
    project.close()
    shutil.copytree(tmp_path / "mine", tmp_path / "theirs")
    return tmp_path / "mine", tmp_path / "theirs"


def told(project: Project) -> tuple[object, ...]:
    """All that a project says, in a form that can be compared."""
    excluded = {
        key: ([polygon.tolist() for polygon in each.polygons], each.editor)
        for key, each in project.excluded().items()
    }
    return project.scales(), project.samples(), excluded


def test_the_newest_scale_counts_and_the_one_before_is_in_the_journal(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.editor = "Ada"
    project.set_scale(TYPED, [image])
    project.set_scale(GRATING, [image], editor="Bo")
    project.set_scale(GRATING, None, before_file=True)
    project.close()
    with Project.open(tmp_path, read_only=True) as again:
        scales = again.scales()
        assert (scales[image].scale, scales[image].editor) == (GRATING, "Bo")
        assert (scales[image].before_file, scales[None].before_file) == (False, True)
        lines = [f"{entry.editor} {entry.image}: {entry.what}" for entry in again.journal()][:3]
        assert lines == [
            "Ada the whole folder: scale 9.700 ± 0.010 nm per pixel (grating: grating-2160.tif), "
            "before what files say",
            "Bo a.tif: scale 9.700 ± 0.010 nm per pixel (grating: grating-2160.tif)",
            "Ada a.tif: scale 5 nm per pixel (typed: Ada)",
        ]
        assert len(again.journal(image)) == 3


def test_a_scale_that_is_taken_back_is_gone_and_can_be_given_again(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.set_scale(TYPED, [image])
    project.set_scale(GRATING, None)
    project.unset_scale([image])
    assert set(project.scales()) == {None}
    project.unset_scale(None)
    assert project.scales() == {}
    project.set_scale(TYPED, [image])
    assert project.scales()[image].scale == TYPED
    assert project.journal()[1].what == "took the scale back"
    project.close()


def test_the_scale_of_an_image_is_its_own_then_of_the_folder_then_of_the_list(
    tmp_path: Path,
) -> None:
    project, image = project_with_image(tmp_path)
    bare = project.add_image(tmp_path / "b.tif")
    odd = project.add_image(tmp_path / "c.tif", 0, (5, 5), 1e9)

    def sizes() -> dict[int, float]:
        return {number: scale.nm_per_px for number, scale in project.scales_of_images().items()}

    assert sizes() == {image: 2.5}
    project.set_scale(GRATING, None)
    assert sizes() == {image: 2.5, bare: 9.7, odd: 9.7}
    project.set_scale(TYPED, [bare])
    project.set_scale(GRATING, None, before_file=True)
    assert sizes() == {image: 9.7, bare: 5, odd: 9.7}
    project.close()


def test_excluded_stretches_belong_to_an_image_and_a_reader(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.set_excluded(image, SHARED, [TRIANGLE], "Ada")
    project.set_excluded(image, "Bo", [SQUARE], "Bo")
    project.set_excluded(image, SHARED, [TRIANGLE, SQUARE], "Ada")
    project.set_excluded(image, SHARED, [], "Ada")
    shared, readers = project.excluded()[image, SHARED], project.excluded()[image, "Bo"]
    assert shared.polygons == ()
    np.testing.assert_array_equal(readers.polygons[0], SQUARE)
    history = project.excluded_history(image, SHARED)
    assert [len(each.polygons) for each in history] == [1, 2, 0]
    np.testing.assert_array_equal(history[1].polygons[0], TRIANGLE)
    whats = [entry.what for entry in project.journal() if entry.track == SHARED]
    assert whats[:3] == [
        "excluded no stretch any more",
        "excluded 2 stretches",
        "excluded 1 stretch",
    ]
    assert project.excluded_history(image, "nobody") == ()
    project.close()


@pytest.mark.parametrize(
    "polygon", [SQUARE[:2], SQUARE.ravel(), [[0, 0], [np.nan, 1], [2, 2]], [[1, 2, 3]] * 3]
)
def test_a_polygon_that_is_none_is_refused(tmp_path: Path, polygon) -> None:
    project, image = project_with_image(tmp_path)
    with pytest.raises(ValueError, match="excluded"):
        project.set_excluded(image, SHARED, [TRIANGLE, polygon])
    assert project.excluded() == {}
    project.close()


def test_samples_of_many_images_are_told_at_once_and_not_twice(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    other = project.add_image(tmp_path / "b.tif")
    samples = {image: Sample("13-001", "2", "FSGS"), other: Sample("13-002")}
    project.set_samples(samples, "Ada")
    project.set_samples(samples, "Ada")
    assert project.samples() == samples
    whats = sorted(entry.what for entry in project.journal() if entry.editor == "Ada")
    assert whats == [
        "belongs to biopsy 13-001, glomerulus 2, group FSGS",
        "belongs to biopsy 13-002",
    ]
    project.set_samples({image: Sample()})
    assert project.samples()[image] == Sample()
    assert project.journal()[0].what == "belongs to no biopsy any more"
    project.close()


def test_nothing_is_said_where_one_of_the_images_is_unknown(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    for say in (
        lambda: project.set_scale(TYPED, [image, 77]),
        lambda: project.set_samples({image: Sample("a"), 77: Sample("b")}),
        lambda: project.set_excluded(77, SHARED, [SQUARE]),
    ):
        with pytest.raises(StoreError, match="no image of number 77"):
            say()
    assert told(project) == ({}, {}, {})
    project.close()


def test_a_project_that_is_only_looked_at_takes_no_statement(tmp_path: Path) -> None:
    project_with_image(tmp_path)[0].close()
    with Project.open(tmp_path, read_only=True) as looking:
        with pytest.raises(StoreError) as refused:
            looking.set_scale(TYPED, None)
        assert refused.value.is_read_only
        assert looking.scales() == {}


def test_a_later_word_counts_even_where_the_clock_was_ahead_before(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.set_scale(TYPED, [image])
    with project._database.transaction():
        project._database.run("UPDATE statements SET time = '2999-01-01T00:00:00.000Z'")
    project.set_scale(GRATING, [image])
    assert project.scales()[image].scale == GRATING
    project.close()


@pytest.mark.parametrize(
    "damage",
    [
        "not json",
        '{"scale":null}',
        '{"scale":{"nm_per_px":0,"kind":"typed","source":"","relative_uncertainty":null},'
        '"before_file":false}',
        '{"scale":{"nm_per_px":true,"kind":"typed","source":"","relative_uncertainty":null},'
        '"before_file":false}',
        "[" * 100_000,
        b"\xff\x00",
        7,
    ],
)
def test_a_damaged_statement_is_told_and_the_one_before_counts(
    tmp_path: Path, damage: str | bytes | int
) -> None:
    project, image = project_with_image(tmp_path)
    (tmp_path / "a.tif").write_bytes(b"")
    project.set_scale(TYPED, [image])
    project.set_scale(GRATING, [image])
    project.set_samples({image: Sample("13-001")})
    with project._database.transaction():
        content = damage.encode() if isinstance(damage, str) else damage
        project._database.run("UPDATE statements SET content = ? WHERE id = 2", (content,))
    project.close()
    with Project.open(tmp_path) as again:
        assert again.scales()[image].scale == TYPED
        assert again.samples()[image] == Sample("13-001")
        assert any("1 of the statements about scales" in notice for notice in again.notices)
        assert any(entry.what == "scale: cannot be read" for entry in again.journal())
        project_is_fine = [each for each in check(tmp_path) if each.level == "ok"]
    texts = [each.text for each in check(tmp_path) if each.level == "fail"]
    assert len(texts) == 1
    assert "scale of a.tif" in texts[0]
    assert any("2 of 3 statements" in each.text for each in project_is_fine)


def test_both_keep_all_statements_and_agree_whichever_way_they_are_merged(tmp_path: Path) -> None:
    mine, theirs = copies(tmp_path)
    with Project.open(mine) as project:
        project.set_scale(TYPED, [1], editor="Ada")
        project.set_excluded(1, SHARED, [TRIANGLE], "Ada")
    with Project.open(theirs) as project:
        project.set_samples({1: Sample("13-001"), 2: Sample("13-002")}, "Bo")
        project.set_scale(GRATING, [1, 2], editor="Bo")
    shutil.copytree(theirs, tmp_path / "before")
    tried = merge(mine, theirs, dry_run=True)
    report = merge(mine, theirs)
    assert tried.statements == report.statements == 4
    assert report.changes_anything
    (conflict,) = report.conflicts
    assert conflict.startswith("a.tif: scale 9.700 ± 0.010 nm per pixel (grating: grating-2160")
    assert "newer and counts" in conflict
    assert merge(mine, theirs).statements == 0
    assert merge(theirs, mine).conflicts == ()
    merge(tmp_path / "before", mine)
    with Project.open(mine) as one, Project.open(theirs) as other:
        assert told(one) == told(other)
        assert one.scales()[1].scale == GRATING
        assert len(one.journal(1)) == 5
        with Project.open(tmp_path / "before") as third:
            assert told(third) == told(one)


def test_statements_find_their_image_under_another_number(tmp_path: Path) -> None:
    for name, files in (("mine", ("a.tif", "b.tif")), ("theirs", ("c.tif", "b.tif", "a.tif"))):
        (tmp_path / name).mkdir()
        with Project.create(tmp_path / name) as project:
            numbers = {
                file: project.add_image(tmp_path / name / file, 0, (5, 5), None, file)
                for file in files
            }
            if name == "theirs":
                project.set_samples({numbers[file]: Sample(file) for file in files})
                project.set_scale(GRATING, None)
    report = merge(tmp_path / "mine", tmp_path / "theirs")
    assert "whole folder got a scale" in report.conflicts[0]
    with Project.open(tmp_path / "mine") as project:
        found = {image.path.name: project.samples()[image.id].biopsy for image in project.images()}
        assert found == {"a.tif": "a.tif", "b.tif": "b.tif", "c.tif": "c.tif"}
        assert project.scales()[None].scale == GRATING


def test_a_project_of_version_2_gets_a_place_for_statements(tmp_path: Path) -> None:
    project_with_image(tmp_path)[0].close()
    with closing(sqlite3.connect(tmp_path / PROJECT_FILE)) as file:
        file.execute("DROP TABLE statements")
        file.execute("PRAGMA user_version = 2")
        before = file.execute("SELECT * FROM records").fetchall()
    with Project.open(tmp_path, read_only=True) as looking:
        assert looking.scales() == {}
    with Project.open(tmp_path) as project:
        assert "slitseg-project.version-2.sqlite" in project.notices[0]
        project.set_scale(TYPED, [1])
        assert project.query("SELECT * FROM records") == before
    with closing(sqlite3.connect(tmp_path / "slitseg-project.version-2.sqlite")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (2,)
        assert copy.execute("SELECT * FROM records").fetchall() == before


def test_a_statement_outlives_the_death_of_its_process(tmp_path: Path) -> None:
    project_with_image(tmp_path)[0].close()
    program = (
        "import os, signal, sys; from pathlib import Path;"
        "from napari_slitseg.core.calibration import Scale; from napari_slitseg.store import *;"
        "project = Project.open(Path(sys.argv[1]));"
        "project.set_scale(Scale(5.0, 'typed', 'Ada'), None);"
        "project.set_excluded(1, 'shared', [[[0, 0], [0, 9], [9, 9]]]);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    died = subprocess.run([sys.executable, "-c", program, os.fspath(tmp_path)], check=False)
    assert died.returncode == -signal.SIGKILL
    with Project.open(tmp_path) as project:
        assert project.scales()[None].scale == TYPED
        assert len(project.excluded()[1, SHARED].polygons) == 1


words = st.text(max_size=9)
finite = st.floats(-1e6, 1e6)


@given(
    st.builds(
        Scale,
        st.floats(0.1, 100),
        st.sampled_from(SCALE_KINDS),
        words,
        st.none() | st.floats(0, 1),
    ),
    st.booleans(),
)
def test_any_scale_is_read_as_it_was_written(scale: Scale, before_file: bool) -> None:
    text = scale_to_text(scale, before_file=before_file)
    assert text.isascii()
    assert scale_from_text(text) == SaidScale(scale, before_file)


@given(
    st.lists(st.lists(st.tuples(finite, finite), min_size=3, max_size=5), max_size=3),
    st.builds(Sample, words, words, words),
)
def test_any_polygons_and_samples_are_read_as_they_were_written(polygons, sample: Sample) -> None:
    arrays = [np.array(polygon) for polygon in polygons]
    found = polygons_from_text(polygons_to_text(arrays))
    assert [polygon.tolist() for polygon in found] == [array.tolist() for array in arrays]
    assert sample_from_text(sample_to_text(sample)) == sample
