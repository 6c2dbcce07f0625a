"""The evidence for the suggested loss can be read beside the dock."""

from __future__ import annotations

from qtpy.QtCore import Qt

from napari_slitseg.core.losses.spec_combine import WeightedSum
from napari_slitseg.widgets._evidence import EvidencePage
from napari_slitseg.widgets._finetune_form import FinetuneForm
from napari_slitseg.widgets._workspace import Workspace


def test_the_suggested_loss_shows_what_was_measured(qtbot) -> None:
    form = FinetuneForm(Workspace(50.0))
    qtbot.addWidget(form)
    form.show()
    part = form.losses
    loss = part.heads["slit"].form.value()
    assert isinstance(loss, WeightedSum)
    assert [type(term.loss).name for term in loss.terms] == ["dice", "one_to_one"]
    part.evidence.setFocus()
    qtbot.keyClick(part.evidence, Qt.Key.Key_Space)
    page = part.evidence.page
    assert isinstance(page, EvidencePage)
    qtbot.waitUntil(page.isVisible)
    assert "one-to-one matching, against Dice alone" in page.text.toPlainText()
    assert "crowded (4-6 px apart)" in page.text.toPlainText()
    assert not page.isModal()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not page.isVisible())
    part.evidence.click()
    assert part.evidence.page is page
    assert page.isVisible()
