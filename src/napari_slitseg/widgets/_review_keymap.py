"""Which key does what for one person, and which keys are in each other's way."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from napari_slitseg.widgets._review_keys import BINDINGS, BY_ACTION

_MODIFIERS: Final = ("Ctrl", "Alt", "Shift", "Meta")
_SPELLINGS: Final = {
    "control": "Ctrl",
    "cmd": "Ctrl",
    "option": "Alt",
    "del": "Delete",
    "esc": "Escape",
    "return": "Enter",
    "ins": "Insert",
    "pgup": "PageUp",
    "pgdown": "PageDown",
}


def normal(key: str) -> str:
    """Spell a key as everybody here does, however napari or Qt spell it.

    Parameters
    ----------
    key : str
        Such as "shift+del" or "Ctrl++"; "" stays "".
    """
    if not key:
        return ""
    *modifiers, last = key.split("+") if not key.endswith("+") else [*_plus(key), "+"]
    held = {_spelled(each) for each in modifiers}
    ordered = [each for each in _MODIFIERS if each in held]
    return "+".join([*ordered, _spelled(last)])


def _plus(key: str) -> list[str]:
    return [part for part in key[:-1].split("+") if part]


def _spelled(part: str) -> str:
    part = part.strip()
    if part.lower() == "meta" and sys.platform == "darwin":
        return "Ctrl"
    known = _SPELLINGS.get(part.lower())
    return known or (part.upper() if len(part) == 1 else part[:1].upper() + part[1:])


@dataclass(frozen=True)
class Keymap:
    """Keys by action, as the person chose them.

    Attributes
    ----------
    changed : dict
        Only what differs from the defaults, from action to key; "" for an action without a key.
    """

    changed: Mapping[str, str] = field(default_factory=dict)

    def key(self, action: str) -> str:
        """Key of an action, "" for none."""
        return self.changed.get(action, BY_ACTION[action].key)

    def also(self, action: str) -> str:
        """Second key of an action; it goes when the person gives the action another key."""
        return "" if action in self.changed else BY_ACTION[action].also

    def with_key(self, action: str, key: str) -> Keymap:
        """Return the keymap with another key for an action; its default takes the change back."""
        rest = {name: other for name, other in self.changed.items() if name != action}
        if normal(key) != normal(BY_ACTION[action].key):
            rest[action] = normal(key)
        return replace(self, changed=rest)

    def collisions(self, taken: Mapping[str, str]) -> dict[str, str]:
        """Say for each action whose key has another use what that is.

        Parameters
        ----------
        taken : dict
            Keys of napari and others, with what they do.
        """
        found: dict[str, str] = {}
        uses = {normal(key): use for key, use in taken.items() if key}
        first: dict[str, str] = {}
        for binding in BINDINGS:
            key = normal(self.key(binding.action))
            if not key:
                continue
            if key in uses and not binding.while_moving:
                found[binding.action] = f"{key} already does this in napari: {uses[key]}"
            elif key in first:
                found[binding.action] = f"{key} already means: {BY_ACTION[first[key]].title}"
            first.setdefault(key, binding.action)
        return found
