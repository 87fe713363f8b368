import pytest

from converter.errors import PrototxtError
from converter.formats.prototxt.parser import parse_prototxt, read_prototxt
from converter.formats.record import Record, Word
from converter.formats.upgrade.upgrade import upgrade_net, upgrade_solver
from tests.places import GOLDENS, SHARED
from tests.plain_records import flat, only_layer, upgraded

FORMATS = GOLDENS / "nets" / "formats"


def kinds(record):
    """The schema's name of every message, in order."""
    found = [record.kind]
    for item in record:
        if isinstance(item.value, Record):
            found += kinds(item.value)
    return found


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_old_nets_become_what_caffes_own_upgrade_wrote(version):
    ours = upgrade_net(read_prototxt(FORMATS / f"{version}.prototxt"))
    caffes = read_prototxt(FORMATS / f"{version}_upgraded.prototxt")
    assert flat(ours) == flat(caffes)
    assert kinds(ours) == kinds(caffes)


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_a_net_in_todays_spelling_comes_back_equal(version):
    net = read_prototxt(FORMATS / f"{version}_upgraded.prototxt")
    assert upgrade_net(net) == net


def test_positions_stay_those_of_the_old_file():
    text = '\nlayers {\n  layer {\n    name: "c"\n    type: "conv"\n    kernelsize: 3\n  }\n}\n'
    layer = only_layer(text)
    assert layer.where.line == 2
    param = layer.last("convolution_param")
    (size,) = [item for item in param if item.name == "kernel_size"]
    assert (size.where.path, size.where.line, size.where.column) == ("net.prototxt", 6, 5)


def test_transformation_fields_of_v1_data_layers_move_over_those_given():
    layer = only_layer(
        'layers { type: DATA data_param { source: "db" scale: 0.5 mirror: true } '
        "transform_param { scale: 2 crop_size: 9 } }"
    )
    assert flat(layer) == [
        ("type", "Data"),
        ("transform_param", [("crop_size", 9), ("scale", 0.5), ("mirror", True)]),
        ("data_param", [("source", "db")]),
    ]


def test_transformation_fields_of_v2_data_layers_stay():
    text = 'layer { type: "Data" data_param { scale: 0.5 } }'
    assert flat(upgraded(text)) == [("layer", [("type", "Data"), ("data_param", [("scale", 0.5)])])]


def test_the_parallel_lists_of_v1_become_one_param_a_blob():
    layer = only_layer(
        'layers { type: INNER_PRODUCT param: "w" blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0 '
        "weight_decay: 3 blob_share_mode: PERMISSIVE }"
    )
    assert [flat(param) for param in layer.all("param")] == [
        [("name", "w"), ("share_mode", "PERMISSIVE"), ("lr_mult", 1.0), ("decay_mult", 1.0)],
        [("lr_mult", 2.0), ("decay_mult", 0.0)],
        [("decay_mult", 3.0)],
    ]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("CROP", "Crop"), ("MULTI_STAGE_MEANFIELD", "MultiStageMeanfield"), ("ELTWISE_ACCURACY", "EltwiseAccuracy"),
        ("DENSE_CRF", "DenseCRF"), ("IMAGE_SEG_DATA", "ImageSegData"), ("WINDOW_SEG_DATA", "WindowSegData"),
        ("SEG_ACCURACY", "SegAccuracy"), ("MAT_WRITE", "MatWrite"), ("PADDING", "Padding"),
        ("CONVOLUTION3D", "Convolution3D"), ("POOLING3D", "Pooling3D"),
    ],
)  # fmt: skip
def test_v1_words_that_forks_added_become_their_types(word, name):
    """Of FCN's future branch, CRF-RNN, DeconvNet and DeepLab, each with numbers of its own."""
    assert only_layer(f"layers {{ type: {word} }}").last("type") == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("NONE", ""), ("RELU", "ReLU"), ("TANH", "TanH"), ("SOFTMAX_LOSS", "SoftmaxWithLoss"), ("ABSVAL", "AbsVal"),
        ("SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"), ("HDF5_OUTPUT", "HDF5Output"), ("IM2COL", "Im2col"),
        ("ARGMAX", "ArgMax"), ("DECONVOLUTION", "Deconvolution"), ("39", "Deconvolution"), ("77", "77"),
        ("ROI_POOLING", "ROI_POOLING"),
    ],
)  # fmt: skip
def test_v1_type_words_become_v2_names_and_forks_words_stay(word, name):
    assert only_layer(f"layers {{ type: {word} }}").last("type") == name


def test_both_spellings_in_one_net_keep_file_order_and_are_noted():
    notes = []
    net = upgraded('layers { name: "a" type: RELU }\nlayer { name: "b" type: "ReLU" }\nlayers { name: "c" }', notes)
    assert [layer.last("name") for layer in net.all("layer")] == ["a", "b", "c"]
    assert notes == [
        "net.prototxt:1: the net holds both 'layer' and 'layers'; Caffe refuses this, here file order counts"
    ]


