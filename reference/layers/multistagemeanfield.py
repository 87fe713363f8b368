"""MultiStageMeanfield (CRF-RNN's fork): mean-field inference of a dense CRF, on a permutohedral lattice.

Each step: marginals = softmax(scores); filtered by a Gaussian of position and by one of position and color, each over
its filtered ones; scores = unary - compatibility (spatial weights times the one + bilateral weights times the other).
Source: src/caffe/layers/multi_stage_meanfield.cpp and meanfield_iteration.cpp of torrvision/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.losses import softmax
from reference.params import Params
from reference.permutohedral import Floats, Lattice

TYPE = "MultiStageMeanfield"
MESSAGES = ("multi_stage_meanfield_param",)
BLOBS = ("spatial_weight", "bilateral_weight", "compatibility")
NOT_IN_PLACE = True
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = """
multi_stage_meanfield_param: compatibility_mode 0 enum(POTTS=0) = POTTS; threshold 0 float; theta_alpha 0 float; theta_beta 0 float; theta_gamma 0 float; num_iterations 0 int; spatial_filter_weight 0 float = 1; bilateral_filter_weight 0 float = 1; spatial_filter_weights_str 0 text; bilateral_filter_weights_str 0 text; force_cpu 0 bool = false
"""  # noqa: E501 (one line a message)


def _diagonal(layer: Layer, params: Params, name: str, classes: int) -> Array:
    words = params.text(f"{name}_filter_weights_str").split()
    if not words:
        return np.eye(classes) * params.real(f"{name}_filter_weight")
    if len(words) < classes:
        raise layer.error(f"has {len(words)} numbers in {name}_filter_weights_str; expected {classes}")
    return np.diag([float(np.float32(word)) for word in words[:classes]])


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Weights of the two filters and the compatibility, (1, 1, c, c) each."""
    layer.expect(bottoms, 3)
    params, classes = layer.params(MESSAGES[0]), bottoms[0].shape[1]
    params.choice("compatibility_mode")
    none = Params("filler", [], layer.where, layer.path)
    starts = [_diagonal(layer, params, name, classes) for name in ("spatial", "bilateral")]
    return [Parameter((1, 1, classes, classes), none, start) for start in (*starts, -np.eye(classes))]


def _smooth(points: Floats, values: Array, lattices: dict[bytes, Lattice]) -> Array:
    key = points.tobytes()
    if key not in lattices:
        lattices[key] = Lattice(points)
    lattice = lattices[key]
    return lattice.filter(np.asarray(values, np.float64)) / (lattice.filter(np.ones((len(values), 1))) + 1e-20)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """Unary and first scores (n, c, h, w), image (n, k, h, w); returns (n, c, h, w)."""
    params = layer.params(MESSAGES[0])
    if params.integer("num_iterations") < 2:
        raise layer.error(f"num_iterations is {params.integer('num_iterations')}; expected at least 2")
    spatial, bilateral, compatibility = (blob.reshape(blob.shape[-2:]) for blob in blobs)
    height, width = bottoms[0].shape[2:]
    place = np.stack([np.tile(np.arange(width), height), np.repeat(np.arange(height), width)], axis=1)
    results = []
    for unary, scores, image in zip(*bottoms, strict=True):
        colors = image.reshape(len(image), -1).T / params.real("theta_beta")
        near = np.asarray(place / params.real("theta_gamma"), np.float64)
        alike = np.concatenate([place / params.real("theta_alpha"), colors], axis=1).astype(np.float64)
        lattices: dict[bytes, Lattice] = {}
        for _ in range(params.integer("num_iterations")):
            marginals = softmax(scores.reshape(len(scores), -1), 0).T
            message = spatial @ _smooth(near, marginals, lattices).T + bilateral @ _smooth(alike, marginals, lattices).T
            scores = unary - (compatibility @ message).reshape(unary.shape)
        results.append(scores)
    return [np.stack(results)]
