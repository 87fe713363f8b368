"""Resample: larger, smaller, and both at once."""

from tests.case import DIVIDED, PLACES, Case, signed, still

TYPE = "Resample"


def case(name: str, fields: str, *size: int, whole: bool = False) -> Case:
    """A case with these fields on a plane of this size; halves and quarters are exact."""
    body = f"resample_param {{ {fields} }}"
    return Case(name, body, {"x": signed(1, 2, *size)}, exact="" if whole else DIVIDED, coarse="" if whole else PLACES)


CASES = [
    case("NEAREST, larger", "height: 4 width: 6 type: NEAREST factor: 2", 2, 3, whole=True),
    case("NEAREST, smaller", "height: 2 width: 3 type: NEAREST", 4, 6, whole=True),
    case("LINEAR, larger", "height: 8 width: 12 type: LINEAR antialias: true", 2, 3, whole=True),
    case("LINEAR, smaller", "height: 3 width: 3", 5, 7),
    case("LINEAR, smaller, not widened", "height: 3 width: 3 antialias: false", 5, 7),
    case("CUBIC, larger", "height: 5 width: 7 type: CUBIC", 3, 4),
    case("CUBIC, smaller", "height: 3 width: 2 type: CUBIC", 5, 6),
    case("LINEAR, one axis larger, one smaller", "height: 7 width: 3", 5, 6),
    Case(
        "second bottom",
        inputs={"x": signed(1, 2, 3, 4), "like": still(signed(1, 1, 5, 5))},
        exact=DIVIDED,
        coarse=PLACES,
    ),
]
