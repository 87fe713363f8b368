"""Text from files as a terminal may get it."""

import pytest

from converter.errors import ConversionError, PrototxtError, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"), ("a\rb\nc\td", r"a\x0db\x0ac\x09d"), ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("\u202eabc", r"\u202eabc"), ("a\u200bb", r"a\u200bb"), ("\udcbe\udced", r"\xbe\xed"), ("卷积 é", "卷积 é"),
        (repr("\udcbe"), r"'\xbe'"), (repr("\\udcbe"), r"'\\udcbe'"),
    ],
)  # fmt: skip
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(printable(text)) == printable(text)


def test_errors_are_escaped_in_their_text_and_not_in_their_attributes() -> None:
    error = ConversionError("layer '\x1b[2J' fails", path="a\nb", layer="\x1b[2J")

    assert str(error) == r"a\x0ab: layer '\x1b[2J' fails"
    assert (error.path, error.layer) == ("a\nb", "\x1b[2J")


def test_an_excerpt_keeps_its_lines() -> None:
    error = PrototxtError("bad \x07", path="n", line=1, column=2, excerpt="    x\n    ^")

    assert str(error) == "n:1:2: bad \\x07\n    x\n    ^"
