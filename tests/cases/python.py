"""Python: a layer that the user registers; here one that doubles."""

import converter
from tests.case import Case, signed

TYPE = "Python"


@converter.python_layer("ladder", "Doubled")
class Doubled(converter.Operator):
    """2 x."""

    def forward(self, call):
        return [2 * call.bottoms[0]]


BODY = 'python_param { module: "ladder" layer: "Doubled" }'
CASES = [Case("doubled", BODY, {"x": signed(2, 3)}, oracle="the oracle runs nobody's code")]
