"""DataAugmentation: crops and means, new and stored."""

from tests.case import DIVIDED, OWN, Case, given, signed

TYPE = "DataAugmentation"

IMAGE = {"x": signed(2, 3, 4, 5)}


def case(name: str, fields: str, passes: float | None = None, gradient: str = "", exact: str = DIVIDED) -> Case:
    """A case with these fields after so many passes."""
    blobs = {} if passes is None else {0: lambda *_: given([[[[passes]]]])}
    return Case(name, f"augmentation_param {{ {fields} }}", IMAGE, exact=exact, gradient=gradient, blobs=blobs)


CASES = [
    case("nothing set", "mode: 'add' max_multiplier: 1", exact=""),
    case("FlowNet2's", "augment_during_test: true recompute_mean: 1000 mean_per_pixel: false", 1000, exact=""),
    case("by pixel", "recompute_mean: 10", 25, exact=""),
    case("first pass", "recompute_mean: 1000 mean_per_pixel: false", 0, gradient=OWN),
    case("third pass by pixel", "recompute_mean: 3", 2, gradient=OWN),
    case("mean", "mean: 1 mean: 2 mean: 3 mean_per_pixel: false", exact=""),
    case("crop, nothing drawn in TEST", "crop_width: 2 crop_height: 3 mirror { prob: 0.5 }"),
    Case(
        "crop of the whole",
        "augmentation_param { crop_width: 5 crop_height: 4 } coeff_schedule_param { half_life: 2 }",
        IMAGE,
        exact=DIVIDED,
    ),
]
