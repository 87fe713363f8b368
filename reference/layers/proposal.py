"""Proposal (PVANet's fork): regions from anchors that offsets move, the best after suppression.

Anchors stand feat_stride apart, cell by cell, in each cell ratio by ratio and scale by scale; corners are whole pixels
that belong to the box. Source: src/caffe/layers/proposal_layer.cpp of sanghoon/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.anchors import candidates, first_anchors, suppress
from reference.layer import Array, Layer

TYPE = "Proposal"
MESSAGES = ("proposal_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
proposal_param: feat_stride 0 int = 16; base_size 0 int = 16; min_size 0 int = 16; ratio 0 float*; scale 0 float*; pre_nms_topn 0 int = 6000; post_nms_topn 0 int = 300; nms_thresh 0 float = 0.7
"""  # noqa: E501 (one line a message)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Scores (n, 2a, h, w), offsets (n, 4a, h, w), images' sizes (n, 3 or 4) -> regions (r, 5), their scores (r,)."""
    layer.expect(bottoms, 3)
    params = layer.params("proposal_param")
    anchors = first_anchors(params.integer("base_size"), params.reals("ratio"), params.reals("scale"))
    limits = params.integer("pre_nms_topn"), params.integer("post_nms_topn"), params.real("nms_thresh")
    stride, least = params.integer("feat_stride"), params.integer("min_size")
    rows, scores = [], []
    for item, info in enumerate(bottoms[2].reshape(len(bottoms[0]), -1)):
        found = candidates(anchors, stride, bottoms[0][item], bottoms[1][item], info, least)
        kept = suppress([one._replace(score=one.score * one.large) for one in found], *limits)
        rows += [[float(item), *one.box] for one in kept]
        scores += [one.score for one in kept]
    return [np.array(rows).reshape(-1, 5), np.array(scores)]
