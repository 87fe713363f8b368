"""Correlation1D: both directions and either."""

from tests.case import DIVIDED, Case, signed

TYPE = "Correlation1D"

PAIR = {"a": signed(1, 4, 4, 5), "b": signed(1, 4, 4, 5)}


def case(name: str, fields: str, exact: str = "") -> Case:
    """A case with these fields beside pad, kernel_size and max_displacement."""
    return Case(name, f"correlation_param {{ {fields} }}", PAIR, exact=exact)


CASES = [
    case("both sides", "pad: 3 kernel_size: 1 max_displacement: 3 stride_2: 2"),
    case("to the right", "pad: 3 kernel_size: 1 max_displacement: 3 single_direction: 1"),
    case("to the left", "pad: 3 kernel_size: 1 max_displacement: 3 stride_1: 2 single_direction: -1"),
    case("patches of 3", "pad: 4 kernel_size: 3 max_displacement: 2 stride_1: 2 do_abs: true", exact=DIVIDED),
    case("SUBTRACT", "pad: 2 kernel_size: 1 max_displacement: 2 correlation_type: SUBTRACT"),
]
