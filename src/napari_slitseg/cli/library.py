"""What ``slitseg losses``, ``schedules``, ``detectors`` and ``models`` do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from napari_slitseg.cli.explain import (
    print_about,
    print_presets,
    print_rates,
    print_rows,
    print_settings,
)
from napari_slitseg.cli.settings import parse_settings
from napari_slitseg.cli.tables import say
from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.detection import DETECTORS, DetectorSpec
from napari_slitseg.core.losses import LOSSES, LossSpec
from napari_slitseg.core.losses.point_losses import POINT_LOSSES, SetPrediction
from napari_slitseg.core.losses.spec import ERASURES
from napari_slitseg.core.models import MODELS, ModelSpec
from napari_slitseg.core.nearest import choices
from napari_slitseg.core.schedules import SCHEDULES, ScheduleSpec
from napari_slitseg.core.spec_settings import brief, settings_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Listed = LossSpec | ScheduleSpec | DetectorSpec | ModelSpec
_Spec = TypeVar("_Spec", bound=_Listed)
_Rates = tuple["NDArray[Any]", "NDArray[Any]"]
_TITLE: Final = "title"
_COLUMNS: Final = ("name", _TITLE, "use_when")
_LOSS_COLUMNS: Final = ("name", _TITLE, "compares_with", "erasure", "use_when")
_MODEL_COLUMNS: Final = ("name", _TITLE, "parameters", "use_when")
_ROWS: Final = 21


def show_losses(name: str | None, *, as_json: bool) -> None:
    """Print all losses, or all there is to know of one.

    Raises
    ------
    ValueError
        If there is no loss of that name.
    """
    if name is None:
        _show_table(LOSSES, _LOSS_COLUMNS, caption=_below_losses(), as_json=as_json)
    else:
        spec = POINT_LOSSES.get(name) or _pick(LOSSES, name, "loss")
        presets = {key: _brief(values) for key, values in spec.presets.items()}
        _show_one(name, spec, {"presets": presets}, as_json=as_json)


def _below_losses() -> str:
    of_points = ", ".join(POINT_LOSSES)
    good = ", ".join(name for name, spec in LOSSES.items() if spec.about.recommended)
    meanings = "; ".join(f"{word}: {meaning}" for word, meaning in ERASURES.items())
    return (
        f"Recommended: {good}. Erasure tells what becomes of points when the loss is minimised "
        f"alone. {meanings}. A model that gives points takes {of_points}. slitseg losses NAME "
        "explains one."
    )


def show_schedules(name: str | None, *, as_json: bool) -> None:
    """Print all schedules, or all there is to know of one.

    Raises
    ------
    ValueError
        If there is no schedule of that name.
    """
    if name is None:
        told = "slitseg schedules NAME explains one; with --steps 1000 it shows the rates."
        _show_table(SCHEDULES, _COLUMNS, caption=told, as_json=as_json)
    else:
        _show_one(name, _pick(SCHEDULES, name, "schedule"), {}, as_json=as_json)


def show_detectors(name: str | None, *, as_json: bool) -> None:
    """Print all detectors, or all there is to know of one.

    Raises
    ------
    ValueError
        If there is no detector of that name.
    """
    if name is None:
        told = (
            "slitseg detectors NAME explains one; predict and evaluate take it as --detector NAME "
            "--detector-set SETTING=VALUE."
        )
        _show_table(DETECTORS, _COLUMNS, caption=told, as_json=as_json)
    else:
        _show_one(name, _pick(DETECTORS, name, "detector"), {}, as_json=as_json)


def show_models(name: str | None, *, as_json: bool) -> None:
    """Print all kinds of model, or all there is to know of one.

    Raises
    ------
    ValueError
        If there is no model of that name.
    """
    if name is None:
        told = "Parameters are those of the default settings. slitseg models NAME explains one."
        _show_table(MODELS, _MODEL_COLUMNS, caption=told, as_json=as_json)
    else:
        _show_one(name, _pick(MODELS, name, "model"), {}, as_json=as_json)


def show_rates(
    name: str,
    steps: int,
    *,
    settings: Sequence[str],
    steps_per_epoch: int,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Print the learning rates of a training at evenly spaced steps; all go to a CSV file.

    Raises
    ------
    ValueError
        If there is no such schedule or setting, or not that value.
    OSError
        If the file cannot be written.
    """
    from napari_slitseg.core.schedules.previews import preview

    spec = _with_settings(_pick(SCHEDULES, name, "schedule"), parse_settings(settings))
    if csv is not None:
        _write_rates(csv, preview(spec, steps, steps_per_epoch=steps_per_epoch))
    at, rates = preview(spec, steps, steps_per_epoch=steps_per_epoch, max_points=_ROWS)
    if as_json:
        rows = {"steps": at.tolist(), "rates": rates.tolist()}
        say(json.dumps({"schedule": spec.to_dict(), "total_steps": steps, **rows}, indent=2))
    else:
        told = f"If no epoch of {steps_per_epoch} steps improves the loss."
        print_rates(at.tolist(), rates.tolist(), caption=told if name == "plateau" else None)


def _with_settings(spec: type[ScheduleSpec], settings: Mapping[str, Any]) -> ScheduleSpec:
    """Build a spec; one value is enough where several are wanted."""
    several = {key for key, value in spec().settings().items() if isinstance(value, tuple)}
    single = several & {key for key, value in settings.items() if not isinstance(value, list)}
    return spec.from_dict({**settings, **{key: [settings[key]] for key in single}})


def _pick(table: Mapping[str, type[_Spec]], name: str, what: str) -> type[_Spec]:
    if name not in table:
        raise ValueError(f"there is no {what} {name!r}; {choices(name, table, they='there are')}")
    return table[name]


def _show_table(
    table: Mapping[str, type[_Spec]],
    columns: Sequence[str],
    *,
    caption: str,
    as_json: bool,
) -> None:
    rows = [{"name": name, **asdict(spec.about)} for name, spec in table.items()]
    if as_json:
        say(json.dumps(rows, indent=2))
    else:
        cells = [[_cell(row[column]) for column in columns] for row in rows]
        print_rows(columns, cells, caption=caption, spare=_TITLE)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _show_one(
    name: str, spec: type[_Listed | SetPrediction], more: Mapping[str, Any], *, as_json: bool
) -> None:
    about, settings = asdict(spec.about), settings_of(spec)
    if as_json:
        rows = [asdict(each) for each in settings]
        say(json.dumps({"name": name, **about, "settings": rows, **more}, indent=2))
        return
    print_about(name, about)
    print_settings(settings)
    print_presets(more.get("presets", {}))


def _brief(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: brief(value) for key, value in values.items()}


def _write_rates(path: Path, course: _Rates) -> None:
    rows = zip(course[0].tolist(), course[1].tolist(), strict=True)
    text = "".join(["step,rate\n", *(f"{step},{rate!r}\n" for step, rate in rows)])
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        why = error.strerror or str(error)
        raise OSError(f"{path} could not be written: {why}. Choose another file.") from error
