"""Nets that the export tests share: DilatedNets with the formula's weights, whose blobs genuine Caffe computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import converter
from converter.pytorch.caffe_module import CaffeModule
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image, sample
from tests.places import GOLDENS

MINI = GOLDENS / "nets/mini"
DILATED = sorted(path.stem.removesuffix("_mini") for path in MINI.glob("*.prototxt"))

CHAIN = (
    'name: "chain"\ninput: "data" input_shape { dim: 1 dim: 3 dim: 12 dim: 10 }\n'
    'layer { name: "conv/1" type: "Convolution" bottom: "data" top: "conv/1"\n'
    '  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }\n'
    'layer { name: "relu-1" type: "ReLU" bottom: "conv/1" top: "conv/1" }\n'
    'layer { name: "pool" type: "Pooling" bottom: "conv/1" top: "pool" pooling_param { kernel_size: 3 stride: 2 } }\n'
    'layer { name: "cut" type: "Slice" bottom: "pool" top: "a" top: "b" slice_param { slice_point: 1 } }\n'
    'layer { name: "fc" type: "InnerProduct" bottom: "b" top: "fc"\n'
    '  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }\n'
)
"""Names that Python cannot take, an in-place layer, ceil-mode pooling, a layer with two tops, two outputs."""


def dilated(name: str) -> CaffeModule:
    """A DilatedNet at 1/16 of its width as a CaffeModule, with the weights that its golden was made with."""
    net = converter.load(MINI / f"{name}_mini.prototxt").eval()
    net.load_state_dict(formula_net(name).state_dict())
    return net


def image_of(name: str) -> np.ndarray:
    """The image that the golden was made with, (1, 3, h, w) float32."""
    shape = converter.load(MINI / f"{name}_mini.prototxt").inputs["data"]
    return formula_image(*shape[2:])[None]


def golden_error(name: str, prob: np.ndarray) -> float:
    """The largest difference from Caffe's probabilities, as a share of the largest of them."""
    golden = np.load(MINI / f"{name}_mini.npz")
    whole = "out:prob" in golden.files
    wanted = golden["out:prob" if whole else "sample:prob"]
    seen = prob if whole else sample(prob)
    return float(np.abs(seen - wanted).max() / np.abs(wanted).max())


def chain(folder: Path) -> CaffeModule:
    """The net CHAIN with random weights."""
    path = folder / "chain.prototxt"
    path.write_text(CHAIN)
    return converter.load(path, seed=3).eval()
