"""Random nets and weights through every format and back, random text through the parser and its printer."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("hypothesis", reason="no hypothesis: install the extra [tests]")

from hypothesis import given, settings
from hypothesis import strategies as st

import converter
from converter.formats.prototxt.parser import parse_prototxt
from converter.formats.prototxt.writer import write_prototxt
from converter.formats.record import Record, Word
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
from reference.files import read_file
from reference.text import Message, parse_text

FEW = settings(max_examples=40, deadline=None, derandomize=True, database=None)
MANY = settings(max_examples=300, deadline=None, derandomize=True, database=None)
SPECIAL = np.float32([0.0, -0.0, 1e-45, -1e-40, 3.4028235e38, 0.1, 1.0])

sizes = st.integers(1, 4)
names = st.text("abcXYZ019_-. é中", min_size=1, max_size=8).filter(lambda name: name.strip(" .") == name)


@st.composite
def layers(draw: Any) -> OutputLayer:
    """A layer of a type whose blobs have names, with one or two blobs of any float32 values."""
    kind = draw(st.sampled_from(("InnerProduct", "Convolution", "Deconvolution", "PReLU")))
    out = draw(sizes)
    more = {"InnerProduct": 1, "PReLU": 0}.get(kind, 3)
    shapes = [(out, *(draw(sizes) for _ in range(more)))]
    if kind != "PReLU" and draw(st.booleans()):
        shapes.append((out,))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    blobs = tuple(random.choice(np.append(SPECIAL, random.standard_normal(9)), shape).astype("<f4") for shape in shapes)
    return OutputLayer("", kind, blobs)


@st.composite
def nets(draw: Any) -> list[OutputLayer]:
    """One to four layers of different names."""
    found = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    return [OutputLayer(name, layer.type, layer.blobs) for name in found for layer in [draw(layers())]]


def content(path: Path) -> list[tuple[str, str, list[tuple[tuple[int, ...], bytes]]]]:
    """What the oracle reads in a caffemodel: names, types, shapes and bytes."""
    found = read_file(str(path))
    assert isinstance(found, list)
    return [
        (layer.name, layer.type, [(blob.shape, np.asarray(blob.data, "<f4").tobytes()) for blob in layer.blobs])
        for layer in found
    ]


@pytest.mark.parametrize("ending", [".safetensors", ".pth", ".npz", ".h5", ".caffemodel"])
@FEW
@given(nets())
def test_weights_go_through_every_format_and_come_back_bit_by_bit(ending: str, net: list[OutputLayer]):
    wanted = [(layer.name, layer.type, [(b.shape, np.asarray(b).tobytes()) for b in layer.blobs]) for layer in net]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_caffemodel(folder / "source.caffemodel", "net", net)
        assert content(folder / "source.caffemodel") == wanted
        converter.convert(folder / "source.caffemodel", folder / f"there{ending}")
        converter.convert(folder / f"there{ending}", folder / "back.caffemodel")
        assert content(folder / "back.caffemodel") == wanted


@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".h5"])
@FEW
@given(nets())
def test_the_oracle_reads_the_same_numbers_in_every_format(ending: str, net: list[OutputLayer]):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_caffemodel(folder / "source.caffemodel", "net", net)
        converter.convert(folder / "source.caffemodel", folder / f"there{ending}")
        found = read_file(str(folder / f"there{ending}"))
        arrays = list(found.values()) if isinstance(found, dict) else [b.data for one in found for b in one.blobs]
        held = sorted((np.shape(array), np.asarray(array, "<f4").tobytes()) for array in arrays)
    assert held == sorted((blob.shape, np.asarray(blob).tobytes()) for layer in net for blob in layer.blobs)


words = st.sampled_from(("MAX", "TRAIN", "made_up", "e5x"))
numbers = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False, width=32))
strings = st.binary(max_size=8).map(lambda data: data.decode("utf-8", "surrogateescape"))
fields = st.sampled_from(("made_up", "another_field", "x9"))
trees = st.recursive(
    st.one_of(words.map(Word), numbers, strings),
    lambda inner: st.lists(st.tuples(fields, inner), max_size=4),
    max_leaves=12,
)
"""A value, or the fields of a message that no schema knows, so that nothing but the text gives them a type."""


def printed(value: Any, draw: Any) -> str:
    """A value as a person might write it: either quotes, colons or none, separators or none."""
    if isinstance(value, list):
        opened, closed = draw(st.sampled_from((("{", "}"), ("<", ">"))))
        return opened + " ".join(field_text(name, inner, draw) for name, inner in value) + closed
    if isinstance(value, str) and not isinstance(value, Word):
        mark = draw(st.sampled_from("'\""))
        return mark + "".join(map(escaped, value.encode("utf-8", "surrogateescape"))) + mark
    return repr(value) if isinstance(value, float) else str(value)


def escaped(byte: int) -> str:
    return chr(byte) if byte < 128 and chr(byte).isalnum() else f"\\{byte:03o}"


def field_text(name: str, value: Any, draw: Any) -> str:
    colons = ("", ":", " ") if isinstance(value, list) else (":", " : ")
    ends = (" ", "\n", ", ", "; ", " # note\n")
    return name + draw(st.sampled_from(colons)) + printed(value, draw) + draw(st.sampled_from(ends))


def plain(record: Record) -> list[tuple[str, Any]]:
    """Names and values without places."""
    return [(item.name, plain(item.value) if isinstance(item.value, Record) else item.value) for item in record]


def oracle_plain(message: Message) -> list[tuple[str, Any]]:
    return [(one.name, oracle_plain(one.value) if isinstance(one.value, Message) else str(one.value))
            for one in message.entries]  # fmt: skip


def rounded(fields: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Numbers as float32, which is what Caffe's schema holds, and as short as which they are printed."""
    return [(name, rounded(value) if isinstance(value, list) else float(np.float32(value))
             if isinstance(value, float) else value) for name, value in fields]  # fmt: skip


@MANY
@given(st.lists(st.tuples(fields, trees), max_size=5), st.data())
def test_text_is_read_as_it_was_meant_and_printed_and_read_again(tree: list[tuple[str, Any]], data: Any):
    text = 'name: "net"\n' + "".join(field_text(name, value, data.draw) for name, value in tree)
    record = parse_prototxt(text)
    assert plain(record) == [("name", "net"), *tree]
    kinds = [isinstance(item.value, Word) for item in record][1:]
    assert kinds == [isinstance(value, Word) for _, value in tree]
    again = write_prototxt(record)
    assert rounded(plain(parse_prototxt(again))) == rounded(plain(record))
    texts = [str(value) if isinstance(value, str) else None for _, value in tree]
    for source in (text, again):
        seen = oracle_plain(parse_text(source, "a"))[1:]
        assert [name for name, _ in seen] == [name for name, _ in tree]
        assert [value if meant is not None else None for (_, value), meant in zip(seen, texts, strict=True)] == texts
