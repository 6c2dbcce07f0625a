"""What the page of losses says that no spec does."""

# Greek letters and signs of formulas are meant.
# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CONTENTS: Final = (
    "Where to start",
    "All losses",
    "Formulas and plots",
    "Schedules of the learning rate",
    "Combining losses",
    "What erases, and what does not",
    "Range of the pull",
)

INTRO: Final = """\
A *loss* is the number that training makes small. It decides which mistakes a network learns to
avoid: missed slits, invented ones, slits in the wrong place. This page helps to choose one. It is
made from the losses themselves, by `python docs/make_losses.py`; `slitseg losses NAME` tells the
same in a terminal.

**What a loss sees.** The network gives each pixel a probability of lying on a slit. The annotation
is one point for each slit. A loss compares the two in one of two ways:

* with a **mask**: a dot is drawn at each annotated point (radius 1.9 px by default), and
  probabilities are compared with the dots pixel by pixel, or area by area. Such losses suit
  membranes and other areas as well.
* with the **points** themselves: their number and their places, to fractions of a pixel. For
  slits only.

**What erasing means.** A network can make some losses small by finding nothing at all: where
nothing is found, nothing is in the wrong place. The distance loss of the 2021 study ("Distance Loss
for Improved Slit Segmentation") had this fault: slits vanished while it trained, and as it had no
gradient, nothing called them back. Every loss here is put to a test that shows whether it erases:

| word | what the [erasure test](#what-erases-and-what-does-not) shows |
| --- | --- |
| safe | From each of seven hard starts, drawn three times, all slits end in the right places. |
| inexact | Not from each, if only because two close slits become one; but right slits stay. |
| erases | It removes slits that were right. Use it only beside another loss. |
| no gradient | It can be watched, not trained with. |

A loss that *needs pretraining* does not end right from the map of an untrained model: give it a
model that finds dots already, or let another loss begin.

The test has no network and no image: it is about the loss alone. A safe loss can still be a poor
choice for an image in which slits are hard to see."""

ADVICE: Final = """\
1. Train with **Dice** first; it is what anything else must beat. When you compare losses,
   give each the same number of steps and the same [schedule](#schedules-of-the-learning-rate).
2. Then go on with Dice *and* one of the recommended losses below, which measure how far slits are
   off, and how many there are. The [curriculum](#curricula) `dice_and_one_to_one` does both in
   turn; the [range of the pull](#range-of-the-pull) tells from how far each loss pulls.
3. Leave the losses of the 2021 study to repeating it: they have no gradient."""

NOTATION: Final = """\
The formulas below share these letters. Sums run over pixels unless they say otherwise; the loss of
several images is the mean of theirs unless a setting changes that.

| letter | meaning |
| --- | --- |
| *z* | raw output of the network at a pixel (logit) |
| *p* | probability at a pixel, 1 / (1 + exp(-*z*)) |
| *g* | what is annotated: 1 in a dot and 0 elsewhere; or, of losses with points, one point |
| *N* | number of pixels |
| *n* | number of annotated points in the image, at least 1 where it divides |
| *d* | distance between a prediction and an annotation, px |
| *A* | area of one full dot, px², so that the sum of *p* / *A* is about the number of slits |
| *k* | one *claim*: a peak of the map, or a place where a missed slit could begin |
| *m*, *c* | probability and position of a claim |
| *u* | probability that belongs to no claim, such as grey haze, counted in dots |"""

PLOTS: Final = """\
The plots show one annotation and one predicted dot that is moved away from it, step by step.
Across: the distance of the dot from its annotation, px; up: the loss. The dashed line is the loss
where nothing is found at all.

* Where the curve rises, the loss sees how far off the dot is. Where it is flat, it does not.
* Where the curve lies above the dashed line, removing the dot would cost less than leaving it
  there. A safe loss then begins a new dot at the annotation; a loss that erases does not.

All have their defaults. The image has 128 × 128 px and a clean background; the dot's probabilities
are above one half up to 2.2 px from its centre. Small waves come from the grid of pixels. What the
loss does to the dot, rather than how large it is, is told by the
[range of the pull](#range-of-the-pull)."""

FAMILIES: Final[Mapping[str, tuple[str, str]]] = {
    "overlap": (
        "Overlap: how much of the areas agrees",
        "They compare the area that is predicted with the area that is annotated, whatever the "
        "size of the image. They do not see how far a dot is from its annotation once the two no "
        "longer touch, but a missed slit always calls for a new dot.",
    ),
    "distribution": (
        "Pixel by pixel",
        "Every pixel is judged on its own. Slits are so few pixels that background decides most "
        "of the value; weights mend that.",
    ),
    "compound": (
        "Sums",
        "One loss mends what another lacks.",
    ),
    "distance": (
        "Distances and numbers of points",
        "They measure in pixels how far slits are from their annotations, count them, or both. "
        "This is what the 2021 study looked for, here with a gradient.",
    ),
    "heatmap": (
        "Heatmaps",
        "They ask for one smooth hill at each slit, highest at its centre. Maps look different "
        "from those of other losses: choose the threshold of detections anew.",
    ),
    "study": (
        "The 2021 study",
        "Its losses with their exact values, to watch and to compare with. All but the last have "
        "no gradient: added to another loss they change the number that is shown and nothing "
        "else.",
    ),
}

