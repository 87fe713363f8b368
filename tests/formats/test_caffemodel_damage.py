"""Files that are broken or something else: one clear error each, and never anything but a `ConversionError`."""

import random
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError

import converter
from converter.errors import CaffemodelError, ConversionError
from converter.formats.protobuf.schema import message_class
from converter.formats.weights.caffemodel import read_caffemodel
from tests.places import GOLDENS, SHARED
from tests.wire_bytes import piece

FORMATS = GOLDENS / "nets" / "formats"
CORPUS = SHARED / "corpus" / "models"


@pytest.mark.parametrize("name", ["v1_v2", "v1_legacy", "v0_legacy"])
def test_a_file_cut_at_any_length_is_an_error_or_ends_with_a_whole_layer(tmp_path: Path, name: str) -> None:
    """A cut between layers leaves a legal message with fewer layers; the net, not the reader, misses the others."""
    data = (FORMATS / f"{name}.caffemodel").read_bytes()
    path = tmp_path / "cut.caffemodel"
    read = 0
    for length in range(len(data)):
        path.write_bytes(data[:length])
        layers = _layers_by_google(data[:length])
        if layers:
            assert len(read_caffemodel(path).layers) == layers
            read += 1
            continue
        with pytest.raises(CaffemodelError) as caught:
            read_caffemodel(path)
        assert any(word in str(caught.value) for word in ("truncated", "is empty", "holds no layer", "is text"))
    assert 6 <= read <= 12


def _layers_by_google(data: bytes) -> int:
    """How many layers Google's parser finds, 0 where it refuses the bytes."""
    try:
        net = message_class("NetParameter").FromString(data)
    except DecodeError:
        return 0
    return len(net.layer) + sum(layer.layer.type != "padding" for layer in net.layers)


def test_a_net_misses_the_layers_that_a_cut_between_layers_took(tmp_path: Path) -> None:
    whole = read_caffemodel(FORMATS / "v1_v2.caffemodel")
    with_weights = [layer for layer in whole.layers if layer.stored]
    path = tmp_path / "cut.caffemodel"
    assert with_weights[0].span
    path.write_bytes((FORMATS / "v1_v2.caffemodel").read_bytes()[: with_weights[0].span.end])
    with pytest.raises(converter.errors.WeightsError) as caught:
        converter.convert(path, tmp_path / "out.safetensors", FORMATS / "v1.prototxt")
    assert caught.value.missing == ("f1",)
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("name", ["v1_v2.caffemodel", "v0_legacy.caffemodel"])
def test_two_thousand_flipped_bits_cause_no_other_error_than_ours(tmp_path: Path, name: str) -> None:
    draw = random.Random(20160711)
    data = (FORMATS / name).read_bytes()
    path = tmp_path / "flipped.caffemodel"
    refused = 0
    for _ in range(2000):
        damaged = bytearray(data)
        for _ in range(draw.choice((1, 1, 2, 8))):
            damaged[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            converter.read_weights(path)
        except ConversionError:
            refused += 1
    assert 100 < refused < 2000


def test_random_bytes_cause_no_other_error_than_ours(tmp_path: Path) -> None:
    draw = random.Random(7)
    path = tmp_path / "noise.caffemodel"
    for _ in range(500):
        path.write_bytes(draw.randbytes(draw.randrange(1, 200)))
        with pytest.raises(ConversionError):
            converter.read_weights(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty; download it again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:42\nsize 117809921\n", "run `git lfs pull`"),
        (b"\n  <!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is a PNG image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "is a JPEG image"),
        (b"\x1f\x8b\x08\x00", "is gzip-compressed"),
        (b"PK\x03\x04" + bytes(30), "is a zip archive"),
        (b'name: "net"\nlayer { name: "c" type: "Convolution" }\n', "is text, perhaps a prototxt"),
        (b"\x80\x02}q\x00.", "is a Python pickle"),
        (b"\x93NUMPY\x01\x00", "is a NumPy array"),
    ],
)
def test_another_kind_of_file_is_called_by_its_name(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "weights.caffemodel"
    path.write_bytes(data)
    with pytest.raises(CaffemodelError, match=says) as caught:
        converter.read_weights(path)
    assert caught.value.path == str(path)


def test_a_missing_file_and_a_folder_are_errors_with_their_paths(tmp_path: Path) -> None:
    with pytest.raises(CaffemodelError, match=r"gone.caffemodel: cannot be read: No such file"):
        converter.read_weights(tmp_path / "gone.caffemodel")
    with pytest.raises(CaffemodelError, match="cannot be read: Is a directory"):
        converter.read_weights(tmp_path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (piece(100, b"\x1a\x00" * 20_000), "a layer with more than 10000 fields 3"),
        (b"\xa2\x06\x00" * 100_001, "more than 100000 layers"),
        (piece(100, piece(7, b"\x2d\x00\x00\x80\x3f\x0a\x00" * 20_000)), "numbers in more than 10000 runs"),
    ],
    ids=["bottoms", "layers", "runs"],
)
def test_counts_that_no_net_has_are_an_error_before_they_cost_memory(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "hostile.caffemodel").write_bytes(data)
    with pytest.raises(CaffemodelError, match=says):
        converter.read_weights(tmp_path / "hostile.caffemodel")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("alexgkendall__SegNet-Tutorial/Example_Models/driving_web_demo/driving.caffemodel", "git-LFS pointer"),
        (
            "andrey-creator__proyek-visualisasi/model.caffemodel",
            "byte 2040386: the file is truncated in field 100 of 2359439 bytes: needs 4399831 bytes, .* has 3006464",
        ),
        ("shijiejie__someCode/zero_weights.caffemodel", "is empty"),
    ],
)
def test_real_broken_files_each_get_their_own_error(path: str, says: str) -> None:
    with pytest.raises(CaffemodelError, match=says):
        converter.read_weights(CORPUS / path)
