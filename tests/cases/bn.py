"""BN: two layers of one name: SegNet's scale and shift, and the one with running statistics."""

from tests.case import CURVED, Case, positive, signed

TYPE = "BN"

OLD = "scale_filler { value: 1 } shift_filler { value: 0 } var_eps: 0.5 decay: 0.05"

CASES = [
    Case(
        "running statistics, older words",
        f"bn_param {{ {OLD} moving_average: true axis: 1 }}",
        {"x": signed(2, 3, 2, 2)},
        exact=CURVED,
        blobs={3: positive},
    ),
    Case(
        "older words, moving_average=false",
        f"bn_param {{ {OLD} moving_average: false }}",
        {"x": signed(3, 2, 2, 2)},
        exact=CURVED,
        blobs={3: positive},
    ),
    Case(
        "SegNet, learn",
        "bn_param { scale_filler { value: 1 } shift_filler { value: 0 } }",
        {"x": signed(3, 2, 2, 2)},
        exact=CURVED,
    ),
    Case(
        "SegNet, learn, with its statistics",
        "bn_param { bn_mode: LEARN }",
        {"x": signed(3, 2, 2, 2)},
        ("y", "mean", "variance"),
        exact=CURVED,
    ),
    Case(
        "SegNet, inference",
        "bn_param { bn_mode: INFERENCE scale_filler { value: 1 } shift_filler { value: 0 } }",
        {"x": signed(2, 3, 2, 2)},
    ),
    Case(
        "running statistics",
        "bn_param { slope_filler { value: 1 } bias_filler { value: 0 } eps: 0.25 momentum: 0.9 }",
        {"x": signed(2, 3, 2, 2)},
        exact=CURVED,
        blobs={3: positive},
    ),
    Case(
        "frozen",
        "bn_param { frozen: true }",
        {"x": signed(2, 3, 2, 2)},
        exact=CURVED,
        gradient="frozen blobs get no gradient",
        blobs={3: positive},
    ),
    Case(
        "training, running statistics",
        "bn_param { momentum: 0.5 }",
        {"x": signed(3, 2, 2, 2)},
        exact=CURVED,
        blobs={3: positive},
        phase="train",
    ),
]
