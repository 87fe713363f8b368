"""Which blobs a solver updates: their order, their multipliers, shared ones once, statistics never."""

from pathlib import Path

import numpy as np
import torch

from converter.solver.solver import Solver

NET = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 dim: 5 dim: 5 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 dim: 1 dim: 5 dim: 5 } } }
layer { name: "a" type: "Convolution" bottom: "data" top: "a"
  param { name: "shared" lr_mult: 3 } param { lr_mult: 2 decay_mult: 0 }
  convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "a" top: "bn" }
layer { name: "b" type: "Convolution" bottom: "bn" top: "b" param { name: "shared" }
  convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "fixed" type: "Convolution" bottom: "b" top: "fixed" param { lr_mult: 0 }
  convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fixed" bottom: "label" top: "loss" }
"""


def solver(tmp_path: Path) -> Solver:
    (tmp_path / "net.prototxt").write_text(NET)
    text = 'net: "net.prototxt" base_lr: 0.1 momentum: 0.9 weight_decay: 0.1 lr_policy: "fixed" random_seed: 4'
    (tmp_path / "solver.prototxt").write_text(text)
    return Solver.from_prototxt(tmp_path / "solver.prototxt")


def batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    label = torch.randint(0, 4, (2, 1, 5, 5), generator=generator).float()
    return {"data": torch.randn(2, 4, 5, 5, generator=generator), "label": label}


def test_blobs_stand_in_the_nets_order_and_shared_ones_once(tmp_path: Path) -> None:
    found = [(blob.layer, blob.index, blob.lr_mult, blob.decay_mult) for blob in solver(tmp_path).blobs]
    assert found == [
        ("a", 0, 3.0, 1.0),
        ("a", 1, 2.0, 0.0),
        ("bn", 0, 0.0, 1.0),
        ("bn", 1, 0.0, 1.0),
        ("bn", 2, 0.0, 1.0),
        ("b", 1, 1.0, 1.0),
        ("fixed", 0, 0.0, 1.0),
        ("fixed", 1, 1.0, 1.0),
    ]


def test_a_rate_of_zero_keeps_a_blob_and_lets_the_rest_learn(tmp_path: Path) -> None:
    run = solver(tmp_path)
    places = [("a", 0), ("fixed", 0), ("fixed", 1)]
    before = {place: run.net.blob_parameter(*place).detach().clone() for place in places}
    for _ in range(3):
        run.step(batch())
    after = {place: run.net.blob_parameter(*place).detach() for place in places}
    assert torch.equal(before["fixed", 0], after["fixed", 0])
    assert not torch.equal(before["a", 0], after["a", 0])
    assert not torch.equal(before["fixed", 1], after["fixed", 1])
    assert run.net.blob_parameter("a", 0) is run.net.blob_parameter("b", 0)


def test_statistics_are_updated_by_the_layer_and_survive_a_snapshot(tmp_path: Path) -> None:
    run = solver(tmp_path)
    for _ in range(3):
        run.step(batch())
    _, state = run.snapshot(tmp_path / "run")
    again = solver(tmp_path)
    again.restore(state)
    mean, factor = (run.net.blob_parameter("bn", index) for index in (0, 2))
    assert float(factor.item()) > 1
    assert mean.abs().max() > 0
    for index in range(3):
        ours, theirs = (each.net.blob_parameter("bn", index).numpy() for each in (again, run))
        np.testing.assert_array_equal(ours, theirs)
    assert run.step(batch()) == again.step(batch())
