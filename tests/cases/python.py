"""Python: a layer that the user registers, here one that doubles, and those of well-known names."""

import converter
from tests.case import CHOICE, CURVED, DIVIDED, Case, chances, given, signed

TYPE = "Python"


@converter.python_layer("ladder", "Doubled")
class Doubled(converter.Operator):
    """2 x."""

    def forward(self, call):
        return [2 * call.bottoms[0]]


def body(module: str, name: str, text: str = "") -> str:
    """The layer's parameters."""
    given_text = f'param_str: "{text}"' if text else ""
    return f'python_param {{ module: "{module}" layer: "{name}" {given_text} }}'


ONE_ANCHOR = "{'feat_stride': 4, 'scales': [1], 'ratios': [1]}"
TRUTH = given([[0, 0, 17, 15, 3], [20, 4, 40, 22, 1]])
INFO = given([[44, 52, 1.5]])
TARGETS = ("labels", "targets", "inside", "outside")
SAMPLE = ("rois", "labels", "targets", "inside", "outside")
REGIONS = [[0, 2 * i, i, 2 * i + 16 + i % 3, i + 15] for i in range(12)]

CASES = [
    Case("doubled", body("ladder", "Doubled"), {"x": signed(2, 3)}, oracle="the oracle runs nobody's code"),
    Case(
        "rpn.proposal_layer",
        body("rpn.proposal_layer", "ProposalLayer", "{'feat_stride': 8, 'scales': !!python/tuple [1, 2]}"),
        {"scores": chances(1, 12, 3, 4), "offsets": signed(1, 24, 3, 4), "info": given([[40, 60, 0.5]])},
        ("rois", "scores_of"),
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "rpn.anchor_target_layer",
        body("rpn.anchor_target_layer", "AnchorTargetLayer", ONE_ANCHOR),
        {"scores": signed(1, 2, 10, 12), "truth": TRUTH, "info": INFO, "data": signed(1, 3, 4, 4)},
        TARGETS,
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "rpn.anchor_target_layer, more than a batch",
        body("rpn.anchor_target_layer", "AnchorTargetLayer", "{'feat_stride': 1, 'scales': [1], 'allowed_border': 2}"),
        {"scores": signed(1, 6, 24, 32), "truth": TRUTH, "info": INFO, "data": signed(1, 3, 4, 4)},
        TARGETS,
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "rpn.proposal_target_layer",
        body("rpn.proposal_target_layer", "ProposalTargetLayer", "'num_classes': 4"),
        {"regions": given(REGIONS), "truth": TRUTH},
        SAMPLE,
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "rpn.proposal_target_layer, more than a batch, classes in common",
        body("rpn.proposal_target_layer", "ProposalTargetLayer", "'num_classes': 2"),
        {"regions": given(REGIONS * 15), "truth": TRUTH},
        SAMPLE,
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "pyloss",
        body("pyloss", "EuclideanLossLayer"),
        {"a": signed(4, 2, 3), "b": signed(4, 6)},
        exact=DIVIDED,
    ),
    Case(
        "spatial_dropout",
        body("spatial_dropout", "SpatialDropoutLayer", "{'phase': 'TEST', 'p': '0.5'}"),
        {"x": signed(2, 3, 2, 2)},
    ),
]
