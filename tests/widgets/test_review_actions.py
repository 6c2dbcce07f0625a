"""A review by the names of its actions, in a viewer without a window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.points_table import TOMBSTONES
from napari_slitseg.widgets._review_controller import Reviewer
from napari_slitseg.widgets._review_keys import BINDINGS
from napari_slitseg.widgets._review_words import item_facts, item_title
from napari_slitseg.widgets._session import session_of

FOUND = [[10, 10], [30, 10], [50, 10], [70, 30], [20, 60]]
"""The first two match, the third is far from its annotation, the last two are wrong."""
ANNOTATED = [[10, 10], [31, 10], [50, 14], [80, 60]]
"""The last one is missed."""


@pytest.fixture
def review(micrograph, predicted):
    """A reviewer of one image with errors of every kind."""
    viewer = ViewerModel()
    session = session_of(viewer)
    told: list[str] = []
    agreed: list[str] = []

    def confirm(question: str) -> bool:
        agreed.append(question)
        return True

    reviewer = Reviewer(viewer, session, confirm)
    reviewer.told.connect(lambda text, _: told.append(text))
    session.workspace.editor = "Ada"
    key = session.workspace.add_image(micrograph, annotation=PointTable.from_yx(ANNOTATED))
    session.workspace.set_prediction(key, predicted(FOUND))
    session.workspace.open(key)
    yield SimpleNamespace(
        viewer=viewer,
        session=session,
        workspace=session.workspace,
        reviewer=reviewer,
        walk=reviewer.walk,
        do=reviewer.do,
        told=told,
        asked=agreed,
        key=key,
    )
    reviewer.close()


def table_of(review) -> PointTable:
    return review.workspace.entry(review.key).annotation


def point_at(review, yx) -> str:
    """Look at what is drawn as under review."""
    assert review.walk.item is not None
    assert review.viewer.layers["under review"].data.tolist() == [list(map(float, yx))]
    return item_title(review.walk)


def test_every_key_has_an_action(review) -> None:
    for binding in BINDINGS:
        review.do(binding.action)
    with pytest.raises(KeyError):
        review.do("fly")


def test_a_walk_meets_every_error_once_and_says_what_it_is(review) -> None:
    met = []
    for _ in range(4):
        review.do("next")
        entry = review.workspace.current
        met.append((item_title(review.walk), item_facts(entry, review.walk.item)))
    assert sorted(met) == [
        ("False positive 1 of 2", "Score 0.50, nearest annotation 510 nm away"),
        ("False positive 2 of 2", "Score 0.60, nearest annotation 256 nm away"),
        ("Far match 1 of 1", "Score 0.70, 40 nm from its annotation"),
        ("Missed slit 1 of 1", "Nearest detection 316 nm away"),
    ]
    review.do("next")
    assert item_title(review.walk) == met[0][0]
    review.do("previous")
    assert item_title(review.walk) == met[-1][0]


def test_decisions_end_in_a_review_with_nothing_open_and_are_undone_bit_for_bit(review) -> None:
    before = table_of(review)
    review.do("next")
    for _ in range(10):
        kind = None if review.walk.item is None else review.walk.item.kind
        if not review.walk.n_open:
            break
        review.do({"false positive": "reject", "missed": "accept", "far match": "snap"}[kind])
    assert review.walk.n_open == 0
    after = table_of(review)
    assert int(np.isin(after.status, TOMBSTONES).sum()) == 2
    assert after.yx[2].tolist() == [50, 10]
    assert set(after.editor[after.time != ""]) == {"Ada"}
    scores = review.workspace.current.scores
    assert (scores.true_positive, scores.false_positive, scores.missed) == (3, 2, 1)
    for _ in range(4):
        review.do("undo")
    assert table_of(review) is before or table_of(review).equals(before)
    for _ in range(4):
        review.do("redo")
    assert table_of(review).equals(after)
    review.do("redo")
    assert review.told[-1] == "There is nothing to redo in this image."
