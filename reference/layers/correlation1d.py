"""Correlation1D (FlowNet's fork): Correlation along the rows alone, to both sides or (single_direction) to one.

To the left alone (-1) displacements run from -r - 1 to -1, to the right alone from 0 to r, r = max_displacement //
stride_2. Source: src/caffe/layers/correlation_layer1d.cu of lmb-freiburg/flownet2.
"""

from __future__ import annotations

from reference.layer import Array, Layer
from reference.layers import correlation

TYPE = "Correlation1D"
MESSAGES = ("correlation_param",)
SUMS = True
FIELDS = correlation.FIELDS


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Two maps (n, c, h, w); returns (n, displacements, h_out, w_out)."""
    params = layer.params("correlation_param")
    step, direction = max(1, params.integer("stride_2")), params.integer("single_direction")
    radius = params.integer("max_displacement") // step
    if direction not in (-1, 0, 1):
        raise layer.error(f"single_direction is {direction}; expected -1, 0 or 1")
    if direction == -1:
        overshoot = (radius + 1) * step - params.integer("max_displacement")
        if params.integer("pad") < overshoot:
            raise layer.error(f"reads {overshoot} pixels beyond its padding of {params.integer('pad')}")
        return [correlation.correlate(layer, bottoms, range(1), range(-radius - 1, 0), 0)]
    columns = range(0 if direction else -radius, radius + 1)
    return [correlation.correlate(layer, bottoms, range(1), columns, 0)]
