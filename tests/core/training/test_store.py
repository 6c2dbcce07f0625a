"""Examples beyond the memory go to a temporary file that never stays behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.training.spec_augmentation import Augmentation
from napari_slitseg.core.training.store import keep_examples
from tests.core.training.made import drawn, example, noise, same

BYTES = 60 * 50 * 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The temporary folder of this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def made(number):
    membrane = None if number % 2 else noise((60, 50), number + 100) > 0
    return example(noise((60, 50), number), [(30, 20)], [(5, 5)], membrane, n_outside=number)


def mapped_files(folder):
    """How often files of a folder are mapped into the memory of this process."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("this system does not tell which files are mapped")
    return maps.read_text().count(f"{folder}{os.sep}")


def equal(one, other):
    membranes = (each.membrane for each in (one, other))
    return (
        one.pixels.tobytes() == other.pixels.tobytes()
        and np.array_equal(*([] if m is None else m for m in membranes))
        and one.slits_yx is other.slits_yx
        and one.uncertain_yx is other.uncertain_yx
        and (one.name, one.n_outside, one.shape) == (other.name, other.n_outside, other.shape)
    )


def test_examples_within_the_budget_stay_as_they_are(folder):
    examples = [made(0), made(1)]
    with keep_examples(examples, 3 * BYTES) as kept:
        assert all(a is b for a, b in zip(kept, examples, strict=True))
        assert mapped_files(folder) == 0


def test_examples_beyond_the_budget_have_the_same_values_in_a_file(folder):
    examples = [made(number) for number in range(5)]
    with keep_examples(examples, 2 * BYTES) as kept:
        assert kept[0] is examples[0]
        for old, new in zip(examples[1:], kept[1:], strict=True):
            assert new is not old
            assert equal(new, old)
            assert not new.pixels.flags.owndata
        assert mapped_files(folder) > 0


def test_patches_are_the_same_from_the_file():
    examples = [made(number) for number in range(3)]
    with keep_examples(examples, 0) as kept:
        for index in range(9):
            one, other = (drawn(each, Augmentation(), index=index) for each in (examples, kept))
            assert same(one, other)


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_at_the_end_also_after_an_error(folder, fails):
    try:
        with keep_examples(map(made, range(4)), 0) as kept:
            assert mapped_files(folder) > 0
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert fails
    del kept
    gc.collect()
    assert mapped_files(folder) == 0
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="processes are killed with a signal")
def test_nothing_is_left_when_the_program_is_killed(tmp_path):
    program = (
        "import os, signal, sys\n"
        "import numpy as np\n"
        "from napari_slitseg.core.training.examples import Example\n"
        "from napari_slitseg.core.training.store import keep_examples\n"
        "none = np.empty((0, 2))\n"
        "one = Example('a', np.ones((99, 99), np.float32), none, none, None, 10.0)\n"
        "with keep_examples([one], 0) as kept:\n"
        "    print(kept[0].pixels.sum(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    assert killed.stdout == "9801.0\n"
    assert list(tmp_path.iterdir()) == []


def test_examples_are_never_all_in_memory_at_once():
    alive = []

    def one_by_one():
        for number in range(6):
            fresh = made(number)
            alive.append(weakref.ref(fresh.pixels))
            yield fresh
            del fresh
            assert sum(ref() is not None for ref in alive) <= 1

    with keep_examples(one_by_one(), 0) as kept:
        assert len(kept) == 6


def test_too_little_room_is_said_in_words(monkeypatch, folder):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with (
        pytest.raises(OSError, match="do not fit into the memory") as caught,
        keep_examples([made(0)], 0),
    ):
        pass
    assert str(folder) in str(caught.value)
    assert list(folder.iterdir()) == []
