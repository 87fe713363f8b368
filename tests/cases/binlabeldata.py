"""BinLabelData: feature maps and label maps, as fed."""

from tests.case import Case, labels, signed

TYPE = "BinLabelData"

CASES = [
    Case(
        "fed",
        "bin_label_data_param { batch_size: 2 label_slice { dim: 2 dim: 2 } }",
        {"data": signed(2, 3, 4, 4), "label": labels(3, 2, 1, 2, 2)},
        ("data", "label"),
    ),
]
