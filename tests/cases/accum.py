"""Accum: every way to say the size."""

from tests.case import DIVIDED, PLACES, Case, signed, still

TYPE = "Accum"

PAIR = {"x": signed(1, 2, 3, 4), "z": signed(1, 1, 5, 3)}


def case(name: str, fields: str) -> Case:
    """A case with these fields."""
    return Case(name, f"accum_param {{ {fields} }}", PAIR, exact=DIVIDED, coarse=PLACES)


CASES = [
    case("the largest", ""),
    case("a larger size", "top_height: 6 top_width: 7"),
    case("a size that one bottom exceeds", "top_height: 4 top_width: 7"),
    case("multiples", "size_divisible_by: 3"),
    Case(
        "reference",
        "accum_param { have_reference: true }",
        {"x": signed(1, 2, 3, 4), "like": still(signed(1, 1, 5, 6))},
        exact=DIVIDED,
        coarse=PLACES,
    ),
]
