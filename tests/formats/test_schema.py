import importlib.util
import subprocess
import sys

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from converter.formats.protobuf import schema
from converter.formats.record import Word
from tests.places import ROOT


def test_the_compiled_schema_is_what_the_text_compiles_to(tmp_path):
    if importlib.util.find_spec("grpc_tools") is None:
        pytest.skip("no grpcio-tools: pip install grpcio-tools")
    made = tmp_path / "caffe.binpb"
    subprocess.run([sys.executable, str(ROOT / "scripts" / "_compile_schema.py"), str(made)], check=True)
    assert made.read_bytes() == (ROOT / "proto" / "caffe.binpb").read_bytes(), "run scripts/compile-schema"


def test_another_caffe_proto_in_the_default_pool_does_not_clash():
    code = """
from google.protobuf import descriptor_pb2, descriptor_pool
other = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
other.message_type.add(name="BlobProto").field.add(name="other", number=1, label=1, type=5)
descriptor_pool.Default().AddSerializedFile(other.SerializeToString())
from converter.formats.protobuf import schema
assert "other" not in schema.fields("BlobProto")
assert schema.message_class("BlobProto")(num=3).SerializeToString() == bytes([8, 3])
theirs = descriptor_pool.Default().FindMessageTypeByName("caffe.BlobProto")
assert [item.name for item in theirs.fields] == ["other"]
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True)


def test_loading_the_schema_puts_nothing_into_the_default_pool():
    schema.fields("NetParameter")
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("caffe.NetParameter")


@pytest.mark.parametrize(
    ("kind", "name", "number", "holds", "repeated", "default"),
    [
        ("NetParameter", "layer", 100, "message", True, ()),
        ("NetParameter", "input_dim", 4, "int", True, ()),
        ("LayerParameter", "clip_param", 148, "message", False, None),
        ("LayerParameter", "image_label_data_param", 1000, "message", False, None),
        ("LayerParameter", "bin_label_data_param", 1001, "message", False, None),
        ("LayerParameter", "phase", 10, "enum", False, Word("TRAIN")),
        ("NetState", "phase", 1, "enum", False, Word("TEST")),
        ("FillerParameter", "num_groups", 9, "int", False, 0),
        ("FillerParameter", "sparse", 7, "int", False, -1),
        ("ConvolutionParameter", "dilation", 18, "int", True, ()),
        ("ConvolutionParameter", "bias_term", 2, "bool", False, True),
        ("BatchNormParameter", "moving_average_fraction", 2, "float", False, 0.999),
        ("SolverParameter", "delta", 31, "float", False, 1e-8),
        ("SolverParameter", "type", 40, "string", False, "SGD"),
        ("SolverParameter", "snapshot_format", 37, "enum", False, Word("BINARYPROTO")),
        ("HingeLossParameter", "norm", 1, "enum", False, Word("L1")),
        ("ImageLabelDataParameter", "padding", 13, "enum", False, Word("REFLECT")),
        ("BinLabelDataParameter", "mirror", 7, "bool", False, True),
        ("V1LayerParameter", "blob_share_mode", 1002, "enum", True, ()),
        ("V0LayerParameter", "det_crop_mode", 59, "string", False, "warp"),
        ("Datum", "data", 4, "bytes", False, b""),
    ],
)
def test_a_field_has_caffes_number_type_and_default(kind, name, number, holds, repeated, default):
    spec = schema.fields(kind)[name]
    assert (spec.number, spec.type, spec.repeated, spec.default) == (number, holds, repeated, default)


def test_every_field_is_what_protobufs_library_reads():
    waiting, count = list(schema.descriptor_file().message_types_by_name.values()), 0
    while waiting:
        message = waiting.pop()
        waiting += message.nested_types
        proto = descriptor_pb2.DescriptorProto()
        message.CopyToProto(proto)
        repeated = {item.name for item in proto.field if item.label == item.LABEL_REPEATED}
        found = schema.fields(message.full_name.removeprefix("caffe."))
        assert [*found] == [item.name for item in message.fields]
        for item, spec in zip(message.fields, found.values(), strict=True):
            named = item.message_type or item.enum_type
            values = {value.name: value.number for value in item.enum_type.values} if item.enum_type else {}
            default = item.default_value
            if item.enum_type and not spec.repeated:
                default = item.enum_type.values_by_number[default].name
            assert (spec.number, spec.repeated) == (item.number, item.name in repeated)
            assert spec.kind == (named.full_name.removeprefix("caffe.") if named else "")
            assert dict(spec.values) == values
            if isinstance(default, float):
                default = pytest.approx(default, rel=1e-7, nan_ok=True)  # the library rounds to single precision
            assert spec.default == (() if spec.repeated else default)
            count += 1
    assert count > 400


def test_enums_and_messages_carry_their_kind_and_integers_their_bounds():
    pool = schema.fields("PoolingParameter")["pool"]
    assert (pool.kind, dict(pool.values)) == ("PoolingParameter.PoolMethod", {"MAX": 0, "AVE": 1, "STOCHASTIC": 2})
    assert schema.fields("LayerParameter")["param"].kind == "ParamSpec"
    assert schema.fields("PoolingParameter")["pad"].bounds == (0, 4294967295)
    assert schema.fields("BlobShape")["dim"].bounds == (-9223372036854775808, 9223372036854775807)


def test_only_the_payloads_of_blobs_are_packed():
    files = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "proto" / "caffe.binpb").read_bytes())
    packed = {
        f"{message.name}.{item.name}"
        for message in files.file[0].message_type
        for item in message.field
        if item.options.packed
    }
    blob = {f"BlobProto.{name}" for name in ("data", "diff", "double_data", "double_diff")}
    assert packed == blob | {"BlobShape.dim"}


def test_v1_layer_types_have_caffes_numbers():
    values = schema.fields("V1LayerParameter")["type"].values
    assert len(values) == 40
    assert (values["CONVOLUTION"], values["POOLING"], values["RELU"], values["DECONVOLUTION"]) == (4, 17, 18, 39)


def test_an_unknown_message_has_no_fields_and_no_class():
    assert schema.fields("") == {}
    assert schema.fields("Nonsense") == {}
    with pytest.raises(KeyError):
        schema.message_class("Nonsense")
