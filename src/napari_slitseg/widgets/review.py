"""The dock in which people walk through errors and proposals and correct annotations."""

from __future__ import annotations

import getpass
from dataclasses import replace

import napari.viewer
from qtpy.compat import isalive
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import (
    QApplication,
    QMainWindow,
    QMessageBox,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.widgets._dock import Dock, Message, button, row, scrollable
from napari_slitseg.widgets._finetune_fold import Fold
from napari_slitseg.widgets._membrane_part import MembranePart
from napari_slitseg.widgets._reading_banner import ReadingBanner
from napari_slitseg.widgets._reading_part import ReadingPart
from napari_slitseg.widgets._review_buttons import IMAGE, LARGE, SMALL, Buttons
from napari_slitseg.widgets._review_card import Card
from napari_slitseg.widgets._review_choice import Choice
from napari_slitseg.widgets._review_controller import Reviewer
from napari_slitseg.widgets._review_figures import Figures
from napari_slitseg.widgets._review_help import HelpPanel
from napari_slitseg.widgets._review_keeping import texts_of
from napari_slitseg.widgets._review_live import Live
from napari_slitseg.widgets._review_remap import ask_for_keys
from napari_slitseg.widgets._review_settings import ReviewSettings, load_settings, save_settings
from napari_slitseg.widgets._review_shortcuts import Shortcuts
from napari_slitseg.widgets._review_top import Top
from napari_slitseg.widgets._review_undo import UndoList
from napari_slitseg.widgets._session import session_of


class ReviewDock(Dock):
    """Walk, judge, correct, undo; keys work wherever the focus is in the window.

    Attributes
    ----------
    reviewer : Reviewer
        What does it.
    settings : ReviewSettings
        What the person chose.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        viewer = getattr(viewer, "__wrapped__", viewer)
        self.session = session_of(viewer)
        self.workspace = self.session.workspace
        self.settings, trouble = load_settings()
        self.reviewer = Reviewer(viewer, self.session, may_do)
        self.reviewer.hand.goes_on = self.settings.goes_on
        self.shortcuts: Shortcuts | None = None
        self.help: HelpPanel | None = None
        self.workspace.editor = self.workspace.editor or self.settings.editor or _login()
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.message.warn(trouble)
        self.refresh()

    def _make_widgets(self) -> None:
        reviewer = self.reviewer
        self.top = Top()
        self.figures = Figures()
        self.card = Card()
        self.message = Message()
        self.large = Buttons(LARGE, reviewer.do, large=True)
        self.small = Buttons(SMALL, reviewer.do)
        self.image = Buttons(IMAGE, reviewer.do)
        self.choice = Choice(reviewer.walk, reviewer.tour.images)
        self.live = Live(self.workspace, reviewer.do)
        self.live.goes_on.setChecked(self.settings.goes_on)
        self.undo_list = UndoList(self.workspace, reviewer.hand.acts)
        self.keys = button("Change keys…", "Choose the keys of the review.", self.change_keys)
        self.banner = ReadingBanner(self.session)
        self.folds = [
            Fold("&Edits", self.undo_list, "Everything done to this image; undone ones are grey."),
            Fold("&Membrane", MembranePart(self.session), "Paint or draw the membrane's stripe."),
            Fold("&Readers", ReadingPart(self.session), "Blinded readings, and how readers agree."),
        ]

    def _lay_out(self) -> None:
        head, content = QWidget(), QWidget()
        above, layout = QVBoxLayout(head), QVBoxLayout(content)
        for column in (above, layout):
            column.setContentsMargins(4, 4, 4, 4)
            column.setSpacing(5)
        first: list[QWidget] = [self.banner, self.top, self.figures, self.card, self.message]
        for part in first:
            above.addWidget(part)
        hand = [self.large, self.small, self.image, self.choice, self.live]
        for part in (*hand, *self.folds):
            layout.addWidget(part)
        for each in (*hand, self.live.cut, *(fold.body for fold in self.folds)):
            each.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        layout.addLayout(row(self.keys))
        layout.addStretch()
        scrollable(self, content, above=head)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.setMinimumWidth(content.minimumSizeHint().width() + bar)

    def _connect(self) -> None:
        self.link(self.reviewer.told, self._on_told)
        self.link(self.reviewer.changed, self.refresh_soon)
        self.link(self.reviewer.help_wanted, self._on_help)
        self.link(self.reviewer.hand.moving_changed, self._on_moving)
        self.link(self.workspace.cut_changed, self._on_cut)
        self.link(self.workspace.settings_changed, self.live.follow)
        self.link(self.session.keeper.state_changed, self.refresh_soon)
        self.live.goes_on.toggled.connect(self._on_goes_on)
        self.top.editor.editingFinished.connect(self._on_editor)
        self.top.retry.clicked.connect(self._on_retry)
        self.folds[0].head.toggled.connect(self.undo_list.follow)
        self.destroyed.connect(self.reviewer.close)

    # -- what a person does

    def change_keys(self) -> None:
        """Ask for other keys."""
        taken = {} if self.shortcuts is None else self.shortcuts.taken()
        keymap = ask_for_keys(self, self.settings.keymap, taken)
        if keymap is not None:
            self._save(replace(self.settings, keymap=keymap))
            self._show_keys()

    def _on_retry(self) -> None:
        self.session.keeper.retry()

    def _on_editor(self) -> None:
        name = self.workspace.editor = self.top.editor.text().strip()
        if name != self.settings.editor:
            self._save(replace(self.settings, editor=name))

    def _on_goes_on(self, on: bool) -> None:  # noqa: FBT001
        self.reviewer.hand.goes_on = on
        self._save(replace(self.settings, goes_on=on))

    def _save(self, settings: ReviewSettings) -> None:
        self.settings = settings
        try:
            save_settings(settings)
        except OSError as error:
            self.message.warn(f"Your choice holds for this window only: {error}")

    # -- what follows

    def _on_told(self, text: str, bad: bool) -> None:  # noqa: FBT001
        (self.message.warn if bad else self.message.say)(text)

    def _on_help(self) -> None:
        if self.help is not None:
            self.help.toggle()

    def _on_moving(self, moving: bool) -> None:  # noqa: FBT001
        if self.shortcuts is not None:
            self.shortcuts.set_moving(moving=moving)

    def _on_cut(self, _threshold: float, _distance_nm: float) -> None:
        self.live.follow()

    def refresh_soon(self) -> None:
        """Show the review a moment from now; unseen, it waits until it is shown."""
        if self.isVisible():
            super().refresh_soon()

    def refresh(self) -> None:
        """Show the review as it is now."""
        reviewer, current = self.reviewer, self.workspace.current
        is_done = current is not None and reviewer.tour.images.is_done(current.key)
        self.top.show_progress(*reviewer.tour.progress)
        blinded = self.workspace.blind is not None
        self.top.show_keeping(texts_of(self.session.keeper.state, blinded=blinded))
        if not self.top.editor.hasFocus():
            self.top.editor.setText(self.workspace.editor)
        self.figures.show_entry(current)
        self.card.show_walk(reviewer.walk, self.settings.keymap, is_done=is_done)
        self.choice.show_counts(reviewer.walk.counts())
        self.live.show_look(reviewer.look)
        self.live.follow()
        self.undo_list.follow()
        self._enable()

    def _enable(self) -> None:
        """Let only those buttons work that can do something."""
        can = self.reviewer.possible()
        for part in (self.large, self.small, self.image):
            for action, each in part.by_action.items():
                each.setEnabled(action in can)

    def _show_keys(self) -> None:
        keymap = self.settings.keymap
        for part in (self.large, self.small, self.image):
            part.show_keys(keymap)
        if self.help is not None:
            self.help.show_keymap(keymap)
        left = {} if self.shortcuts is None else self.shortcuts.set_keymap(keymap)
        if left:
            self.message.warn("\n".join(f"{why}." for why in left.values()))

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: from now on the keys work."""
        super().showEvent(event)
        window = self.parentWidget()
        while window is not None and not isinstance(window, QMainWindow):
            window = window.parentWidget()
        if window is not None and self.shortcuts is None:
            self._meet(window)
        self.reviewer.set_seen(seen=True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt: nobody sees what the keys would do."""
        super().hideEvent(event)
        self.reviewer.set_seen(seen=False)
        if self.shortcuts is not None:
            self.shortcuts.close()
        if self.help is not None and isalive(self.help):
            self.help.deleteLater()
        self.shortcuts = self.help = None

    def _meet(self, window: QMainWindow) -> None:
        """Put keys and help into the window that the dock is in."""
        self.shortcuts = Shortcuts(window, self.reviewer.look.viewer, self.reviewer.do)
        self.help = HelpPanel(window.centralWidget())
        self.shortcuts.set_active(active=True)
        self._show_keys()


def may_do(question: str) -> bool:
    """Ask the person a question."""
    parent = QApplication.activeWindow()
    return bool(QMessageBox.question(parent, "Review", question) == QMessageBox.StandardButton.Yes)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
