"""Whatever is acknowledged is there after the process is killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from napari_slitseg.core.review import Annotation, History
from napari_slitseg.core.review.text import record_from_text
from napari_slitseg.store import PROJECT_FILE, SHARED, Project
from tests.store.editing_process import JOURNALS, begin_journals, started
from tests.store.edits import project_with_image, same, some_record

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

KILLS = 200
KILLS_EACH = 10

Told = dict[int, str]


@pytest.fixture(scope="module")
def forking() -> Iterator[subprocess.Popen[str]]:
    process = started()
    yield process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == 0


def told_until_killed(
    forking: subprocess.Popen[str], folder: Path, seed: int, count: int, seconds: float = 0.0
) -> bytes:
    """Everything that a process told which was killed some time after so many edits."""
    pipe = folder / f"{seed}.pipe"
    os.mkfifo(pipe)
    assert forking.stdin is not None
    os.write(forking.stdin.fileno(), f"{folder}|{pipe}|{seed}\n".encode())
    with open(pipe, "rb", buffering=0) as reading:
        told = b""
        while told.count(b"\n") <= count:
            piece = reading.read(1 << 16)
            assert piece, "the process ended by itself"
            told += piece
        time.sleep(seconds)
        os.kill(int(told.partition(b"\n")[0]), signal.SIGKILL)
        return told + reading.readall()


def remember(known: list[Told], told: bytes) -> int:
    """Take up what was acknowledged; a line that was cut was not."""
    lines = told.decode("ascii").split("\n")[1:-1]
    for line in lines:
        which, head, text = line.split(" ", 2)
        known[int(which)][int(head)] = text
    return len(lines)


def kept(folder: Path) -> list[dict[int, str]]:
    """Text of each record of each journal, by its number, read by SQLite alone."""
    with sqlite3.connect(folder / PROJECT_FILE) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = file.execute(
            "SELECT path, track, head, content FROM records JOIN images ON image = images.id "
            "WHERE does <> 'begin'"
        ).fetchall()
    file.close()
    found: list[dict[int, str]] = [{} for _ in JOURNALS]
    for name, track, head, content in rows:
        found[JOURNALS.index((name, track))][head] = content.decode("ascii")
    return found


def acknowledged_of(forking: subprocess.Popen[str], folder: Path) -> int:
    """Edits acknowledged in a project whose process was killed again and again; all are there."""
    rng = random.Random(int(folder.name))
    folder.mkdir()
    begin_journals(folder)
    known: list[Told] = [{} for _ in JOURNALS]
    acknowledged = 0
    for kill in range(KILLS_EACH):
        seed, seconds = int(folder.name) * KILLS_EACH + kill, rng.uniform(0, 0.004)
        told = told_until_killed(forking, folder, seed, rng.randrange(12), seconds)
        acknowledged += remember(known, told)
        found = kept(folder)
        for was, has in zip(known, found, strict=True):
            assert {head: has[head] for head in was} == was
            assert len(has) - len(was) <= kill + 1
            assert sorted(has) == list(range(1, len(has) + 1))
    return acknowledged


def test_after_two_hundred_kills_everything_acknowledged_is_there(
    tmp_path: Path, forking: subprocess.Popen[str]
) -> None:
    folders = [tmp_path / str(number) for number in range(KILLS // KILLS_EACH)]
    with ThreadPoolExecutor(max_workers=4) as together:
        acknowledged = list(together.map(partial(acknowledged_of, forking), folders))
    assert len(acknowledged) * KILLS_EACH == KILLS
    assert sum(acknowledged) > 4 * KILLS


def test_a_history_after_a_kill_is_the_one_that_was_acknowledged(
    tmp_path: Path, forking: subprocess.Popen[str]
) -> None:
    begin_journals(tmp_path)
    known: list[Told] = [{} for _ in JOURNALS]
    assert remember(known, told_until_killed(forking, tmp_path, 5, 40)) >= 40
    with Project.open(tmp_path) as project:
        for (name, track), was in zip(JOURNALS, known, strict=True):
            image = project.image_id(tmp_path / name)
            assert image is not None
            history, head = project.history(image, track)
            assert head - len(was) in (0, 1)
            texts = [was[number] for number in sorted(was)]
            expected = History.replay(Annotation(), [record_from_text(text) for text in texts])
            if head == len(was):
                assert same(history, expected)


def test_a_torn_log_opens_with_the_first_of_the_acknowledged_edits(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    project, image = project_with_image(tmp_path / "whole")
    rng, history, states = random.Random(3), History(), [History()]
    for head in range(40):
        record = some_record(history, rng)
        project.append(image, SHARED, record, head)
        history = history.follow(record)
        states.append(history)
    log = tmp_path / "whole" / f"{PROJECT_FILE}-wal"
    size, heads = log.stat().st_size, set()
    assert size > 40 * 4096
    for number in range(40):
        torn = tmp_path / str(number)
        torn.mkdir()
        shutil.copyfile(tmp_path / "whole" / PROJECT_FILE, torn / PROJECT_FILE)
        shutil.copyfile(log, torn / log.name)
        os.truncate(torn / log.name, rng.randrange(size // 4, size))
        with Project.open(torn) as again:
            restored, head = again.history(image, SHARED)
        assert same(restored, states[head])
        heads.add(head)
    project.close()
    assert len(heads) > 10


def test_every_append_waits_for_the_disk(tmp_path: Path) -> None:
    project, _ = project_with_image(tmp_path)
    assert project._database.value("PRAGMA synchronous") == 2
    assert project._database.value("PRAGMA journal_mode") == "wal"
    project.close()
    with Project.open(tmp_path, file_system=lambda folder: "nfs4") as project:
        assert project._database.value("PRAGMA synchronous") == 3
        assert project._database.value("PRAGMA journal_mode") == "delete"
