"""The oracle's reading of V0 and V1 nets: padding layers, field by field, and what is refused (upgrade_proto.cpp)."""

import numpy as np
import pytest

import reference
from reference.errors import NetError
from reference.text import parse_text
from reference.upgrade import upgraded_layers

DATA = 'input: "x" input_dim: 1 input_dim: 1 input_dim: 5 input_dim: 5\n'
PAD = 'layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "x" top: "p" }\n'


def old(name: str, kind: str, bottom: str, top: str, fields: str = "") -> str:
    return f'layers {{ layer {{ name: "{name}" type: "{kind}" {fields} }} bottom: "{bottom}" top: "{top}" }}\n'


CONV = "num_output: 1 kernelsize: 3"


def layers(text: str) -> dict[str, object]:
    return {layer.name: layer for layer in reference.parse(DATA + text).layers}


def shape(text: str, blob: str) -> tuple[int, ...]:
    return reference.run(reference.parse(DATA + text), None, {"x": np.ones((1, 1, 5, 5))})[blob].shape


FILLED = f'{CONV} biasterm: false weight_filler {{ type: "constant" value: 1 }}'


@pytest.mark.parametrize(
    ("text", "blob", "side"),
    [
        (PAD + old("c", "conv", "p", "c", FILLED), "c", 7),  # 5 + 2 · 2 - 2
        (old("c", "conv", "x", "c", FILLED), "c", 3),
        (old("c", "conv", "x", "c", f"{FILLED} pad: 1"), "c", 5),
        (PAD + old("c", "conv", "p", "c", f"{FILLED} pad: 1"), "c", 7),  # the padding layer's stands over its own
        (PAD + old("m", "pool", "p", "m", "pool: MAX kernelsize: 3"), "m", 7),
        (PAD.replace("pad: 2", "") + old("c", "conv", "p", "c", FILLED), "c", 3),  # its default is 0
        (PAD + old("c", "conv", "p", "c", FILLED) + old("d", "conv", "c", "d", FILLED), "d", 5),  # one layer alone
        (PAD + old("c", "conv", "p", "c", FILLED) + old("d", "conv", "p", "d", FILLED), "d", 7),  # both readers
        (PAD + old("c", "conv", "x", "p", FILLED) + old("d", "conv", "p", "d", FILLED), "d", 1),  # written anew
    ],
)
def test_a_padding_layer_goes_into_what_reads_it(text: str, blob: str, side: int) -> None:
    assert shape(text, blob) == (1, 1, side, side)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PAD + old("r", "relu", "p", "r"), "reads a padding layer; only conv and pool"),
        (PAD + old("c", "concat", "x", "c").replace('bottom: "x"', 'bottom: "x" bottom: "p"'), "reads a padding layer"),
        (PAD + old("c", "conv", "p", "c", FILLED).replace('bottom: "p"', 'bottom: "p" bottom: "x"'), "with one bottom"),
        (PAD + 'layers { name: "r" type: RELU bottom: "p" top: "r" }', "mixes V0 and V1 layers"),
        (
            'layers { layer { name: "a" type: "relu" } layer { name: "b" } bottom: "x" top: "a" }',
            "`layer` twice in one",
        ),
        (PAD + 'layer { name: "r" type: "ReLU" bottom: "p" top: "r" }', "has both `layer` and `layers`"),
    ],
)
def test_what_caffe_cannot_upgrade_is_refused(text: str, words: str) -> None:
    with pytest.raises(NetError, match=words):
        layers(text)


@pytest.mark.parametrize(
    ("dims", "words"), [("input_dim: 1", "has 1 input_dim for 1 inputs"), ("input_dim: 1 " * 8, "has 8 input_dim")]
)
def test_inputs_have_four_dimensions_each(dims: str, words: str) -> None:
    with pytest.raises(NetError, match=words):
        reference.parse(f'input: "x" {dims}')


def test_two_inputs_take_four_dimensions_each_in_order() -> None:
    dims = " ".join(f"input_dim: {size}" for size in range(1, 9))
    (layer,) = upgraded_layers(parse_text(f'input: "x" input: "y" {dims}'), "n.prototxt")
    (param,) = layer.messages("input_param")
    assert (layer.word("type"), layer.words("top")) == ("Input", ["x", "y"])
    assert [shape.words("dim") for shape in param.messages("shape")] == [["1", "2", "3", "4"], ["5", "6", "7", "8"]]


def test_inputs_and_shapes_are_as_many() -> None:
    with pytest.raises(NetError, match="has 1 input shapes for 2 inputs"):
        reference.parse('input: "x" input: "y" input_shape { dim: 1 }')


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("4", "Convolution"), ("CONVOLUTION", "Convolution"), ("21", "SoftmaxWithLoss"), ("18", "ReLU"),
        ("SOFTMAX_LOSS", "SoftmaxWithLoss"), ("39", "Deconvolution"), ("1", "Accuracy"), ("35", "AbsVal"),
        ("INNER_PRODUCT", "InnerProduct"), ("20", "Softmax"), ("40", "40"),
    ],
)  # fmt: skip
def test_a_v1_type_is_a_number_or_a_word(word: str, kind: str) -> None:
    """caffe.proto, V1LayerParameter.LayerType."""
    (layer,) = upgraded_layers(parse_text(f'layers {{ name: "l" type: {word} }}'), "n.prototxt")
    assert layer.word("type") == kind


def test_a_shared_parameters_mode_belongs_to_its_place() -> None:
    text = 'layers { name: "c" type: RELU param: "a" param: "b" param: "c" blob_share_mode: PERMISSIVE '
    text += "blob_share_mode: STRICT blobs_lr: 1 weight_decay: 0 }"
    (layer,) = upgraded_layers(parse_text(text), "n.prototxt")
    specs = [(spec.word("name"), spec.word("share_mode", "none")) for spec in layer.messages("param")]
    assert specs == [("a", "PERMISSIVE"), ("b", "STRICT"), ("c", "none")]
    assert not layer.words("blobs_lr")


def test_words_of_forks_are_their_types():
    """CROP of FCN's fork (its V1 number is 40) cuts the first bottom to the second's size, from the corner on."""
    v1 = DATA + (
        'layers { type: POOLING name: "m" bottom: "x" top: "m" pooling_param { pool: MAX kernel_size: 3 } }\n'
        'layers { type: CROP name: "c" bottom: "x" bottom: "m" top: "c" }\n'
        'layers { type: ELTWISE_ACCURACY name: "a" bottom: "x" bottom: "x" top: "a" }\n'
    )
    image = np.arange(25.0).reshape(1, 1, 5, 5)
    blobs = reference.run(reference.parse(v1), None, {"x": image})
    assert blobs["c"].tolist() == image[:, :, :3, :3].tolist()
    assert blobs["a"].item() == 1 / 25  # one class, label 0 at one of 25 pixels


def test_an_input_without_a_shape_is_dropped_as_caffe_does():
    """upgrade_proto.cpp, UpgradeNetInput: only input_shape or input_dim make an Input layer."""
    net = parse_text('input: "a"\nlayer { name: "x" type: "Input" top: "x" }', "net.prototxt")
    assert [layer.word("name") for layer in upgraded_layers(net, "net.prototxt")] == ["x"]
