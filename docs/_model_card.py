"""The text of the card of the bundled models, from their weights and their scores."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from _loss_markdown import table
from PIL import Image

from napari_slitseg.core.bundled import DEFAULT_MODEL, bundled_models
from napari_slitseg.core.checkpoint import CheckpointInfo, read_checkpoint_info
from napari_slitseg.core.models import build_model

NOT_RECORDED: Final = "not recorded"

INTRO: Final = """\
**Research use only.** This is no medical device. It finds slits for a person to review; nobody
should diagnose, or treat, by what it says."""

USE: Final = """\
* **For**: transmission electron micrographs of the glomerular filtration barrier, 3 to 20 nm per
  pixel; proposals that a person reviews; a start for fine-tuning on images of your own.
* **Not for**: diagnosis; figures of a study that nobody has checked against a person's annotation
  of some images of that study; scanning electron or light microscopy; other tissues."""

LIMITS: Final = """\
* Real micrographs that it was judged on are few (those listed above), of two laboratories. The
  interval over so few images is wide, and what a third laboratory's images do is not known.
* Their annotations were made by eye, by people who are no pathologists. Faint slits that nobody
  marked count as false, so a precision of 1 cannot be reached.
* Figures on images that it learned from say little. Those of models that were trained without the
  image that judges them say more, but the recipe was chosen with all of these images in sight.
* Simulated scenes show what their authors knew to draw. A high score there says that the network
  learned them, not that it knows micrographs."""

SOURCES: Final = {
    "good": "najafian-lab/fpw-dl-v1",
    "good2": "najafian-lab/fpw-dl-v1",
    "okay": "najafian-lab/fpw-dl-v1",
    "bad": "najafian-lab/fpw-dl-v1",
    "snider_A1_0024": "danielsnider/TEM-glomerular-basement-segmentation",
}
LICENCES: Final = {
    "najafian-lab/fpw-dl-v1": "MIT, © 2020 Najafian Lab",
    "danielsnider/TEM-glomerular-basement-segmentation": "MIT, © 2020 Daniel Snider",
}
WORDS: Final = {"simulated_scenes": "simulated scenes", "real_images": "real micrographs"}


def page(results: Path, gallery: Path) -> str:
    """Return the whole page."""
    names = sorted(bundled_models(), key=lambda name: name != DEFAULT_MODEL)
    title = "# The bundled model" + ("s" if len(names) > 1 else "")
    lines = [title, "", INTRO, "", "## Intended use", "", USE, ""]
    for name in names:
        lines += _model(name, results, gallery)
    lines += ["## Limits", "", LIMITS, ""]
    return "\n".join(lines).rstrip() + "\n"


def _model(name: str, results: Path, gallery: Path) -> list[str]:
    file = bundled_models()[name]
    info = read_checkpoint_info(file)
    about = info.card.get("about", f"What it is in words: {NOT_RECORDED}.")
    usual = " (the default)" if name == DEFAULT_MODEL else ""
    lines = [f"## {name}{usual}", "", about, "", *_facts(info, file), ""]
    lines += ["### What it learned from", "", *_data(info), ""]
    lines += ["### How it was trained", "", *_training(info), ""]
    lines += ["### Goals", "", *_goals(info, results / f"{name}_goals.json"), ""]
    left_out = results / f"{name}_leave_one_out.csv"
    lines += ["### Real images left out, one at a time", "", *_left_out(left_out), ""]
    lines += ["### Scores in the file itself", "", *_scores(info), ""]
    return [*lines, "### What it gets wrong", "", *_failures(info, gallery), ""]


def _facts(info: CheckpointInfo, file: Path) -> list[str]:
    with torch.device("meta"):
        parameters = sum(each.numel() for each in build_model(info.spec).parameters())
    settings = {key: value for key, value in info.spec.to_dict().items() if key != "name"}
    rows = {
        "network": f"`{info.spec.name}`: " + ", ".join(f"{k} {v}" for k, v in settings.items()),
        "parameters": f"{parameters:,}",
        "file": f"`{file.name}`, {file.stat().st_size / 1e6:.1f} MB",
        "pixel size": f"{info.pixel_size_nm:g} nm; other images are resampled to it",
        "sides it sees an image from": str(getattr(info, "views", 1)),
        "threshold": f"{info.threshold:g}",
        "smallest distance of two slits": f"{info.min_distance_nm:g} nm",
        "weights, SHA-256": f"`{info.sha256[:16]}`...",
    }
    return table(["", ""], rows.items())


def _data(info: CheckpointInfo) -> list[str]:
    real = [str(each) for each in info.job.get("real_images", ())]
    unseen = [name for name in SOURCES if name not in real]
    rows = [[f"`{name}`", _source(name), "learned from"] for name in real]
    rows += [[f"`{name}`", _source(name), "never seen in training"] for name in unseen]
    scenes = f"learned from: {_scenes(info.job)}"
    rows.append(["simulated scenes", "`slitseg simulate`, this project", scenes])
    lines = table(["images", "source and licence", "use"], rows)
    return [*lines, "", "The licences are in [NOTICE.md](../NOTICE.md)."]


def _scenes(job: Mapping[str, Any]) -> str:
    looks = [f"{job[look]} {look}" for look in ("plain", "tissue") if look in job]
    return _text(job.get("simulated_scenes", ", ".join(looks) or None))


def _source(name: str) -> str:
    source = SOURCES.get(name, "")
    return f"{source} ({LICENCES[source]})" if source else NOT_RECORDED


def _training(info: CheckpointInfo) -> list[str]:
    lines, job = _training_run(info.job), info.job.get("started_from")
    while job:
        lines += ["", "It went on from weights that were made in this way:", ""]
        lines += _training_run(job)
        job = job.get("started_from")
    return lines


def _training_run(job: Mapping[str, Any]) -> list[str]:
    rows = [["hours", _hours(job)], ["seed", _text(job.get("seed"))]]
    skipped = {"seed", "real_images", "hours", "seconds", "start", "started_from"}
    rows += [[_spaced(key), _text(value)] for key, value in job.items() if key not in skipped]
    return table(["", ""], rows)


def _hours(job: Mapping[str, Any]) -> str:
    if "hours" in job:
        return f"{float(job['hours']):.1f}"
    return f"{float(job['seconds']) / 3600:.1f}" if "seconds" in job else NOT_RECORDED


def _goals(info: CheckpointInfo, file: Path) -> list[str]:
    """Return the table of goals, if they were judged with these very weights."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if known.get("sha256") != info.sha256:
        return [f"Judged by `python benchmarks/model.py {info.name}`: {NOT_RECORDED}."]
    rows = [
        [each["name"], each["figure"], each["goal"], _verdict(each)] for each in known["figures"]
    ]
    lines = ["`python benchmarks/model.py`, " + f"{known['date']}, {known['hardware']}:", ""]
    lines += table(["figure", "", "goal", ""], rows)
    real = {key: row for key, row in known.get("real", {}).items() if "learned_from" in row}
    return [*lines, "", *_each_image(real)] if real else lines


