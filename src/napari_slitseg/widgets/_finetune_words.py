"""What the settings of a fine-tuning are called in the dock. Knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.widgets._spec_words import capital, in_words

_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ema": "Mean of weights",
        "clip_norm": "Longest gradient",
        "page": "Page, from 0",
        "track_losses": "Also note",
        "batch_norm": "Batch statistics",
        "runs": "Folder of runs",
    }
)


def label_of(name: str) -> str:
    """Return what the form calls a setting, without its unit."""
    return _LABELS.get(name) or capital(in_words(re.sub("_(nm|px)$", "", name)))


def with_labels(text: str) -> str:
    """Return a text with the names of options as the form writes them."""
    return re.sub(r"--([a-z][a-z-]+)", _label, text)


def _label(option: re.Match[str]) -> str:
    name = option[1].replace("-", "_")
    return f"“{label_of(name)}”" if name in FinetuneJob.model_fields else option[0]
