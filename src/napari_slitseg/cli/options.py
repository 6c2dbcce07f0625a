"""Command line options from the fields of a job."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from cyclopts import Parameter
from pydantic.fields import FieldInfo

from napari_slitseg.cli.settings import parse_settings
from napari_slitseg.cli.view import say_error
from napari_slitseg.jobs import Document

_Job = TypeVar("_Job", bound=Document)
_SET: Final = "_set"


def options_of(
    job: type[_Job], *, positional: tuple[str, ...] = ()
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command one option for each field of a job, with the field's description as help.

    A field that is a document with a name and settings has two: ``--detector NAME`` and
    ``--detector-set SETTING=VALUE``. The decorated function takes the job first, and keyword-only
    options of its own.

    Parameters
    ----------
    job : type of Document
        Which job. A `pydantic.ValidationError` is raised when a value is out of range.
    positional : tuple of str
        Fields that may be given without their name.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        parameters = list(_parameters(job, positional))

        signature = inspect.Signature(sorted([*parameters, *own], key=lambda each: each.kind))

        def run(*args: Any, **kwargs: Any) -> int:
            values = signature.bind(*args, **kwargs).arguments
            try:
                fields = dict(_fields(job, values))
            except ValueError as error:
                say_error(f"Error: {error}")
                return 2
            return command(job(**fields), **values)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        vars(run)["__signature__"] = signature
        return run

    return decorate


def _fields(job: type[Document], values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Take the fields of a job from what was typed; the command's own options are left."""
    for name, field in job.model_fields.items():
        words = values.pop(name + _SET, ())
        if words:
            yield name, _document(name, values.pop(name, field.default), words)
        elif name in values:
            yield name, values.pop(name)


def _document(name: str, chosen: str, words: Sequence[str]) -> dict[str, Any]:
    """Return a document with a name and settings."""
    option = f"--{_dashed(name)}"
    settings = parse_settings(words, option=f"{option}-set", example="min_sigma_nm=8")
    if "name" in settings:
        raise ValueError(f"{option}-set gives settings; say {option} {settings['name']}")
    return {"name": chosen, **settings}


def _order(job: type[Document]) -> list[str]:
    """Return the names of all fields: first the required, then the job's own, then the shared."""
    fields, own = job.model_fields, job.__annotations__
    return sorted(fields, key=lambda name: (not fields[name].is_required(), name not in own))


def _parameters(job: type[Document], positional: tuple[str, ...]) -> Iterator[inspect.Parameter]:
    for name in _order(job):
        field = job.model_fields[name]
        yield _parameter(name, field, positional)
        if _is_document(field):
            yield _settings_of(name)


def _parameter(name: str, field: FieldInfo, positional: tuple[str, ...]) -> inspect.Parameter:
    is_list = get_origin(field.annotation) is tuple
    help_text = Parameter(
        help=field.description,
        negative=None if field.default is True else (),
        consume_multiple=is_list,
        show_default=_is_shown(field),
    )
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(
        name,
        kind if name in positional else inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if field.is_required() else field.default,
        annotation=Annotated[str if _is_document(field) else _plain(field.annotation), help_text],
    )


def _settings_of(name: str) -> inspect.Parameter:
    """Option for the settings of a document; `slitseg detectors NAME` explains a detector's."""
    told = f"Settings of the {name}, SETTING=VALUE; slitseg {name}s NAME lists them."
    options = Parameter(help=told, negative=(), consume_multiple=True, show_default=False)
    return inspect.Parameter(
        name + _SET,
        inspect.Parameter.KEYWORD_ONLY,
        default=(),
        annotation=Annotated[tuple[str, ...], options],
    )


def _is_document(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is dict


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _plain(hint: Any) -> Any:
    """Type without the limits of the parts of a tuple, which the job checks and explains."""
    if get_origin(hint) is tuple:
        return tuple[tuple(_plain(part) for part in get_args(hint))]  # type: ignore[misc]
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_shown(field: FieldInfo) -> bool:
    return not field.is_required() and field.default not in (None, (), "")
