"""Python: a layer that a Python module computes; those of well-known names the oracle computes itself.

The oracle runs no code from outside: for all others the caller gives the tops, whether the layer has bottoms or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from reference.anchors import candidates, first_anchors, suppress
from reference.layer import Array, Layer
from reference.region_targets import anchor_targets, proposal_targets

TYPE = "Python"
MESSAGES = ("python_param",)
IS_INPUT = True
DISCONTINUOUS_FROM = 0
FIELDS = "python_param: module 1 text; layer 2 text; param_str 3 text; share_in_parallel 4 bool"


def _numbers(layer: Layer, name: str, default: list[float]) -> list[float]:
    """The numbers that param_str, a line of YAML, gives a name."""
    text = layer.params("python_param").text("param_str")
    at = re.search(rf"\b{name}'?\s*:", text)
    if at is None:
        return default
    value = text[at.end() :].replace("!!python/tuple", "").strip()
    value = re.split(r"[\])]", value)[0] if value[:1] in ("[", "(") else re.split(r"[,}\n]", value)[0]
    return [float(word) for word in re.findall(r"-?[\d.]+", value)]


def _anchors(layer: Layer) -> tuple[list[tuple[float, ...]], int]:
    ratios, scales = _numbers(layer, "ratios", [0.5, 1, 2]), _numbers(layer, "scales", [8, 16, 32])
    return first_anchors(16, ratios, scales), int(_numbers(layer, "feat_stride", [])[0])


def _proposal(layer: Layer, bottoms: list[Array]) -> list[Array]:
    """lib/rpn/proposal_layer.py of rbgirshick/py-faster-rcnn: small boxes are left out."""
    scores, offsets, info = bottoms
    found = candidates(*_anchors(layer), scores[0], offsets[0], info.reshape(-1)[:3], 16)
    before, after = (12000, 2000) if layer.phase == "train" else (6000, 300)
    kept = suppress([one for one in found if one.large], before, after, 0.7)
    rows = np.array([[0.0, *one.box] for one in kept]).reshape(-1, 5)
    return [rows, np.array([[one.score] for one in kept]).reshape(-1, 1)]


def _anchor_target(layer: Layer, bottoms: list[Array]) -> list[Array]:
    """lib/rpn/anchor_target_layer.py."""
    anchors, stride = _anchors(layer)
    return anchor_targets(anchors, stride, bottoms, _numbers(layer, "allowed_border", [0.0])[0])


def _proposal_target(layer: Layer, bottoms: list[Array]) -> list[Array]:
    """lib/rpn/proposal_target_layer.py."""
    return proposal_targets(layer, int(_numbers(layer, "num_classes", [])[0]), bottoms)


def _euclidean(layer: Layer, bottoms: list[Array]) -> list[Array]:  # noqa: ARG001
    """BVLC's examples/pycaffe/layers/pyloss.py."""
    difference = bottoms[0].ravel() - bottoms[1].ravel()
    return [np.array([(difference**2).sum() / len(bottoms[0]) / 2])]


def _spatial_dropout(layer: Layer, bottoms: list[Array]) -> list[Array]:
    """TimoSaemann/ENet's spatial_dropout.py in its phase TEST, which scales."""
    return [bottoms[0] / (1 - _numbers(layer, "p", [])[0])]


_KNOWN: dict[tuple[str, str], Callable[[Layer, list[Array]], list[Array]]] = {
    ("rpn.proposal_layer", "ProposalLayer"): _proposal,
    ("rpn.anchor_target_layer", "AnchorTargetLayer"): _anchor_target,
    ("rpn.proposal_target_layer", "ProposalTargetLayer"): _proposal_target,
    ("pyloss", "EuclideanLossLayer"): _euclidean,
    ("spatial_dropout", "SpatialDropoutLayer"): _spatial_dropout,
}


def _names(layer: Layer) -> tuple[str, str]:
    params = layer.params("python_param")
    return params.text("module"), params.text("layer")


def computes(layer: Layer) -> bool:
    """Whether the names are known; ENet's dropout in training draws what no one else can draw."""
    drops = "'TRAIN'" in layer.params("python_param").text("param_str")
    return _names(layer) in _KNOWN and not (_names(layer)[0] == "spatial_dropout" and drops)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """The tops of the known layer that the names stand for."""
    return _KNOWN[_names(layer)](layer, bottoms)
