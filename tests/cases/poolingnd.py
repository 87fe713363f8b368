"""PoolingND: one size for all axes and one each, one to three axes, both methods."""

from tests.case import DIVIDED, Case, signed

TYPE = "PoolingND"

CASES = [
    Case(
        "three axes",
        "pooling_nd_param { pool: MAX kernel_size: 2 stride: 2 pad: 0 engine: CAFFE }",
        {"x": signed(1, 2, 3, 4, 3)},
    ),
    Case("one axis, padded", "pooling_nd_param { kernel_size: 3 stride: 2 pad: 1 }", {"x": signed(2, 2, 6)}),
    Case(
        "a size an axis, mean",
        "pooling_nd_param { pool: AVE kernel_size: 3 kernel_size: 2 stride: 2 stride: 1 pad: 1 pad: 0 }",
        {"x": signed(1, 2, 5, 4)},
        exact=DIVIDED,
    ),
    Case("of all", "pooling_nd_param { global_pooling: true }", {"x": signed(1, 2, 3, 2, 2)}),
]
