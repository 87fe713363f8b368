"""Proposal: regions from anchors, best first."""

from tests.case import CHOICE, CURVED, Case, chances, given, signed

TYPE = "Proposal"

BOTTOMS = {"scores": chances(1, 4, 3, 4), "offsets": signed(1, 8, 3, 4), "info": given([[40, 60, 1]])}

CASES = [
    Case(
        "two anchors",
        (
            "proposal_param { feat_stride: 16 base_size: 16 ratio: 1 scale: 1 scale: 2 min_size: 4 "
            "pre_nms_topn: 20 post_nms_topn: 8 nms_thresh: 0.6 }"
        ),
        BOTTOMS,
        ("rois", "score"),
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "two ratios, regions alone",
        "proposal_param { ratio: 0.5 ratio: 2 scale: 2 }",
        BOTTOMS,
        ("rois",),
        exact=CURVED,
        gradient=CHOICE,
    ),
]
