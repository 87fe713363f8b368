"""Crop: the first bottom cut to the second's size."""

from tests.case import Case, signed, still

TYPE = "Crop"

CASES = [
    Case(
        "axis=2, one offset", "crop_param { offset: 1 }", {"x": signed(1, 2, 5, 6), "like": still(signed(1, 9, 3, 4))}
    ),
    Case(
        "axis=1, offset an axis",
        "crop_param { axis: 1 offset: 1 offset: 0 offset: 2 }",
        {"x": signed(1, 3, 4, 5), "like": still(signed(1, 2, 4, 3))},
    ),
    Case("axis=-1, no offset", "crop_param { axis: -1 }", {"x": signed(2, 3, 5), "like": still(signed(9, 9, 4))}),
]
