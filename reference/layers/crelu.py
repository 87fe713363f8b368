"""CReLU (forks; arXiv 1603.05201): x and -x one after the other along an axis, each through a ReLU."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "CReLU"
MESSAGES = ("crelu_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns it with one axis twice as long."""
    layer.expect(bottoms, 1)
    params = layer.params("crelu_param")
    both = np.concatenate([bottoms[0], -bottoms[0]], layer.axis(params.integer("concat_axis"), bottoms[0].ndim))
    return [np.maximum(both, 0) + params.real("negative_slope") * np.minimum(both, 0)]
