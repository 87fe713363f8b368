"""Silence: blobs that nobody reads."""

from tests.case import SOURCE, Case, signed

TYPE = "Silence"

CASES = [
    Case("two bottoms", inputs={"a": signed(2, 3), "b": signed(4)}, tops=(), gradient=SOURCE),
]
