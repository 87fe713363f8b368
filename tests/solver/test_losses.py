"""The training loss: each top with its weight, summed, then averaged over passes and over the last iterations."""

from pathlib import Path

import pytest
import torch

import converter
from converter.errors import ShapeError
from converter.solver.run import Session
from converter.solver.solver import Solver

NET = """
layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 2 dim: 1 } shape { dim: 2 dim: 1 } } }
layer { name: "near" type: "EuclideanLoss" bottom: "x" bottom: "t" top: "near" NEAR }
layer { name: "size" type: "Reduction" bottom: "x" top: "size" SIZE }
"""
X = {"x": torch.tensor([[1.0], [3.0]]), "t": torch.zeros(2, 1)}
"""near: (1 + 9) / (2 · 2) = 2.5; size: 1 + 3 = 4."""


def written(folder: Path, **words: str) -> Path:
    text = NET
    for name in ("NEAR", "SIZE"):
        text = text.replace(name, words.get(name.lower(), ""))
    (folder / "net.prototxt").write_text(text)
    return folder / "net.prototxt"


@pytest.mark.parametrize(
    ("near", "size", "expected"),
    [
        ("", "", 2.5),  # a loss layer counts once, another not at all
        ("loss_weight: 3", "", 7.5),
        ("loss_weight: 0", "loss_weight: 0.5", 2.0),
        ("loss_weight: 3", "loss_weight: -0.25", 6.5),  # 7.5 - 1
        ("", "loss_weight: 1", 6.5),
    ],
)
def test_the_loss_is_the_weighted_sum_of_the_tops(tmp_path: Path, near: str, size: str, expected: float) -> None:
    net = converter.load(written(tmp_path, near=near, size=size), phase="train")
    assert net.loss(net.blobs(**X)).item() == expected


def test_a_tops_values_are_summed_before_they_are_weighed(tmp_path: Path) -> None:
    """x itself (1, 3) through a Power of weight 2: 2 · (1 + 3)."""
    text = NET.replace("NEAR", "loss_weight: 0").replace("SIZE", "")
    text += 'layer { name: "all" type: "Power" bottom: "x" top: "all" loss_weight: 2 }'
    (tmp_path / "net.prototxt").write_text(text)
    net = converter.load(tmp_path / "net.prototxt", phase="train")
    assert net.loss(net.blobs(**X)).item() == 8


def test_weights_belong_to_tops_in_order(tmp_path: Path) -> None:
    """The second top of SoftmaxWithLoss, the probabilities (0.5 each, 4 of them), with weight 10: ln 2 · 0 + 20."""
    (tmp_path / "net.prototxt").write_text(
        'layer { name: "in" type: "Input" top: "x" top: "t" '
        "input_param { shape { dim: 2 dim: 2 } shape { dim: 2 } } }\n"
        'layer { name: "l" type: "SoftmaxWithLoss" bottom: "x" bottom: "t" top: "l" top: "p" '
        "loss_weight: 0 loss_weight: 10 }"
    )
    net = converter.load(tmp_path / "net.prototxt", phase="train")
    assert net.loss_weights == {"p": 10}
    assert net.loss(net.blobs(x=torch.zeros(2, 2), t=torch.zeros(2))).item() == 20


def test_a_net_without_a_loss_says_so(tmp_path: Path) -> None:
    net = converter.load(written(tmp_path, near="loss_weight: 0"), phase="train")
    with pytest.raises(ShapeError, match="no loss: no top carries a loss weight"):
        net.loss(net.blobs(**X))


LEARNT = """
layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 1 } data_filler { value: 1 } } }
layer { name: "p" type: "Scale" bottom: "x" top: "y" param { lr_mult: LR }
  scale_param { axis: 1 filler { value: 8 } } }
layer { name: "l" type: "Reduction" bottom: "y" top: "l" loss_weight: 1 }
"""
"""The loss is the one parameter, which begins at 8 and falls by rate times gradient 1 in each iteration."""


def solver(folder: Path, text: str, rate: int = 1) -> Solver:
    (folder / "net.prototxt").write_text(LEARNT.replace("LR", str(rate)))
    (folder / "solver.prototxt").write_text(f'net: "{folder}/net.prototxt" snapshot_prefix: "{folder}/run" {text}')
    return Solver.from_prototxt(folder / "solver.prototxt")


@pytest.mark.parametrize(
    ("average", "expected"),
    [
        (1, [8, 7, 6, 5]),
        (2, [8, 7.5, 6.5, 5.5]),  # until there are two, the mean of what there is
        (3, [8, 7.5, 7, 6]),
        (0, [8, 7, 6, 5]),
    ],
)
def test_the_loss_shown_is_the_mean_of_the_last_average_loss(tmp_path: Path, average: int, expected) -> None:
    told: list[tuple[int, float, float]] = []
    run = solver(tmp_path, f'base_lr: 1 lr_policy: "fixed" max_iter: 4 average_loss: {average}')
    assert Session(run).solve(lambda *found: told.append(found))
    assert told == [(number, value, 1.0) for number, value in zip([1, 2, 3, 4], expected, strict=True)]


def test_average_loss_is_1_unless_stated(tmp_path: Path) -> None:
    assert solver(tmp_path, 'base_lr: 1 lr_policy: "fixed" max_iter: 4').settings.average_loss == 1


def test_passes_of_iter_size_are_averaged_in_loss_and_gradient(tmp_path: Path) -> None:
    """Three passes of gradient 1 are a gradient of 1: the parameter goes from 8 to 7."""
    run = solver(tmp_path, 'base_lr: 1 lr_policy: "fixed" max_iter: 4 iter_size: 3')
    assert run.step({}) == 8
    assert run.net.blob_parameter("p", 0).item() == 7
    assert run.iteration == 1


MULTISTEP = 'base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: 2 stepvalue: 4 max_iter: 6 TAIL'


@pytest.mark.parametrize("ending", ["", "snapshot_format: HDF5"])
@pytest.mark.parametrize("broken", [1, 2, 3, 4, 5])
def test_multistep_goes_on_where_it_was(tmp_path: Path, broken: int, ending: str) -> None:
    """Rates 1, 1, 1/2, 1/2, 1/4, 1/4: 8 falls to 7, 6, 5.5, 5, 4.75, 4.5, wherever the run is broken."""
    left = [7, 6, 5.5, 5, 4.75, 4.5]
    first = solver(tmp_path, MULTISTEP.replace("TAIL", ending))
    for _ in range(broken):
        first.step({})
    _, state = first.snapshot()
    again = solver(tmp_path, MULTISTEP.replace("TAIL", ending))
    again.restore(state)
    assert (again.iteration, again.current_step) == (broken, first.current_step)
    for value in left[broken:]:
        again.step({})
        assert again.net.blob_parameter("p", 0).item() == value
    assert again.rate == 0.25
