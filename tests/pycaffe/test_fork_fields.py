"""caffe_pb2 knows the fields of every layer type that the converter knows: as text, and from NetSpec."""

import importlib
import pkgutil

import pytest
from google.protobuf import text_format

import converter.pycaffe as caffe
from converter.formats.prototxt.parser import parse_prototxt
from converter.formats.record import Field, Record
from converter.pycaffe import layers as L  # noqa: N812
from converter.pycaffe import params as P  # noqa: N812
from converter.pycaffe.proto import caffe_pb2
from tests import cases

CASES = [
    (module.TYPE, case)
    for name in sorted(info.name for info in pkgutil.iter_modules(cases.__path__))
    for module in [importlib.import_module(f"tests.cases.{name}")]
    for case in module.CASES
]


def flat(record: Record, path: str = "") -> list[tuple[str, object]]:
    """Every field of a message by its path, in the order of paths."""

    def one(item: Field) -> list[tuple[str, object]]:
        place = f"{path}.{item.name}"
        value = item.value
        if isinstance(value, Record):
            return flat(value, place)
        is_number = isinstance(value, (int, float)) or str(value).lower() in ("true", "false")
        return [(place, float(value) if is_number and not isinstance(value, str) else str(value).lower())]

    return sorted((pair for item in record for pair in one(item)), key=lambda pair: pair[0])


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}: {case.name}" for kind, case in CASES])
def test_the_fields_of_a_known_layer_are_read_and_printed(kind: str, case: object) -> None:
    text = f'layer {{ name: "a" type: "{case.type or kind}" {case.body} }}'
    net = text_format.Merge(text, caffe_pb2.NetParameter())
    given, printed = (flat(parse_prototxt(one, "NetParameter", "net.prototxt")) for one in (text, str(net)))
    assert [place for place, _ in printed] == [place for place, _ in given]
    for (place, value), (_, wanted) in zip(printed, given, strict=True):
        assert value == (pytest.approx(wanted, rel=1e-6) if isinstance(wanted, float) else wanted), place


def test_a_net_of_ssds_layers_is_written_in_python(tmp_path) -> None:
    net = caffe.NetSpec()
    net.data = L.Input(input_param={"shape": {"dim": [1, 3, 4, 4]}})
    net.norm = L.Normalize(net.data, scale_filler={"type": "constant", "value": 20}, across_spatial=False)
    net.perm = L.Permute(net.norm, order=[0, 2, 3, 1])
    net.priors = L.PriorBox(net.norm, net.data, min_size=4.0, aspect_ratio=[2.0], variance=[0.1, 0.1, 0.2, 0.2])
    net.loc = L.Flatten(L.Permute(L.Convolution(net.norm, num_output=12, kernel_size=1), order=[0, 2, 3, 1]))
    net.conf = L.Flatten(L.Permute(L.Convolution(net.norm, num_output=6, kernel_size=1), order=[0, 2, 3, 1]))
    boxes = {"num_classes": 2, "nms_param": {"nms_threshold": 0.45}, "code_type": P.PriorBox.CENTER_SIZE}
    net.boxes = L.DetectionOutput(net.loc, net.conf, net.priors, detection_output_param=boxes)
    (tmp_path / "net.prototxt").write_text(str(net.to_proto()))
    text = (tmp_path / "net.prototxt").read_text()
    assert "code_type: CENTER_SIZE" in text and "norm_param {" in text
    built = caffe.Net(str(tmp_path / "net.prototxt"), caffe.TEST)
    assert built.blobs["perm"].shape[:] == (1, 4, 4, 3) and built.blobs["priors"].shape[1] == 2


def test_ssds_label_maps_and_segnets_data_read() -> None:
    text = (
        'item { name: "none" label: 0 display_name: "background" } item { name: "cat" label: 1 display_name: "a cat" }'
    )
    found = text_format.Merge(text, caffe_pb2.LabelMap())
    assert [item.display_name for item in found.item] == ["background", "a cat"]
    layer = text_format.Merge("dense_image_data_param { source: 'a' shuffle: true }", caffe_pb2.LayerParameter())
    assert layer.dense_image_data_param.shuffle and layer.dense_image_data_param.batch_size == 1


def test_forks_fields_pass_through_bytes() -> None:
    layer = caffe_pb2.LayerParameter(name="a", permute_param={"order": [0, 2, 1]})
    assert list(caffe_pb2.LayerParameter.FromString(layer.SerializeToString()).permute_param.order) == [0, 2, 1]
