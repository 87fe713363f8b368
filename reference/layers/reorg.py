"""Reorg (YOLO's fork): squares of stride by stride pixels become channels, with `reverse` the other way round.

Darknet reads the item's memory as c' = c / stride^2 channels of a plane stride times as large, so this is not what
others call space-to-depth: with its memory taken as c planes of (h, w), plane k holds the pixels (stride y + k / c' /
stride, stride x + k / c' % stride) of large channel k % c'; reversed, those pixels are where plane k goes.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Reorg"
MESSAGES = ("reorg_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c s^2, h / s, w / s), or reversed (n, c / s^2, h s, w s), s the stride."""
    layer.expect(bottoms, 1)
    params, (n, c, h, w) = layer.params("reorg_param"), bottoms[0].shape
    s = params.integer("stride")
    if s < 1 or c % (s * s) or (not params.flag("reverse") and (h % s or w % s)):
        raise layer.error(f"a blob of {bottoms[0].shape} does not divide by stride {s}")
    if params.flag("reverse"):
        parts = bottoms[0].reshape(n, s, s, c // (s * s), h, w)
        return [parts.transpose(0, 3, 4, 1, 5, 2).reshape(n, c // (s * s), h * s, w * s)]
    parts = bottoms[0].reshape(n, c // (s * s), h, s, w, s)
    return [parts.transpose(0, 3, 5, 1, 2, 4).reshape(n, c * s * s, h // s, w // s)]
