"""PSROIPooling: means of cells, each from channels of its own."""

from tests.case import DIVIDED, Case, given, signed

TYPE = "PSROIPooling"

CASES = [
    Case(
        "group_size=2",
        "psroi_pooling_param { output_dim: 2 group_size: 2 spatial_scale: 0.5 }",
        {"x": signed(2, 8, 4, 5), "rois": given([[0, 0, 0, 5, 6], [1, 2, 1, 9, 7], [0, 3, 3, 3, 3]])},
        exact=DIVIDED,
    ),
]