def _each_image(real: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the table of real images one by one."""
    columns = ["real image", "learned from", "annotated", "found", "precision", "recall", "F1"]
    columns += ["Chamfer distance, nm", "membrane line off by, nm", "membrane found"]
    return table(columns, [_image_row(name, row) for name, row in real.items()])


def _image_row(name: str, row: Mapping[str, Any]) -> list[str]:
    fractions = [_number(row[key], ".3f") for key in ("precision", "recall", "f1")]
    line = row.get("membrane", {})
    return [
        *(f"`{name}`", "yes" if row["learned_from"] else "no"),
        *(str(row["n_annotated"]), str(row["n_predicted"]), *fractions),
        _number(row["chamfer_nm"], ".0f"),
        _number(line.get("error_nm"), ".1f"),
        _number(line.get("found_share"), ".0%"),
    ]


def _number(value: float | None, form: str) -> str:
    return "none" if value is None else format(value, form)


def _verdict(figure: Mapping[str, Any]) -> str:
    if not figure["goal"]:
        return ""
    return "met" if figure["met"] else "**missed**"


def _left_out(file: Path) -> list[str]:
    if not file.is_file():
        return [f"Models that were each trained without one image: {NOT_RECORDED}."]
    with file.open(newline="", encoding="utf-8") as rows:
        columns, *body = csv.reader(rows)
    said = (
        "Models from a shorter training (1,000 of 3,200 steps with real images), each without the "
        "image that judges it, at a threshold chosen without it; 50 nm:"
    )
    return [said, "", *table([_spaced(each) for each in columns], body)]


def _scores(info: CheckpointInfo) -> list[str]:
    scores = info.card.get("scores", {})
    sets = {key: value for key, value in scores.items() if isinstance(value, Mapping)}
    sets.pop("real_left_out", None)
    if not sets:
        return [f"Scores: {NOT_RECORDED}."]
    said = f"At a threshold of {scores.get('threshold', info.threshold)}, {_tolerance(scores)}:"
    columns = ["set", "images", "slits", "found", "precision", "recall", "F1", "95 % interval"]
    keys = ("images", "slits", "detections", "precision", "recall", "f1")
    rows = [
        [_spaced(name), *(_text(row.get(key)) for key in keys), _interval(row)]
        for name, row in sets.items()
    ]
    return [said, "", *table(columns, rows)]


def _tolerance(scores: Mapping[str, Any]) -> str:
    return f"matched one to one within {scores.get('tolerance_nm', 50):g} nm, pooled over images"


def _interval(row: Mapping[str, Any]) -> str:
    limits = row.get("f1_interval")
    if limits is None:
        return NOT_RECORDED if "f1_interval" not in row else "too few images"
    return f"{limits[0]:.3f} to {limits[1]:.3f}"


def _failures(info: CheckpointInfo, gallery: Path) -> list[str]:
    limits = info.card.get("limits")
    told = [str(limits)] if limits else []
    if drawn_by(gallery) != info.sha256:
        return [*told, f"Pictures of what it gets wrong: {NOT_RECORDED}."]
    said = "Crops of simulated scenes with what the model gets wrong"
    return [*told, f"![{said}]({gallery.name})"]


def drawn_by(gallery: Path) -> str:
    """Return the SHA-256 of the weights that a picture of failures shows; "" without one."""
    if not gallery.is_file():
        return ""
    with Image.open(gallery) as picture:
        return str(picture.info.get("Description", ""))


def _spaced(name: str) -> str:
    return WORDS.get(name, name.replace("_", " "))


def _text(value: Any) -> str:
    if value is None:
        return NOT_RECORDED
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
