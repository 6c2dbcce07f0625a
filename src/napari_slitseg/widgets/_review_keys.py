"""The keys of a review, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WALK: Final = "Walk"
DECIDE: Final = "Decide"
PLACE: Final = "Place"
MOVING: Final = "While moving"
POINTS: Final = "Points"
UNDO: Final = "Undo"
SHOW: Final = "Show"


@dataclass(frozen=True)
class Binding:
    """An action and its key.

    Attributes
    ----------
    action : str
        Name of the action, such as "accept".
    key : str
        Key that nothing in napari uses, such as "Shift+N".
    title : str
        What the action does, as help and buttons say it.
    group : str
        Heading in the help.
    also : str
        Another key, for as long as the selected layer has no use for it itself; "" for none.
    while_moving : bool
        Whether the key counts only while a point is being moved; napari's meaning of it rests then.
    """

    action: str
    key: str
    title: str
    group: str
    also: str = ""
    while_moving: bool = False


BINDINGS: Final[tuple[Binding, ...]] = (
    Binding("next", "N", "Next open item", WALK),
    Binding("previous", "Shift+N", "Previous open item", WALK),
    Binding("show", "0", "Show the item again", WALK),
    Binding("next_image", ".", "Next image", WALK),
    Binding("previous_image", ",", "Previous image", WALK),
    Binding("done", "Shift+D", "Image done, go on", WALK),
    Binding("accept", "G", "Accept (good)", DECIDE),
    Binding("reject", "W", "Reject (wrong)", DECIDE),
    Binding("uncertain", "U", "Uncertain, on or off", DECIDE),
    Binding("accept_above", "Shift+G", "Accept all not judged", DECIDE),
    Binding("move_here", "H", "Move here, to the mouse", PLACE),
    Binding("move", "Shift+H", "Move: arrows or a click", PLACE),
    Binding("snap", "J", "Snap to the detection", PLACE),
    Binding("project", "Shift+B", "Onto the membrane line", PLACE),
    Binding("up", "Up", "1 px up", MOVING, while_moving=True),
    Binding("down", "Down", "1 px down", MOVING, while_moving=True),
    Binding("left", "Left", "1 px left", MOVING, while_moving=True),
    Binding("right", "Right", "1 px right", MOVING, while_moving=True),
    Binding("up_far", "Shift+Up", "5 px up", MOVING, while_moving=True),
    Binding("down_far", "Shift+Down", "5 px down", MOVING, while_moving=True),
    Binding("left_far", "Shift+Left", "5 px left", MOVING, while_moving=True),
    Binding("right_far", "Shift+Right", "5 px right", MOVING, while_moving=True),
    Binding("stay", "Escape", "End moving", MOVING, while_moving=True),
    Binding("add", "K", "Add a slit at the mouse", POINTS),
    Binding("delete", "Shift+Delete", "Delete", POINTS),
    Binding("merge", "Shift+M", "Merge two slits", POINTS),
    Binding("split", "Shift+S", "Split in two", POINTS),
    Binding("undo", "Q", "Undo", UNDO, also="Ctrl+Z"),
    Binding("redo", "Shift+Q", "Redo", UNDO, also="Ctrl+Shift+Z"),
    Binding("lines", "8", "Matched lines, on or off", SHOW),
    Binding("taken_away", "9", "Taken away, on or off", SHOW),
    Binding("help", "F1", "These keys", SHOW),
)
"""Every action that a key does, in the order of the help."""

BY_ACTION: Final[dict[str, Binding]] = {each.action: each for each in BINDINGS}
