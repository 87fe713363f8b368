"""Pooling3D: C3D's and P3D's words, windows cut at the volume's end, padding, both methods."""

from tests.case import DIVIDED, Case, signed

TYPE = "Pooling3D"

X = {"x": signed(1, 2, 3, 5, 4)}

CASES = [
    Case("C3D", "pooling3d_param { pool: MAX kernel_size: 2 kernel_depth: 1 stride: 2 temporal_stride: 1 }", X),
    Case("C3D's V1", "pooling_param { pool: MAX kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2 }", X),
    Case(
        "P3D", "pooling3d_param { kernel_h: 3 kernel_w: 2 kernel_l: 2 stride_h: 2 stride_w: 1 stride_l: 2 pad_l: 1 }", X
    ),
    Case(
        "mean, padded",
        "pooling3d_param { pool: AVE kernel_size: 3 kernel_depth: 2 stride: 2 stride_l: 2 pad: 1 pad_l: 1 }",
        X,
        exact=DIVIDED,
    ),
    Case(
        "mean, cut",
        "pooling_param { pool: AVE kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2 }",
        X,
        exact=DIVIDED,
    ),
    Case("mean of all", "pooling3d_param { pool: AVE global_pooling: true }", X, exact=DIVIDED),
    Case("maximum of all", "pooling_param { global_pooling: true stride: 1 pad: 0 temporal_pad: 0 }", X),
    Case("pad of the length", "pooling3d_param { kernel_size: 1 kernel_depth: 2 temporal_pad: 1 }", X),
    Case("pads of a plane", "pooling3d_param { kernel_size: 2 kernel_depth: 1 pad_h: 1 pad_w: 0 }", X),
]
