"""CenterLoss: distances to class centers."""

from tests.case import DIVIDED, OWN, Case, labels, signed

TYPE = "CenterLoss"

CASES = [
    Case(
        "plain",
        'center_loss_param { num_output: 3 center_filler { type: "xavier" } }',
        {"x": signed(5, 4), "label": labels(3, 5)},
        exact=DIVIDED,
        gradient=OWN,
    ),
    Case(
        "of maps, axis=1, loss_weight",
        "loss_weight: 0.5 center_loss_param { num_output: 2 axis: 1 }",
        {"x": signed(3, 2, 1, 2), "label": labels(2, 3)},
        exact=DIVIDED,
        gradient=OWN,
    ),
]
