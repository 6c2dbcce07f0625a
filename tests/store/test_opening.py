"""Files that are no project, older and newer ones, kinds of drives."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from napari_slitseg.core.review import History, Record
from napari_slitseg.core.review.text import annotation_to_bytes, record_to_text
from napari_slitseg.store import (
    PROJECT_FILE,
    SHARED,
    Project,
    StoreError,
    file_system_of,
    is_network,
)
from napari_slitseg.store.place import _of_mounts
from napari_slitseg.store.schema import SCHEMA_VERSION
from tests.store.edits import added, edit_at_random, painted, project_with_image, same

OLD = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE images (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, path TEXT NOT NULL,
  page INTEGER NOT NULL, height INTEGER NOT NULL, width INTEGER NOT NULL, pixel_size_nm REAL,
  sha256 TEXT NOT NULL, time TEXT NOT NULL, UNIQUE (path, page));
CREATE INDEX images_by_content ON images (sha256, page);
CREATE TABLE records (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE,
  image INTEGER NOT NULL REFERENCES images (id), track TEXT NOT NULL, head INTEGER NOT NULL,
  does TEXT NOT NULL, kind TEXT NOT NULL, editor TEXT NOT NULL, time TEXT NOT NULL,
  window TEXT NOT NULL, content BLOB NOT NULL, UNIQUE (image, track, head));
CREATE TABLE reviews (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE,
  image INTEGER NOT NULL REFERENCES images (id), track TEXT NOT NULL, status TEXT NOT NULL,
  editor TEXT NOT NULL, time TEXT NOT NULL);
CREATE INDEX reviews_by_image ON reviews (image, track, id);
CREATE TABLE results (image INTEGER NOT NULL REFERENCES images (id), track TEXT NOT NULL,
  scores TEXT NOT NULL, settings TEXT NOT NULL, time TEXT NOT NULL, PRIMARY KEY (image, track)
  ) WITHOUT ROWID;
CREATE TABLE model_runs (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
  sha256 TEXT NOT NULL, detector TEXT NOT NULL, threshold REAL NOT NULL, more TEXT NOT NULL,
  editor TEXT NOT NULL, time TEXT NOT NULL);
CREATE TABLE annotators (name TEXT PRIMARY KEY, time TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (path TEXT PRIMARY KEY, image INTEGER NOT NULL REFERENCES images (id),
  sha256 TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, time TEXT NOT NULL
  ) WITHOUT ROWID;
PRAGMA application_id = 0x534C4954;
PRAGMA user_version = 1;
"""


def old_project(folder: Path, *contents: bytes) -> History:
    """Project of version 1 with a journal of two edits, and of whatever else."""
    history = History()
    records = []
    for edit in (added(None, (1, 2)), painted(random.Random(1))):
        history = history.push(edit)
        records.append(record_to_text(Record("edit", edit)).encode())
    lines = [annotation_to_bytes(history.base), *records, *contents]
    with closing(sqlite3.connect(folder / PROJECT_FILE)) as file, file:
        file.executescript(OLD)
        file.execute("INSERT INTO images VALUES (1, 'i', 'a.tif', 0, 24, 32, 2.5, '', '')")
        for head, content in enumerate(lines):
            does = "edit" if head else "begin"
            values = (f"r{head}", head, does, content)
            file.execute(
                "INSERT INTO records (uid, image, track, head, does, kind, editor, time, window, "
                "content) VALUES (?, 1, 'shared', ?, ?, 'add', 'Ada', '', '', ?)",
                values,
            )
    return history


def test_an_older_project_is_brought_up_to_date_and_kept_beside(tmp_path: Path) -> None:
    history = old_project(tmp_path)
    before = (tmp_path / PROJECT_FILE).read_bytes()
    with Project.open(tmp_path) as project:
        assert same(project.history(1, SHARED)[0], history)
        assert project._database.rows("SELECT points, pixels > 0 FROM records ORDER BY head") == [
            (0, 0),
            (1, 0),
            (0, 1),
        ]
        assert project._database.value("PRAGMA user_version") == SCHEMA_VERSION
        copy = tmp_path / "slitseg-project.version-1.sqlite"
        assert copy.name in project.notices[0]
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (1,)
        assert kept.execute("SELECT count(*) FROM records").fetchone() == (3,)
    assert len(copy.read_bytes()) == len(before)
    with Project.open(tmp_path) as project:
        assert project.notices == ()


def test_an_older_project_with_a_damaged_record_is_brought_up_to_date_too(tmp_path: Path) -> None:
    old_project(tmp_path, b"not a record")
    with Project.open(tmp_path) as project:
        assert project.head(1, SHARED) == 3


def test_an_older_project_that_is_only_looked_at_stays_old(tmp_path: Path) -> None:
    history = old_project(tmp_path)
    before = (tmp_path / PROJECT_FILE).read_bytes()
    with Project.open(tmp_path, read_only=True) as project:
        assert same(project.history(1, SHARED)[0], history)
    assert (tmp_path / PROJECT_FILE).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [PROJECT_FILE]


def test_a_copy_of_an_older_project_is_never_written_over(tmp_path: Path) -> None:
    old_project(tmp_path)
    (tmp_path / "slitseg-project.version-1.sqlite").write_text("mine")
    Project.open(tmp_path).close()
    assert (tmp_path / "slitseg-project.version-1.sqlite").read_text() == "mine"
    assert (tmp_path / "slitseg-project.version-1-2.sqlite").stat().st_size > 4096


