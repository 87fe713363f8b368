"""What loss_param says reaches the loss, in both programs, by hand (Caffe's softmax_loss_layer.cpp and R-FCN's)."""

import math

import numpy as np
import pytest
import torch

import converter
import reference

SCORES = np.zeros((2, 2, 1, 3))
LABELS = np.array([[[[0.0, 1, 255]]], [[[1.0, 1, 0]]]])
"""2 items of 3 places, 2 classes of probability 1/2: ln 2 for each place, of which 5 count and one is ignored."""
LN2 = math.log(2)
FIELDS = [
    ("", 5),
    ("normalization: VALID", 5),
    ("normalization: FULL", 6),
    ("normalization: BATCH_SIZE", 2),
    ("normalization: NONE", 1),
    ("normalize: true", 5),
    ("normalize: false", 2),
    ("normalize: true normalization: NONE", 1),  # the newer word stands over the older
]
FIXED = [("normalization: PRE_FIXED", 1), ("normalization: PRE_FIXED pre_fixed_normalizer: 4", 4)]


def both(folder, kind: str, fields: str, tops: int = 1) -> list[dict[str, np.ndarray]]:
    """The tops y0, y1, … of a loss in each program."""
    shapes = "shape { dim: 2 dim: 2 dim: 1 dim: 3 } shape { dim: 2 dim: 1 dim: 1 dim: 3 }"
    names = " ".join(f'top: "y{index}"' for index in range(tops))
    param = f"loss_param {{ ignore_label: 255 {fields} }}"
    (folder / "net.prototxt").write_text(
        f'layer {{ name: "in" type: "Input" top: "x" top: "t" input_param {{ {shapes} }} }}\n'
        f'layer {{ name: "it" type: "{kind}" bottom: "x" bottom: "t" {names} {param} }}'
    )
    oracle = reference.run(folder / "net.prototxt", None, {"x": SCORES, "t": LABELS})
    net = converter.load(folder / "net.prototxt").double()
    found = net(x=torch.tensor(SCORES), t=torch.tensor(LABELS))
    return [{name: value.numpy() for name, value in found.items()}, {name: oracle[name] for name in found}]


@pytest.mark.parametrize(
    ("kind", "fields", "divisor"),
    [("SoftmaxWithLoss", *one) for one in FIELDS] + [("SoftmaxWithLossOHEM", *one) for one in FIELDS + FIXED],
)
def test_the_sum_has_its_divisor(tmp_path, kind, fields, divisor):
    for tops in both(tmp_path, kind, fields):
        assert tops["y0"].item() == pytest.approx(5 * LN2 / divisor)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_further_tops_are_probabilities_and_each_places_loss(tmp_path, count):
    for tops in both(tmp_path, "SoftmaxWithLossOHEM", "", count):
        assert list(tops) == ["y0", "y1", "y2"][:count]
        if count > 1:
            assert tops["y1"].tolist() == np.full((2, 2, 1, 3), 0.5).tolist()
        if count > 2:
            np.testing.assert_allclose(tops["y2"], LN2 * (LABELS != 255))
