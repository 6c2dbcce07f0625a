"""Probes: what a loss does to a free field of logits, without any network.

`descend` optimises logits directly from starts that are hard for one loss or another and counts
what is left; `pull` measures whether the gradient moves a displaced dot the right way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor

from napari_slitseg.core.detection.peaks import find_peaks
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.metrics import chamfer_distance, image_diagonal
from napari_slitseg.core.targets import dots

Points = NDArray[np.float64]
Loss = Callable[[Tensor, Target], Tensor]

BACKGROUND, HEIGHT = -5.0, 10.0
DOT_SIGMA_PX, RADIUS_PX = 1.9, 1.9
N_POINTS, SIDE, SPACING_PX = 40, 128, 9.0


@dataclass(frozen=True, eq=False)
class Start:
    """A field of logits to begin with, and the points it should end with.

    Attributes
    ----------
    name : str
        What is wrong with the field.
    logits : (H, W) array
        The field.
    points : (N, 2) array
        Annotations, (y, x) px.
    """

    name: str
    logits: NDArray[np.float32]
    points: Points


@dataclass(frozen=True)
class Outcome:
    """What is left of a start after descending.

    Attributes
    ----------
    start : str
        Name of the start.
    count_ratio : float
        Detections / annotations; 1 where both are none.
    chamfer_px : float
        Chamfer distance of detections and annotations; the diagonal where exactly one is empty.
    steps : int
        First step from which, whenever looked at, count and Chamfer distance were right; the
        number of steps plus 1 where they never were.
    """

    start: str
    count_ratio: float
    chamfer_px: float
    steps: int

    @property
    def right(self) -> bool:
        """Whether the count is right to 2 % and the Chamfer distance below 1 px."""
        return 0.98 <= self.count_ratio <= 1.02 and self.chamfer_px < 1


def field_of(
    yx: Points, *, side: int = SIDE, height: float = HEIGHT, sigma_px: float = DOT_SIGMA_PX
) -> NDArray[np.float32]:
    """Return logits with a Gaussian dot at each point, (side, side); 0 at 2.2 px from a centre."""
    rows, columns = np.ogrid[:side, :side]
    field = np.zeros((side, side))
    for y, x in yx:
        square = (rows - y) ** 2 + (columns - x) ** 2
        np.maximum(field, np.exp(-square / (2 * sigma_px**2)), out=field)
    return (BACKGROUND + height * field).astype(np.float32)


def scattered(
    n: int, rng: np.random.Generator, *, spacing_px: float, taken: Points | None = None
) -> Points:
    """Return n random points at least `spacing_px` from each other and from those taken."""
    kept = [] if taken is None else list(taken)
    first = len(kept)
    while len(kept) < first + n:
        yx = rng.uniform(6, SIDE - 7, 2)
        if not kept or np.hypot(*(np.array(kept) - yx).T).min() >= spacing_px:
            kept.append(yx)
    return np.array(kept[first:])


def hard_starts(seed: int = 0) -> list[Start]:
    """Return the starts of the erasure test: 40 annotations each, except for the last."""
    rng = np.random.default_rng(seed)
    truth = scattered(N_POINTS, rng, spacing_px=SPACING_PX)
    angle = rng.uniform(0, 2 * np.pi, N_POINTS)
    shifted = truth + 2 * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    others = scattered(N_POINTS, rng, spacing_px=6, taken=truth)
    middle = scattered(N_POINTS // 2, rng, spacing_px=13)
    turn = rng.uniform(0, np.pi, N_POINTS // 2)
    half = 2 * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    return [
        Start("2 px off", field_of(shifted), truth),
        Start("half missing", field_of(truth[::2]), truth),
        Start("none", field_of(truth[:0]), truth),
        Start("twice as many", field_of(np.concatenate([truth, others])), truth),
        Start("smeared", _smear(field_of(truth)), truth),
        Start("4 px apart", field_of(middle), np.concatenate([middle - half, middle + half])),
        Start("no annotation", field_of(truth), truth[:0]),
    ]


def untrained_starts(seed: int = 0) -> list[Start]:
    """Return white noise, like the map of a model before any training, with 7 and 40 points."""
    rng = np.random.default_rng(seed)
    sparse, dense = (scattered(n, rng, spacing_px=SPACING_PX) for n in (7, N_POINTS))
    noise = rng.normal(size=(2, SIDE, SIDE)).astype(np.float32)
    return [
        Start("untrained, 7 points", noise[0], sparse),
        Start("untrained, 40 points", noise[1], dense),
    ]


def _smear(field: NDArray[np.float32]) -> NDArray[np.float32]:
    wide = gaussian_filter(field - BACKGROUND, 6)
    return np.asarray(BACKGROUND + 7 * wide / wide.max(), dtype=np.float32)


def target_of(points: Sequence[Points], *, radius_px: float = RADIUS_PX) -> Target:
    """Return the target of some images of the probes' size: points, and dots as mask."""
    masks = [dots(yx, (SIDE, SIDE), radius_px) for yx in points]
    return Target(
        mask=torch.from_numpy(np.stack(masks)[:, None]),
        points=[torch.as_tensor(yx, dtype=torch.float32) for yx in points],
    )