def test_unknown_fields_survive_every_step():
    net = upgraded('engine: MKL layers { layer { name: "a" type: "conv" hole: 2 } own: 1 }')
    assert [(item.name, item.known) for item in net if item.name != "layer"] == [("engine", False)]
    unknown = {item.name: item.value for item in net.last("layer") if not item.known}
    assert unknown == {"hole": 2, "own": 1}


def test_inputs_become_one_first_layer():
    net = upgraded(
        'layer { name: "r" type: "ReLU" } name: "n" input: "a" input_dim: [1, 2, 3, 4] '
        'input: "b" input_dim: [5, 6, 7, 8]'
    )
    layers = net.all("layer")
    assert flat(layers[0]) == [
        ("name", "input"), ("type", "Input"), ("top", "a"), ("top", "b"),
        ("input_param", [
            ("shape", [("dim", 1), ("dim", 2), ("dim", 3), ("dim", 4)]),
            ("shape", [("dim", 5), ("dim", 6), ("dim", 7), ("dim", 8)]),
        ]),
    ]  # fmt: skip
    assert [layer.last("name") for layer in layers] == ["input", "r"]
    assert not {"input", "input_dim", "input_shape"} & {item.name for item in net}


def test_input_shapes_count_before_input_dims():
    layer = only_layer('input: "a" input_shape { dim: 7 dim: 9 } input_dim: [1, 2, 3, 4]')
    assert flat(layer.last("input_param")) == [("shape", [("dim", 7), ("dim", 9)])]


def test_inputs_without_any_shape_are_dropped_and_noted():
    notes = []
    assert flat(upgraded('name: "n" input: "a"', notes)) == [("name", "n")]
    assert notes == ["net.prototxt:1: 'input' without input_dim or input_shape is dropped, as Caffe does"]


@pytest.mark.parametrize("shapes", ["input_dim: [1, 2, 3]", "input_dim: [1, 2, 3, 4]", "input_shape { dim: 1 }"])
def test_an_input_left_without_its_shape_is_refused(shapes):
    with pytest.raises(PrototxtError, match="has no shape: 2 inputs and") as caught:
        upgraded(f'input: "a"\ninput: "b" {shapes}')
    assert caught.value.line in (1, 2)


def test_batch_norm_with_three_params_rests():
    text = 'layer {{ type: "{}" param {{ lr_mult: 1 name: "m" }} param {{ decay_mult: 2 }} param {{ }} }}'
    resting = only_layer(text.format("BatchNorm"))
    assert [flat(param) for param in resting.all("param")] == [
        [("name", "m"), ("lr_mult", 0.0), ("decay_mult", 0.0)],
        [("lr_mult", 0.0), ("decay_mult", 0.0)],
        [("lr_mult", 0.0), ("decay_mult", 0.0)],
    ]
    other = only_layer(text.format("BN"))
    assert [flat(param) for param in other.all("param")] == [
        [("lr_mult", 1.0), ("name", "m")],
        [("decay_mult", 2.0)],
        [],
    ]


def test_batch_norm_with_two_params_stays():
    layer = only_layer('layer { type: "BatchNorm" param { lr_mult: 1 } param { lr_mult: 2 } }')
    assert [flat(param) for param in layer.all("param")] == [[("lr_mult", 1.0)], [("lr_mult", 2.0)]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SGD", "SGD"),
        ("NESTEROV", "Nesterov"),
        ("2", "AdaGrad"),
        ("RMSPROP", "RMSProp"),
        ("ADADELTA", "AdaDelta"),
        ("ADAM", "Adam"),
    ],
)
def test_the_old_solver_types_have_new_names(old, new):
    solver = upgrade_solver(parse_prototxt(f"max_iter: 3 solver_type: {old}", "SolverParameter"))
    assert flat(solver) == [("max_iter", 3), ("type", new)]


def test_a_solver_in_todays_spelling_stays():
    solver = parse_prototxt('max_iter: 3 type: "Adam"', "SolverParameter")
    assert upgrade_solver(solver) is solver


@pytest.mark.parametrize(
    ("text", "said"), [('type: "SGD"\nsolver_type: SGD', "both are given"), ("\nsolver_type: LION", "LION is unknown")]
)
def test_a_solver_type_given_twice_or_unknown_is_refused(text, said):
    with pytest.raises(PrototxtError, match=said) as caught:
        upgrade_solver(parse_prototxt(text, "SolverParameter"))
    assert caught.value.line == 2


def test_the_type_after_the_upgrade_is_a_string_not_a_word():
    assert not isinstance(only_layer("layers { type: RELU }").last("type"), Word)


@pytest.mark.corpus
def test_old_nets_of_the_corpus_upgrade_to_todays_layers():
    count = 0
    for path in sorted((SHARED / "corpus" / "prototxt").rglob("*.prototxt")):
        if b"\nlayers" in path.read_bytes():
            net = upgrade_net(read_prototxt(path))
            count += 1
            assert "layers" not in net, path
            assert all(layer.kind == "LayerParameter" and layer.last("type") for layer in net.all("layer")), path
    assert count >= 20
