"""AssistedExcitation: maps, more where boxes are."""

import numpy as np

from tests.case import Case, given, signed, still

TYPE = "AssistedExcitation"

BOXES = np.zeros((2, 1, 300, 5))
BOXES[0, 0, :3] = [[1, 0.3, 0.4, 0.3, 0.3], [0, 0.9, 0.1, 0.7, 0.6], [2, 0.55, 0.95, 0.1, 0.05]]
BOXES[0, 0, 4] = [3, 0.1, 0.9, 0.3, 0.3]
BOXES[1, 0, 0] = [1, 0.5, 0.5, 1, 1]
"""Three boxes, one that a row of zeros hides, and one of the second item."""

CASES = [
    Case("first iteration", "", {"x": signed(2, 3, 5, 4), "boxes": given(BOXES), "mean": still(signed(2, 5, 4))}),
    Case(
        "in training", "", {"x": signed(1, 2, 3, 4), "boxes": given(BOXES[:1]), "mean": still(signed(1, 1, 3, 4))},
        phase="train",
    ),
]  # fmt: skip
