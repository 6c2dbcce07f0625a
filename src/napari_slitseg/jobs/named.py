"""Documents with a name and settings, as fields of jobs take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from napari_slitseg.jobs.base import SAYS_ALL


def with_preset(document: Any) -> Any:
    """Turn ``{"name": "sum:dice_and_one_to_one"}`` into the sum with those values."""
    from napari_slitseg.core.losses import loss_from_dict

    if not isinstance(document, Mapping):
        return document
    name, _, preset = str(document.get("name", "")).partition(":")
    if not preset:
        return document
    changes = {key: value for key, value in document.items() if key != "name"}
    kind = type(loss_from_dict({"name": name}))
    return kind.preset(preset).to_dict() | changes


def checked(value: object, build: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the document that `build` makes of a name or a document, with all its values."""
    document: Any = {"name": value} if isinstance(value, str) else value
    try:
        whole: dict[str, Any] = build(document).to_dict()
    except (ValueError, TypeError, AttributeError) as error:
        raise refusal(str(error)) from error
    return whole


def refusal(text: str) -> PydanticCustomError:
    """Return an error whose text says all there is to say."""
    return PydanticCustomError(SAYS_ALL, "{text}", {"text": text})
