"""SPP: grids of 1, 2, 4 bins a side."""

from tests.case import Case, signed

TYPE = "SPP"

CASES = [
    Case("MAX, three levels", "spp_param { pyramid_height: 3 pool: MAX }", {"x": signed(2, 2, 7, 9)}),
    Case("AVE, two levels", "spp_param { pyramid_height: 2 pool: AVE }", {"x": signed(1, 2, 5, 4)}),
    Case("one level", "spp_param { pyramid_height: 1 }", {"x": signed(2, 3, 3, 4)}),
]
