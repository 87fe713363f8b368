"""The published nets, wide or narrow, with the weights the goldens were made with."""

import numpy as np

from converter.dilatednet import DilatedNet, find, load
from converter.dilatednet.topology import Topology
from tests.formula_weights import formula_blob


def tent(size: int = 16) -> np.ndarray:
    """The bilinear kernel along one axis: 1/16, 3/16 … 15/16 and back for 16."""
    half = [(2 * i + 1) / size for i in range(size // 2)]
    return np.array(half + half[::-1], np.float32)


def formula_arrays(topology: Topology) -> dict[str, list[np.ndarray]]:
    """Blobs by layer: the formula's, but for the upsampling kernel, which is bilinear."""
    arrays = {}
    for step in topology.steps:
        if step.type == "Convolution":
            arrays[step.name] = [formula_blob(step.name, index, shape) for index, shape in enumerate(step.shapes)]
        elif step.type == "Deconvolution":
            arrays[step.name] = [np.broadcast_to(np.outer(tent(), tent()), step.shapes[0]).copy()]
    return arrays


def formula_net(name: str, width: int = 4, fc_width: int = 128) -> DilatedNet:
    """A published net, narrow as the mini goldens unless told otherwise, with the formula's weights."""
    return load(name, formula_arrays(find(name).with_width(width, fc_width).topology))
