"""SoftmaxWithLoss: the cross entropy of a softmax, with every normaliser."""

from tests.case import CURVED, Case, labels, signed

TYPE = "SoftmaxWithLoss"

BOTTOMS = {"x": signed(2, 3, 2, 2), "label": labels(3, 2, 1, 2, 2)}

CASES = [
    Case("valid, probabilities", inputs=BOTTOMS, tops=("y", "p"), exact=CURVED),
    Case("ignore_label", "loss_param { ignore_label: 1 }", BOTTOMS, exact=CURVED),
    Case("ignore_label, FULL", "loss_param { ignore_label: 1 normalization: FULL }", BOTTOMS, exact=CURVED),
    Case("BATCH_SIZE", "loss_param { normalization: BATCH_SIZE }", BOTTOMS, exact=CURVED),
    Case("NONE, loss_weight", "loss_weight: 0.5 loss_param { normalization: NONE }", BOTTOMS, exact=CURVED),
    Case("normalize=false", "loss_param { normalize: false }", BOTTOMS, exact=CURVED),
    Case("R-FCN's third top", "loss_param { ignore_label: 1 }", BOTTOMS, ("y", "p", "each"), exact=CURVED),
    Case(
        "SegNet's weights",
        "loss_param { ignore_label: 1 weight_by_label_freqs: true class_weighting: 0.5 class_weighting: 7 "
        "class_weighting: 2.25 }",
        BOTTOMS,
        exact=CURVED,
    ),
    Case("SegNet's frequencies", "loss_param { ignore_label: 1 weight_by_label_freqs: true }", BOTTOMS, exact=CURVED),
    Case("DeepLab's ignored label", "softmaxloss_param { ignore_label: 1 } strict_dim: false", BOTTOMS, exact=CURVED),
    Case("axis=-1", "softmax_param { axis: -1 }", {"x": signed(4, 3), "label": labels(3, 4)}, exact=CURVED),
]
