"""Go from item to item and from image to image."""

from __future__ import annotations

import time
from typing import Final

from psygnal import Signal

from napari_slitseg.core.review.walk import Item
from napari_slitseg.widgets._review_doubts import Doubts
from napari_slitseg.widgets._review_images import Images
from napari_slitseg.widgets._review_look import Look
from napari_slitseg.widgets._review_opening import Opening
from napari_slitseg.widgets._review_pace import Pace, progress_text
from napari_slitseg.widgets._review_target import Target
from napari_slitseg.widgets._review_walk import Walk
from napari_slitseg.widgets._session import Session

_NO_IMAGE: Final = "No image is open. Open a folder in Load images."
_NONE_LEFT: Final = {
    "with open items": "No other image has open items.",
    "not reviewed": "Every other image is reviewed.",
    "doubtful first": "Every other image is reviewed.",
    "all": "There is no other image.",
}


class Tour:
    """Shows item after item, and image after image.

    Signals: `told(text, bad)`.
    """

    told = Signal(str, bool)

    def __init__(self, session: Session, walk: Walk, look: Look) -> None:
        workspace = self._workspace = session.workspace
        self._walk = walk
        self.look = look
        self._target = Target(workspace, walk)
        self._pace = Pace()
        self._begins = False
        self.doubts = Doubts(workspace)
        self.images = Images(workspace, walk, session.keeper, self.doubts.ranked)
        self.doubts.changed.connect(self._look_ahead)
        self.opening = Opening(workspace)
        self.opening.began.connect(self._on_began)
        self.opening.opened.connect(self._on_opened)

    # -- items

    def next(self) -> None:
        """Show the next open item; from an image without any go to the next image."""
        self._on(1)

    def previous(self) -> None:
        """Show the previous open item."""
        self._on(-1)

    def _on(self, by: int) -> None:
        if self._walk.n_open:
            self.look.unselect()
            self._walk.step(by)
            self.show()
        else:
            self._open_neighbour(by)

    def go_to(self, item: Item) -> None:
        """Show one item."""
        self._walk.go_to(item)
        self.show()

    def show(self) -> None:
        """Put the item under review in the middle of the view."""
        entry, place = self._workspace.current, self._target.place()
        if entry is None or place is None:
            self._tell("No item is under review. Go to the next one.", bad=True)
        else:
            self.look.centre(entry, place)

    # -- images

    def next_image(self) -> None:
        """Open the next image to stop at."""
        self._open_neighbour(1)

    def previous_image(self) -> None:
        """Open the previous image to stop at."""
        self._open_neighbour(-1)

    def _open_neighbour(self, by: int) -> None:
        key = self.images.neighbour(by)
        if not self._workspace.entries:
            self._tell(_NO_IMAGE, bad=True)
        elif key is None:
            self._tell(_NONE_LEFT[self.images.which])
        else:
            self._begins = True
            self.opening.open(key)

    def done(self) -> None:
        """Mark the image as reviewed and go on; where it is reviewed take the mark back."""
        entry = self._workspace.current
        if entry is None:
            self._tell(_NO_IMAGE, bad=True)
            return
        if not entry.shape[0]:
            self._tell(f"{entry.name} cannot be seen, so it cannot be done.", bad=True)
            return
        is_done = not self.images.is_done(entry.key)
        if is_done:
            self._pace.done(time.monotonic())
        self.images.set_done(entry.key, done=is_done)
        self._tell(f"{entry.name} is {'done' if is_done else 'no longer marked as done'}.")
        if is_done:
            self._open_neighbour(1)

    @property
    def progress(self) -> tuple[int, int, str]:
        """Images reviewed, images, and both in words with the time that is left."""
        done, total = self.images.n_done, len(self._workspace.entries)
        return done, total, progress_text(done, total, self._pace.image_s)

    def arrived(self) -> None:
        """Begin to review the image that is shown; read the next one ahead."""
        self._pace.begin(time.monotonic())
        self._look_ahead()

    def _look_ahead(self) -> None:
        self.opening.read_ahead(self.images.neighbour(1))

    def stop(self) -> None:
        """Work for nobody any more."""
        self.opening.stop()
        self.doubts.stop()

    def _on_began(self, name: str) -> None:
        self._tell(f"Opening {name}…")

    def _on_opened(self, _key: int) -> None:
        entry = self._workspace.current
        if self._begins and entry is not None:
            self._begins = False
            self._tell("")
            if self._walk.n_open:
                self._walk.step(1)
                self.show()

    def _tell(self, text: str, *, bad: bool = False) -> None:
        self.told.emit(text, bad)
