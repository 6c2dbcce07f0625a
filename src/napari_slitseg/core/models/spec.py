"""What it takes to build a model: small documents, readable without torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast

from napari_slitseg.core.spec import Spec, setting

Norm = Literal["batch", "group", "none"]

_BYTES_PER_PX_OF_IMAGES = 100

_NORM_TEXT = (
    "Normalisation between layers: batch (usual), group (for batches of one; its statistics span "
    "the whole input, so tiles of one image differ slightly where they meet) or none (as U-Net and "
    "FCN were published)."
)


@dataclass(frozen=True, kw_only=True)
class About:
    """A model in words, for menus, the command line and the documentation.

    Attributes
    ----------
    title : str
        Name in menus.
    idea : str
        How it is made, in one or two sentences.
    use_when : str
        One sentence.
    source : str
        Paper, program or study it comes from.
    parameters : int
        Trainable parameters of the default settings.
    recommended : bool
        Whether menus show it first.
    diagram : str
        The network in lines of plain text, for the documentation.
    departures : str
        Where it is not what the source describes, and why.
    """

    title: str
    idea: str
    use_when: str
    source: str
    parameters: int
    recommended: bool = False
    diagram: str = ""
    departures: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Spec):
    """Base of the specs of models.

    A subclass has a literal field ``name``, its own settings, and these class attributes.

    Attributes
    ----------
    model : str
        ``"module:class"`` in `napari_slitseg.core.models`.
    about : About
        The model in words.
    bytes_per_px_at_width_1 : int
        What `bytes_per_px` comes from.

    Parameters
    ----------
    width : float
        Multiplies every number of channels, in (0, 4].
    norm : str
        ``"batch"``, ``"group"`` or ``"none"``.

    Raises
    ------
    ValueError
        For a value outside its range.
    """

    model: ClassVar[str]
    about: ClassVar[About]
    bytes_per_px_at_width_1: ClassVar[int] = 2000

    name: str = ""
    width: float = setting(
        1.0, "Multiplies every number of channels; 1 is the published size.", gt=0, le=4
    )
    norm: Norm = setting("batch", _NORM_TEXT)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a model needs a name: take the spec of one of MODELS")
        super().__post_init__()

    def channels(self, base: int) -> int:
        """Return the number of channels of a layer that has `base` of them at width 1."""
        return max(1, math.floor(base * self.width + 0.5))

    @property
    def bytes_per_px(self) -> int:
        """Memory for one pixel of an image while predicting in float32, without the weights."""
        return round(_BYTES_PER_PX_OF_IMAGES + self.bytes_per_px_at_width_1 * self.width)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a spec from plain values; of the base, the spec that has their name.

        Raises
        ------
        ValueError
            If there is no such model, or it has no such setting, or not that value.
        """
        if cls is not ModelSpec:
            return super().from_dict(values)
        from napari_slitseg.core.models import model_from_dict

        return cast("Self", model_from_dict(values))
