"""Train all runs of a setting, and track every loss and its gradient in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from toy_cases import LOSSES, Run, Setting, losses_side_by_side
from toy_data import Images
from toy_net import SideBySide, gradient_norms

BATCH, VALIDATION = 2, 24
RIGHT = 0.95
Row = dict[str, Any]


def tracked_steps(steps: int) -> list[int]:
    """Return when to look: often at first, and after the last step."""
    looks = [*range(0, 60, 10), *range(60, 200, 20), *range(200, 400, 50), *range(400, steps, 100)]
    return [each for each in looks if each < steps] + [steps]


class Training:
    """All runs of one setting, side by side."""

    def __init__(self, setting: Setting, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        self.net = SideBySide([run.seed for run in runs], batch_norm=setting.batch_norm)
        self.parameters = list(_trained(self.net))
        kind = {"Adam": torch.optim.Adam, "SGD": torch.optim.SGD}[setting.optimiser]
        self.optimiser = kind(self.parameters, setting.rate)
        self.images = Images(runs, mirrored=setting.mirrored)
        stream = Images(runs, mirrored=setting.mirrored, stream=1)
        self.validation = stream.batch(VALIDATION)
        self.losses = {name: losses_side_by_side(name) for name in LOSSES}
        self.members = {
            name: torch.tensor([i for i, run in enumerate(runs) if run.loss == name])
            for name in dict.fromkeys(run.loss for run in runs)
        }

    def steps(self, number: int) -> list[Row]:
        """Train, and return a row for each run and tracked step, in the order of the steps."""
        tracked, rows = set(tracked_steps(number)), list[Row]()
        for step in range(number + 1):
            images, masks = self.images.batch(BATCH)
            if step in tracked:
                rows += self._state(step, images, masks)
            if step < number:
                self._step(images, masks)
        return rows

    def _step(self, images: Tensor, masks: Tensor) -> None:
        logits = self.net(images)
        parts = [
            self.losses[name](logits[members], masks[members]).sum()
            for name, members in self.members.items()
        ]
        self.optimiser.zero_grad()
        torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()

    def _state(self, step: int, images: Tensor, masks: Tensor) -> list[Row]:
        logits = self.net(images)
        columns = self._recalls()
        for name, loss in self.losses.items():
            values = loss(logits, masks)
            gradients = torch.autograd.grad(values.sum(), self.parameters, retain_graph=True)
            columns |= {name: values.detach(), f"{name}_gradient": gradient_norms(gradients)}
        lists = {name: column.tolist() for name, column in columns.items()}
        return [
            {**vars(run), "step": step, **{name: each[i] for name, each in lists.items()}}
            for i, run in enumerate(self.runs)
        ]

    @torch.no_grad()
    def _recalls(self) -> dict[str, Tensor]:
        """Return which fractions of each class, and of all pixels, are right."""
        images, masks = self.validation
        said = self.net(images).argmax(2)
        found = torch.stack([said == 0, said == 1], 2) * masks
        hits, sizes = found.sum((1, 3, 4)), masks.sum((1, 3, 4))
        recall = hits / sizes
        return {
            "balanced_accuracy": recall.mean(1),
            "accuracy": hits.sum(1) / sizes.sum(1),
            "recall_background": recall[:, 0],
            "recall_foreground": recall[:, 1],
        }


def _trained(net: SideBySide) -> list[torch.nn.Parameter]:
    return [each for each in net.parameters() if each.requires_grad]


def summary(rows: Sequence[Row]) -> Row:
    """Return one row of one run, from its rows in the order of the steps."""
    last = rows[-1]
    right = [row["step"] for row in rows if row["balanced_accuracy"] >= RIGHT]
    peak = max(rows, key=lambda row: row["CCE"])
    return {
        **{name: last[name] for name in ("foreground", "loss", "seed")},
        "first_right_step": right[0] if right else "",
        **{name: round(value, 4) for name, value in last.items() if name.endswith("accuracy")},
        **{name: round(value, 4) for name, value in last.items() if name.startswith("recall")},
        **{f"final_{name}": round(last[name], 5) for name in LOSSES},
        **{
            f"mean_gradient_{name}": round(
                sum(row[f"{name}_gradient"] for row in rows) / len(rows), 5
            )
            for name in LOSSES
        },
        "start_CCE": round(rows[0]["CCE"], 4),
        "peak_CCE": round(peak["CCE"], 4),
        "peak_step": peak["step"],
        "start_CCE_gradient": round(rows[0]["CCE_gradient"], 4),
        "peak_CCE_gradient": round(max(row["CCE_gradient"] for row in rows), 4),
    }
