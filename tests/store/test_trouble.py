"""Full disks, write-protected folders, folders that vanish: said in words, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.review import History
from napari_slitseg.store import PROJECT_FILE, SHARED, Project, StoreError
from tests.store.edits import edit_at_random, project_with_image, same, some_record

HERE = Path(__file__).parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def protected(tmp_path: Path) -> Iterator[Path]:
    """Where a folder with a project can be read and not written; call `protect` to begin."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    (tmp_path / "folder").mkdir()
    yield tmp_path / "folder"
    if os.geteuid():
        (tmp_path / "folder").chmod(0o755)
    else:
        subprocess.run(["umount", tmp_path / "folder"], check=False, capture_output=True)


def protect(folder: Path) -> None:
    """Take the right to write away: from root too."""
    if os.geteuid():
        folder.chmod(0o555)
        return
    bound = subprocess.run(["mount", "--bind", folder, folder], check=False, capture_output=True)
    again = ["mount", "-o", "remount,ro,bind", folder, folder]
    if bound.returncode or subprocess.run(again, check=False, capture_output=True).returncode:
        pytest.skip("root may write anywhere here, and may not mount")


def test_a_write_protected_folder_can_be_looked_at_and_is_not_touched(protected: Path) -> None:
    project, image = project_with_image(protected)
    history = edit_at_random(project, image, 20, random.Random(1))
    project.close()
    before = contents(protected)
    protect(protected)
    with pytest.raises(StoreError, match="write-protected") as told:
        Project.open(protected)
    assert told.value.is_read_only
    with Project.open(protected, read_only=True) as looking:
        assert same(looking.history(image, SHARED)[0], history)
        assert looking.others == ()
        with pytest.raises(StoreError) as told:
            looking.set_review(image, SHARED, "done", "Ada")
        assert told.value.is_read_only
    assert contents(protected) == before


def test_a_log_in_a_write_protected_folder_is_read_too(protected: Path, tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    project, image = project_with_image(tmp_path / "live")
    history = edit_at_random(project, image, 20, random.Random(1))
    for ending in ("", "-wal"):
        shutil.copyfile(
            tmp_path / "live" / f"{PROJECT_FILE}{ending}", protected / f"{PROJECT_FILE}{ending}"
        )
    project.close()
    protect(protected)
    with Project.open(protected, read_only=True) as looking:
        assert same(looking.history(image, SHARED)[0], history)
        assert "as it was" in looking.notices[0]


def test_no_project_is_made_in_a_write_protected_folder(protected: Path) -> None:
    protect(protected)
    with pytest.raises(StoreError, match="write-protected") as told:
        Project.open_or_create(protected)
    assert told.value.is_read_only
    assert list(protected.iterdir()) == []


def test_a_window_that_only_looks_sees_what_others_do_and_is_no_window_to_them(
    tmp_path: Path,
) -> None:
    project, image = project_with_image(tmp_path)
    edit_at_random(project, image, 5, random.Random(1))
    project.close()
    with Project.open(tmp_path, read_only=True) as looking, Project.open(tmp_path) as working:
        assert len(looking.others) == 1
        assert working.others == ()
        working.append(image, SHARED, some_record(History(), random.Random(1)), 5)
        assert looking.head(image, SHARED) == 6
    with Project.open(tmp_path) as again:
        assert again.head(image, SHARED) == 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if (
        sys.platform != "linux"
        or subprocess.run(command, check=False, capture_output=True).returncode
    ):
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Write a file until nothing more goes onto the disk."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert shutil.disk_usage(disk).free == 0
    return filler


def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room(small_disk: Path) -> None:
    project, image = project_with_image(small_disk)
    rng = random.Random(2)
    history = edit_at_random(project, image, 10, rng)
    filler = fill(small_disk)
    head, record = 10, some_record(history, rng)
    with pytest.raises(StoreError, match=r"room|full") as told:
        project.append(image, SHARED, record, head)
    assert told.value.is_full
    with pytest.raises(StoreError) as told:
        project.set_excluded(image, SHARED, [np.random.default_rng(0).random((4000, 2))])
    assert told.value.is_full
    assert project.excluded() == {}
    assert same(project.history(image, SHARED)[0], history)
    with Project.open(small_disk) as other:
        assert same(other.history(image, SHARED)[0], history)
        assert any("room" in notice or "full" in notice for notice in other.notices)
    filler.unlink()
    assert project.append(image, SHARED, record, head) == head + 1
    assert same(project.history(image, SHARED)[0], history.follow(record))
    project.close()


def test_no_project_is_made_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(2**20 - 12288))
    with pytest.raises(StoreError) as told:
        Project.create(small_disk)
    assert told.value.is_full
    assert [file.name for file in small_disk.iterdir()] == ["filler"]


QUOTA = """
import random, resource, sys
from pathlib import Path
from napari_slitseg.store import SHARED, StoreError
from tests.store.edits import edit_at_random, project_with_image, same, some_record
project, image = project_with_image(Path(sys.argv[1]))
rng = random.Random(3)
history, head = edit_at_random(project, image, 10, rng), 10
room = (project.folder / "slitseg-project.sqlite-wal").stat().st_size + 100_000
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
record = some_record(history, rng)
try:
    while head < 1000:
        head = project.append(image, SHARED, record, head)
        history = history.follow(record)
        record = some_record(history, rng)
except StoreError as error:
    assert error.is_full, error
    assert "quota" in str(error), error
assert 10 < head < 1000, head
assert same(project.history(image, SHARED)[0], history)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
head = project.append(image, SHARED, record, head)
assert same(project.history(image, SHARED)[0], history.follow(record))
print(head)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_limit_on_files_loses_nothing_and_work_goes_on_without_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUOTA, str(tmp_path)],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with Project.open(tmp_path) as project:
        (image,) = project.images()
        assert project.head(image.id, SHARED) == int(done.stdout)


def test_a_folder_that_vanishes_is_noticed_and_work_goes_on_when_it_is_back(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    project, image = project_with_image(tmp_path / "here")
    record = some_record(History(), random.Random(1))
    (tmp_path / "here").rename(tmp_path / "there")
    with pytest.raises(StoreError, match="no longer there") as told:
        project.append(image, SHARED, record, 0)
    assert told.value.is_gone
    (tmp_path / "there").rename(tmp_path / "here")
    assert project.append(image, SHARED, record, 0) == 1
    project.close()


def test_a_deleted_folder_never_takes_an_edit(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    project, image = project_with_image(tmp_path / "here")
    shutil.rmtree(tmp_path / "here")
    with pytest.raises(StoreError, match="deleted"):
        project.append(image, SHARED, some_record(History(), random.Random(1)), 0)
    Path(tmp_path / "here").mkdir()
    Project.create(tmp_path / "here").close()
    with pytest.raises(StoreError, match="took the place"):
        project.append(image, SHARED, some_record(History(), random.Random(1)), 0)
    project.close()


def test_a_log_that_somebody_deletes_takes_no_edit_with_it(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    rng = random.Random(4)
    history = edit_at_random(project, image, 10, rng)
    (tmp_path / f"{PROJECT_FILE}-wal").unlink()
    (tmp_path / f"{PROJECT_FILE}-shm").unlink()
    record = some_record(history, rng)
    assert project.append(image, SHARED, record, 10) == 11
    shutil.copytree(tmp_path, tmp_path.with_name("copy"))
    with Project.open(tmp_path.with_name("copy")) as found:
        assert same(found.history(image, SHARED)[0], history.follow(record))
    project.close()
    with Project.open(tmp_path) as found:
        assert same(found.history(image, SHARED)[0], history.follow(record))
