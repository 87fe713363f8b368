"""RNN: two sequences, one of which begins anew."""

from tests.case import CURVED, Case, given, signed

TYPE = "RNN"

CONT = given([[0, 0], [1, 1], [1, 0]])

CASES = [
    Case("plain", "recurrent_param { num_output: 2 }", {"x": signed(3, 2, 3), "cont": CONT}, exact=CURVED),
    Case(
        "static input, fillers",
        'recurrent_param { num_output: 2 weight_filler { type: "xavier" } bias_filler { value: 1 } }',
        {"x": signed(3, 2, 3), "cont": CONT, "s": signed(2, 2)},
        exact=CURVED,
    ),
    Case(
        "expose_hidden",
        "recurrent_param { num_output: 2 expose_hidden: true }",
        {"x": signed(3, 2, 2), "cont": CONT, "h": signed(1, 2, 2)},
        ("y", "h1"),
        exact=CURVED,
    ),
]
