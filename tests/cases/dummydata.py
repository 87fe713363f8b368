"""DummyData: constants; random fillers differ from run to run."""

from tests.case import SOURCE, Case

TYPE = "DummyData"

CASES = [
    Case(
        "one shape, one filler",
        'dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: "constant" value: 1.5 } }',
        tops=("y", "z"),
        gradient=SOURCE,
    ),
    Case(
        "a shape and a filler a top",
        (
            "dummy_data_param { shape { dim: 2 } shape { dim: 1 dim: 3 } data_filler { value: 1 } "
            "data_filler { value: -2 } }"
        ),
        tops=("y", "z"),
        gradient=SOURCE,
    ),
    Case("num, channels, height, width", "dummy_data_param { num: 1 channels: 2 height: 3 width: 4 }", gradient=SOURCE),
]
