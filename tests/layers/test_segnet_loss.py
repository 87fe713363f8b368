"""SegNet's class weights in SoftmaxWithLoss, by hand: scores of 0 give every one of two classes the probability 1/2."""

from math import log
from pathlib import Path

import numpy as np
import pytest
import torch

import converter
import reference
from converter.errors import UnsupportedParameterError
from reference.errors import OracleError

NET = """layer {{ name: "in" type: "Input" top: "x" top: "label"
  input_param {{ shape {{ dim: 1 dim: 2 dim: 1 dim: 4 }} shape {{ dim: 1 dim: 1 dim: 1 dim: 4 }} }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss"
  loss_param {{ ignore_label: 9 {more} }} }}"""
LABELS = np.array([0, 0, 1, 9], np.float32).reshape(1, 1, 1, 4)
WEIGHTS = "class_weighting: 2 class_weighting: 5"

CASES = {
    "values": (f"weight_by_label_freqs: true {WEIGHTS}", (2, 5)),
    "one over the numbers of labels": ("weight_by_label_freqs: true", (1 / 2, 1)),
    "off": (f"weight_by_label_freqs: false {WEIGHTS}", (1, 1)),
    "values alone": (WEIGHTS, (1, 1)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_loss_and_its_gradient(name: str, tmp_path: Path) -> None:
    more, (first, second) = CASES[name]
    (tmp_path / "net.prototxt").write_text(NET.format(more=more))
    wanted = (2 * first + second) * log(2) / 3  # three labels count

    x = torch.zeros(1, 2, 1, 4, requires_grad=True)
    loss = converter.load(tmp_path / "net.prototxt")(x=x, label=torch.from_numpy(LABELS))["loss"]
    loss.backward()
    assert loss.item() == pytest.approx(wanted, rel=1e-6)
    halves = np.array([first, first, -second, 0]) / 2 / 3  # (p - 1) w / 3 for the class that is right
    np.testing.assert_allclose(x.grad.numpy().reshape(2, 4), [-halves, halves], rtol=1e-6)

    seen = reference.run(tmp_path / "net.prototxt", None, {"x": np.zeros((1, 2, 1, 4)), "label": LABELS})
    assert seen["loss"] == pytest.approx(wanted, rel=1e-12)


def test_another_number_of_weights_than_classes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(NET.format(more="weight_by_label_freqs: true class_weighting: 2"))
    with pytest.raises(UnsupportedParameterError, match="class_weighting has 1 values for 2 classes; give one a class"):
        converter.load(tmp_path / "net.prototxt")
    with pytest.raises(OracleError, match="class_weighting has 1 values for 2 classes"):
        reference.run(tmp_path / "net.prototxt", None, {"x": np.zeros((1, 2, 1, 4)), "label": LABELS})


def test_with_the_losses_of_another_fork_it_is_refused(tmp_path: Path) -> None:
    text = NET.format(more="weight_by_label_freqs: true").replace('top: "loss"', 'top: "loss" top: "p" top: "each"')
    (tmp_path / "net.prototxt").write_text(text)
    with pytest.raises(UnsupportedParameterError, match="stands with R-FCN's third top"):
        converter.load(tmp_path / "net.prototxt")
