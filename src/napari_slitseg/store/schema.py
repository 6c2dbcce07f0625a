"""Tables of a project, and how an older project becomes a newer one."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from napari_slitseg.core.review import Record
from napari_slitseg.core.review.text import record_from_text

APPLICATION_ID: Final = 0x534C4954
"""Of a project's file, in its header: the letters SLIT."""

SCHEMA_VERSION: Final = 3
"""Of the tables that are written."""

VERSION_1: Final = (
    """CREATE TABLE settings (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE images (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        path TEXT NOT NULL,
        page INTEGER NOT NULL,
        height INTEGER NOT NULL,
        width INTEGER NOT NULL,
        pixel_size_nm REAL,
        sha256 TEXT NOT NULL,
        time TEXT NOT NULL,
        UNIQUE (path, page)
    )""",
    "CREATE INDEX images_by_content ON images (sha256, page)",
    """CREATE TABLE records (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        image INTEGER NOT NULL REFERENCES images (id),
        track TEXT NOT NULL,
        head INTEGER NOT NULL,
        does TEXT NOT NULL,
        kind TEXT NOT NULL,
        editor TEXT NOT NULL,
        time TEXT NOT NULL,
        window TEXT NOT NULL,
        content BLOB NOT NULL,
        UNIQUE (image, track, head)
    )""",
    """CREATE TABLE reviews (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        image INTEGER NOT NULL REFERENCES images (id),
        track TEXT NOT NULL,
        status TEXT NOT NULL,
        editor TEXT NOT NULL,
        time TEXT NOT NULL
    )""",
    "CREATE INDEX reviews_by_image ON reviews (image, track, id)",
    """CREATE TABLE results (
        image INTEGER NOT NULL REFERENCES images (id),
        track TEXT NOT NULL,
        scores TEXT NOT NULL,
        settings TEXT NOT NULL,
        time TEXT NOT NULL,
        PRIMARY KEY (image, track)
    ) WITHOUT ROWID""",
    """CREATE TABLE model_runs (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        model TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        detector TEXT NOT NULL,
        threshold REAL NOT NULL,
        more TEXT NOT NULL,
        editor TEXT NOT NULL,
        time TEXT NOT NULL
    )""",
    """CREATE TABLE annotators (
        name TEXT PRIMARY KEY,
        time TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE files (
        path TEXT PRIMARY KEY,
        image INTEGER NOT NULL REFERENCES images (id),
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        time TEXT NOT NULL
    ) WITHOUT ROWID""",
)

_VERSION_2: Final = (
    """CREATE TABLE windows (
        uid TEXT PRIMARY KEY,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started REAL NOT NULL,
        editor TEXT NOT NULL,
        since TEXT NOT NULL,
        seen REAL NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE merged (
        uid TEXT PRIMARY KEY,
        ids TEXT NOT NULL,
        time TEXT NOT NULL
    ) WITHOUT ROWID""",
    "ALTER TABLE records ADD COLUMN points INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE records ADD COLUMN pixels INTEGER NOT NULL DEFAULT 0",
)

_VERSION_3: Final = (
    """CREATE TABLE statements (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        topic TEXT NOT NULL,
        image INTEGER REFERENCES images (id),
        track TEXT NOT NULL,
        content BLOB NOT NULL,
        editor TEXT NOT NULL,
        time TEXT NOT NULL
    )""",
    "CREATE INDEX statements_by_topic ON statements (topic, image, track, time)",
)


def lay_out(connection: sqlite3.Connection) -> None:
    """Make the tables of a new project in an empty file."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in VERSION_1:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    upgrade(connection, 1)
    connection.execute("COMMIT")


def upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Change the tables of a version, inside a transaction, into those of today."""
    for step in _UPGRADES[version - 1 :]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables in a file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _to_version_2(connection: sqlite3.Connection) -> None:
    """Windows tell that they are there, and records how much they changed."""
    for statement in _VERSION_2:
        connection.execute(statement)
    for number, content in connection.execute("SELECT id, content FROM records").fetchall():
        size = size_of(_record_or_none(content))
        connection.execute(
            "UPDATE records SET points = ?, pixels = ? WHERE id = ?", (*size, number)
        )


def _to_version_3(connection: sqlite3.Connection) -> None:
    """Scales, excluded stretches and samples have a place."""
    for statement in _VERSION_3:
        connection.execute(statement)


def size_of(record: Record | None) -> tuple[int, int]:
    """Return how many points, and how many pixels of the membrane, a record changes."""
    if record is None or record.edit is None:
        return 0, 0
    edit = record.edit
    points = np.union1d(edit.before.ids, edit.after.ids).size if edit.changes_points else 0
    return int(points), 0 if edit.stripe is None else int(edit.stripe.flipped.sum())


def _record_or_none(content: bytes) -> Record | None:
    try:
        return record_from_text(content.decode("ascii"))
    except ValueError:
        return None


_UPGRADES: Final = (_to_version_2, _to_version_3)


def now() -> str:
    """Return the present time, ISO 8601 in UTC, to the millisecond."""
    return _written(datetime.now(UTC))


def now_or_after(time: str) -> str:
    """Return the present time, or the moment after another time that is not past yet."""
    return max(now(), _written(datetime.fromisoformat(time) + timedelta(milliseconds=1)))


def _written(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
