"""Im2col: every window as a column, channels first, then the kernel's places (src/caffe/layers/im2col_layer.cpp)."""

from __future__ import annotations

import math

import numpy as np

from reference.convolve import convolve
from reference.geometry import convolution_window
from reference.layer import Array, Layer
from reference.memory import check_size

TYPE = "Im2col"
MESSAGES = ("convolution_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, *sizes); returns (n, c * kernel, *output sizes)."""
    layer.expect(bottoms, 1)
    x = bottoms[0]
    axis = layer.axis(layer.params("convolution_param").integer("axis"), x.ndim)
    lead, channels, planes = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    window = convolution_window(layer, len(planes))
    check_size(channels * math.prod(window.kernel), channels * math.prod(window.kernel))
    weight = np.eye(channels * math.prod(window.kernel)).reshape(-1, channels, *window.kernel)
    columns = convolve(x.reshape(-1, channels, *planes), weight, window)
    return [columns.reshape(*lead, *columns.shape[1:])]
