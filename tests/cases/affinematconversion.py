"""AffineMatConversion: a crop's four numbers."""

from tests.case import Case, signed

TYPE = "AffineMatConversion"

CASES = [
    Case("plain", inputs={"x": signed(3, 4)}),
    Case(
        "RECT_CROP, axes of one",
        "affine_mat_conversion_param { conversion_type: RECT_CROP }",
        {"x": signed(2, 4, 1, 1)},
    ),
]
