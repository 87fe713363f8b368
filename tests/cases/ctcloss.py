"""CTCLoss: indicators and labels."""

from tests.case import CURVED, OWN, Case, given, signed

TYPE = "CTCLoss"

TEXT = {"cont": given([[0, 0], [1, 1], [1, 1], [1, 0]]), "l": given([[1, 0], [1, -1], [0, -1], [-1, -1]])}

CASES = [
    Case("last class is blank", inputs={"x": signed(4, 2, 3), **TEXT}, exact=CURVED, gradient=OWN),
    Case(
        "every field",
        "ctc_loss_param { blank_index: 2 preprocess_collapse_repeated: true output_delay: 0 ctc_merge_repeated: true "
        "loss_calculation_t: 1 }",
        {"x": signed(4, 2, 4), **TEXT},
        exact=CURVED,
        gradient=OWN,
    ),
]
