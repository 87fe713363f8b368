"""Mean (FlowNet's fork): output_scale (input_scale x + mean_scale m), or minus it (SUBTRACT), m cycling over channels.

Source: src/caffe/layers/mean_layer.cpp of lmb-freiburg/flownet2; a mean in a file is not read.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Mean"
MESSAGES = ("mean_param",)
FIELDS = """
mean_param: operation 0 enum(ADD=1 SUBTRACT=4); file 0 text; value 0 float*; mean_scale 0 float = 1; input_scale 0 float = 1; output_scale 0 float = 1
"""  # noqa: E501 (one line a message)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Bottoms (n, c, h, w); returns as many tops of their shapes."""
    layer.expect(bottoms, len(layer.tops))
    params = layer.params("mean_param")
    values = params.reals("value")
    if params.has("file") or not values or any(x.shape[1] % len(values) for x in bottoms):
        shapes = [x.shape for x in bottoms]
        raise layer.error(f"has {len(values)} values (and perhaps a file, which is not read) for bottoms {shapes}")
    sign = 1 if params.choice("operation") == "ADD" else -1
    tops = []
    for x in bottoms:
        mean = np.resize(np.array(values), x.shape[1])[:, None, None]
        scaled = params.real("input_scale") * x + sign * params.real("mean_scale") * mean
        tops.append(params.real("output_scale") * scaled)
    return [top.astype(x.dtype) for top, x in zip(tops, bottoms, strict=True)]
