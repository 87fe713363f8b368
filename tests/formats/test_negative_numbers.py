"""Negative numbers in binary definitions: varints of 64 bits in two's complement, by hand, read and written."""

from pathlib import Path

import pytest

from converter.files.mapping import Mapped
from converter.formats.protobuf.message import encode, net_record
from converter.formats.protobuf.wire import Span, to_signed, varint, walk
from converter.formats.protobuf.wire_writer import varint as written
from converter.formats.protobuf.wire_writer import varint_field
from converter.formats.record import Record
from converter.formats.weights.caffemodel import read_caffemodel
from tests.wire_bytes import floats, number, piece, shape

MINUS = {-1: b"\xff" * 9 + b"\x01", -2: b"\xfe" + b"\xff" * 8 + b"\x01", -128: b"\x80" + b"\xff" * 8 + b"\x01"}
"""2^64 - n in groups of seven bits, the lowest first: nine full groups make 63 bits, the tenth holds the last."""


@pytest.mark.parametrize("value", MINUS)
def test_a_negative_number_has_ten_bytes(value: int) -> None:
    assert written(value) == MINUS[value]
    data = MINUS[value]
    unsigned, end = varint(Mapped("w.bin", data, len(data)), 0, len(data))
    assert (to_signed(unsigned), end) == (value, 10)


@pytest.mark.parametrize(
    ("unsigned", "signed"),
    [(0, 0), (1, 1), (2**63 - 1, 2**63 - 1), (2**63, -(2**63)), (2**64 - 1, -1), (2**31, 2**31)],
)
def test_the_sign_is_the_64th_bit(unsigned: int, signed: int) -> None:
    assert to_signed(unsigned) == signed


@pytest.mark.parametrize(
    ("value", "data"),
    [(0, b"\x00"), (1, b"\x01"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02"), (16384, b"\x80\x80\x01")],
)
def test_small_numbers_take_as_few_bytes_as_they_can(value: int, data: bytes) -> None:
    assert written(value) == data
    assert varint(Mapped("w.bin", data, len(data)), 0, len(data)) == (value, len(data))


def test_a_field_of_minus_one_reads_back() -> None:
    data = varint_field(2, -1) + varint_field(3, 7)
    items = list(walk(Mapped("w.bin", data, len(data)), Span(0, len(data))))
    assert [(item.number, to_signed(item.value)) for item in items] == [(2, -1), (3, 7)]


def negative(field: int, value: int) -> bytes:
    """A varint field of a negative number."""
    return number(field * 8) + MINUS[value]


def layer(folder: Path, kind: bytes, field: int, param: bytes) -> Record:
    """The definition of a layer with a parameter message, out of a caffemodel."""
    blob = piece(7, floats(1) + shape(1))
    (folder / "w.caffemodel").write_bytes(piece(100, piece(1, b"l") + piece(2, kind) + piece(field, param) + blob))
    found = net_record(read_caffemodel(folder / "w.caffemodel")).all("layer")[0]
    assert isinstance(found, Record)
    return found


@pytest.mark.parametrize(
    ("kind", "field", "inner", "message", "name", "value"),
    [
        (b"Concat", 104, 2, "concat_param", "axis", -1),
        (b"Slice", 126, 3, "slice_param", "axis", -2),
        (b"InnerProduct", 117, 5, "inner_product_param", "axis", -1),
        (b"Reshape", 133, 3, "reshape_param", "num_axes", -1),
        (b"Scale", 142, 2, "scale_param", "num_axes", -1),
    ],
)
def test_a_negative_axis_in_a_binary_net_is_negative(tmp_path, kind, field, inner, message, name, value) -> None:
    record = layer(tmp_path, kind, field, negative(inner, value))
    assert record.last(message).last(name) == value


def test_negative_dimensions_of_a_packed_shape_are_negative(tmp_path: Path) -> None:
    """Reshape to 0, -1 and 3, `dim` (BlobShape's 1) packed: 0x00, ten bytes, 0x03."""
    param = piece(1, piece(1, b"\x00" + MINUS[-1] + b"\x03"))
    record = layer(tmp_path, b"Reshape", 133, param)
    assert record.last("reshape_param").last("shape").all("dim") == (0, -1, 3)


def test_negative_numbers_are_written_as_google_writes_them(tmp_path: Path) -> None:
    assert negative(2, -2) in encode(layer(tmp_path, b"Concat", 104, negative(2, -2)))


def test_a_negative_float_keeps_its_sign(tmp_path: Path) -> None:
    """ReLU's negative_slope -0.25: 0xbe800000, field 1 of wire type 5."""
    record = layer(tmp_path, b"ReLU", 123, b"\x0d\x00\x00\x80\xbe")
    assert record.last("relu_param").last("negative_slope") == -0.25
