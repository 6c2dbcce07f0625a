"""The text of the page of losses, from the specs of losses, schedules and curricula."""

from __future__ import annotations

from collections.abc import Mapping

from _loss_combining import combining_section
from _loss_markdown import (
    anchor,
    folded,
    formula,
    link,
    presets_table,
    settings_table,
    table,
)
from _loss_results import Results, erasure_section, measured_words, pull_section
from _loss_words import (
    ADVICE,
    CONTENTS,
    FAMILIES,
    INTRO,
    NOTATION,
    PLOTS,
    SCHEDULES_INTRO,
    SCHEDULES_WHERE,
    WHERE,
)

from napari_slitseg.core.losses import LOSSES, LossSpec
from napari_slitseg.core.schedules import DEFAULT_SCHEDULE, SCHEDULES, ScheduleSpec

COMPARES = {"mask": "mask", "points": "points", "target": "mask or points"}
Members = Mapping[str, type[LossSpec]]


def page(results: Results) -> str:
    """Return the whole page.

    Parameters
    ----------
    results : Results
        Of the erasure test and the range of the pull.
    """
    lines = ["# Losses and schedules", "", INTRO, "", *_contents(), ""]
    lines += ["## Where to start", "", ADVICE, "", *_recommended(), ""]
    lines += ["## All losses", "", *_overview(), ""]
    lines += ["## Formulas and plots", "", NOTATION, "", PLOTS, ""]
    for family, members in families().items():
        lines += _family(family, members, results)
    lines += _schedules() + combining_section() + erasure_section(results) + pull_section(results)
    return "\n".join(lines).rstrip() + "\n"


def families() -> dict[str, dict[str, type[LossSpec]]]:
    """Return the losses of each family, in the order of menus."""
    found: dict[str, dict[str, type[LossSpec]]] = {}
    for name, spec in LOSSES.items():
        found.setdefault(spec.about.family, {})[name] = spec
    return found


def _contents() -> list[str]:
    headings = list(CONTENTS)
    headings[3:3] = [FAMILIES[family][0] for family in families()]
    return [f"* {link(heading)}" for heading in headings]


def _recommended() -> list[str]:
    chosen = [spec.about for spec in LOSSES.values() if spec.about.recommended]
    return table(["recommended", "use when"], [[link(a.title), a.use_when] for a in chosen])


def _overview() -> list[str]:
    rows = [
        [
            link(spec.about.title, bold=spec.about.recommended),
            f"`{name}`",
            f"[{spec.about.family}](#{anchor(FAMILIES[spec.about.family][0])})",
            COMPARES[spec.about.compares_with],
            spec.about.erasure,
            spec.about.use_when,
        ]
        for name, spec in sorted(LOSSES.items(), key=lambda each: not each[1].about.recommended)
    ]
    return table(["loss", "name", "family", "compares with", "erasure", "use when"], rows)


def _family(family: str, members: Members, results: Results) -> list[str]:
    title, text = FAMILIES[family]
    picture = f"![Loss by distance of one dot: {family}](losses/{family}.png)"
    lines = [f"## {title}", "", text, "", picture, ""]
    for name, spec in members.items():
        lines += _loss(name, spec, results)
    return lines


def _loss(name: str, spec: type[LossSpec], results: Results) -> list[str]:
    about = spec.about
    facts = f"`{name}` · compares with {COMPARES[about.compares_with]} · erasure: {about.erasure}"
    facts += " · needs pretraining" if about.needs_pretraining else ""
    lines = [f"### {about.title}", "", facts + (" · recommended" if about.recommended else ""), ""]
    lines += [*formula(about.formula), ""]
    lines += [WHERE[name], ""] if name in WHERE else []
    lines += [f"**Use when:** {about.use_when}", "", *measured_words(name, results)]
    lines += [f"Source: {about.source}", ""]
    settings = settings_table(spec)
    if spec.presets:
        settings += ["", *presets_table(spec.presets)]
    return [*lines, *folded("Settings" + (" and presets" if spec.presets else ""), settings), ""]


def _schedules() -> list[str]:
    picture = "![Learning rate in the course of a training, one panel for each schedule]"
    lines = ["## Schedules of the learning rate", "", SCHEDULES_INTRO, ""]
    lines += [f"{picture}(losses/schedules.png)", ""]
    for name, spec in SCHEDULES.items():
        lines += _schedule(name, spec)
    return lines


def _schedule(name: str, spec: type[ScheduleSpec]) -> list[str]:
    about = spec.about
    default = " · default" if name == DEFAULT_SCHEDULE else ""
    lines = [f"### {about.title}", "", f"`{name}`{default}", "", *formula(about.formula), ""]
    lines += [SCHEDULES_WHERE[name], ""] if name in SCHEDULES_WHERE else []
    lines += [f"**Use when:** {about.use_when}", "", f"Source: {about.source}", ""]
    return [*lines, *folded("Settings", settings_table(spec)), ""]
