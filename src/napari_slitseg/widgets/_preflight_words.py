"""Findings before a training, as rich text. Knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from napari_slitseg.pipelines.preflight_finding import Finding, Status
from napari_slitseg.widgets._finetune_words import with_labels
from napari_slitseg.widgets._style import BLUISH_GREEN, ORANGE, VERMILLION

_LOOKS: Final[Mapping[Status, tuple[str, str, str]]] = MappingProxyType(
    {
        "fail": ("✖", "Must be changed", VERMILLION),
        "warn": ("⚠", "Look at this", ORANGE),
        "ok": ("✔", "Fine", BLUISH_GREEN),
    }
)
_ORDER: Final = tuple(_LOOKS)


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings, the red ones first, then the amber ones."""
    return sorted(findings, key=lambda each: _ORDER.index(each.status))


def is_red(findings: Sequence[Finding]) -> bool:
    """Whether something must be changed before a training can begin."""
    return any(each.status == "fail" for each in findings)


def rich_finding(finding: Finding) -> str:
    """Return a finding as a paragraph: sign, word, what was found, what to do."""
    sign, word, colour = _LOOKS[finding.status]
    told = "" if finding.status == "ok" else f" <i>{word}.</i>"
    cure = f"<br>→ {_plain(finding.cure)}" if finding.cure else ""
    return (
        f'<span style="color:{colour}">{sign}</span> <b>{_plain(finding.title)}.</b>{told} '
        f"{_plain(finding.text)}{cure}"
    )


def summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each kind, in words with signs."""
    counts = [(status, sum(f.status == status for f in findings)) for status in _ORDER]
    nouns = {"fail": "must be changed", "warn": "to look at", "ok": "fine"}
    return ", ".join(
        f"{_LOOKS[status][0]} {number} {nouns[status]}" for status, number in counts if number
    )


def _plain(text: str) -> str:
    return with_labels(escape(text, quote=False))
