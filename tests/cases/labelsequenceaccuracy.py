"""LabelsequenceAccuracy: repeats, blanks between and around, sequences of different lengths."""

from tests.case import CHOICE, DIVIDED, Case, given

TYPE = "LabelsequenceAccuracy"

READ = [[0, 1, 1, 0], [2, 0, 2, 1], [1, 2, 2, 0], [0, 0, 0, 0]]
PATHS = given([[[float(step == c) for c in range(3)] for step in path] for path in READ])


def case(name, fields, labels):
    """A case of four sequences."""
    return Case(name, fields, {"x": PATHS, "l": given(labels)}, exact=DIVIDED, gradient=CHOICE)


CASES = [
    case("blank 0", "", [[1, 0, 0, 0, 0], [2, 2, 1, 0, 0], [1, 2, 2, 0, 0], [0, 0, 0, 0, 0]]),
    case("blank 2", "labelsequence_accuracy_param { blank_label: 2 }", [[0, 1, 0], [0, 1, 2], [1, 2, 0], [0, 0, 2]]),
]