WHERE: Final[Mapping[str, str]] = {
    "bce": "*w* is `pos_weight`.",
    "cce": "*c* runs over the classes, *w* is `class_weights`.",
    "focal": "*p* with index *t* is the probability of what is annotated; *α* is `alpha` in slits "
    "and 1 - `alpha` in background, *γ* is `gamma`.",
    "dice": "*s* is `smooth`.",
    "jaccard": "*s* is `smooth`.",
    "tversky": "*tp*, *fp* and *fn* are the areas found rightly, invented and missed; *a* is "
    "`fp_weight`, *b* is `fn_weight`, *s* is `smooth`.",
    "focal_tversky": "*T* is 1 minus the Tversky loss; the power is `exponent`.",
    "lovasz_hinge": "Pixels are sorted by their error *m*, the largest first; *F* is 1 - Jaccard "
    "if just the first *i* of them were wrong.",
    "lovasz_softmax": "Pixels are sorted by their error *e*, the largest first; *F* is "
    "1 - Jaccard if just the first *i* of them were wrong; *K* is the number of classes.",
    "dice_bce": "The weights are `bce_weight` and `dice_weight`.",
    "mse_dice": "*w* is `mse_weight`.",
    "sum": "*w* are the weights of the terms; *f* is 1 if `balance` is `fixed`, else what makes "
    "the gradient as long as that of the first term.",
    "one_to_one": "*pairs* are the annotations, each with the claim that suits it best, *others* "
    "the claims left over; the weights are `position_weight`, `surplus_weight` and "
    "`unclaimed_weight`.",
    "expected_composite": "*E* is the mean over maps that keep each claim with its probability, "
    "*Δ* the difference of the numbers (as a rule relative, times `scale`), *k* here "
    "`over_power` or `under_power`, *w* `unclaimed_weight`.",
    "expected_chamfer": "The first half is the distance from claims to the nearest annotation, "
    "the second from annotations to the nearest claim; *E* is the mean over maps that keep each "
    "claim with its probability, *w* is `unclaimed_weight`.",
    "expected_point": "*P(n)* is the probability that just *n* claims exist, *Δ* the difference "
    "from the annotated number (as a rule relative, times `scale`), *k* here `over_power` or "
    "`under_power`.",
    "peak_chamfer": "*Chamfer* is the mean distance both ways; the weights are `count_weight` and "
    "`unclaimed_weight`.",
    "soft_point": "*s* is `scale`, *A* `area_px`, *k* here `over_power` where there is too "
    "much and `under_power` where there is too little.",
    "distance_weighted": "*D* is the distance to the nearest annotated point, *c* is `cap_px`; "
    "the first sum is the invented area, the second the missed one.",
    "mmd": "*G* blurs by each *s* of `sigmas_px`; *δ* is a single point of mass 1.",
    "energy": "*E* is the energy distance of the points and the probabilities, once raised to "
    "`power` and once as they are; *v* is `linear_weight`, *w* `count_weight`; distances count "
    "with the power `exponent`.",
    "sinkhorn": "*OT* is the cost of carrying one mass to another, *a* the prediction *p* / *A*, "
    "*b* the points, *m* their total masses, *ε* the square of `blur_px`.",
    "weighted_hausdorff": "*M* is a mean over pixels that stays close to the smallest value, of "
    "exponent `power`; a term for the number of points is added, with `count_weight`.",
    "boundary": "*ϕ* is the distance to the outline of the mask, px: above 0 outside, below 0 "
    "inside.",
    "hausdorff_dt": "*D* are the distances to the outlines of the prediction and of the mask.",
    "heatmap_bce": "*g* is the heatmap, *w* `pos_weight`, *t* `weight_above`.",
    "centernet_focal": "*g* is the heatmap, 1 at the pixels nearest to the points.",
    "adaptive_wing": "*g* is the heatmap, *θ* `theta`, *ω* `omega`, *ϵ* `epsilon`; *A* and *C* "
    "join both parts smoothly.",
    "vanilla_distance": "*P* are the detected points, *G* the annotated ones.",
    "point": "*n* with index *P* is the number of detected points, with *G* that of annotated "
    "ones; the powers are `over_power` and `under_power`.",
    "proportional_point": "Letters as in the point loss; *s* is `scale`.",
    "composite": "*α* is `alpha`, *β* is `beta`.",
    "bijective_chamfer": "*π* runs over all ways to pair the points one to one; *β* is `beta`.",
    "stochastic_composite": "*L* is the composite of one draw, *p* its probability, *b* the "
    "`baseline`.",
}

SCHEDULES_INTRO: Final = """\
The learning rate is how far each step of the training goes. A schedule changes it in the course of
the training; times are fractions of the training, so that a schedule fits any number of steps. In
the formulas *s* is the step, from 0, and *T* the number of steps. `slitseg schedules NAME --steps
10000` shows the rates in numbers."""

