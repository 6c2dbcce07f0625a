from __future__ import annotations

import json
import os
from pathlib import Path

import napari.layers
import pytest
from napari.components import ViewerModel

from napari_slitseg.widgets import _review_settings
from napari_slitseg.widgets._review_keymap import Keymap, normal
from napari_slitseg.widgets._review_keys import BINDINGS, BY_ACTION
from napari_slitseg.widgets._review_settings import ReviewSettings, load_settings, save_settings
from napari_slitseg.widgets._review_taken import layer_keys, napari_keys


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_review_settings, "user_config_path", lambda _: tmp_path / "config")
    return tmp_path / "config" / "review.json"


@pytest.mark.parametrize(
    ("spelled", "key"),
    [
        ("n", "N"),
        ("Shift+Alt+up", "Alt+Shift+Up"),
        ("shift+del", "Shift+Delete"),
        ("Ctrl++", "Ctrl++"),
        ("+", "+"),
        ("Return", "Enter"),
        ("", ""),
    ],
)
def test_a_key_has_one_spelling(spelled: str, key: str) -> None:
    assert normal(spelled) == key


def test_no_default_key_is_used_by_napari_or_twice() -> None:
    taken = napari_keys(ViewerModel())
    assert {"V", "A", "Ctrl+Z", "Delete", "Left", "[", "Escape", "Shift+Up"} <= set(taken)
    assert Keymap().collisions(taken) == {}
    spare = [each.also for each in BINDINGS if each.also]
    assert len(spare) == len(set(spare))
    assert not set(spare) & {each.key for each in BINDINGS}


def test_keys_of_a_kind_of_layer_count_before_there_is_one(monkeypatch) -> None:
    monkeypatch.setattr(napari.layers.Tracks, "class_keymap", {"G": print})
    assert "Tracks" in Keymap().collisions(napari_keys(ViewerModel()))["accept"]


def test_a_second_key_is_told_from_those_of_the_selected_layer(pixels) -> None:
    labels = napari.layers.Labels((pixels > 100).astype(int))
    assert BY_ACTION["undo"].also in layer_keys(labels)
    assert BY_ACTION["undo"].also not in layer_keys(napari.layers.Points())
    assert layer_keys(None) == frozenset()


def test_a_key_that_is_taken_is_told_with_what_it_does() -> None:
    keymap = Keymap().with_key("accept", "v").with_key("reject", "N")
    told = keymap.collisions(napari_keys(ViewerModel()))
    assert told["accept"] == "V already does this in napari: toggle selected visibility"
    assert told["reject"] == "N already means: Next open item"
    assert set(told) == {"accept", "reject"}


def test_a_key_that_the_person_gave_to_napari_itself_is_taken(monkeypatch) -> None:
    from napari.settings import get_settings

    shortcuts = dict(get_settings().shortcuts.shortcuts)
    monkeypatch.setattr(
        get_settings().shortcuts, "shortcuts", {**shortcuts, "napari:toggle_grid": ["G"]}
    )
    assert "toggle grid" in Keymap().collisions(napari_keys(ViewerModel()))["accept"]


def test_the_default_key_takes_a_change_back_and_a_change_takes_the_second_key() -> None:
    changed = Keymap().with_key("undo", "F5")
    assert (changed.key("undo"), changed.also("undo")) == ("F5", "")
    back = changed.with_key("undo", "q")
    assert back == Keymap()
    assert back.also("undo") == "Ctrl+Z"
    assert Keymap().with_key("undo", "").key("undo") == ""


def test_choices_are_there_again(home: Path) -> None:
    assert load_settings() == (ReviewSettings(), "")
    chosen = ReviewSettings(Keymap().with_key("accept", "F6"), "Ada", goes_on=False)
    save_settings(chosen)
    assert load_settings() == (chosen, "")
    assert json.loads(home.read_text())["keys"] == {"accept": "F6"}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"keys": {"fly": "F5"}}',
        '{"keys": {"accept": 5}}',
        '{"goes_on": "yes"}',
        '{"editor": null}',
    ],
)
def test_a_broken_file_is_told_and_kept_aside(home: Path, text: str) -> None:
    home.parent.mkdir()
    home.write_text(text)
    settings, told = load_settings()
    assert settings == ReviewSettings()
    assert str(home) in told
    assert "default keys" in told
    assert home.read_text() == text
    save_settings(ReviewSettings(editor="Ada"))
    assert (home.parent / "review.json.broken").read_text() == text
    assert load_settings() == (ReviewSettings(editor="Ada"), "")


def test_a_folder_that_cannot_be_written_is_an_error_with_words(home: Path) -> None:
    home.parent.parent.mkdir(exist_ok=True)
    home.parent.write_text("a file where the folder should be")
    with pytest.raises(OSError, match=os.path.basename(home.parent)):
        save_settings(ReviewSettings())
