"""What a person chose for reviewing, kept in a file of theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from platformdirs import user_config_path

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.widgets._review_keymap import Keymap
from napari_slitseg.widgets._review_keys import BY_ACTION

_NAME: Final = "review.json"


@dataclass(frozen=True)
class ReviewSettings:
    """Choices for reviewing.

    Attributes
    ----------
    keymap : Keymap
        Keys of the actions.
    editor : str
        Who reviews; "" where nobody said so yet.
    goes_on : bool
        Whether a decision leads to the next open item.
    """

    keymap: Keymap = field(default_factory=Keymap)
    editor: str = ""
    goes_on: bool = True


def settings_path() -> Path:
    """Return the file of this person's choices."""
    return user_config_path("napari-slitseg") / _NAME


def load_settings() -> tuple[ReviewSettings, str]:
    """Return the choices, and what is wrong with their file, "" if nothing is."""
    path = settings_path()
    try:
        return _from_text(path.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return ReviewSettings(), ""
    except (OSError, ValueError) as error:
        return ReviewSettings(), (
            f"{path} could not be read ({error}); the default keys are used. It is kept as "
            f"{path.name}.broken when keys are changed."
        )


def save_settings(settings: ReviewSettings) -> None:
    """Write the choices; a file that cannot be read is put aside, not overwritten.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    _put_aside_if_broken(path)
    text = json.dumps(
        {
            "keys": dict(settings.keymap.changed),
            "editor": settings.editor,
            "goes_on": settings.goes_on,
        },
        indent=2,
    )
    write_atomically(path, f"{text}\n".encode())


def _put_aside_if_broken(path: Path) -> None:
    try:
        _from_text(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:
        path.replace(path.with_name(f"{path.name}.broken"))


def _from_text(text: str) -> ReviewSettings:
    """Return the choices in a text; ValueError with words where it is no such text."""
    document = json.loads(text)
    if not isinstance(document, Mapping):
        raise ValueError("it should hold one JSON object")
    editor, goes_on = document.get("editor", ""), document.get("goes_on", True)
    if not isinstance(editor, str) or not isinstance(goes_on, bool):
        raise ValueError("'editor' should be a text and 'goes_on' true or false")
    return ReviewSettings(_keymap_from(document.get("keys", {})), editor, goes_on)


def _keymap_from(keys: Any) -> Keymap:
    if not isinstance(keys, Mapping) or not all(isinstance(key, str) for key in keys.values()):
        raise ValueError("'keys' should name a key for each action")
    if unknown := sorted(set(keys) - set(BY_ACTION)):
        raise ValueError(f"there is no action '{unknown[0]}'")
    keymap = Keymap()
    for action, key in keys.items():
        keymap = keymap.with_key(action, key)
    return keymap
