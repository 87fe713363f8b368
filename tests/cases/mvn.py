"""MVN: planes or items brought to mean 0 and deviation 1."""

from tests.case import CURVED, OWN, Case, signed

TYPE = "MVN"

CASES = [
    Case("a plane each", inputs={"x": signed(2, 2, 3, 2)}, exact=CURVED),
    Case(
        "across_channels, eps=0.1",
        "mvn_param { across_channels: true eps: 0.1 }",
        {"x": signed(2, 2, 3, 2)},
        exact=CURVED,
        gradient=OWN,
    ),
    Case("mean alone", "mvn_param { normalize_variance: false }", {"x": signed(2, 2, 2, 2)}),
]
