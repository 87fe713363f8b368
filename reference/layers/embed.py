"""Embed: rows of a table, named by index, plus a bias. Blobs: weight (input_dim, num_output), bias (num_output,).

Source: src/caffe/layers/embed_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter

TYPE = "Embed"
MESSAGES = ("embed_param",)
DISCONTINUOUS_FROM = 0


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The table (entries, outputs), and the bias (outputs,) unless bias_term is off."""
    layer.expect(bottoms, 1)
    params = layer.params("embed_param")
    outputs = params.integer("num_output")
    entries = params.integer("input_dim")
    if min(entries, outputs) < 1:
        raise layer.error(f"a table of {entries} entries and {outputs} outputs; expected one at least of each")
    weight = Parameter((entries, outputs), params.message("weight_filler", "filler"))
    bias = Parameter((outputs,), params.message("bias_filler", "filler"))
    return [weight, bias] if params.flag("bias_term") else [weight]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """index: any shape; returns (*shape, num_output)."""
    rows = np.trunc(bottoms[0]).astype(np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(blobs[0]):
        raise layer.error(f"an index is outside 0 to {len(blobs[0]) - 1}")
    found = blobs[0][rows].astype(bottoms[0].dtype)
    return [found + blobs[1] if len(blobs) > 1 else found]
