"""Command line options from the fields of a job."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_args, get_origin

from cyclopts import Parameter
from pydantic.fields import FieldInfo

from napari_slitseg.jobs import Document

_Job = TypeVar("_Job", bound=Document)


def options_of(
    job: type[_Job], *, positional: tuple[str, ...] = ()
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command one option for each field of a job, with the field's description as help.

    The decorated function takes the job first, and keyword-only options of its own.

    Parameters
    ----------
    job : type of Document
        Which job. A `pydantic.ValidationError` is raised when a value is out of range.
    positional : tuple of str
        Fields that may be given without their name.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        parameters = [_parameter(name, job.model_fields[name], positional) for name in _order(job)]

        signature = inspect.Signature(sorted([*parameters, *own], key=lambda each: each.kind))

        def run(*args: Any, **kwargs: Any) -> int:
            values = signature.bind(*args, **kwargs).arguments
            fields = {name: values.pop(name) for name in job.model_fields if name in values}
            return command(job(**fields), **values)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        vars(run)["__signature__"] = signature
        return run

    return decorate


def _order(job: type[Document]) -> list[str]:
    """Return the names of all fields: first the required, then the job's own, then the shared."""
    fields, own = job.model_fields, job.__annotations__
    return sorted(fields, key=lambda name: (not fields[name].is_required(), name not in own))


def _parameter(name: str, field: FieldInfo, positional: tuple[str, ...]) -> inspect.Parameter:
    is_list = get_origin(field.annotation) is tuple
    help_text = Parameter(
        help=field.description, negative=(), consume_multiple=is_list, show_default=_is_shown(field)
    )
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(
        name,
        kind if name in positional else inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if field.is_required() else field.default,
        annotation=Annotated[_plain(field.annotation), help_text],
    )


def _plain(hint: Any) -> Any:
    """Type without the limits of the parts of a tuple, which the job checks and explains."""
    if get_origin(hint) is tuple:
        return tuple[tuple(_plain(part) for part in get_args(hint))]  # type: ignore[misc]
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_shown(field: FieldInfo) -> bool:
    return not field.is_required() and field.default is not None
