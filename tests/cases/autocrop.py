"""AutoCrop: as the geometry is entered; tests/layers/test_auto_crop.py has nets that have one."""

from tests.case import Case, signed

TYPE = "AutoCrop"

CASES = [
    Case(
        "an offset an axis",
        "crop_param { axis: 2 offset: 1 offset: 2 }",
        {"x": signed(1, 2, 4, 5), "like": signed(1, 1, 2, 3)},
    ),
]