def test_an_upgrade_that_fails_leaves_the_project_as_it_was(tmp_path: Path) -> None:
    old_project(tmp_path)
    with closing(sqlite3.connect(tmp_path / PROJECT_FILE)) as file, file:
        file.execute("CREATE TABLE windows (nobody TEXT)")
    before = (tmp_path / PROJECT_FILE).read_bytes()
    with pytest.raises(StoreError, match="already exists"):
        Project.open(tmp_path)
    assert (tmp_path / PROJECT_FILE).read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_project_is_refused(tmp_path: Path, read_only: bool) -> None:
    Project.create(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / PROJECT_FILE)) as file:
        file.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = (tmp_path / PROJECT_FILE).read_bytes()
    with pytest.raises(StoreError, match="made by a newer version"):
        Project.open(tmp_path, read_only=read_only)
    assert (tmp_path / PROJECT_FILE).read_bytes() == before


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE theirs (a)")
        file.execute("PRAGMA user_version = 2")


def shortened(path: Path) -> None:
    project, image = project_with_image(path.parent)
    edit_at_random(project, image, 50, random.Random(1))
    project.close()
    path.write_bytes(path.read_bytes()[:-9000])


def unnumbered(path: Path) -> None:
    Project.create(path.parent).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 0")


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_text("axis-0,axis-1\n"), "no SQLite file"),
        (lambda path: path.write_bytes(b"\0" * 8192), "no SQLite file"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "no SQLite file"),
        (foreign, "another program"),
        (shortened, "damaged"),
        (unnumbered, "no version"),
    ],
)
def test_a_file_that_is_no_project_is_told_and_left_alone(
    tmp_path: Path, spoil, words: str, read_only: bool
) -> None:
    path = tmp_path / PROJECT_FILE
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words) as told:
        Project.open(tmp_path, read_only=read_only)
    assert told.value.is_damaged
    with pytest.raises(StoreError, match=words):
        Project.open_or_create(tmp_path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [PROJECT_FILE]


def test_opening_once_more_takes_no_lock_away(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    edit_at_random(project, image, 3, random.Random(1))
    Project.open(tmp_path).close()
    asks = "PRAGMA journal_mode = DELETE"
    program = f"import sqlite3; sqlite3.connect({str(project.path)!r}, timeout=0).execute({asks!r})"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "locked" in other.stderr
    project.close()


def test_a_network_drive_is_told_and_written_without_a_shared_log(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    project.close()
    with Project.open(tmp_path, file_system=lambda folder: "cifs") as project:
        assert "network drive (cifs)" in project.notices[0]
        history = edit_at_random(project, image, 10, random.Random(1))
        assert not list(tmp_path.glob("*-wal"))
        with Project.open(tmp_path, file_system=lambda folder: "cifs") as other:
            assert same(other.history(image, SHARED)[0], history)
    with Project.open(tmp_path) as project:
        assert project.notices == ()
        assert same(project.history(image, SHARED)[0], history)


def test_a_project_in_use_with_a_log_is_not_opened_over_the_network(tmp_path: Path) -> None:
    project, _ = project_with_image(tmp_path)
    with pytest.raises(StoreError) as told:
        Project.open(tmp_path, file_system=lambda folder: "nfs")
    assert told.value.is_busy
    project.close()


def test_kinds_of_drives_are_read_from_the_table_of_mounts(tmp_path: Path) -> None:
    table = (
        "/dev/sda / ext4 rw 0 0\n"
        f"server:/x {tmp_path}/my\\040lab nfs4 rw 0 0\n"
        f"server:/y {tmp_path}/my\\040lab/deep fuse.sshfs rw 0 0\n"
        "broken line\n"
    )
    assert _of_mounts(tmp_path, table) == "ext4"
    assert _of_mounts(tmp_path / "my lab" / "images", table) == "nfs4"
    assert _of_mounts(tmp_path / "my lab" / "deep" / "a", table) == "fuse.sshfs"
    assert _of_mounts(tmp_path / "my laboratory", table) == "ext4"
    assert file_system_of(tmp_path) != ""
    assert not is_network(file_system_of(tmp_path))
    assert [is_network(kind) for kind in ("NFS4", "fuse.sshfs", "fuseblk", "ext4", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_window_on_the_network_that_slept_writes_into_no_log_begun_meanwhile(
    tmp_path: Path,
) -> None:
    project_with_image(tmp_path)[0].close()
    slept = Project.open(tmp_path, file_system=lambda folder: "smb3")
    with closing(sqlite3.connect(tmp_path / PROJECT_FILE)) as file:
        assert file.execute("PRAGMA journal_mode = wal").fetchone() == ("wal",)
    record = Record("edit", added(None, (1, 2)))
    with pytest.raises(StoreError, match="another computer") as told:
        slept.append(1, SHARED, record, 0)
    assert told.value.is_busy
    assert slept.append(1, SHARED, record, 0) == 1
    assert slept._database.value("PRAGMA journal_mode") == "delete"
    slept.close()


def test_a_first_page_that_a_crash_tore_is_read_from_the_log(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "torn").mkdir()
    project, image = project_with_image(tmp_path / "live")
    history = edit_at_random(project, image, 20, random.Random(1))
    project.set_review(image, SHARED, "done", "Ada")
    with project._database.transaction():
        project._database.run("CREATE TABLE changes_the_first_page (a)")
    for ending in ("", "-wal"):
        content = (project.folder / f"{PROJECT_FILE}{ending}").read_bytes()
        (tmp_path / "torn" / f"{PROJECT_FILE}{ending}").write_bytes(content)
    project.close()
    with open(tmp_path / "torn" / PROJECT_FILE, "r+b") as file:
        file.write(bytes(4096))
    with Project.open(tmp_path / "torn") as again:
        assert same(again.history(image, SHARED)[0], history)
