"""ArgMax: positions and values of the largest; of equals the last."""

from tests.case import CHOICE, Case, given, signed

TYPE = "ArgMax"

CASES = [
    Case("equal values", inputs={"x": given([[5, 9, 9, 1], [2, 2, 2, 2]])}, gradient=CHOICE),
    Case("within items", inputs={"x": signed(3, 4, 2)}, gradient=CHOICE),
    Case("top_k=3, out_max_val", "argmax_param { top_k: 3 out_max_val: true }", {"x": signed(3, 5)}, gradient=CHOICE),
    Case("axis=1", "argmax_param { axis: 1 }", {"x": signed(2, 4, 3)}, gradient=CHOICE),
    Case(
        "axis=-1, top_k=2, out_max_val",
        "argmax_param { axis: -1 top_k: 2 out_max_val: true }",
        {"x": signed(2, 3, 5)},
        gradient=CHOICE,
    ),
]
