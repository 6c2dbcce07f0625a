"""Tables of a project, and how an older project becomes a newer one."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Final

APPLICATION_ID: Final = 0x534C4954
"""Of a project's file, in its header: the letters SLIT."""

SCHEMA_VERSION: Final = 1
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


def lay_out(connection: sqlite3.Connection) -> None:
    """Make the tables of a new project in an empty file."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in VERSION_1:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def now() -> str:
    """Return the present time, ISO 8601 in UTC, to the millisecond."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds')}Z"
