"""MemoryData: data and labels, as fed."""

from tests.case import Case, labels, signed

TYPE = "MemoryData"

CASES = [
    Case(
        "fed",
        "memory_data_param { batch_size: 2 channels: 1 height: 2 width: 3 }",
        {"data": signed(2, 1, 2, 3), "label": labels(2, 2)},
        ("data", "label"),
    ),
]
