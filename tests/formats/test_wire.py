"""The wire walk: the encoding guide's own examples, and every way bytes can fail to be a message."""

import pytest

from converter.errors import CaffemodelError
from converter.files.mapping import Mapped
from converter.formats.protobuf.wire import Span, to_signed, varint, walk


def _file(data: bytes) -> Mapped:
    return Mapped("w.bin", data, len(data))


def _walk(data: bytes) -> list[tuple[int, int, int, bytes]]:
    file = _file(data)
    return [(item.number, item.wire, item.value, data[slice(*item.span)]) for item in walk(file, Span(0, len(data)))]


def test_the_encoding_guides_first_example_reads_as_field_1_with_value_150() -> None:
    assert _walk(b"\x08\x96\x01") == [(1, 0, 150, b"\x96\x01")]


def test_the_encoding_guides_string_example_reads_as_field_2_with_the_bytes_of_testing() -> None:
    assert _walk(b"\x12\x07testing") == [(2, 2, 0, b"testing")]


def test_fields_of_all_four_wire_types_come_in_file_order_with_their_payloads() -> None:
    data = b"\x0d\x00\x00\x80\x3f" + b"\x11" + b"\x01" * 8 + b"\xa2\x06\x00" + b"\x18\x00"
    assert _walk(data) == [
        (1, 5, 0, b"\x00\x00\x80\x3f"),
        (2, 1, 0, b"\x01" * 8),
        (100, 2, 0, b""),
        (3, 0, 0, b"\x00"),
    ]


def test_minus_two_as_a_ten_byte_varint_reads_as_minus_two() -> None:
    value, end = varint(_file(b"\xfe" + b"\xff" * 8 + b"\x01"), 0, 10)
    assert (to_signed(value), end) == (-2, 10)


def test_the_largest_64_bit_number_reads() -> None:
    assert varint(_file(b"\xff" * 9 + b"\x01"), 0, 10) == (2**64 - 1, 10)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x08" + b"\x80" * 10 + b"\x01", "byte 1: a number longer than 10 bytes"),
        (b"\x08\x96", "byte 1: the file is truncated in a number that goes on"),
        (b"\x08", "byte 1: the file is truncated"),
        (b"\x12\x07test", "byte 0: the file is truncated in field 2 of 7 bytes: needs 9 bytes, the file has 6"),
        (b"\x0d\x00\x00", "byte 0: the file is truncated in field 1 of 4 bytes: needs 5 bytes, the file has 3"),
        (b"\x09\x00\x00", "needs 9 bytes, the file has 3"),
        (b"\x12" + b"\xff" * 9 + b"\x01", "byte 0: the file is truncated in field 2 of 18446744073709551615 bytes"),
        (b"\x00\x00", "byte 0: field number 0 is not legal"),
        (b"\x0b", "byte 0: wire type 3 of field 1 is not legal"),
        (b"\x0c", "wire type 4 of field 1"),
        (b"\x0e", "wire type 6 of field 1"),
        (b"\x08\x01\x2f", "byte 2: wire type 7 of field 5"),
    ],
)
def test_bytes_that_are_no_message_are_an_error_with_path_offset_and_what_was_expected(data: bytes, says: str) -> None:
    with pytest.raises(CaffemodelError) as caught:
        _walk(data)
    assert str(caught.value).startswith("w.bin: byte ")
    assert says in str(caught.value)
    assert "download it again" in str(caught.value)


def test_a_length_past_its_message_but_within_the_file_says_that_the_message_is_damaged() -> None:
    data = b"\x12\x07test" + b"more than enough"
    with pytest.raises(CaffemodelError, match=r"runs past its message, which ends at byte 6.*damaged"):
        list(walk(_file(data), Span(0, 6)))
