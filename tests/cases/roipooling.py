"""ROIPooling: maxima of the cells of regions."""

from tests.case import Case, given, signed

TYPE = "ROIPooling"

ROIS = given([[0, 0, 0, 5, 6], [1, 2, 1, 9, 7], [0, 3, 3, 3, 3], [1, 20, 20, 30, 30]])

CASES = [
    Case(
        "two by three",
        "roi_pooling_param { pooled_h: 2 pooled_w: 3 spatial_scale: 0.5 }",
        {"x": signed(2, 2, 4, 5), "rois": ROIS},
    ),
    Case("scale 1", "roi_pooling_param { pooled_h: 3 pooled_w: 3 }", {"x": signed(2, 1, 8, 9), "rois": ROIS}),
]
