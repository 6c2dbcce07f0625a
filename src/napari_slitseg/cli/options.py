"""Command line options from the fields of a job."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

from cyclopts import Group, Parameter
from pydantic.fields import FieldInfo

from napari_slitseg.cli.documents import (
    document_from,
    document_with,
    is_document,
    read_document,
    settings_help,
)
from napari_slitseg.cli.view import say_error
from napari_slitseg.jobs import Document

_Job = TypeVar("_Job", bound=Document)
_SET: Final = "_set"
_JOB: Final = "job"
_NONE: Final = "none"


@dataclass(frozen=True)
class Look:
    """How the options of a command are shown, and from where else they may come.

    Attributes
    ----------
    positional : tuple of str
        Fields that may be given without their name.
    groups : mapping
        Title of each group of options in the help, and the fields in it; others stand first.
    from_file : bool
        Whether ``--job FILE.json`` gives what the options do not.
    """

    positional: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    from_file: bool = False


def options_of(
    job: type[_Job],
    *,
    positional: tuple[str, ...] = (),
    groups: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    from_file: bool = False,
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command one option for each field of a job, with the field's description as help.

    A field that is a document with a name and settings has two: ``--detector NAME`` and
    ``--detector-set SETTING=VALUE``. The decorated function takes the job first, and keyword-only
    options of its own.

    Parameters
    ----------
    job : type of Document
        Which job. A `pydantic.ValidationError` is raised when a value is out of range.
    positional, groups, from_file
        As in `Look`.
    """
    look = Look(positional, groups, from_file)

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        parameters = list(_parameters(job, look))

        signature = inspect.Signature(sorted([*parameters, *own], key=lambda each: each.kind))

        def run(*args: Any, **kwargs: Any) -> int:
            values = signature.bind(*args, **kwargs).arguments
            try:
                fields = _fields(job, values)
            except ValueError as error:
                say_error(f"Error: {error}")
                return 2
            return command(job(**fields), **values)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        vars(run)["__signature__"] = signature
        return run

    return decorate


def _fields(job: type[Document], values: dict[str, Any]) -> dict[str, Any]:
    """Take the fields of a job from what was typed; the command's own options are left.

    Raises
    ------
    ValueError
        If a file cannot be read, or settings make no sense.
    """
    file: Path | None = values.pop(_JOB, None)
    given = {} if file is None else read_document(file)
    for name, info in job.model_fields.items():
        words = values.pop(name + _SET, ())
        if name in values:
            chosen = values.pop(name)
            given[name] = document_from(chosen) if is_document(info) else _typed(chosen, info)
        if words:
            given[name] = document_with(name, given.get(name, info.default), words)
    return given


def _typed(value: Any, info: FieldInfo) -> Any:
    return None if _may_be_none(info) and value == _NONE else value


def _order(job: type[Document]) -> list[str]:
    """Return the names of all fields: first the required, then the job's own, then the shared."""
    fields, own = job.model_fields, job.__annotations__
    return sorted(fields, key=lambda name: (not fields[name].is_required(), name not in own))


def _parameters(job: type[Document], look: Look) -> Iterator[inspect.Parameter]:
    titles = {name: title for title, names in look.groups.items() for name in names}
    groups = {title: Group(title, sort_key=i + 1) for i, title in enumerate(look.groups)}
    for name in _order(job):
        info = job.model_fields[name]
        group = groups[titles[name]] if name in titles else None
        yield _parameter(name, info, look, group)
        if is_document(info) and info.default is not None:
            yield _settings_of(name, group)
    if look.from_file:
        yield _job_file()


def _parameter(name: str, info: FieldInfo, look: Look, group: Group | None) -> inspect.Parameter:
    is_list = get_origin(info.annotation) is tuple
    help_text = Parameter(
        help=info.description,
        negative=None if info.default is True else (),
        consume_multiple=is_list,
        show_default=_is_shown(info),
        **_in(group),
    )
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(
        name,
        kind if name in look.positional else inspect.Parameter.KEYWORD_ONLY,
        default=_default(info, look),
        annotation=Annotated[_type_of(info), help_text],
    )


def _settings_of(name: str, group: Group | None) -> inspect.Parameter:
    """Option for the settings of a document."""
    options = Parameter(
        help=settings_help(name),
        negative=(),
        consume_multiple=True,
        show_default=False,
        **_in(group),
    )
    return inspect.Parameter(
        name + _SET,
        inspect.Parameter.KEYWORD_ONLY,
        default=(),
        annotation=Annotated[tuple[str, ...], options],
    )


def _in(group: Group | None) -> dict[str, Any]:
    return {} if group is None else {"group": group}


def _job_file() -> inspect.Parameter:
    told = "JSON file with a job, such as the job.json of a run; options go before what it says."
    return inspect.Parameter(
        _JOB,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[Path | None, Parameter(help=told)],
    )


def _default(info: FieldInfo, look: Look) -> Any:
    if info.is_required():
        return () if look.from_file else inspect.Parameter.empty
    is_shown_by_name = is_document(info) and isinstance(info.default, dict)
    return info.default["name"] if is_shown_by_name else info.default


def _type_of(info: FieldInfo) -> Any:
    if is_document(info):
        return str if info.default is not None else str | None
    plain = _plain(info.annotation)
    return plain | Literal["none"] if _may_be_none(info) else plain


def _may_be_none(info: FieldInfo) -> bool:
    """Whether a field that has a value by default can be without one."""
    return info.default is not None and type(None) in get_args(info.annotation)


def _plain(hint: Any) -> Any:
    """Type without the limits of the parts of a tuple, which the job checks and explains."""
    if get_origin(hint) is tuple:
        return tuple[tuple(_plain(part) for part in get_args(hint))]  # type: ignore[misc]
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_shown(info: FieldInfo) -> bool:
    return not info.is_required() and info.default not in (None, (), "")
