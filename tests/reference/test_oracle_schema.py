"""The oracle's hand-written field table against the compiled schema: two transcriptions that must agree."""

import pytest

from converter.formats.protobuf.schema import fields
from reference.registry import types
from reference.schema import TABLE
from reference.tables import BVLC

types()  # loads every layer's file, each of which may add fields to the table

NAMED = {
    "net": "NetParameter", "layer": "LayerParameter", "layers": "V1LayerParameter", "v0_layer": "V0LayerParameter",
    "blob": "BlobProto", "shape": "BlobShape", "param": "ParamSpec", "rule": "NetStateRule", "net_state": "NetState",
    "filler": "FillerParameter", "transform_param": "TransformationParameter",
}  # fmt: skip
MESSAGES = [line.partition(":")[0] for line in BVLC.strip().splitlines()]
# Fields that forks put beside Caffe's own; BVLC's schema has none of them.
SHAPES = ("kernel_shape", "stride_shape", "pad_shape")
LENGTHS = ("kernel_depth", "temporal_stride", "temporal_pad", "kernel_l", "stride_l", "pad_l")
FORKS_OWN = {
    "layer": {"strict_dim"},
    "convolution_param": {"hole", "hole_h", "hole_w", "filter_group", *SHAPES, *LENGTHS},
    "pooling_param": {"ceil_mode", *SHAPES, *LENGTHS},
    "dropout_param": {"scale_train", "sample_weights_test"},
    "batch_norm_param": {"scale_bias", "scale_filler", "bias_filler", "engine", "filler"},
    "concat_param": {"per_fla_fuse"},
    "inner_product_param": {"normalize"},
    "blob": {"raw_data_type", "raw_data"},
    "loss_param": {"pre_fixed_normalizer", "weight_by_label_freqs", "class_weighting"},
    "filler": {"diag_val"},
}


def compiled(message):
    """The schema's fields of what the table calls `message`."""
    kind = NAMED.get(message) or fields("LayerParameter")[message].kind
    return fields(kind)


def as_number(default):
    """A default in a form that both sides share."""
    return {"true": 1.0, "false": 0.0}.get(str(default).lower(), default)


@pytest.mark.parametrize("message", MESSAGES)
def test_numbers_and_repetition_agree(message):
    spec = compiled(message)
    for name, row in TABLE[message].items():
        if name not in FORKS_OWN.get(message, ()):
            assert (name, row.number, row.repeated) == (name, spec[name].number, spec[name].repeated)


@pytest.mark.parametrize("message", MESSAGES)
def test_defaults_agree(message):
    spec = compiled(message)
    for name, row in TABLE[message].items():
        if name in FORKS_OWN.get(message, ()) or not row.default or row.type == "enum":
            continue
        wanted = spec[name].default
        if row.type == "text":
            assert (name, row.default) == (name, wanted)
        else:
            assert (name, float(as_number(row.default))) == (name, pytest.approx(float(wanted), rel=1e-7))


@pytest.mark.parametrize("message", sorted(set(MESSAGES) - {"layers", "net", "layer"}))
def test_no_field_is_left_out(message):
    assert set(compiled(message)) - set(TABLE[message]) <= {"debug_info"}


def test_enums_agree():
    for message in MESSAGES:
        spec = compiled(message)
        for name, row in TABLE[message].items():
            known = {
                word: number
                for word, number in row.values.items()
                if word not in ("MKLDNN", "MKL2017", "PRE_FIXED", "RUN")
            }
            if known and name not in FORKS_OWN.get(message, ()):
                assert (message, name, known) == (message, name, dict(spec[name].values))
