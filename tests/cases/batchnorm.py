"""BatchNorm: by running statistics, divided by their scale factor, or by the batch's own."""

from tests.case import CURVED, Case, positive, signed

TYPE = "BatchNorm"

CASES = [
    Case("running statistics", inputs={"x": signed(3, 2, 2, 2)}, exact=CURVED, blobs={1: positive, 2: positive}),
    Case(
        "eps=0.5, two axes",
        "batch_norm_param { eps: 0.5 }",
        {"x": signed(4, 3)},
        exact=CURVED,
        blobs={1: positive, 2: positive},
    ),
    Case(
        "use_global_stats=false",
        "batch_norm_param { use_global_stats: false moving_average_fraction: 0.9 }",
        {"x": signed(3, 2, 2, 2)},
        exact=CURVED,
        blobs={1: positive, 2: positive},
    ),
    Case(
        "NVIDIA's, scale_bias",
        "batch_norm_param { scale_bias: true eps: 0.5 use_global_stats: false }",
        {"x": signed(3, 2, 2, 2)},
        exact=CURVED,
        blobs={1: positive, 2: positive},
    ),
    Case(
        "NVIDIA's, training",
        "batch_norm_param { scale_filler { value: 2 } bias_filler { value: 3 } }",
        {"x": signed(3, 2, 2)},
        exact=CURVED,
        blobs={1: positive, 2: positive},
        phase="train",
    ),
    Case(
        "NVIDIA's, training, use_global_stats=true",
        "batch_norm_param { bias_filler { value: 3 } use_global_stats: true }",
        {"x": signed(3, 2)},
        exact=CURVED,
        blobs={1: positive, 2: positive},
        phase="train",
    ),
    Case(
        "Intel's",
        "batch_norm_param { filler { value: 2 } bias_filler { value: 3 } }",
        {"x": signed(3, 2)},
        exact=CURVED,
        blobs={1: positive, 2: positive},
    ),
    Case("training", inputs={"x": signed(3, 2, 2, 2)}, exact=CURVED, blobs={1: positive, 2: positive}, phase="train"),
    Case(
        "training, use_global_stats=true",
        "batch_norm_param { use_global_stats: true }",
        {"x": signed(3, 2, 2)},
        exact=CURVED,
        blobs={1: positive, 2: positive},
        phase="train",
    ),
]
