"""FlowWarp (FlowNet2's fork): each pixel read where the flow points from it, bilinear, `fill_value` outside the image.

Inside is 0 <= x < width and 0 <= y < height; the neighbor beyond the last column or row is that column or row itself.
Source: src/caffe/layers/flow_warp_layer.cpp of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "FlowWarp"
MESSAGES = ("flow_warp_param",)
NOT_IN_PLACE = True
DISCONTINUOUS_FROM = 0
FIELDS = "flow_warp_param: fill_value 0 enum(ZERO=1 NOT_A_NUMBER=2) = ZERO"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """image: (n, c, h, w), flow: (n, 2, h, w); returns (n, c, h, w)."""
    layer.expect(bottoms, 2)
    image, flow = bottoms
    n, _, height, width = image.shape
    if flow.shape != (n, 2, height, width):
        raise layer.error(f"the flow has shape {flow.shape}; expected {(n, 2, height, width)}")
    zero = layer.params("flow_warp_param").choice("fill_value") == "ZERO"
    top = np.full(image.shape, 0.0 if zero else np.nan, image.dtype)
    for item, row, column in np.ndindex(n, height, width):
        x, y = column + flow[item, 0, row, column], row + flow[item, 1, row, column]
        if not (0 <= x < width and 0 <= y < height):
            continue
        left, upper = int(x), int(y)
        right, lower = min(left + 1, width - 1), min(upper + 1, height - 1)
        alpha, beta = x - left, y - upper
        top[item, :, row, column] = (
            (1 - alpha) * (1 - beta) * image[item, :, upper, left]
            + alpha * (1 - beta) * image[item, :, upper, right]
            + (1 - alpha) * beta * image[item, :, lower, left]
            + alpha * beta * image[item, :, lower, right]
        )
    return [top]