SCHEDULES_WHERE: Final[Mapping[str, str]] = {
    "cosine": "*r* with index 0 is `rate`, *w* is `warm_up`. Until then the rate rises in a line.",
    "one_cycle": "*h* is `high`, *d* are `start_divisor` and `end_divisor`.",
    "polynomial": "*r* with index 0 is `rate`, *p* is `power`.",
    "step": "*f* is `decay_factor`; the power is the number of `drops` *d* that are over.",
    "triangular": "*r* are `low` and `high`, *k* is `periods`.",
    "triangular2": "*Λ* is the triangle wave of the triangular schedule, *k* is `periods`.",
    "exp_range": "*Λ* is the triangle wave of the triangular schedule, *k* is `periods`, *a* "
    "`final_amplitude`.",
    "constant": "*r* with index 0 is `rate`.",
    "plateau": "*f* is `decay_factor`, *P* `patience`, *δ* `min_improvement`, *L* the loss.",
}

SUM_TEXT: Final = """\
A [weighted sum](#weighted-sum) adds losses. With `balance` `fixed`, the weights multiply the losses
as they are; as losses differ in size by factors of thousands, weights must then be found by trial.
With `grad_ema` they multiply losses whose pulls were made equally strong first, so that a weight of
0.5 means half as much as the first term. Each term may have a `ramp`, which lets its weight grow or
fall during the training. A term of weight 0 is shown and not trained with.

```python
from napari_slitseg.core.losses import build_loss, loss_from_dict
from napari_slitseg.core.losses.spec_combine import WeightedSum

spec = WeightedSum.preset("dice_and_one_to_one")
same = loss_from_dict(spec.to_dict())  # what a JSON file holds
loss = build_loss(same)  # loss(logits, target) -> one number with a gradient
```

Presets of the sum:"""

HEADS_TEXT: Final = """\
The model has one head for the membrane and one for the slits, and each has a loss of its own. The
membrane needs a loss that compares with a mask. Where no membranes are annotated, give its head the
weight 0."""

POINTS_TEXT: Final = """\
A model that gives points instead of a slit map (`points`) has no map for the losses above. Its
slits are trained with `set_prediction`, its membrane with any of them. Each annotation is matched
with one proposed point (Hungarian algorithm on distance and probability); the points of the pairs
should exist and lie there, all others should be empty. The preset `p2pnet` has the published
numbers. Source: {source}.

$N$ points were proposed and $n$ slits annotated; $m$ is the probability that a point is a slit, $d$
the distance of a pair, $h$ the distance with its tip rounded below `rounding_px`, $w_e$ is
`empty_weight` and $w_d$ is `position_weight`."""

CURRICULA_TEXT: Final = """\
A curriculum says which losses are in force when: stages, one after the other, and dots of the
target that may start large and shrink. It is a document as well, `Curriculum.from_dict` reads it.
These are ready (`napari_slitseg.core.curriculum.presets`):"""

ERASURE_TEXT: Final = """\
Instead of a network's output, a map of 128 × 128 px is itself what training changes, so that
nothing but the loss decides what becomes of it. Seven maps are hard to start from; all but the
last have 40 annotations.

| start | what is wrong with it |
| --- | --- |
| 2 px off | Every dot is 2 px beside its annotation. |
| half missing | Every other dot is missing. |
| none | There is no dot at all. |
| twice as many | Every dot is there, and as many that should not be. |
| smeared | Dots are washed out to a grey haze. |
| 4 px apart | Annotations lie in pairs 4 px apart; there is one dot between each two. |
| no annotation | There are dots and no annotation: all should go. |

A map is right in the end if the number of detections is within 2 % of that of the annotations
and the Chamfer distance, the mean distance to the nearest partner both ways, is below 1 px. The
table has **✓** and the first of 400 steps from which on the map was right, looked at every 25
steps; else the detections for each annotation (1 is the right number, 0 means that all are erased)
and the Chamfer distance. Defaults throughout.
[How it was measured](../experiments/erasure/README.md), with more than one random draw of the
starts."""

VARIANTS_TEXT: Final = """\
Losses in code letters are variants: a loss with other settings, a sum, or a *tied* one. There,
neighbouring pixels move together, as those of a network do, and dots are small (1 px). Where
pixels are free, the boundary loss need not erase; where they are tied it does, and that is what it
is called above."""

PULL_TEXT: Final = """\
One dot lies beside its annotation. Does a step of the training move it there? The figure compares
what the step does to the map with what a small move towards the annotation would do: **1** is a
pure move, **0** no move at all, and below 0 the dot is pushed away or another is begun instead.
Whatever else a loss asks for at that moment, such as another number of dots, lowers the figure. A
loss without a pull can still end right, by removing the dot and beginning a new one, if it does
not erase; but until the new dot is there, the slit is lost. The goal is 0.3 or more from 1 to
20 px. The last column of the table tells where a loss reaches 0.3."""
