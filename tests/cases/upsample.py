"""Upsample: repeated with one bottom, put back by mask with two."""

from tests.case import Case, given, signed

TYPE = "Upsample"

MASK = given([[[[0, 3], [9, 14]]]])

CASES = [
    Case("scale=2", "upsample_param { scale: 2 }", {"x": signed(1, 2, 2, 3)}),
    Case("by mask", "upsample_param { scale: 2 }", {"x": signed(1, 1, 2, 2), "mask": MASK}),
    Case(
        "by mask, upsample_h, upsample_w",
        "upsample_param { upsample_h: 3 upsample_w: 5 }",
        {"x": signed(1, 1, 2, 2), "mask": MASK},
    ),
    Case(
        "by mask, scale_h, scale_w, pad_out",
        "upsample_param { scale_h: 2 scale_w: 3 pad_out_h: true pad_out_w: true }",
        {"x": signed(1, 1, 2, 2), "mask": MASK},
    ),
]
