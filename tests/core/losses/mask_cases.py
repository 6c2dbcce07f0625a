"""Logits and masks for the tests of losses that compare with masks."""

import math

import torch


def noise(*shape, seed=0, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64)


def labels(batch, channels, height=6, width=7, *, seed=1):
    """Return a mask: 30 % foreground for one channel, one-hot classes for more."""
    generator = torch.Generator().manual_seed(seed)
    if channels == 1:
        return (torch.rand((batch, 1, height, width), generator=generator) < 0.3).double()
    index = torch.randint(channels, (batch, height, width), generator=generator)
    return torch.nn.functional.one_hot(index, channels).movedim(-1, 1).double()


def flat_example():
    """Return 100 pixels at p = .5, 10 of them foreground: the example all conventions share."""
    mask = torch.zeros((1, 1, 10, 10), dtype=torch.float64)
    mask[0, 0, 0] = 1
    return torch.zeros_like(mask), mask


def corner(value, side=8):
    """Return a mask whose upper half is of the value."""
    mask = torch.zeros((1, 1, side, side))
    mask[..., : side // 2, :] = value
    return mask


def _mixed_batch():
    mask = torch.cat([torch.zeros(1, 1, 8, 8), corner(1.0), torch.ones(1, 1, 8, 8)])
    return noise(3, 1, 8, 8).float(), mask


def edge_cases():
    """Return logits and mask of the cases that must have a finite value and gradient."""
    empty, full, some = torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8), corner(1.0)
    field = noise(1, 1, 8, 8).float()
    several = labels(2, 3, 8, 8).float()
    return {
        "no foreground": (field, empty),
        "no foreground, sure of none": (torch.full_like(field, -100), empty),
        "no foreground, sure of some": (torch.full_like(field, 100), empty),
        "all foreground": (field, full),
        "all foreground, sure of none": (torch.full_like(field, -100), full),
        "all foreground, sure of all": (torch.full_like(field, 100), full),
        "perfect and sure": (200 * some - 100, some),
        "wrong and sure": (100 - 200 * some, some),
        "logits of 0": (torch.zeros_like(field), some),
        "soft mask": (field, corner(0.5)),
        "one pixel": (field[..., :1, :1], full[..., :1, :1]),
        "one empty pixel": (field[..., :1, :1], empty[..., :1, :1]),
        "empty, some and full": _mixed_batch(),
        "three classes": (noise(2, 3, 8, 8).float(), several),
        "three classes, right and sure": (200 * several - 100, several),
        "three classes, wrong and sure": (100 - 200 * several, several),
        "float16": (field.half(), some),
        "bfloat16": (field.bfloat16(), some),
        "float16, mask of bool": (field.half(), some.bool()),
    }


EDGE_CASES = edge_cases()


def value_and_gradient(loss, logits, mask):
    """Return the loss as a number and its gradient by the logits."""
    logits = logits.clone().requires_grad_()
    value = loss(logits, mask)
    value.backward()
    return value.item(), logits.grad


def assert_finite(loss, case):
    logits, mask = EDGE_CASES[case]
    value, gradient = value_and_gradient(loss, logits, mask)
    assert math.isfinite(value), case
    assert gradient.dtype == logits.dtype, case
    assert bool(torch.isfinite(gradient).all()), case


def assert_correct_gradient(loss, channels=1):
    logits = noise(2, channels, 4, 4).requires_grad_()
    mask = labels(2, channels, 4, 4)
    assert torch.autograd.gradcheck(lambda z: loss(z, mask), (logits,))
