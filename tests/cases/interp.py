"""Interp: corners on corners."""

from tests.case import DIVIDED, PLACES, Case, signed, still

TYPE = "Interp"

CASES = [
    Case(
        "height, width", "interp_param { height: 5 width: 7 }", {"x": signed(1, 2, 3, 4)}, exact=DIVIDED, coarse=PLACES
    ),
    Case("zoom_factor=2", "interp_param { zoom_factor: 2 }", {"x": signed(1, 2, 3, 4)}),
    Case("shrink_factor=2", "interp_param { shrink_factor: 2 }", {"x": signed(1, 2, 5, 7)}),
    Case(
        "shrink, zoom, cropped",
        "interp_param { shrink_factor: 2 zoom_factor: 3 pad_beg: -1 pad_end: -1 }",
        {"x": signed(1, 2, 7, 9)},
        exact=DIVIDED,
        coarse=PLACES,
    ),
    Case(
        "use_blob_size",
        "interp_param { use_blob_size: true }",
        {"x": signed(1, 2, 3, 4), "like": still(signed(1, 1, 5, 5))},
        exact=DIVIDED,
        coarse=PLACES,
    ),
    Case(
        "second bottom",
        inputs={"x": signed(1, 2, 3, 4), "like": still(signed(1, 1, 5, 5))},
        exact=DIVIDED,
        coarse=PLACES,
    ),
]
