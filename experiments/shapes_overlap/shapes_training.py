"""Train one network, and note both terms of the loss on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from shapes_cases import Setting, loss_of, terms_of
from shapes_data import VALUES, Shapes
from shapes_net import ShapeNet, new_net
from torch import Tensor

BATCH, EPOCHS, POINTS_PER_EPOCH = 4, 6, 5
MOMENTUM = 0.9
Row = dict[str, Any]


def inputs_of(setting: Setting, data: Shapes) -> Tensor:
    """Return images as the network sees them."""
    images = torch.from_numpy(data.images)
    return images / 255 if setting.right else images


def targets_of(setting: Setting, data: Shapes) -> Tensor:
    """Return masks of 0 and 1, or with the value of each kind."""
    masks = torch.from_numpy(data.masks).float()
    return masks if setting.right else masks * torch.tensor(VALUES)[:, None, None]


def train(setting: Setting, data: Shapes, seed: int) -> tuple[ShapeNet, list[Row]]:
    """Return the trained network, and a row for each point of its curve.

    Data come in an order that depends on the seed alone. A point is the mean over a fifth of an
    epoch; lengths of gradients are those at the start of the epoch.
    """
    net = new_net(seed, skip_connections=setting.skips, sparse=setting.sparse)
    optimiser = torch.optim.SGD(net.parameters(), setting.rate, momentum=MOMENTUM)
    images, targets = inputs_of(setting, data), targets_of(setting, data)
    loss, terms, order = loss_of(setting), terms_of(setting), _order(len(images), seed)
    per_point = len(order) // (EPOCHS * POINTS_PER_EPOCH)
    rows, lengths = list[Row](), dict[str, float]()
    for number in range(len(order) // per_point):
        batches = order[number * per_point : (number + 1) * per_point]
        if number % POINTS_PER_EPOCH == 0:
            lengths = _lengths(net, terms, images[batches[0]], targets[batches[0]])
        found = [_step(net, optimiser, (loss, terms), images[i], targets[i]) for i in batches]
        means = torch.tensor(found).mean(0).tolist()
        named = dict(zip(("loss_value", *terms), means, strict=True))
        rows.append({"point": number, "steps": (number + 1) * per_point, **named, **lengths})
    return net, rows


def _order(number: int, seed: int) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    epochs = [torch.randperm(number, generator=random) for _ in range(EPOCHS)]
    return list(torch.cat(epochs).view(-1, BATCH))


Terms = dict[str, Callable[[Tensor, Tensor], Tensor]]


def _step(
    net: ShapeNet,
    optimiser: torch.optim.Optimizer,
    losses: tuple[Callable[[Tensor, Tensor], Tensor], Terms],
    images: Tensor,
    target: Tensor,
) -> list[float]:
    loss, terms = losses
    values = net(images)
    result = loss(values, target)
    optimiser.zero_grad()
    result.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    seen = values.detach()
    return [result.item(), *(term(seen, target).item() for term in terms.values())]


def _lengths(net: ShapeNet, terms: Terms, images: Tensor, target: Tensor) -> dict[str, float]:
    """Return how long the gradient of each term is, over all parameters."""
    memory = {name: each.clone() for name, each in net.named_buffers()}
    values = net(images)
    found = {}
    for name, term in terms.items():
        gradients = torch.autograd.grad(
            term(values, target), list(net.parameters()), retain_graph=True, allow_unused=True
        )
        squares = [each.square().sum() for each in gradients if each is not None]
        found[f"{name}_gradient"] = float(torch.stack(squares).sum().sqrt())
    for name, buffer in net.named_buffers():
        buffer.copy_(memory[name])
    return found
