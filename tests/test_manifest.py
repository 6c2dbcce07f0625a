"""The manifest that napari reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from npe2 import PluginManifest

import napari_slitseg

PACKAGE = Path(napari_slitseg.__file__).parent


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(PACKAGE / "napari.yaml")


def test_the_manifest_is_valid_and_everything_it_names_exists(manifest: PluginManifest) -> None:
    manifest.validate_imports()


def test_the_manifest_at_top_level_is_that_of_the_package() -> None:
    link = Path(__file__).parents[1] / "napari.yaml"
    assert link.resolve() == (PACKAGE / "napari.yaml").resolve()


def test_napari_finds_the_manifest_by_its_entry_point() -> None:
    found = PluginManifest.from_distribution("napari-slitseg")
    assert found.name == "napari-slitseg"


def test_titles_are_written_for_the_command_palette(manifest: PluginManifest) -> None:
    titles = [command.title for command in manifest.contributions.commands]
    assert all(title.startswith("SlitSeg: ") for title in titles)
    assert "SlitSeg: open workspace" in titles
    assert len(set(titles)) == len(titles)


def test_menus_lead_to_commands_and_napari_knows_the_menus(manifest: PluginManifest) -> None:
    from napari._app_model.constants import MenuId

    commands = {command.id for command in manifest.contributions.commands}
    known = {str(menu) for menu in MenuId.contributables()}
    for menu, items in manifest.contributions.menus.items():
        assert menu in known
        assert {item.command for item in items} <= commands


def test_each_sample_is_an_image_with_its_points(manifest: PluginManifest) -> None:
    assert len(manifest.contributions.sample_data) == 3
    ids = {command.id: command.python_name for command in manifest.contributions.commands}
    for sample in manifest.contributions.sample_data:
        module, name = ids[sample.command].split(":")
        made = getattr(__import__(module, fromlist=[name]), name)()
        assert [kind for _, _, kind in made] == ["image", "points"]
        assert made[0][0].ndim == 2
        assert len(made[1][0]) > 5


def test_preferences_have_the_built_in_defaults(manifest: PluginManifest) -> None:
    from napari_slitseg.widgets._settings import Settings

    properties = manifest.contributions.configurations["defaults"].properties
    built_in = Settings()
    assert {name: item.default for name, item in properties.items()} == {
        "model": built_in.model,
        "device": built_in.device,
        "tolerance_nm": built_in.tolerance_nm,
    }
