"""What every loss tells about itself. No torch here: menus and help texts read these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, cast

from napari_slitseg.core.nearest import choices
from napari_slitseg.core.spec import Spec

Family = Literal["distribution", "overlap", "compound", "distance", "heatmap", "study"]
ComparesWith = Literal["mask", "points", "target"]
Erasure = Literal["safe", "erases", "inexact", "no gradient"]
ERASURES: Mapping[str, str] = MappingProxyType(
    {
        "safe": "ends with the right points from all seven hard starts, drawn three times",
        "erases": "removes points that were right",
        "inexact": "erases no points, but does not end right from all starts",
        "no gradient": "cannot train, only measure",
    }
)
"""What becomes of points when a loss is minimised alone, in words."""
Presets = Mapping[str, Mapping[str, Any]]
NO_PRESETS: Presets = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class About:
    """A loss in words, for menus and the documentation.

    Attributes
    ----------
    title : str
        Name in menus.
    family : str
        Which part of the menu.
    formula : str
        LaTeX, without dollar signs.
    use_when : str
        One sentence.
    source : str
        Paper or study the formula comes from.
    compares_with : str
        ``"mask"`` (B, C, H, W), ``"points"`` (one (N, 2) tensor an image) or the whole
        ``"target"``.
    erasure : str
        What the erasure test shows (``docs/losses.md``): ``"safe"`` ends with the right points
        from every start; ``"erases"`` removes right points; ``"inexact"`` neither;
        ``"no gradient"`` cannot train.
    needs_pretraining : bool
        Whether it ends wrong from an untrained map: start from a model that already finds dots.
    recommended : bool
        Whether menus show it first.
    """

    title: str
    family: Family
    formula: str
    use_when: str
    source: str
    compares_with: ComparesWith
    erasure: Erasure
    needs_pretraining: bool = False
    recommended: bool = False


@dataclass(frozen=True, kw_only=True)
class LossSpec(Spec):
    """Base of the specs of losses.

    A subclass has a literal field ``name``, one field for each keyword of its function with the
    same default, and these class attributes.

    Attributes
    ----------
    function : str
        ``"module:function"`` in `napari_slitseg.core.losses`.
    about : About
        The loss in words.
    presets : mapping
        Named sets of values, such as the conventions of one publication.
    """

    function: ClassVar[str]
    about: ClassVar[About]
    presets: ClassVar[Presets] = NO_PRESETS

    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a loss needs a name: take the spec of one of LOSSES")
        super().__post_init__()

    def __init_subclass__(cls) -> None:
        """Make the presets read-only."""
        super().__init_subclass__()
        frozen = {name: MappingProxyType(dict(values)) for name, values in cls.presets.items()}
        cls.presets = MappingProxyType(frozen)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a spec from plain values; of the base, the spec that has their name.

        Raises
        ------
        ValueError
            If there is no such loss, or it has no such setting, or not that value.
        """
        if cls is not LossSpec:
            return super().from_dict(values)
        from napari_slitseg.core.losses import loss_from_dict

        return cast("Self", loss_from_dict(values))

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Self:
        """Return the spec with the values of a preset, changed where asked.

        Raises
        ------
        ValueError
            If there is no preset of that name.
        """
        if name not in cls.presets:
            meant = choices(name, cls.presets or ("none",), they="it has")
            raise ValueError(f"{cls.__name__} has no preset {name!r}; {meant}")
        return cls(**{**cls.presets[name], **changes})