def descend(
    loss: Loss,
    starts: Sequence[Start],
    *,
    steps: int = 400,
    rate: float = 0.2,
    threshold: float = 0.5,
    look_every: int = 25,
) -> tuple[list[Outcome], NDArray[np.float32]]:
    """Optimise fields of logits with Adam, its rate falling to 0 as a half cosine.

    Parameters
    ----------
    loss : callable
        ``loss(logits, target) -> scalar``; all starts are one batch.
    starts : sequence of Start
        Where to begin.
    steps : int
        Number of steps.
    rate : float
        First rate of Adam.
    threshold : float
        Lowest probability of a detection.
    look_every : int
        Steps between looks at the detections.

    Returns
    -------
    outcomes : list of Outcome
        One for each start.
    logits : (B, H, W) array
        The fields at the end.
    """
    field = torch.from_numpy(np.stack([each.logits for each in starts])[:, None]).requires_grad_()
    target = target_of([each.points for each in starts])
    adam = torch.optim.Adam([field], lr=rate)
    anneal = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    since = [steps + 1] * len(starts)
    for step in range(steps + 1):
        if step % look_every == 0 or step == steps:
            found = [_look(z, each, threshold) for z, each in zip(field, starts, strict=True)]
            since = [
                min(step, first) if outcome.right else steps + 1
                for first, outcome in zip(since, found, strict=True)
            ]
        if step < steps:
            adam.zero_grad()
            loss(field, target).backward()  # type: ignore[no-untyped-call]
            adam.step()
            anneal.step()
    outcomes = [
        Outcome(each.start, each.count_ratio, each.chamfer_px, first)
        for each, first in zip(found, since, strict=True)
    ]
    return outcomes, field.detach().numpy()[:, 0]


def _look(logits: Tensor, start: Start, threshold: float) -> Outcome:
    probability = torch.sigmoid(logits.detach())[0].double().numpy()
    found = find_peaks(probability, threshold=threshold, min_distance_px=2).yx
    n = len(start.points)
    ratio = len(found) / n if n else (np.inf if len(found) else 1.0)
    diagonal = image_diagonal((SIDE, SIDE))
    return Outcome(
        start.name, float(ratio), chamfer_distance(found, start.points, empty_px=diagonal), 0
    )


def pull(loss: Loss, displacements_px: Sequence[float]) -> NDArray[np.float64]:
    """Return how well the gradient moves one displaced dot towards its annotation.

    Parameters
    ----------
    loss : callable
        ``loss(logits, target) -> scalar``.
    displacements_px : sequence of float
        Distances of the dot from its annotation, px.

    Returns
    -------
    (N,) array
        Cosine between minus the gradient by the logits and the change of the logits when the dot
        moves a little towards the annotation; 1 is a pure move, 0 no move at all.
    """
    return np.array([_cosine(loss, distance) for distance in displacements_px])


def _cosine(loss: Loss, distance: float, *, little_px: float = 0.1) -> float:
    goal = np.array([[SIDE / 2, SIDE / 2 - 10.0]])
    dot = goal + np.array([[0.0, distance]])
    logits = torch.from_numpy(field_of(dot)[None, None]).requires_grad_()
    loss(logits, target_of([goal])).backward()  # type: ignore[no-untyped-call]
    if logits.grad is None or not bool(logits.grad.any()):
        return 0.0
    down = -logits.grad[0, 0].double().numpy()
    move = (field_of(dot - np.array([[0.0, little_px]])) - field_of(dot)).astype(np.float64)
    return float((down * move).sum() / np.linalg.norm(down) / np.linalg.norm(move))
