"""The networks side by side are networks, the reduced run runs, and the results are complete."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tests.experiments.studies import EXPERIMENTS, check_page, check_statements, modules_of

FOLDER = EXPERIMENTS / "toy_overlap"
RESULTS = FOLDER / "results"
MODULES = ("toy_cases", "toy_data", "toy_net", "toy_training", "toy_page", "toy_run")


@pytest.fixture(scope="module")
def toy() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    with modules_of(FOLDER, MODULES) as files:
        yield files


def alone(net, run: int, *, batch_norm: bool) -> nn.Sequential:
    """One of the networks, made of ordinary layers."""
    layers: list[nn.Module] = []
    for layer, (inputs, outputs, size) in enumerate(((1, 4, 3), (4, 4, 3), (4, 2, 1))):
        conv = nn.Conv2d(inputs, outputs, size, padding=size // 2)
        conv.weight.data = net.kernels[layer][run].detach().view_as(conv.weight).clone()
        conv.bias.data = net.biases[layer][run, :, 0].detach().clone()
        layers.append(conv)
        if layer < 2:
            norm = nn.BatchNorm2d(4, eps=1e-3)
            layers += [*([norm] if batch_norm else []), nn.ReLU()]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_each_network_answers_as_if_it_were_alone(toy, batch_norm: bool) -> None:
    net = toy.toy_net.SideBySide([0, 1, 0], batch_norm=batch_norm)
    images = torch.rand(3, 2, 16, 16, generator=torch.Generator().manual_seed(3))
    together = net(images)
    for run in range(3):
        expected = alone(net, run, batch_norm=batch_norm)(images[run][:, None])
        torch.testing.assert_close(together[run], expected)


def test_each_gradient_is_that_of_a_network_trained_alone(toy) -> None:
    net = toy.toy_net.SideBySide([0, 1], batch_norm=False)
    images = torch.rand(2, 2, 16, 16, generator=torch.Generator().manual_seed(3))
    gradients = torch.autograd.grad(
        net(images).square().mean((1, 2, 3, 4)).sum(), [*net.parameters()]
    )
    norms = toy.toy_net.gradient_norms(gradients)
    for run in range(2):
        single = alone(net, run, batch_norm=False)
        single(images[run][:, None]).square().mean().backward()
        squares = [each.grad.square().sum() for each in single.parameters()]
        torch.testing.assert_close(norms[run], torch.stack(squares).sum().sqrt())


def test_swapped_classes_and_mirrored_images_are_the_same_task(toy) -> None:
    few = toy.toy_cases.Run(0.05, "DICE", 0)
    many = toy.toy_cases.Run(0.95, "DICE", 0)
    shown, mask = toy.toy_data.Images([few], mirrored=True).batch(2)
    other, swapped = toy.toy_data.Images([many], mirrored=False).batch(2)
    assert mask[:, :, 1].mean() == pytest.approx(0.05, abs=0.03)
    torch.testing.assert_close(mask[:, :, 1], (shown < 0.05).float())
    torch.testing.assert_close(swapped[:, :, 0], (other <= 0.05).float())


def test_every_loss_learns_half_of_the_pixels_with_batch_norm(toy) -> None:
    setting = toy.toy_cases.Setting(batch_norm=True, rate=0.03)
    runs = [toy.toy_cases.Run(0.5, name, 0) for name in toy.toy_cases.LOSSES]
    rows = toy.toy_training.Training(setting, runs).steps(40)
    last = [row for row in rows if row["step"] == 40]
    assert [row["loss"] for row in last] == list(toy.toy_cases.LOSSES)
    assert min(row["balanced_accuracy"] for row in last) > 0.9


@pytest.fixture(scope="module")
def reduced(toy, tmp_path_factory) -> Path:
    """The folder of a reduced run."""
    folder = tmp_path_factory.mktemp("toy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["toy_run.py", "--quick", "--out", str(folder)])
        toy.toy_run.main()
    return folder


def test_the_reduced_run_trains_every_loss(reduced) -> None:
    rows = list(csv.DictReader((reduced / "runs.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 2 * 3 * 5
    assert {row["batch_norm"] for row in rows} == {"True", "False"}
    for row in rows:
        recalls = float(row["recall_background"]) + float(row["recall_foreground"])
        assert recalls / 2 == pytest.approx(float(row["balanced_accuracy"]), abs=1e-3)
        assert 0 < float(row["final_DICE"]) < 1


def test_what_is_done_is_not_done_again(reduced, toy) -> None:
    before = (reduced / "runs.csv").read_text("utf-8")
    toy.toy_run.train_missing(reduced, math.inf, quick=True)
    assert (reduced / "runs.csv").read_text("utf-8") == before


def test_what_is_missing_is_done(reduced, toy, tmp_path) -> None:
    lines = (reduced / "runs.csv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "runs.csv").write_text("".join(lines[:16]), "utf-8")
    toy.toy_run.train_missing(tmp_path, math.inf, quick=True)
    made = (tmp_path / "runs.csv").read_text("utf-8").splitlines()
    assert [each.rpartition(",")[0] for each in made] == [each.rpartition(",")[0] for each in lines]


def test_a_reduced_run_never_mixes_into_the_results(toy, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["toy_run.py", "--quick"])
    with pytest.raises(SystemExit):
        toy.toy_run.main()
    assert "--out" in capsys.readouterr().err


SYMMETRIC = ("CCE", "DICE", "DICE_SQUARE")


@pytest.mark.parametrize("loss", ["CCE", "DICE", "DICE_SQUARE", "DICEFG", "DICEFG_SQUARE"])
def test_mirrored_and_swapped_the_rare_class_may_be_either(toy, loss: str) -> None:
    runs = [toy.toy_cases.Run(0.05, loss, 0)]
    images = toy.toy_data.Images(runs, mirrored=True)
    nets = [toy.toy_net.SideBySide([0], batch_norm=False) for _ in range(2)]
    nets[1].kernels[2].data = nets[0].kernels[2].data.flip(1)
    optimisers = [torch.optim.Adam(net.parameters(), 0.01) for net in nets]
    of_batch = toy.toy_cases.losses_side_by_side(loss)
    for _ in range(20):
        shown, mask = images.batch(2)
        for net, optimiser, seen in zip(nets, optimisers, (mask, mask.flip(2)), strict=True):
            optimiser.zero_grad()
            of_batch(net(shown), seen).sum().backward()
            optimiser.step()
    one, other = (net(shown) for net in nets)
    assert torch.allclose(one, other.flip(2), atol=1e-3) == (loss in SYMMETRIC)


def test_batches_without_foreground_teach_dicefg_nothing(toy) -> None:
    logits = torch.zeros(1, 2, 2, 16, 16, requires_grad=True)
    mask = torch.stack([torch.ones(1, 2, 16, 16), torch.zeros(1, 2, 16, 16)], 2)
    lengths = {}
    for name in ("CCE", "DICEFG"):
        loss = toy.toy_cases.losses_side_by_side(name)(logits, mask).sum()
        lengths[name] = float(torch.autograd.grad(loss, logits)[0].norm())
    assert lengths["CCE"] > 0.02
    assert 0 < lengths["DICEFG"] < 1e-10


# -- what is committed


def test_every_setting_was_run_with_every_loss_and_seed(toy) -> None:
    cases = toy.toy_cases
    run = toy.toy_run
    planned = [run.named(each) for each in cases.SETTINGS]
    assert [each for each in planned if not run.is_done(RESULTS, each)] == []
    names = [*run.named(cases.SETTINGS[0]), "foreground", "loss", "seed"]
    found = {tuple(row[name] for name in names) for row in committed("runs")}
    assert len(found) == sum(len(cases.runs_of(each)) for each in cases.SETTINGS)


def test_every_statement_has_a_verdict_and_its_evidence() -> None:
    check_statements(FOLDER, "002")


def test_the_page_says_what_the_results_say(toy) -> None:
    check_page(FOLDER, toy, toy.toy_page.tables(RESULTS))


def committed(name: str) -> list[dict[str, str]]:
    with (RESULTS / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
