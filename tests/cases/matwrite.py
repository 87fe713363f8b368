"""MatWrite: blobs that DeepLab's fork would write to files."""

from tests.case import SOURCE, Case, labels, signed

TYPE = "MatWrite"

CASES = [
    Case(
        "two bottoms",
        'mat_write_param { prefix: "fc8/" source: "val_id.txt" strip: 0 period: 1 }',
        {"data": signed(2, 3), "label": labels(2, 2)},
        (),
        gradient=SOURCE,
    ),
]
