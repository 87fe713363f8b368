"""Unpooling: back from a pooling: by mask, spread, repeated."""

from tests.case import OWN, Case, given, signed

TYPE = "Unpooling"

MASK = given([[[[0, 3], [9, 15]]]])

CASES = [
    Case(
        "MAX by mask",
        "unpooling_param { unpool: MAX kernel_size: 2 stride: 2 pad: 0 unpool_size: 4 }",
        {"x": signed(1, 1, 2, 2), "mask": MASK},
    ),
    Case(
        "AVE, without overlap",
        "unpooling_param { unpool: AVE kernel_size: 2 stride: 2 unpool_h: 4 unpool_w: 6 }",
        {"x": signed(1, 2, 2, 3)},
    ),
    Case(
        "TILE",
        ("unpooling_param { unpool: TILE kernel_h: 2 kernel_w: 2 stride_h: 2 stride_w: 2 unpool_size: 4 }"),
        {"x": signed(1, 2, 2, 2)},
        gradient=OWN,
    ),
]
