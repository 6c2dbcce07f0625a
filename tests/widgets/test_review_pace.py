from __future__ import annotations

import pytest

from napari_slitseg.widgets._review_pace import Pace, duration, progress_text


def test_no_pace_is_told_of_few_images() -> None:
    pace = Pace()
    pace.begin(0)
    pace.done(60)
    pace.done(120)
    assert pace.image_s is None
    pace.done(180)
    assert pace.image_s == 60


def test_a_lunch_is_no_part_of_the_pace() -> None:
    pace = Pace()
    pace.begin(0)
    for now in (30, 60, 60 + 7200, 7290, 7320):
        pace.done(now)
    assert pace.image_s == 30


def test_only_recent_images_tell_the_pace() -> None:
    pace = Pace()
    pace.begin(0)
    now = 0
    for took in (100,) * 30 + (10,) * 20:
        now += took
        pace.done(now)
    assert pace.image_s == 10


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (20, "less than a minute"),
        (119, "2 min"),
        (3599, "1 h"),
        (5400, "1.5 h"),
        (10900, "3 h"),
        (50000, "14 h"),
        (86400, "1 day"),
        (250000, "3 days"),
    ],
)
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_progress_in_words() -> None:
    assert progress_text(132, 400, 40) == "132 of 400 images reviewed, 3 h left"
    assert progress_text(1, 4, None) == "1 of 4 images reviewed"
    assert progress_text(4, 4, 40) == "All 4 images are reviewed"
    assert progress_text(1, 1, None) == "The image is reviewed"
    assert progress_text(0, 0, None) == "No images yet"
