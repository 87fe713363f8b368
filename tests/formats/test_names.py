"""Names in any encoding: kept byte by byte by every reader and writer, told apart, and matched across formats."""

from pathlib import Path

import numpy as np
import pytest

import converter
from converter.formats import weights as weights_files
from converter.formats.prototxt.parser import read_prototxt
from tests.wire_bytes import packed, piece

NAMES = {
    "gbk": "卷积一".encode("gbk"),
    "shift_jis": "表層一".encode("shift_jis"),
    "latin_1": "größe".encode("latin-1"),
    "koi8_r": "слой".encode("koi8-r"),
    "utf_8": "卷积一".encode(),
    "bytes": b"\xff\xfe\xfd",
}
WEIGHT = np.float32([[1, 2], [3, 4]])


def quoted(name: bytes) -> bytes:
    """A name as Caffe writes it into text: every byte beyond ASCII as itself, backslashes doubled."""
    return b'"' + name.replace(b"\\", b"\\\\") + b'"'


@pytest.fixture
def net(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Path, bytes]:
    """A net of two layers whose names differ in their last byte alone, its weights, and the first one's name."""
    name: bytes = request.param
    names = (name + b"\xa1", name + b"\xa2")
    text = b'input: "x" input_shape { dim: 1 dim: 2 }\n'
    layers = b""
    for index, (one, bottom, top) in enumerate(zip(names, (b"x", b"h"), (b"h", b"y"), strict=True)):
        text += b"layer { name: " + quoted(one) + b' type: "InnerProduct" bottom: "' + bottom + b'" top: "' + top
        text += b'" inner_product_param { num_output: 2 bias_term: false } }\n'
        layers += piece(100, piece(1, one) + piece(2, b"InnerProduct") + piece(7, packed(WEIGHT * (index + 1))))
    (tmp_path / "net.prototxt").write_bytes(text)
    (tmp_path / "w.caffemodel").write_bytes(layers)
    return tmp_path / "net.prototxt", tmp_path / "w.caffemodel", names[0]


@pytest.mark.parametrize("net", NAMES.values(), ids=NAMES, indirect=True)
@pytest.mark.parametrize("ending", ["caffemodel", "h5", "safetensors", "npz", "pth"])
def test_a_name_is_the_same_in_text_and_every_format(net: tuple[Path, Path, bytes], ending: str) -> None:
    prototxt, weights, name = net
    out = prototxt.with_name(f"out.{ending}")
    converter.convert(weights, out, prototxt)

    # W = [[1, 2], [3, 4]], then 2 W: (1, 1) -> (3, 7) -> (2 * (3 + 14), 2 * (9 + 28)).
    assert converter.load(prototxt, out)(x=np.ones((1, 2), np.float32))["y"].tolist() == [[34, 74]]
    assert next(iter(converter.read_weights(out))).encode("utf-8", "surrogateescape") == name


@pytest.mark.parametrize("net", NAMES.values(), ids=NAMES, indirect=True)
def test_the_way_through_a_format_by_key_gives_back_every_byte(net: tuple[Path, Path, bytes]) -> None:
    prototxt, weights, name = net
    there, back = prototxt.with_name("there.safetensors"), prototxt.with_name("back.caffemodel")
    converter.convert(weights, there)
    converter.convert(there, back, prototxt)

    assert piece(1, name) in back.read_bytes()
    assert [layer.name for layer in weights_files.read(back).layers_with_blobs().values()] == [
        layer.name for layer in weights_files.read(weights).layers
    ]


def test_an_escape_and_the_byte_itself_are_one_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'name: "\xbe\xed"')
    (tmp_path / "b").write_bytes(rb'name: "\276\xed"')

    assert read_prototxt(tmp_path / "a").last("name") == read_prototxt(tmp_path / "b").last("name") == "\udcbe\udced"
