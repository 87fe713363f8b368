"""R-FCN's training nets: the losses of boxes are added and chosen from, in both programs, by hand."""

import math

import numpy as np
import pytest

import converter
import reference

NET = """
layer { name: "in" type: "Input" top: "score" top: "labels" top: "bbox" top: "targets" top: "weights" top: "rois"
  input_param { shape { dim: 3 dim: 2 dim: 1 dim: 1 } SHAPE shape { dim: 3 dim: 4 dim: 1 dim: 1 }
    shape { dim: 3 dim: 4 } shape { dim: 3 dim: 4 } shape { dim: 3 dim: 5 } } }
layer { name: "cls" type: "KIND" bottom: "score" bottom: "labels" top: "a" top: "b" top: "per_cls" }
layer { name: "loc" type: "SmoothL1LossOHEM" bottom: "bbox" bottom: "targets" bottom: "weights" top: "c" top: "per_loc"
  loss_weight: 0 loss_weight: 0 }
layer { name: "sum" type: "Eltwise" bottom: "per_cls" bottom: "per_loc" top: "per" }
layer { name: "hard" type: "BoxAnnotatorOHEM" bottom: "rois" bottom: "per" bottom: "labels" bottom: "weights"
  top: "kept" top: "kept_weights" box_annotator_ohem_param { roi_per_img: 1 ignore_label: -1 } }
"""


@pytest.mark.parametrize("kind", ["SoftmaxWithLoss", "SoftmaxWithLossOHEM"])
@pytest.mark.parametrize("axes", [1, 4])
def test_the_box_of_greatest_loss_is_kept_however_many_axes_the_labels_have(tmp_path, kind, axes):
    """Two classes alike: ln 2 each; offsets off by 0, 1 and 3 lose 0, 1/2 and 5/2. py-R-FCN's labels have four axes."""
    labels = np.array([1.0, 0, 1]).reshape(3, *[1] * (axes - 1))
    shape = " ".join(f"dim: {size}" for size in labels.shape)
    (tmp_path / "n.prototxt").write_text(NET.replace("SHAPE", f"shape {{ {shape} }}").replace("KIND", kind))
    offsets = np.zeros((3, 4, 1, 1))
    offsets[1, 0], offsets[2, 0] = 1, 3
    fed = {
        "score": np.zeros((3, 2, 1, 1)),
        "labels": labels,
        "bbox": offsets,
        "targets": np.zeros((3, 4)),
        "weights": np.ones((3, 4)),
        "rois": np.zeros((3, 5)),
    }
    net = converter.load(tmp_path / "n.prototxt").double()
    tops = {name: value.numpy() for name, value in net(**fed).items()}
    oracle = reference.run(tmp_path / "n.prototxt", None, fed)
    for found in (tops, oracle):
        assert found["kept"].reshape(3).tolist() == [-1, -1, 1]
        assert found["kept_weights"].reshape(3, 4).tolist() == [[0] * 4, [0] * 4, [1] * 4]
    assert oracle["per"].shape == (3, 1, 1, 1)
    assert oracle["per"].reshape(3) == pytest.approx([math.log(2), math.log(2) + 0.5, math.log(2) + 2.5])
