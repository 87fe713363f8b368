"""The caffemodel writer, read by Google's parser."""

from pathlib import Path

import numpy as np
import pytest

from converter.errors import OutputError
from converter.files.stream import BlobStream, as_stream
from converter.formats.protobuf.schema import message_class
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel


def test_googles_parser_finds_names_types_shapes_and_numbers(tmp_path: Path) -> None:
    weight = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    blobs = (
        as_stream(weight),
        np.float16([0.5]),
        as_stream(np.array(0.1)),
        as_stream(np.zeros((0, 3), np.float32)),
    )
    layers = [OutputLayer("data", "Input"), OutputLayer("c/ö", "Convolution", blobs)]
    size = write_caffemodel(tmp_path / "w.caffemodel", "nét", layers)
    assert size == (tmp_path / "w.caffemodel").stat().st_size
    net = message_class("NetParameter").FromString((tmp_path / "w.caffemodel").read_bytes())
    assert (net.name, [(layer.name, layer.type) for layer in net.layer]) == (
        "nét",
        [("data", "Input"), ("c/ö", "Convolution")],
    )
    found = net.layer[1].blobs
    assert [tuple(blob.shape.dim) for blob in found] == [(2, 3, 2, 2), (1,), (), (0, 3)]
    assert list(found[0].data) == list(range(24))
    assert list(found[1].data) == [0.5]
    assert list(found[2].double_data) == [0.1]
    assert list(found[3].data) == []


def test_a_blob_may_come_in_parts(tmp_path: Path) -> None:
    parts = [np.float32([1, 2]), np.float32([3]), np.float32([4, 5, 6])]
    layer = OutputLayer("c", "Convolution", (BlobStream((2, 3), np.dtype("<f4"), lambda: parts),))
    write_caffemodel(tmp_path / "w.caffemodel", "", [layer])
    net = message_class("NetParameter").FromString((tmp_path / "w.caffemodel").read_bytes())
    assert list(net.layer[0].blobs[0].data) == [1, 2, 3, 4, 5, 6]


def test_a_definition_stands_around_the_blobs(tmp_path: Path) -> None:
    given = message_class("LayerParameter")(name="c", type="Convolution", bottom=["a"], phase=1)
    given.convolution_param.num_output = 7
    before, after = b"\x0a\x01c\x12\x0bConvolution\x1a\x01a", b"\x50\x01\xd2\x06\x02\x08\x07"
    assert before + after == given.SerializeToString()
    write_caffemodel(
        tmp_path / "w.caffemodel", "", [OutputLayer("c", "", (as_stream(np.float32([1])),), before, after)]
    )
    net = message_class("NetParameter").FromString((tmp_path / "w.caffemodel").read_bytes())
    del net.layer[0].blobs[:]
    assert net.layer[0] == given


def test_more_than_caffe_reads_is_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converter.formats.weights.caffemodel_writer._MOST_BYTES", 100)
    with pytest.raises(OutputError, match="the most Caffe reads"):
        write_caffemodel(tmp_path / "w.caffemodel", "", [OutputLayer("c", "", (as_stream(np.zeros(100, np.float32)),))])
    assert list(tmp_path.iterdir()) == []
