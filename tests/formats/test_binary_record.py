"""Net definitions inside caffemodels, against the text that Caffe wrote of the same nets, and back to bytes."""

from pathlib import Path

import pytest

from converter.errors import CaffemodelError
from converter.formats.protobuf.message import encode, net_record
from converter.formats.protobuf.schema import message_class
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record, Word
from converter.formats.upgrade.upgrade import upgrade_net
from converter.formats.weights import read as read_stored
from converter.formats.weights.caffemodel import read_caffemodel
from tests.places import GOLDENS
from tests.wire_bytes import count, piece

FORMATS = GOLDENS / "nets" / "formats"


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return sorted(
            (item.name, str(_plain(item.value)))
            for item in value
            if item.name != "name" or value.kind != "NetParameter"
        )
    return value


@pytest.mark.parametrize("age", ["v0", "v1"])
def test_a_binary_nets_layers_are_those_of_caffes_text(age: str) -> None:
    binary = upgrade_net(net_record(read_caffemodel(FORMATS / f"{age}_legacy.caffemodel")))
    text = read_prototxt(FORMATS / f"{age}_upgraded.prototxt")
    assert [_plain(layer) for layer in binary.all("layer")] == [_plain(layer) for layer in text.all("layer")]


def test_floats_come_back_as_their_shortest_decimals_and_enums_as_words() -> None:
    net = net_record(read_caffemodel(FORMATS / "v1_upgraded.caffemodel"))
    layers = {layer.last("name"): layer for layer in net.all("layer") if isinstance(layer, Record)}
    lrn, pool = layers["n1"].last("lrn_param"), layers["p1"].last("pooling_param")
    assert isinstance(lrn, Record)
    assert isinstance(pool, Record)
    assert (lrn.last("alpha"), lrn.last("beta")) == (0.01, 0.75)
    assert pool.last("pool") == Word("AVE")


def test_a_record_becomes_the_bytes_that_google_writes_of_it() -> None:
    text = read_prototxt(FORMATS / "v1_upgraded.prototxt")
    google = message_class("NetParameter")()
    from google.protobuf.text_format import Parse

    Parse((FORMATS / "v1_upgraded.prototxt").read_text(), google)
    assert encode(text) == google.SerializeToString(deterministic=True)


def test_the_early_forks_143_is_its_data_layer_and_a_stranger_is_kept_unknown(tmp_path: Path) -> None:
    net = net_record(read_caffemodel(FORMATS / "early_fork_2016_public.caffemodel"))
    data = next(
        layer for layer in net.all("layer") if isinstance(layer, Record) and layer.last("type") == "ImageLabelData"
    )
    param = data.last("image_label_data_param")
    assert isinstance(param, Record)
    assert isinstance(param.last("image_list_path"), str)
    path = tmp_path / "fork.caffemodel"
    path.write_bytes(
        piece(100, piece(1, b"c") + piece(2, b"Convolution") + piece(143, b"/x/y") + count(146, 3) + piece(202, b"ab"))
    )
    layer = net_record(read_caffemodel(path)).all("layer")[0]
    assert isinstance(layer, Record)
    assert [(item.name, item.value, item.known) for item in layer][2:] == [
        ("input_param", "<4 bytes>", False),
        ("recurrent_param", 3, False),
        ("#202", "<2 bytes>", False),
    ]


def test_weights_alone_hold_no_definition() -> None:
    net = read_stored(GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel.h5")
    with pytest.raises(CaffemodelError, match="holds no net definition"):
        net_record(net)


def test_messages_too_deep_are_an_error_or_unknown_but_no_crash(tmp_path: Path) -> None:
    inner = b""
    for _ in range(200):
        inner = piece(1, inner)
    path = tmp_path / "deep.caffemodel"
    path.write_bytes(piece(100, piece(1, b"c") + piece(106, inner)) + piece(8, inner))
    assert read_caffemodel(path).layers[0].name == "c"
    assert net_record(read_caffemodel(path)).kind == "NetParameter"
