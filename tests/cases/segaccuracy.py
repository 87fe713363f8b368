"""SegAccuracy: DeepLab's three figures."""

from tests.case import CHOICE, DIVIDED, Case, labels, signed

TYPE = "SegAccuracy"

SCORES = {"x": signed(2, 5, 3, 4), "label": labels(4, 2, 1, 3, 4)}
"""Labels 0 to 3; class 4 is only ever seen."""


def case(name, body, **more):
    """A case of five classes."""
    return Case(name, body, SCORES, exact=DIVIDED, gradient=CHOICE, **more)


CASES = [
    case("as DeepLab's nets have it", "seg_accuracy_param { ignore_label: 255 }"),
    case("two ignored labels", "seg_accuracy_param { ignore_label: 0 ignore_label: 3 metric: PixelIOU reset: true }"),
    case("every label ignored", "seg_accuracy_param { ignore_label: [0, 1, 2, 3] }"),
]
