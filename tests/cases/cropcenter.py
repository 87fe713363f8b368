"""CropCenter: as much cut off both ends."""

from tests.case import Case, signed

TYPE = "CropCenter"

CASES = [
    Case(
        "a size an axis",
        "crop_center_param { crop_size: 0 crop_size: 1 crop_size: 0 crop_size: 2 }",
        {"x": signed(2, 3, 2, 6)},
    ),
]
