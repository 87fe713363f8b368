"""ChannelNorm: lengths of vectors."""

from tests.case import CURVED, Case, signed

TYPE = "ChannelNorm"

CASES = [Case("three channels", inputs={"x": signed(2, 3, 2, 2)}, exact=CURVED)]
