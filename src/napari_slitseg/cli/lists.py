"""The commands of ``slitseg`` that list what there is to choose from, and explain it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", negative=(), show_default=False)]
Quiet = Annotated[
    bool, Parameter(help="Show only what went wrong.", negative=(), show_default=False)
]


def losses(name: str | None = None, /, *, as_json: AsJson = False) -> int:
    """List the losses, or explain one: formula, settings, presets, source.

    Parameters
    ----------
    name
        A loss of the list, such as dice.
    as_json
        Print JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.library import show_losses

    return _exit_code(partial(show_losses, name, as_json=as_json))


def schedules(
    name: str | None = None,
    /,
    *,
    steps: Annotated[int | None, Parameter(show_default=False)] = None,
    settings: Annotated[
        tuple[str, ...],
        Parameter(name="--set", negative=(), consume_multiple=True, show_default=False),
    ] = (),
    steps_per_epoch: Annotated[int | None, Parameter(show_default=False)] = None,
    csv: Annotated[Path | None, Parameter(show_default=False)] = None,
    as_json: AsJson = False,
) -> int:
    """List the schedules of the learning rate, explain one, or show its rates.

    Parameters
    ----------
    name
        A schedule of the list, such as cosine.
    steps
        Show the learning rates of a training of so many steps.
    settings
        NAME=VALUE, such as rate=3e-4; with commas for a list, drops=0.3,0.6. Needs --steps.
    steps_per_epoch
        Steps after which a reduction on a plateau looks at the loss; 100 if not given. Needs
        --steps.
    csv
        File for the rates of all steps. Needs --steps.
    as_json
        Print JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.library import show_rates, show_schedules

    if name is None or steps is None:
        if settings or any(each is not None for each in (steps, steps_per_epoch, csv)):
            return _refuse(
                "rates are those of a schedule in a training of some steps; "
                f"say slitseg schedules {name or 'cosine'} --steps {steps or 1000}"
            )
        return _exit_code(partial(show_schedules, name, as_json=as_json))
    epoch = 100 if steps_per_epoch is None else steps_per_epoch
    show = partial(show_rates, name, steps, settings=settings, steps_per_epoch=epoch)
    return _exit_code(partial(show, csv=csv, as_json=as_json))


def detectors(name: str | None = None, /, *, as_json: AsJson = False) -> int:
    """List the detectors, which make slits of the slit map, or explain one.

    Parameters
    ----------
    name
        A detector of the list, such as log.
    as_json
        Print JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.library import show_detectors

    return _exit_code(partial(show_detectors, name, as_json=as_json))


def models(name: str | None = None, /, *, as_json: AsJson = False) -> int:
    """List the kinds of model, or explain one: how it is made, settings, source.

    Parameters
    ----------
    name
        A model of the list, such as unet.
    as_json
        Print JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.library import show_models

    return _exit_code(partial(show_models, name, as_json=as_json))


def _exit_code(action: Callable[[], None]) -> int:
    """Run an action; 2 for what makes no sense, 1 for what the system does not allow."""
    from napari_slitseg.cli.view import say_error

    try:
        action()
    except ValueError as error:
        return _refuse(str(error))
    except OSError as error:
        say_error(f"Error: {error.strerror or error}")
        return 1
    return 0


def _refuse(text: str) -> int:
    from napari_slitseg.cli.view import say_error

    say_error(f"Error: {text}")
    return 2
