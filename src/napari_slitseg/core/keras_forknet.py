"""Which layer of the published Keras ForkNet is which of ours.

Source: najafian-lab/fpw-dl-v1, ``model/model.json`` (MIT).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _blocks(*names: str) -> tuple[str, ...]:
    layers = ("residual", "conv1.conv", "conv2.conv")
    return tuple(f"{name}.{layer}" for name in names for layer in layers)


def _deep(branch: str) -> tuple[str, ...]:
    return _blocks(f"{branch}.level4", f"{branch}.level5", f"{branch}.up4")


def _fine(branch: str, layer: str) -> tuple[str, ...]:
    return tuple(f"{branch}.up{level}{layer}" for level in (3, 2, 1))


NUMBERED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "conv2d": (
            *("stem.1.conv", "stem.2.conv", "stem.4.conv"),
            *_blocks("level2", "level3"),
            *(*_deep("membrane"), "membrane.join.conv", *_blocks(*_fine("membrane", ""))),
            *(*_deep("slit"), "slit.join.conv", "bridge", *_blocks(*_fine("slit", ""))),
        ),
        "conv2d_transpose": tuple(
            f"{branch}.up{level}.up" for branch in ("membrane", "slit") for level in (4, 3, 2, 1)
        ),
        "batch_normalization": (
            *("stem.0", "stem.3", "norm2", "norm3", "norm4"),
            *("membrane.norm5", "membrane.up4.norm", *_fine("membrane", ".norm")),
            *("slit_norm4", "slit.norm5", "slit.up4.norm"),
            *("bridge_norm", "slit_norm_joined", *_fine("slit", ".norm")),
        ),
    }
)
"""Modules of our ForkNet for each kind of layer that Keras numbers, in the order of the numbers.

Keras numbers layers in the order in which they were made, counting on from model to model within
one session; so the first need not have the number 0.
"""

NAMED: Final[Mapping[str, str]] = MappingProxyType({"1": "membrane.head", "2": "slit.head"})
"""Modules of our ForkNet for layers with a name of their own: the two outputs."""
