"""Layers given no items, as behind a Filter that keeps none or a Proposal that finds none: both programs give none."""

import numpy as np
import pytest

from converter.verify.verify import Verifier

FILLED = 'weight_filler { type: "xavier" }'
LAYERS = {
    "ArgMax": "",
    "ArgMax of each channel": "argmax_param { axis: 1 }",
    "BatchNorm": "",
    "Convolution": f"convolution_param {{ num_output: 2 kernel_size: 2 {FILLED} }}",
    "Deconvolution": f"convolution_param {{ num_output: 2 kernel_size: 2 {FILLED} }}",
    "Flatten": "",
    "InnerProduct": f"inner_product_param {{ num_output: 2 {FILLED} }}",
    "InnerProduct of each column": f"inner_product_param {{ num_output: 2 axis: -1 {FILLED} }}",
    "LRN": "",
    "MVN": "",
    "MVN across channels": "mvn_param { across_channels: true }",
    "NdPooling": "pooling_param { kernel_shape { dim: 2 dim: 2 } }",
    "Pooling": "pooling_param { kernel_size: 2 }",
    "Pooling of all": "pooling_param { pool: AVE global_pooling: true }",
    "Pooling3D": "pooling3d_param { pool: MAX kernel_size: 2 kernel_depth: 1 }",
    "Reduction": "reduction_param { axis: 1 }",
    "Scale": "",
    "Softmax": "",
    "SPP": "spp_param { pyramid_height: 2 }",
    "Tile": "tile_param { tiles: 2 }",
}
"""Types, told apart by what follows, and their fields."""


@pytest.mark.parametrize("name", LAYERS)
def test_no_items_give_no_items_in_both_programs(name, tmp_path):
    kind = name.split()[0]
    dims = "dim: 2 dim: 3 dim: 4 dim: 4" + (" dim: 4" if kind == "Pooling3D" else "")
    path = tmp_path / "net.prototxt"
    path.write_text(
        f'input: "x" input_shape {{ {dims} }} input: "keep" input_shape {{ dim: 2 }}\n'
        'layer { name: "filter" type: "Filter" bottom: "x" bottom: "keep" top: "kept" }\n'
        f'layer {{ name: "it" type: "{kind}" bottom: "kept" top: "y" {LAYERS[name]} }}'
    )
    verifier = Verifier(path, None)
    fed = {"x": np.ones(verifier.plan.inputs["x"], np.float32), "keep": np.zeros(2, np.float32)}
    (check,) = verifier.check(fed)
    assert check.passed
    assert check.expected["y"].shape[0] == check.actual["y"].shape[0] == 0
