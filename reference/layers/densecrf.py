"""DenseCRF (DeepLab's fork): mean-field inference of a dense CRF with Potts' compatibility and given weights.

Each step: q = softmax(scores + sum over kernels of weight * filtered q / filtered ones), where what lies more than 20
below a pixel's largest score counts nothing. Item i's map has the size that bottom 1 states; the rest of the top is 0.
Version 1 takes log softmax of the scores first, whose softmax is the same.
Source: src/caffe/layers/densecrf_layer.cpp, util/densecrf_pairwise.cpp and .hpp (fast_exp) of
TheLegendAli/DeepLab-Context (version 1) and xmyqsh/deeplab-v2.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.params import Params
from reference.permutohedral import Floats, Lattice

TYPE = "DenseCRF"
MESSAGES = ("dense_crf_param",)
NOT_IN_PLACE = True
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = """
dense_crf_param: max_iter 1 int = 10; pos_xy_std 2 float*; pos_w 3 float*; bi_xy_std 4 float*; bi_rgb_std 5 float*; bi_w 6 float*; output_probability 7 bool = true
"""  # noqa: E501 (one line a message)


def _exponentials(scores: Array) -> Floats:
    """Rows of pixels, columns of classes."""
    below = scores - scores.max(axis=1)[:, None]
    powers = np.exp(below) * (below >= -20)
    return np.asarray(powers / powers.sum(axis=1)[:, None], np.float64)


def _lattices(layer: Layer, params: Params, size: tuple[int, int], image: Array | None) -> list[tuple[float, Lattice]]:
    place = np.stack([np.tile(np.arange(size[1]), size[0]), np.repeat(np.arange(size[0]), size[1])], axis=1)
    weights, deviations = params.reals("pos_w"), params.reals("pos_xy_std")
    far = [params.reals(name) for name in ("bi_w", "bi_xy_std", "bi_rgb_std")]
    if len(weights) != len(deviations) or len({len(values) for values in far}) > 1:
        raise layer.error("has not as many deviations as weights")
    kernels = [(w, Lattice(place / xy)) for w, xy in zip(weights, deviations, strict=True)]
    if image is not None:
        if not far[0]:
            raise layer.error("has an image and no bilateral kernel")
        colors = image[:, : size[0], : size[1]].reshape(len(image), -1).T
        for w, xy, rgb in zip(*far, strict=True):
            points = np.concatenate([place / xy, colors / rgb], axis=1)
            kernels.append((w, Lattice(np.asarray(points, np.float64))))
    return kernels


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Scores (n, c, h, w), sizes (n, 2), image (n, 3, h, w); returns (n, c, h, w)."""
    layer.expect(bottoms, 2, 3)
    params, top = layer.params("dense_crf_param"), np.zeros(bottoms[0].shape)
    for n, scores in enumerate(bottoms[0]):
        height, width = (
            min(int(size), own) for size, own in zip(bottoms[1][n].ravel()[:2], scores.shape[1:], strict=True)
        )
        kernels = _lattices(layer, params, (height, width), bottoms[2][n] if len(bottoms) > 2 else None)
        unary = scores[:, :height, :width].reshape(len(scores), -1).T
        one, q = np.ones((len(unary), 1)), _exponentials(unary)
        for _ in range(params.integer("max_iter")):
            terms = [w * lattice.filter(q) / (lattice.filter(one) + 1e-20) for w, lattice in kernels]
            q = _exponentials(unary + sum(terms))
        if not params.flag("output_probability"):
            q = np.log(np.maximum(q, np.finfo(np.float32).tiny))
        top[n, :, :height, :width] = q.T.reshape(len(scores), height, width)
    return [top]
