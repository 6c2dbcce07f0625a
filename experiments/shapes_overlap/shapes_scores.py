"""What a trained network finds: areas of each kind, and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from shapes_cases import Setting, strength
from shapes_data import KINDS, VALUES, Shape, Shapes
from shapes_net import ShapeNet
from shapes_training import inputs_of

Row = dict[str, Any]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
WINDOWS = ((25, 85), (65, 135), (115, 185), (165, 230), (210, np.inf))
EDGE_PX, THRESHOLDS = 2, 40


@torch.no_grad()
def outputs_of(setting: Setting, net: ShapeNet, data: Shapes) -> Floats:
    """Return (N, 5, 64, 64) outputs as fractions of what is right within a shape."""
    net.eval()
    images = inputs_of(setting, data)
    values = torch.cat([net(images[i : i + 10]) for i in range(0, len(images), 10)])
    found: Floats = strength(setting, values, torch.tensor(VALUES)).numpy()
    return found


def scores(setting: Setting, outputs: Floats, data: Shapes) -> Row:
    """Return areas and shapes that were found; see the README for each column."""
    best = best_thresholds(outputs, data.masks)
    said = outputs > best[:, None, None]
    windows = in_windows(setting, outputs)
    return {
        **_by_kind("iou", iou(outputs > 0.5, data.masks)),
        **_by_kind("iou_best", iou(said, data.masks)),
        "iou_windows": round(float(np.mean(iou(windows, data.masks))), 4),
        "level_in_shapes": round(float(outputs[data.masks].mean()), 4),
        **_shapes_found(outputs, said, data.shapes),
    }


def iou(said: Bools, masks: Bools) -> NDArray[np.float64]:
    """Return the intersection over union of each kind, over all images."""
    both, either = (said & masks).sum((0, 2, 3)), (said | masks).sum((0, 2, 3))
    return np.asarray(both / np.maximum(either, 1))


def best_thresholds(outputs: Floats, masks: Bools) -> NDArray[np.float64]:
    """Return for each kind the threshold with the highest IoU on these images."""
    quantiles = np.linspace(0.8, 0.9999, THRESHOLDS)
    tried = np.quantile(outputs.transpose(1, 0, 2, 3).reshape(len(KINDS), -1), quantiles, axis=1)
    found = np.array([iou(outputs > each[:, None, None], masks) for each in tried])
    best: NDArray[np.float64] = tried[found.argmax(0), np.arange(len(KINDS))]
    return best


def in_windows(setting: Setting, outputs: Floats) -> Bools:
    """Return what DLStudio would show as a shape: values near that of the kind."""
    if setting.right:
        return outputs > 0.5
    values = outputs * np.array(VALUES)[:, None, None]
    low, high = np.array(WINDOWS).T[:, :, None, None]
    inside: Bools = (values > low) & (values < high)
    return inside


def _by_kind(name: str, values: NDArray[np.float64]) -> Row:
    each = {f"{name}_{kind}": round(float(v), 4) for kind, v in zip(KINDS, values, strict=True)}
    return {name: round(float(values.mean()), 4), **each}


def _shapes_found(outputs: Floats, said: Bools, shapes: Sequence[Shape]) -> Row:
    """Return fractions of shapes: of those small, large, overlapping and alone."""
    areas = np.array([each.mask.sum() for each in shapes])
    overlaps = np.array([each.overlaps for each in shapes])
    covered = np.array([said[each.image, each.kind][each.mask].mean() for each in shapes])
    edges, insides = np.array([_edge_and_inside(said, each) for each in shapes]).T
    levels = np.array([outputs[each.image][:, each.mask].mean(1) for each in shapes])
    right = levels.argmax(1) == [each.kind for each in shapes]
    small = areas < np.median(areas)
    groups = {"small": small, "large": ~small, "overlapping": overlaps, "alone": ~overlaps}
    found = {
        f"found_{name}": float((covered[group] >= 0.5).mean()) for name, group in groups.items()
    }
    found |= {"recall_edge": float(edges.mean()), "recall_inside": float(np.nanmean(insides))}
    found["kind_right"] = float(right.mean())
    return {name: round(value, 4) for name, value in found.items()}


def _edge_and_inside(said: Bools, shape: Shape) -> tuple[float, float]:
    inside = binary_erosion(shape.mask, iterations=EDGE_PX)
    found = said[shape.image, shape.kind]
    within = float(found[inside].mean()) if inside.any() else np.nan
    return float(found[shape.mask & ~inside].mean()), within


def labels(outputs: Floats, data: Shapes) -> NDArray[np.uint8]:
    """Return 0, or 1 + the kind that is farthest above its best threshold, (N, 64, 64)."""
    above = outputs - best_thresholds(outputs, data.masks)[:, None, None]
    return np.where(above.max(1) > 0, above.argmax(1) + 1, 0).astype(np.uint8)
