"""The text of the page of models, from their specs."""

from __future__ import annotations

from _loss_markdown import link, settings_table, table

from napari_slitseg.core.models import MODELS, ModelSpec

INTRO = """\
A model turns a micrograph into two maps: the probability of the membrane and that of slits. All
take images of any size, can be made wider or narrower, and know three kinds of normalisation.
`slitseg models` lists them on the command line, `slitseg models NAME` explains one."""

ADVICE = """\
Start from the weights that come with the program: a U-Net on blocks of 2 x 2 pixels (`unet`, width
0.25, `block_px` 2), which is quick on a laptop and best on images that it never saw; before it came
a ForkNet of a quarter of the published width. ForkNet was made for this task. The others are there
to compare with, and for what the column on the right says."""

SHARED = """\
* **Width** multiplies every number of channels. Time and memory grow with it, the number of
  parameters with its square.
* **Normalisation**: `batch` is usual. Its running means and variances, which prediction uses, move
  by 1 % a training step, as in Keras: to 63 % of the way in 100 steps, 95 % in 300. Shorter
  trainings predict with statistics that lag behind. `group` is for training with one image at a
  time; its statistics span what the network sees at once, so that large images, which are worked
  on in tiles, differ slightly where tiles meet. `none` is what the oldest papers have.
* **Sizes.** Images are padded at the right and the bottom, by repeating their last pixels, to a
  multiple of the model's coarsest grid, and the maps cut back.
* **Tiles** overlap by how far the model sees, so that a large image gives the same as in one piece.
* **Weights** start as Glorot uniform, drawn from torch's generator: a seed decides them."""

CODE = """\
```python
import torch

from napari_slitseg.core.models import build_model, model_spec

spec = model_spec("forknet", width=0.25, cross_link=False)
logits = build_model(spec)(torch.zeros(1, 1, 100, 120))
print(logits.membrane.shape, logits.slit.shape)  # both (1, 1, 100, 120)
```"""


def page() -> str:
    """Return the whole page."""
    lines = ["# Models", "", INTRO, "", "## Which one", "", ADVICE, "", *_overview(), ""]
    lines += ["## What all share", "", SHARED, "", CODE, ""]
    for name, spec in MODELS.items():
        lines += _section(name, spec)
    return "\n".join(lines).rstrip() + "\n"


def _overview() -> list[str]:
    rows = [
        [
            link(spec.about.title, bold=spec.about.recommended),
            f"`{name}`",
            f"{spec.about.parameters:,}",
            spec.about.use_when,
        ]
        for name, spec in MODELS.items()
    ]
    return table(["model", "name", "parameters", "use when"], rows)


def _section(name: str, spec: type[ModelSpec]) -> list[str]:
    about = spec.about
    facts = f"`{name}` · {about.parameters:,} parameters by default"
    lines = [f"## {about.title}", "", facts + (" · recommended" if about.recommended else ""), ""]
    lines += [about.idea, "", "```text", about.diagram, "```", ""]
    lines += [f"**Use when:** {about.use_when}", "", f"Source: {about.source}", ""]
    if about.departures:
        lines += [f"**Where it departs from the source:** {about.departures}", ""]
    return [*lines, *settings_table(spec), ""]
