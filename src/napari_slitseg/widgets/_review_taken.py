"""Keys that napari uses itself, asked of the napari that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.widgets._review_keymap import normal

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

_LAYERS: Final = ("Image", "Labels", "Points", "Shapes", "Surface", "Tracks", "Vectors")


def napari_keys(viewer: Viewer) -> dict[str, str]:
    """Return every key of the viewer, its menus and all kinds of layer, with what it does."""
    import napari.layers

    taken: dict[str, str] = {}
    for name in _LAYERS:
        taken.update(_of_class(getattr(napari.layers, name), f"{name} layers"))
    taken.update(_of_class(type(viewer), "the viewer"))
    taken.update(_of_keymap(viewer.keymap, "the viewer"))
    for layer in viewer.layers:
        taken.update(_of_keymap(layer.keymap, f"the layer {layer.name}"))
    taken.update(_shortcuts())
    taken.update(_app_keys())
    return taken


def layer_keys(layer: Layer | None) -> frozenset[str]:
    """Return the keys that the selected layer uses."""
    if layer is None:
        return frozenset()
    keys = [*_of_class(type(layer), ""), *_of_keymap(layer.keymap, "")]
    return frozenset(key for key, _ in keys)


def _of_class(kind: type, owner: str) -> Iterator[tuple[str, str]]:
    """Keys of a class and of those it derives from."""
    for each in kind.__mro__:
        yield from _of_keymap(vars(each).get("class_keymap", ()), owner)


def _of_keymap(keymap: Iterable[Any], owner: str) -> Iterator[tuple[str, str]]:
    for key in keymap:
        yield normal(str(key)), f"a key of {owner}"


def _shortcuts() -> Iterator[tuple[str, str]]:
    """Keys of napari's preferences, where the person may have changed them."""
    from napari.settings import get_settings

    for action, keys in get_settings().shortcuts.shortcuts.items():
        for key in keys:
            yield normal(str(key)), action.removeprefix("napari:").replace("_", " ")


def _app_keys() -> Iterator[tuple[str, str]]:
    """Keys of the commands in napari's menus."""
    try:
        from napari._app_model import get_app_model
    except ImportError:
        return
    for each in get_app_model().keybindings:
        yield normal(str(each.keybinding)), each.command_id.rpartition(".")[2].replace("_", " ")
